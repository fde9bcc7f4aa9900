//! Workloads that another issuer vouches for.
//!
//! <https://yandex.cloud/docs/iam/concepts/workload-identity>

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use polyvault_core::Result;
use polyvault_core::transport::{Token, bearer_token, credential_file, form};

use super::{Credential, TokenRequest, absent};
use crate::error;

/// A workload that another issuer vouches for, as Kubernetes does: a file holds its token.
///
/// The token is exchanged for one of a service account (RFC 8693) that trusts the issuer through a workload
/// identity federation. The file is read again for each exchange, since it is replaced while the workload runs.
///
/// # Example
///
/// ```
/// use polyvault_yandex_lockbox::YandexLockbox;
/// use polyvault_yandex_lockbox::credential::WorkloadIdentity;
///
/// let file = "/var/run/secrets/tokens/yandex";
/// let identity = WorkloadIdentity::new("ajeaccount0000000001", file);
/// let store = YandexLockbox::builder("b1gfolder00000000001").credential(identity).build()?;
/// # let _ = store;
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
pub struct WorkloadIdentity {
    account: String,
    file: PathBuf,
}

impl WorkloadIdentity {
    /// `account` is the id of the service account, `file` holds the other issuer's token.
    pub fn new(account: impl Into<String>, file: impl AsRef<Path>) -> Self {
        Self {
            account: account.into(),
            file: file.as_ref().to_owned(),
        }
    }
}

#[async_trait]
impl Credential for WorkloadIdentity {
    async fn token(&self, asked: &TokenRequest) -> Result<Token> {
        let file = credential_file(&self.file)
            .map_err(|error| absent(format!("the workload's token: {}", error.message())))?;
        let subject = std::str::from_utf8(&file)
            .map(str::trim)
            .unwrap_or_default();
        if subject.is_empty() {
            return Err(absent("the workload's token: the file holds none"));
        }
        let url = asked.federation.url().literal("/oauth/token").build()?;
        let fields = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("audience", &self.account),
            ("subject_token", subject),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:id_token",
            ),
        ];
        let request = form(url, &fields);
        error::ISSUER
            .token(&asked.federation, request, &asked.options, bearer_token)
            .await
    }
}
