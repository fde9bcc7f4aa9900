//! Service accounts' keys, and the tokens that their statements are exchanged for.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Emulator;
use super::render::{millis, nanos};
use super::services::IAM;
use super::state::State;
use super::status::{Status, UNAUTHENTICATED};
use super::write::text;

/// Whom statements to the public service are for.
const AUDIENCE: &str = "https://iam.api.cloud.yandex.net/iam/v1/tokens";

/// The longest that a statement may be good for, in seconds.
const LONGEST: i64 = 3600;

/// How far the clock of who signs may be ahead, in seconds.
const SKEW: i64 = 60;

/// A key that was made for a service account.
pub(super) struct Key {
    id: String,
    account: String,
    /// The public half, as PKCS#1 in DER.
    public: Vec<u8>,
}

/// A token that was issued.
pub(super) struct Issued {
    account: String,
    token: String,
    at: Timestamp,
    ends: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

impl Emulator {
    /// Makes an authorized key of a service account of its own, and gives the text of the file that
    /// `yc iam key create` would write. From then on statements must be signed with such a key.
    ///
    /// # Panics
    ///
    /// If no key can be made.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_core::SecretStoreExt;
    /// use polyvault_yandex_lockbox::YandexLockbox;
    /// use polyvault_yandex_lockbox::credential::AuthorizedKey;
    /// use polyvault_yandex_lockbox::emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> polyvault_core::Result<()> {
    /// let lockbox = Emulator::builder().require_sign_in().start().await;
    /// let key = lockbox.authorized_key();
    ///
    /// let store = YandexLockbox::builder("b1gemulatorfolder001")
    ///     .endpoint(lockbox.url())
    ///     .credential(AuthorizedKey::from_json(key.into()))
    ///     .build()?;
    /// store.put("db", "s3cret").await?;
    /// assert_eq!(lockbox.sign_ins(), 1);
    ///
    /// lockbox.revoke_tokens(); // what was issued is good no more: it signs in again
    /// store.get_text("db").await?;
    /// assert_eq!(lockbox.sign_ins(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[expect(clippy::expect_used, reason = "a key can be made where tests run")]
    pub fn authorized_key(&self) -> String {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("a key in PKCS#8");
        let mut state = self.state();
        let (id, account) = (state.new_id(), state.new_id());
        let public = pair.public_key();
        let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> =
            public.as_der().expect("a public key");
        let file = json!({
            "id": id,
            "service_account_id": account,
            "created_at": millis(state.clock.now()),
            "key_algorithm": "RSA_2048",
            "public_key": pem("PUBLIC KEY", spki.as_ref()),
            "private_key": format!(
                "PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <{id}>\n{}",
                pem("PRIVATE KEY", der.as_ref()),
            ),
        });
        state.keys_of_accounts.push(Key {
            id,
            account,
            public: public.as_ref().to_vec(),
        });
        file.to_string()
    }

    /// How many statements were exchanged for a token.
    #[must_use]
    pub fn sign_ins(&self) -> usize {
        self.state().sign_ins
    }

    /// Makes all tokens that were issued so far good for nothing.
    pub fn revoke_tokens(&self) {
        self.state().issued.clear();
    }
}

impl State {
    /// Whether a request with this token is let in.
    pub(super) fn knows(&self, token: &str) -> bool {
        let now = self.clock.now();
        let mut issued = self.issued.iter();
        if self.require_sign_in {
            return issued.any(|issued| issued.token == token && now < issued.ends);
        }
        self.token.as_ref().is_none_or(|wanted| wanted == token)
    }

    /// IamToken.Create.
    pub(super) fn exchange(&mut self, body: &Map<String, Value>) -> Result<Value, Status> {
        let account = self.account(&text(body, "jwt"))?;
        self.sign_ins += 1;
        let now = self.clock.now();
        let after = |hours| now.checked_add(SignedDuration::from_hours(hours));
        // While one is far from its end, the same is given again.
        let recent = self.issued.iter().rfind(|issued| {
            issued.account == account
                && now.duration_since(issued.at) < SignedDuration::from_hours(1)
        });
        let (token, ends) = match (recent, &self.token) {
            (Some(issued), _) => (issued.token.clone(), issued.ends),
            (None, given) => {
                let random = || Uuid::new_v4().simple().to_string();
                let tail: String = [random(), random(), random()]
                    .concat()
                    .chars()
                    .take(86)
                    .collect();
                let made = || format!("t1.{}.{tail}", random());
                let token = given.clone().unwrap_or_else(made);
                (token, after(12).unwrap_or(Timestamp::MAX))
            }
        };
        if recent.is_none() {
            self.issued.push(Issued {
                account,
                token: token.clone(),
                at: now,
                ends,
            });
        }
        Ok(json!({"iamToken": token, "expiresAt": nanos(ends)}))
    }

    /// Whose statement it is. Where no key was made, anybody's is taken.
    fn account(&self, jwt: &str) -> Result<String, Status> {
        if self.keys_of_accounts.is_empty() {
            return Ok(String::new());
        }
        let header = jsonwebtoken::decode_header(jwt).map_err(|_| refused("it is no JWT"))?;
        if header.alg != Algorithm::PS256 || header.typ.as_deref() != Some("JWT") {
            return Err(refused("its header must say JWT and PS256"));
        }
        let id = header.kid.unwrap_or_default();
        let key = self.keys_of_accounts.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| refused("it is of an unknown key"))?;
        let mut rules = Validation::new(Algorithm::PS256);
        // Time is this stand-in's, and the rest is checked here.
        (rules.validate_exp, rules.validate_aud) = (false, false);
        rules.required_spec_claims.clear();
        let public = DecodingKey::from_rsa_der(&key.public);
        let read = jsonwebtoken::decode::<Claims>(jwt, &public, &rules);
        let claims = read
            .map_err(|_| refused("its signature or its claims are not as they must be"))?
            .claims;
        let here = format!("{}/iam/v1/tokens", self.url_of(IAM));
        let now = self.clock.now().as_second();
        for (holds, rule) in [
            (
                claims.iss == key.account,
                "it is of another account than its key",
            ),
            (
                claims.aud == AUDIENCE || claims.aud == here,
                "it is for somebody else",
            ),
            (claims.iat <= now + SKEW, "it is from the future"),
            (claims.exp > now, "it has ended"),
            (
                claims.exp - claims.iat <= LONGEST,
                "it is good for longer than an hour",
            ),
        ] {
            if !holds {
                return Err(refused(rule));
            }
        }
        Ok(claims.iss)
    }
}

fn refused(rule: &str) -> Status {
    Status::new(UNAUTHENTICATED, format!("The JWT is not valid: {rule}"))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64);
    let lines: Vec<&str> = lines
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
