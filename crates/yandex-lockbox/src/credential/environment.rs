//! What the environment holds.

use polyvault_core::provider::{Variable, no_credential};
use polyvault_core::transport::{Endpoint, ReadyToken, TokenSource};
use polyvault_core::{Environment, Error, Result, SecretString};
use secrecy::ExposeSecret;

use super::{AuthorizedKey, Credential, Metadata, WorkloadIdentity, absent};
use crate::config::SCHEME;

const IAM_TOKEN: &str = "YC_IAM_TOKEN";
const TOKEN: &str = "YC_TOKEN";
const KEY: &str = "YC_SERVICE_ACCOUNT_KEY_FILE";
const ACCOUNT: &str = "POLYVAULT_YANDEX_SERVICE_ACCOUNT_ID";
const FEDERATED: &str = "POLYVAULT_YANDEX_TOKEN_FILE";
const METADATA: &str = "YC_METADATA_ADDR";

pub(crate) const VARIABLES: &[Variable] = &[
    variable(
        IAM_TOKEN,
        "a ready IAM token; of these variables the first that is set is taken",
    ),
    variable(TOKEN, "a ready IAM token, as the vendor's tools name it"),
    variable(
        KEY,
        "the authorized key of a service account: its file, read again for each token, or its text",
    ),
    variable(
        ACCOUNT,
        "the id of the service account that a workload acts as",
    ),
    variable(
        FEDERATED,
        "a file with the token of another issuer, as Kubernetes makes, read again for each token",
    ),
    variable(
        METADATA,
        "the address of the metadata service, which is asked only where this is set: 169.254.169.254 on \
         the cloud's machines",
    ),
];

const fn variable(name: &'static str, what: &'static str) -> Variable {
    Variable {
        name,
        default: "none",
        what,
    }
}

/// Who signs in.
#[derive(Debug)]
pub(crate) enum Found {
    /// A ready token, or a source of the caller's own.
    Tokens(Box<dyn TokenSource>),
    /// A credential that obtains them.
    Credential(Box<dyn Credential>),
}

/// The credential that the environment holds: the first that is set, and no other, so that nobody is
/// served under another identity than the one that was set up.
pub(crate) fn from_environment(environment: &Environment) -> Result<Found> {
    if let Some(token) = environment.secret(IAM_TOKEN) {
        return Ok(Found::Tokens(Box::new(ReadyToken::new(token))));
    }
    if let Some(token) = environment.secret(TOKEN) {
        refuse_oauth(&token)?;
        return Ok(Found::Tokens(Box::new(ReadyToken::new(token))));
    }
    if let Some(key) = environment.secret(KEY) {
        return Ok(Found::Credential(Box::new(authorized_key(key))));
    }
    match (environment.text(ACCOUNT), environment.text(FEDERATED)) {
        (Some(account), Some(file)) => {
            let identity = WorkloadIdentity::new(account, file);
            return Ok(Found::Credential(Box::new(identity)));
        }
        (None, Some(_)) => return Err(lacks(ACCOUNT, FEDERATED)),
        (Some(_), None) => return Err(lacks(FEDERATED, ACCOUNT)),
        (None, None) => {}
    }
    match environment.text(METADATA) {
        Some(address) => {
            let metadata = Metadata::at(endpoint(&address)?);
            Ok(Found::Credential(Box::new(metadata)))
        }
        None => Err(no_credential(SCHEME, VARIABLES)),
    }
}

/// A path or the key itself, as the vendor's tools take both.
fn authorized_key(key: SecretString) -> AuthorizedKey {
    #[expect(
        clippy::disallowed_methods,
        reason = "a path is no secret, and a text stays one"
    )]
    let text = key.expose_secret();
    match text.trim_start().starts_with('{') {
        true => AuthorizedKey::from_json(key),
        false => AuthorizedKey::from_file(text),
    }
}

/// The vendor's tools take either kind of token from this variable.
fn refuse_oauth(token: &SecretString) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "what kind of token it is")]
    let text = token.expose_secret();
    let is_oauth = ["y0_", "y1_", "y2_", "y3_", "AQAA"]
        .iter()
        .any(|begin| text.starts_with(begin));
    match is_oauth {
        false => Ok(()),
        true => Err(absent(format!(
            "variable `{TOKEN}`: an OAuth token, which is not taken"
        ))
        .with_help(
            "Exchange it for an IAM token (`yc iam create-token`), or name the authorized key of a service \
             account in YC_SERVICE_ACCOUNT_KEY_FILE.",
        )),
    }
}

fn lacks(missing: &str, beside: &str) -> Error {
    absent(format!("{missing} is not set, and {beside} is")).with_help(
        "Set both, or neither: the account that the workload acts as, and the file of its token.",
    )
}

/// A host, a host and a port, or a URL.
fn endpoint(address: &str) -> Result<Endpoint> {
    let url = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    Endpoint::parse(METADATA, &url).map_err(|error| error.with_provider(SCHEME))
}
