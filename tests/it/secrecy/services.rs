//! The services, each with its stores on them, opened with marked credentials.

use std::sync::Arc;

use polyvault::clock::ManualClock;
use polyvault::provider::OpenOptions;
use polyvault::transport::{ClientOptions, ReqwestTransport};
use polyvault::{Environment, SecretStore, azure_key_vault, wix_secrets, yandex_lockbox};
use polyvault_testkit::leak::Mark;

/// A running service.
pub(crate) struct Service {
    /// The URL of its store.
    pub(crate) url: String,
    /// The CA of its certificate, where it is on https.
    pub(crate) ca: Option<String>,
    _emulator: Box<dyn Send + Sync>,
}

impl Service {
    /// An empty one each time, where no test waits.
    pub(crate) async fn start(which: &str) -> Self {
        let clock = clock();
        match which {
            "azure-key-vault" | "azure-key-vault-arm" | "azure-key-vault over TLS" => {
                let emulator = azure_key_vault::emulator::Emulator::builder();
                let emulator = match which {
                    "azure-key-vault over TLS" => emulator.https(),
                    _ => emulator,
                };
                let emulator = emulator.clock(clock).page_size(1).start().await;
                emulator.accept_any_token();
                emulator.delete_polls(1);
                emulator.recover_polls(1);
                let at = match which {
                    "azure-key-vault-arm" => {
                        "azure-key-vault-arm://00000000-0000-0000-0000-000000000000/group/marked"
                    }
                    _ => "azure-key-vault://marked",
                };
                let api = emulator.url();
                Self {
                    url: format!("{at}?endpoint={api}"),
                    ca: emulator.ca_pem().map(str::to_owned),
                    _emulator: Box::new(emulator),
                }
            }
            "wix-secrets" | "wix-secrets encoded" => {
                let emulator = wix_secrets::emulator::Emulator::builder();
                let emulator = emulator.clock(clock).start().await;
                let payloads = match which {
                    "wix-secrets" => "",
                    _ => "&payloads=encoded",
                };
                Self {
                    url: format!(
                        "wix-secrets://site?endpoint={}{payloads}",
                        emulator.endpoint()
                    ),
                    ca: None,
                    _emulator: Box::new(emulator),
                }
            }
            "yandex-lockbox" => {
                let emulator = yandex_lockbox::emulator::Emulator::builder();
                let emulator = emulator.clock(clock).page_size(2).start().await;
                emulator.pending_polls(1);
                Self {
                    url: format!("yandex-lockbox://folder?endpoint={}", emulator.url()),
                    ca: None,
                    _emulator: Box::new(emulator),
                }
            }
            _ => panic!("{which} is no service"),
        }
    }

    /// A store that signs in with `token` itself, whatever its kind.
    pub(crate) fn open(&self, token: &Mark, client: ClientOptions) -> Arc<dyn SecretStore> {
        open(&self.url, token, trusting(self.ca.as_deref(), client))
    }
}

/// The same options, with this CA trusted unless they have a transport of their own.
pub(crate) fn trusting(ca: Option<&str>, mut client: ClientOptions) -> ClientOptions {
    if let (Some(ca), None) = (ca, &client.transport) {
        let transport = ReqwestTransport::builder().ca_pem(ca).unwrap();
        client.transport = Some(Arc::new(transport.build()));
    }
    client
}

fn clock() -> Arc<ManualClock> {
    let start = "2026-11-22T10:00:00Z".parse().unwrap();
    Arc::new(ManualClock::at(start))
}

/// A store that signs in with `token` itself, and on which no test waits.
pub(crate) fn open(url: &str, token: &Mark, client: ClientOptions) -> Arc<dyn SecretStore> {
    let variables = ["POLYVAULT_AZURE_TOKEN", "YC_IAM_TOKEN", "WIX_API_KEY"];
    let environment = variables.iter().fold(Environment::empty(), |all, name| {
        all.with(*name, token.text())
    });
    let options = OpenOptions {
        environment,
        client: ClientOptions {
            clock: clock(),
            ..client
        },
    };
    polyvault::open_with(url, options).unwrap()
}
