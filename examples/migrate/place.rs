//! A store's URL, opened as often as needed, with its requests counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use polyvault::clock::Clock;
use polyvault::provider::OpenOptions;
use polyvault::transport::{Body, ClientOptions, ReqwestTransport, SendError, Transport};
use polyvault::{Environment, Result, SecretStore};

/// Where secrets come from or go to.
#[derive(Debug)]
pub(crate) struct Place {
    url: String,
    environment: Environment,
    clock: Option<Arc<dyn Clock>>,
    sent: Arc<AtomicUsize>,
}

impl Place {
    /// A place with the process's credentials.
    pub(crate) fn real(url: String) -> Self {
        Self {
            url,
            environment: Environment::process(),
            clock: None,
            sent: Arc::default(),
        }
    }

    /// A place on an emulator, with the emulator's time.
    pub(crate) fn emulated(url: String, variable: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            url,
            environment: Environment::empty().with(variable, "made-up"),
            clock: Some(clock),
            sent: Arc::default(),
        }
    }

    /// A store with connections of its own.
    ///
    /// # Errors
    ///
    /// As [`polyvault::open`].
    pub(crate) fn open(&self) -> Result<Arc<dyn SecretStore>> {
        let mut client = ClientOptions {
            transport: Some(Arc::new(Counted {
                inner: ReqwestTransport::default(),
                sent: Arc::clone(&self.sent),
            })),
            ..ClientOptions::default()
        };
        if let Some(clock) = &self.clock {
            client.clock = Arc::clone(clock);
        }
        let environment = self.environment.clone();
        polyvault::open_with(
            &self.url,
            OpenOptions {
                environment,
                client,
            },
        )
    }

    /// How many requests were sent from here.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct Counted {
    inner: ReqwestTransport,
    sent: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl Transport for Counted {
    async fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Body>, SendError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        self.inner.send(request, timeout).await
    }
}
