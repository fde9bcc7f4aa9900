//! The whole way on emulators: Azure Key Vault to Lockbox with history, then to Wix.

use std::error::Error;
use std::sync::Arc;

use polyvault::clock::ManualClock;
use polyvault::{Payload, VersionId, azure_key_vault, wix_secrets, yandex_lockbox};

use super::copy::{Scale, copy};
use super::place::Place;
use super::report::Report;
use super::seed::{Seeded, seed};
use super::verify::{Expected, verify};

/// The three services, in this process.
pub(crate) struct Offline {
    pub(crate) azure: azure_key_vault::emulator::Emulator,
    pub(crate) lockbox: yandex_lockbox::emulator::Emulator,
    pub(crate) wix: wix_secrets::emulator::Emulator,
    pub(crate) seeded: Vec<Seeded>,
    from: Place,
    via: Place,
    to: Place,
}

/// What a run gives: the reports of both ways.
pub(crate) struct Outcome {
    pub(crate) to_lockbox: Report,
    pub(crate) to_wix: Report,
}

impl Offline {
    /// Starts the emulators and fills the vault.
    ///
    /// # Errors
    ///
    /// For a secret that the vault refuses to hold.
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse()?));
        let azure = azure_key_vault::emulator::Emulator::builder()
            .clock(Arc::clone(&clock) as _)
            .start()
            .await;
        let lockbox = yandex_lockbox::emulator::Emulator::builder()
            .clock(Arc::clone(&clock) as _)
            .start()
            .await;
        // As slow as the service can be: every operation is polled, and not known at first.
        lockbox.pending_polls(3);
        lockbox.leading_404s(2);
        let wix = wix_secrets::emulator::Emulator::builder()
            .clock(Arc::clone(&clock) as _)
            .start()
            .await;
        let seeded = seed(&azure, &clock)?;
        let place = |scheme: &str, endpoint: String, variable: &str| {
            let url = format!("{scheme}://demo?endpoint={endpoint}");
            Place::emulated(url, variable, Arc::clone(&clock) as _)
        };
        Ok(Self {
            from: place("azure-key-vault", azure.url(), "POLYVAULT_AZURE_TOKEN"),
            via: place("yandex-lockbox", lockbox.url(), "YC_IAM_TOKEN"),
            to: place("wix-secrets", wix.endpoint(), "WIX_API_KEY"),
            azure,
            lockbox,
            wix,
            seeded,
        })
    }

    /// Copies from the vault to Lockbox and on to Wix.
    ///
    /// # Errors
    ///
    /// That of a store that can't be opened or listed.
    pub(crate) async fn copy(&self) -> Result<Outcome, polyvault::Error> {
        let (from, via, to) = (self.from.open()?, self.via.open()?, self.to.open()?);
        let mut to_lockbox = copy(&*from, &*via, Scale::History).await?;
        let between = self.via.sent();
        to_lockbox.requests = vec![
            (from.to_string(), self.from.sent()),
            (via.to_string(), between),
        ];
        let mut to_wix = copy(&*via, &*to, Scale::Current).await?;
        to_wix.requests = vec![
            (via.to_string(), self.via.sent() - between),
            (to.to_string(), self.to.sent()),
        ];
        Ok(Outcome { to_lockbox, to_wix })
    }

    /// Reads everything back through new clients and holds it to what was seeded.
    ///
    /// # Errors
    ///
    /// That of a read.
    pub(crate) async fn verify(&self, outcome: &Outcome) -> Result<Vec<String>, polyvault::Error> {
        let lockbox = self.in_lockbox()?;
        let wix = self.in_wix(&outcome.to_lockbox)?;
        let absent = |there: &[Expected]| -> Vec<String> {
            let names = self.seeded.iter().map(|secret| secret.name.clone());
            names
                .filter(|name| there.iter().all(|expected| expected.name != *name))
                .collect()
        };
        let via = self.via.open()?;
        let mut wrong = verify(&*via, &outcome.to_lockbox, &lockbox, &absent(&lockbox)).await?;
        let to = self.to.open()?;
        wrong.extend(verify(&*to, &outcome.to_wix, &wix, &absent(&wix)).await?);
        Ok(wrong)
    }

    fn in_lockbox(&self) -> Result<Vec<Expected>, polyvault::Error> {
        let secrets = self.seeded.iter().map(|secret| {
            let fitting = secret
                .versions
                .iter()
                .filter(|version| version.fits_lockbox);
            let versions = fitting.map(|version| {
                let id = VersionId::new(version.wire.id.clone())?;
                Ok((Some(id), Payload::text(version.wire.value.as_str())))
            });
            Ok(Expected {
                name: secret.name.clone(),
                versions: versions.collect::<Result<_, polyvault::Error>>()?,
            })
        });
        let all: Vec<Expected> = secrets.collect::<Result<_, polyvault::Error>>()?;
        Ok(all
            .into_iter()
            .filter(|secret| !secret.versions.is_empty())
            .collect())
    }

    /// The bytes are the seeded ones; only the ids in between are the first copy's.
    fn in_wix(&self, first: &Report) -> Result<Vec<Expected>, polyvault::Error> {
        let fitting = self.seeded.iter().filter(|secret| secret.fits_wix);
        Ok(fitting
            .filter_map(|secret| {
                let value = secret.versions.last()?.wire.value.as_str();
                let copied = first.copied.iter().find(|c| c.name == secret.name);
                let id = copied.and_then(|c| c.versions.last()?.1.clone());
                Some(Expected {
                    name: secret.name.clone(),
                    versions: vec![(id, Payload::text(value))],
                })
            })
            .collect())
    }
}
