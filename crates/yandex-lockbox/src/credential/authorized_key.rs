//! Authorized keys of service accounts.
//!
//! <https://yandex.cloud/docs/iam/operations/iam-token/create-for-sa#via-jwt>

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use polyvault_core::transport::{Token, credential_file, json, request};
use polyvault_core::{Result, SecretString, Timestamp, Value};
use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Credential, TokenRequest, absent};
use crate::error;
use crate::wire::{IamToken, KeyFile, Statement};

/// How long a statement is good for, in seconds: the service takes no more.
const LIFE: i64 = 3600;

/// How far the clock here may be ahead of the service's.
const SKEW: i64 = 60;

/// The authorized key of a service account: the file that `yc iam key create` writes.
///
/// It signs a statement (a JWT, PS256), good for an hour less a minute, which is exchanged for an IAM token.
/// A file is read again for each token, so a key that is replaced is taken at once. What
/// `yc` writes is taken, and what the API answers that makes a key (`key` and `privateKey`); a key
/// from an environment variable may have `\n` for its ends of lines.
///
/// # Example
///
/// ```
/// use polyvault_yandex_lockbox::YandexLockbox;
/// use polyvault_yandex_lockbox::credential::AuthorizedKey;
///
/// let key = AuthorizedKey::from_file("/run/secrets/authorized_key.json");
/// let store = YandexLockbox::builder("b1gfolder00000000001").credential(key).build()?;
/// # let _ = store;
///
/// let key = AuthorizedKey::from_json(r#"{"id":"aje…","service_account_id":"aje…","private_key":"…"}"#.into());
/// assert!(!format!("{key:?}").contains("private_key"));
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub struct AuthorizedKey(Source);

enum Source {
    File(PathBuf),
    Text(SecretString),
}

impl AuthorizedKey {
    /// The key in this file, which is read for each token and not before.
    pub fn from_file(path: impl AsRef<Path>) -> Self {
        Self(Source::File(path.as_ref().to_owned()))
    }

    /// The key in this text.
    #[must_use]
    pub fn from_json(text: SecretString) -> Self {
        Self(Source::Text(text))
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>> {
        match &self.0 {
            Source::File(path) => credential_file(path)
                .map_err(|error| absent(format!("the authorized key: {}", error.message()))),
            Source::Text(text) => {
                #[expect(clippy::disallowed_methods, reason = "the key that signs")]
                let text = text.expose_secret();
                Ok(Zeroizing::new(text.as_bytes().to_vec()))
            }
        }
    }
}

#[async_trait]
impl Credential for AuthorizedKey {
    async fn token(&self, asked: &TokenRequest) -> Result<Token> {
        let statement = statement(&self.read()?, &asked.audience, asked.now())?;
        let body = json::encode(&Statement { jwt: &statement })?;
        let url = asked.iam.url().literal("/iam/v1/tokens").build()?;
        let request = request(http::Method::POST, url, Some(body));
        error::ISSUER
            .token(&asked.iam, request, &asked.options, iam_token)
            .await
    }
}

fn iam_token(body: &[u8], _now: Timestamp) -> Result<Token> {
    let issued: IamToken<'_> = json::decode(body)?;
    let token = issued.iam_token.ok_or_else(|| json::missing("iamToken"))?;
    Ok(Token {
        secret: json::text(token)?.to_secret_string()?,
        expires_at: issued.expires_at.and_then(|end| end.parse().ok()),
    })
}

impl fmt::Debug for AuthorizedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::File(path) => f.debug_tuple("AuthorizedKey").field(path).finish(),
            Source::Text(_) => f.debug_struct("AuthorizedKey").finish_non_exhaustive(),
        }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

/// Says who the service account is, to `audience`.
fn statement(file: &[u8], audience: &str, now: Timestamp) -> Result<Zeroizing<String>> {
    let refuse = |why: &str| absent(format!("the authorized key: {why}"));
    let told: KeyFile<'_> =
        json::decode(file).map_err(|_| refuse("the text is not the JSON of a key"))?;
    let nested = told.key.unwrap_or_default();
    let (Some(id), Some(private)) = (nested.id.or(told.id), told.private_key) else {
        return Err(refuse("it lacks `id` or `private_key`").with_help(MAKE_ONE));
    };
    let account = nested.service_account_id.or(told.service_account_id);
    let Some(account) = account.filter(|account| !account.is_empty()) else {
        let of_a_user = nested.user_account_id.or(told.user_account_id).is_some();
        return Err(refuse(match of_a_user {
            true => "it is a user's, and only keys of service accounts are taken",
            false => "it lacks `service_account_id`",
        })
        .with_help(MAKE_ONE));
    };
    let private = json::text(private).map_err(|_| refuse("`private_key` is no text"))?;
    let pem = lines(&private);
    let not_rsa = |_| refuse("`private_key` is not an RSA key in PEM that can sign");
    let pem = pem_part(&pem).ok_or_else(|| refuse("`private_key` holds no private key in PEM"))?;
    let signing = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(not_rsa)?;
    let header = Header {
        kid: Some(id),
        ..Header::new(Algorithm::PS256)
    };
    let begin = now.as_second() - SKEW;
    let claims = Claims {
        iss: &account,
        aud: audience,
        iat: begin,
        exp: begin + LIFE,
    };
    jsonwebtoken::encode(&header, &claims, &signing)
        .map(Zeroizing::new)
        .map_err(not_rsa)
}

const MAKE_ONE: &str = "Make a key of a service account: `yc iam key create --service-account-name NAME \
    --output FILE`.";

/// The key with ends of lines in place of `\n`, as it is pasted into environment variables.
fn lines(private: &Value) -> Zeroizing<String> {
    let text = private.expose_text().unwrap_or_default();
    let mut lines = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.split("\\n");
    lines.extend(rest.next());
    for line in rest {
        lines.push('\n');
        lines.push_str(line);
    }
    lines
}

/// The key itself: a line of explanation stands before it.
fn pem_part(text: &str) -> Option<&str> {
    text.get(text.find("-----BEGIN ")?..)
}
