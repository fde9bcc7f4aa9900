//! Which operation a request is.

use serde::Deserialize;
use wiremock::Request;
use wiremock::http::Method;

use super::reply::Refusal;

/// The operations of the data plane on secrets, and the four of the control plane that begin with
/// `Secrets`, by the specification's names.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the specification's names say it")]
pub enum Operation {
    SetSecret,
    GetSecret,
    UpdateSecret,
    GetSecrets,
    GetSecretVersions,
    DeleteSecret,
    GetDeletedSecret,
    GetDeletedSecrets,
    RecoverDeletedSecret,
    PurgeDeletedSecret,
    BackupSecret,
    RestoreSecret,
    SecretsCreateOrUpdate,
    SecretsUpdate,
    SecretsGet,
    SecretsList,
}

impl Operation {
    /// All of the data plane, for [`Emulator::forbid`](super::Emulator::forbid).
    pub const ALL: [Self; 12] = [
        Self::SetSecret,
        Self::GetSecret,
        Self::UpdateSecret,
        Self::GetSecrets,
        Self::GetSecretVersions,
        Self::DeleteSecret,
        Self::GetDeletedSecret,
        Self::GetDeletedSecrets,
        Self::RecoverDeletedSecret,
        Self::PurgeDeletedSecret,
        Self::BackupSecret,
        Self::RestoreSecret,
    ];

    /// All of the control plane.
    pub const ARM: [Self; 4] = [
        Self::SecretsCreateOrUpdate,
        Self::SecretsUpdate,
        Self::SecretsGet,
        Self::SecretsList,
    ];

    /// Whether the operation changes the vault.
    pub(super) fn writes(self) -> bool {
        !matches!(
            self,
            Self::GetSecret
                | Self::GetSecrets
                | Self::GetSecretVersions
                | Self::GetDeletedSecret
                | Self::GetDeletedSecrets
                | Self::BackupSecret
                | Self::SecretsGet
                | Self::SecretsList
        )
    }
}

/// An operation and what its path names.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) operation: Operation,
    /// As sent; empty for the operations on a collection.
    pub(super) name: String,
    /// In lower case, 32 hexadecimal digits.
    pub(super) version: Option<String>,
}

/// Finds the operation, or refuses as the service's router does.
pub(super) fn route(request: &Request) -> Result<Route, Refusal> {
    let method = &request.method;
    let path = request.url.path();
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let no_such =
        |what: &str| Refusal::bad(format!("Method {method} does not allow operation '{what}'"));

    let (operation, name, version) = match (method, segments.as_slice()) {
        (&Method::GET, ["secrets"]) => (Operation::GetSecrets, "", None),
        (&Method::GET, ["deletedsecrets"]) => (Operation::GetDeletedSecrets, "", None),
        (&Method::POST, ["secrets", "restore"]) => (Operation::RestoreSecret, "", None),
        (&Method::PUT, ["secrets", name]) => (Operation::SetSecret, *name, None),
        (&Method::DELETE, ["secrets", name]) => (Operation::DeleteSecret, *name, None),
        (&Method::GET, ["secrets", name, "versions"]) => {
            (Operation::GetSecretVersions, *name, None)
        }
        (&Method::POST, ["secrets", name, "backup"]) => (Operation::BackupSecret, *name, None),
        (&Method::GET, ["secrets", name] | ["secrets", name, ""]) => {
            (Operation::GetSecret, *name, None)
        }
        (&Method::PATCH, ["secrets", name] | ["secrets", name, ""]) => {
            (Operation::UpdateSecret, *name, None)
        }
        (&Method::GET, ["secrets", name, version]) => (Operation::GetSecret, *name, Some(*version)),
        (&Method::PATCH, ["secrets", name, version]) => {
            (Operation::UpdateSecret, *name, Some(*version))
        }
        (&Method::GET, ["deletedsecrets", name]) => (Operation::GetDeletedSecret, *name, None),
        (&Method::DELETE, ["deletedsecrets", name]) => (Operation::PurgeDeletedSecret, *name, None),
        (&Method::POST, ["deletedsecrets", name, "recover"]) => {
            (Operation::RecoverDeletedSecret, *name, None)
        }
        (_, segments) => return Err(no_such(segments.last().copied().unwrap_or_default())),
    };

    let on_collection = matches!(
        operation,
        Operation::GetSecrets | Operation::GetDeletedSecrets | Operation::RestoreSecret
    );
    if !on_collection && (name.is_empty() || name.len() > NAME_LENGTH) {
        return Err(no_such(name));
    }
    if !on_collection && !is_name(name) {
        return Err(Refusal::bad(format!(
            "The request URI contains an invalid name: {name}"
        )));
    }
    let version = version.map(str::to_ascii_lowercase);
    if let Some(bad) = version.as_deref().filter(|version| !is_version(version)) {
        return Err(no_such(bad));
    }
    Ok(Route {
        operation,
        name: name.to_owned(),
        version,
    })
}

/// Whether the service takes `text` as a secret's name.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=NAME_LENGTH).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether the service could have given `text` as a version's id.
pub(super) fn is_version(text: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 32 && text.bytes().all(hex)
}

const NAME_LENGTH: usize = 127;
