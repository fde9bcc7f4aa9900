//! Seeding: many secrets, of which those are made that are not there.

use std::collections::BTreeMap;

use polyvault_core::{
    ErrorKind, PutMode, PutOptions, PutValue, Result, SecretId, SecretName, SecretRef, SecretStore,
};

use super::WixSecrets;
use crate::config::SCHEME;

/// What became of a secret that was to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seeded {
    /// It was made.
    Created(SecretId),
    /// It was there, and was left as it is.
    Existed(SecretId),
}

impl WixSecrets {
    /// Makes those secrets that the site does not have yet, and leaves the others as they are: to be repeated
    /// at will. One list, and one request for each that is made; an outcome each, in the order given.
    ///
    /// The service refuses a name that is taken, so nothing is ever overwritten, whoever seeds at the same time.
    ///
    /// # Errors
    ///
    /// That of the list. Each outcome has its own: `InvalidInput` and `TooLarge` for what the service could not
    /// hold, of which nothing is sent; those of [`put`](polyvault_core::SecretStoreExt::put).
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_wix_secrets::Seeded;
    /// use polyvault_wix_secrets::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let site = Emulator::start().await;
    /// site.seed("db-password", "kept");
    ///
    /// let wanted = [("db-user", "scott"), ("db-password", "not this")];
    /// let wanted = wanted.map(|(name, value)| Ok((name.parse()?, value.into())));
    /// let wanted = wanted.into_iter().collect::<polyvault_core::Result<Vec<_>>>()?;
    /// let seeded = site.store().create_missing(wanted).await?;
    ///
    /// assert!(matches!(seeded[0], (_, Ok(Seeded::Created(_)))));
    /// assert!(matches!(seeded[1], (_, Ok(Seeded::Existed(_)))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_missing(
        &self,
        secrets: Vec<(SecretName, PutValue)>,
    ) -> Result<Vec<(SecretName, Result<Seeded>)>> {
        let all = self.all("create_missing", None).await;
        let all = all.map_err(|error| error.about(SCHEME, "create_missing", None))?;
        let named = all
            .into_iter()
            .filter_map(|info| Some((info.name?, info.id)));
        let mut there: BTreeMap<SecretName, SecretId> = named.collect();
        let mut outcomes = Vec::new();
        for (name, value) in secrets {
            let outcome = match there.get(&name) {
                Some(id) => Ok(Seeded::Existed(id.clone())),
                None => self.create_one(&name, value).await,
            };
            if let Ok(Seeded::Created(id) | Seeded::Existed(id)) = &outcome {
                there.insert(name.clone(), id.clone());
            }
            outcomes.push((name, outcome));
        }
        Ok(outcomes)
    }

    async fn create_one(&self, name: &SecretName, value: PutValue) -> Result<Seeded> {
        let secret = SecretRef::from(name);
        let options = PutOptions::from(PutMode::Create);
        match self.begin_put(&secret, value, options).await {
            Ok(put) => {
                let written = put.wait(Default::default()).await?;
                Ok(Seeded::Created(written.secret))
            }
            // Somebody was faster since the list.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let found = self.find("create_missing", &secret).await;
                found
                    .map(|info| Seeded::Existed(info.id))
                    .map_err(|error| error.about(SCHEME, "create_missing", Some(name.as_str())))
            }
            Err(error) => Err(error),
        }
    }
}
