//! Deletes and recoveries: the service answers at once and takes its time.

use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use polyvault_core::transport::{Body, Call, Client, Repeat};
use polyvault_core::{
    Error, ErrorKind, OperationId, Outcome, PageRequest, Poll, Polled, Result, SecretInfo,
    SecretName, VersionState,
};

use crate::config::{Config, SCHEME};
use crate::{request, response};

/// The pace of the vendor's own clients.
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);

/// What a delete or a recovery is known by in another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Delete(String),
    Recover(String),
}

impl Begun {
    pub(crate) fn id(&self) -> Result<OperationId> {
        OperationId::new(match self {
            Self::Delete(name) => format!("delete:{name}"),
            Self::Recover(name) => format!("recover:{name}"),
        })
    }

    pub(crate) fn parse(id: &OperationId) -> Result<Self> {
        let known = id.as_str().split_once(':').and_then(|(kind, name)| {
            let name = SecretName::new(name).ok()?.to_string();
            match kind {
                "delete" => Some(Self::Delete(name)),
                "recover" => Some(Self::Recover(name)),
                _ => None,
            }
        });
        known.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "field `id`: not the id of an operation of this store",
            )
        })
    }
}

/// Asks whether a deleted secret has arrived among the deleted ones.
#[derive(Debug)]
pub(crate) struct DeletePoll {
    pub(crate) config: Config,
    pub(crate) client: Client,
    pub(crate) name: String,
    /// Begun before, maybe by another process: since then somebody may have
    /// recovered the secret.
    pub(crate) resumed: bool,
}

impl DeletePoll {
    async fn ask(&self) -> Result<Polled<()>> {
        let request = request::get_deleted(&self.config, &self.name)?;
        match self.read(request).await {
            Ok(_) => Ok(Polled::Done(())),
            Err(error) => match error.kind() {
                // A caller may delete without being allowed to look at what is deleted.
                ErrorKind::Forbidden | ErrorKind::Disabled => Ok(Polled::Done(())),
                ErrorKind::NotFound if self.resumed && self.is_live().await? => Err(Error::new(
                    ErrorKind::Conflict,
                    "the secret is there again: it was recovered or made anew",
                )),
                ErrorKind::NotFound => Ok(Polled::Pending(Some(INTERVAL))),
                _ => Err(error),
            },
        }
    }

    async fn is_live(&self) -> Result<bool> {
        let page = PageRequest {
            size: Some(1),
            token: None,
        };
        let request = request::list_versions(&self.config, &self.name, &page)?;
        match self.read(request).await {
            Ok(answer) => Ok(!response::list(&self.config, &answer)?.items.is_empty()),
            // Who may not list can't tell, and goes on waiting.
            Err(error) if error.kind() == ErrorKind::Forbidden => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, request: Request<Body>) -> Result<http::Response<Body>> {
        self.client.send(read("delete", &self.name, request)).await
    }
}

#[async_trait]
impl Poll<()> for DeletePoll {
    async fn poll(&mut self) -> Result<Polled<()>> {
        let asked = self.ask().await;
        asked.map_err(|error| error.about(SCHEME, "delete", Some(&self.name)))
    }
}

#[async_trait]
impl Poll<Outcome> for DeletePoll {
    async fn poll(&mut self) -> Result<Polled<Outcome>> {
        Ok(match Poll::<()>::poll(self).await? {
            Polled::Done(()) => Polled::Done(Outcome::Done),
            Polled::Pending(told) => Polled::Pending(told),
        })
    }
}

/// Asks whether a recovered secret can be read again.
#[derive(Debug)]
pub(crate) struct RecoverPoll {
    pub(crate) config: Config,
    pub(crate) client: Client,
    pub(crate) name: String,
    /// What the answer to the recovery told, for callers that may not read; `None` if resumed.
    pub(crate) told: Option<SecretInfo>,
}

impl RecoverPoll {
    async fn ask(&self) -> Result<Polled<SecretInfo>> {
        let request = request::get(&self.config, &self.name, None)?;
        match self.client.send(read("recover", &self.name, request)).await {
            Ok(answer) => response::info(&self.config, &answer).map(Polled::Done),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(Polled::Pending(Some(INTERVAL))),
                ErrorKind::Disabled => self.known(VersionState::Disabled).map(Polled::Done),
                // As the vendor's clients: a caller may recover without being allowed to read.
                ErrorKind::Forbidden => {
                    let state = VersionState::Unknown("forbidden".to_owned());
                    self.known(state).map(Polled::Done)
                }
                _ => Err(error),
            },
        }
    }

    /// What is known of a secret that is back and can't be read.
    fn known(&self, state: VersionState) -> Result<SecretInfo> {
        match &self.told {
            Some(told) => Ok(told.clone()),
            None => Ok(SecretInfo {
                name: Some(SecretName::new(&*self.name)?),
                state,
                ..SecretInfo::new(self.config.secret_id(&self.name)?)
            }),
        }
    }
}

#[async_trait]
impl Poll<SecretInfo> for RecoverPoll {
    async fn poll(&mut self) -> Result<Polled<SecretInfo>> {
        let asked = self.ask().await;
        asked.map_err(|error| error.about(SCHEME, "recover", Some(&self.name)))
    }
}

#[async_trait]
impl Poll<Outcome> for RecoverPoll {
    async fn poll(&mut self) -> Result<Polled<Outcome>> {
        Ok(match Poll::<SecretInfo>::poll(self).await? {
            Polled::Done(info) => Polled::Done(Outcome::Secret(info)),
            Polled::Pending(told) => Polled::Pending(told),
        })
    }
}

fn read<'a>(operation: &'static str, name: &'a str, request: Request<Body>) -> Call<'a> {
    Call {
        operation,
        secret: Some(name),
        repeat: Repeat::Safe,
        request,
    }
}
