//! IAM tokens: what they are given out for, and how long they are good.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ports::Service;
use super::render::nanos;
use super::state::State;
use super::status::{Status, UNAUTHENTICATED};
use super::write::text;

const LIFE: SignedDuration = SignedDuration::from_hours(12);
/// How long one subject is given the same token.
const SAME: SignedDuration = SignedDuration::from_hours(1);
/// How far ahead, in seconds, the clock of whoever signs may be.
const SKEW: i64 = 60;
/// The longest life of a JWT, in seconds.
const LONGEST: i64 = 3600;
const AUDIENCE: &str = "https://iam.api.cloud.yandex.net";

/// Who may sign in, and who has. No `Debug`: it holds tokens.
#[derive(Default)]
pub(super) struct SignIn {
    pub(super) required: bool,
    /// How many tokens were given out for a JWT or an OAuth token.
    pub(super) exchanges: usize,
    pub(super) keys: Vec<PublicKey>,
    tokens: Vec<Token>,
}

pub(super) struct PublicKey {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) key: DecodingKey,
}

struct Token {
    subject: String,
    text: String,
    issued_at: Timestamp,
    expires_at: Timestamp,
    revoked: bool,
}

impl State {
    /// IamToken.Create.
    pub(super) fn exchange(&mut self, body: &Map<String, Value>) -> Result<Value, Status> {
        let now = self.clock.now();
        let jwt = text(body, "jwt");
        let subject = match (jwt.as_str(), self.sign_in.keys.as_slice()) {
            ("", _) => "an OAuth token".to_owned(),
            (_, []) => "a JWT".to_owned(),
            (jwt, keys) => {
                let own = self.addresses.url(Service::Iam);
                let subject = subject(jwt, keys, &[AUDIENCE, own], now);
                subject.map_err(|rule| Status::new(UNAUTHENTICATED, format!("The JWT {rule}")))?
            }
        };
        self.sign_in.exchanges += 1;
        let (token, expires_at) = match &self.token {
            Some(token) => (token.clone(), now.saturating_add(LIFE).unwrap_or(now)),
            None => self.sign_in.issue(&subject, now),
        };
        Ok(json!({"iamToken": token, "expiresAt": nanos(expires_at)}))
    }

    /// A token for requests of the stand-in's own stores.
    pub(super) fn bearer(&mut self) -> String {
        match &self.token {
            Some(token) => token.clone(),
            None if self.sign_in.required => self.sign_in.issue("itself", self.clock.now()).0,
            None => "t1.made-up.token".into(),
        }
    }
}

impl SignIn {
    /// Any token, unless it was revoked; or only those that were given out and are still good.
    pub(super) fn accepts(&self, token: &str, now: Timestamp) -> bool {
        match self.tokens.iter().find(|known| known.text == token) {
            Some(known) => !known.revoked && (!self.required || known.expires_at > now),
            None => !self.required,
        }
    }

    pub(super) fn revoke_all(&mut self) {
        for token in &mut self.tokens {
            token.revoked = true;
        }
    }

    /// The token of `subject`: IAM gives the same one while it is young.
    fn issue(&mut self, subject: &str, now: Timestamp) -> (String, Timestamp) {
        let later = |after: SignedDuration| now.saturating_add(after).unwrap_or(now);
        let young = |token: &&Token| {
            let age = now.duration_since(token.issued_at);
            token.subject == subject && !token.revoked && age < SAME
        };
        if let Some(token) = self.tokens.iter().find(young) {
            return (token.text.clone(), token.expires_at);
        }
        let bytes = || Uuid::new_v4().into_bytes();
        let head = URL_SAFE_NO_PAD.encode([bytes(), bytes()].concat());
        // 86 characters.
        let tail = URL_SAFE_NO_PAD.encode([bytes(), bytes(), bytes(), bytes()].concat());
        let token = Token {
            subject: subject.into(),
            text: format!("t1.{head}.{tail}"),
            issued_at: now,
            expires_at: later(LIFE),
            revoked: false,
        };
        let given = (token.text.clone(), token.expires_at);
        self.tokens.push(token);
        given
    }
}

/// The service account that a JWT speaks for, or the rule that it breaks.
fn subject(
    jwt: &str,
    keys: &[PublicKey],
    audiences: &[&str],
    now: Timestamp,
) -> Result<String, &'static str> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|_| "has no header that can be read")?;
    if header.alg != Algorithm::PS256 {
        return Err("must be signed by PS256");
    }
    if header.typ.as_deref() != Some("JWT") {
        return Err("must have the typ JWT");
    }
    let kid = header.kid.ok_or("must have a kid")?;
    let known = keys.iter().find(|key| key.id == kid);
    let key = known.ok_or("has the kid of no key that is known")?;

    // The time is the stand-in's own, and the rules are told one by one.
    let mut validation = Validation::new(Algorithm::PS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let signed = jsonwebtoken::decode::<Map<String, Value>>(jwt, &key.key, &validation);
    let claims = signed.map_err(|_| "is not signed by its key")?.claims;

    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    if claim("iss") != Some(key.account.as_str()) {
        return Err("must have the service account of its key as iss");
    }
    let asked = claim("aud").and_then(|aud| aud.strip_suffix("/iam/v1/tokens"));
    if !asked.is_some_and(|aud| audiences.contains(&aud)) {
        return Err("must have the URL of the exchange as aud");
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let issued = time("iat").ok_or("must have an integer iat")?;
    let expires = time("exp").ok_or("must have an integer exp")?;
    let now = now.as_second();
    if issued > now + SKEW {
        return Err("has an iat in the future");
    }
    if expires <= now {
        return Err("has expired");
    }
    if expires
        .checked_sub(issued)
        .is_none_or(|life| life > LONGEST)
    {
        return Err("must live an hour at most");
    }
    Ok(key.account.clone())
}
