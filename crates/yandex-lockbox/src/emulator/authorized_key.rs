//! Authorized keys of service accounts, as `yc iam key create` writes them.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::DecodingKey;
use serde_json::Value;

use super::Emulator;
use super::render::nanos;
use super::sign_in::PublicKey;
use super::state::made_up;

impl Emulator {
    /// A new service account with an RSA key of 2048 bits, as the text of its key file; from then
    /// on `POST /iam/v1/tokens` takes only JWTs that such a key has signed.
    ///
    /// A JWT must be signed by PS256, with the typ `JWT` and a `kid` that is known; its `iss` must
    /// be the key's account, its `aud` `https://iam.api.cloud.yandex.net/iam/v1/tokens` or
    /// [`iam_url`](Self::iam_url) with the same path; `iat` at most 60 seconds ahead of the
    /// stand-in's clock, `exp` after it and at most an hour after `iat`. The refusal, code 16,
    /// says which rule was broken.
    /// <https://yandex.cloud/en/docs/iam/operations/iam-token/create-for-sa>
    ///
    /// # Panics
    ///
    /// If no key can be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "as the server's start")]
    pub fn authorized_key(&self) -> String {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let (public, private) = pems(&pair).expect("a key that can be written");
        let mut state = self.state();
        let (id, account) = (made_up("aje"), made_up("aje"));
        let created_at = nanos(state.clock.now());
        state.sign_in.keys.push(PublicKey {
            id: id.clone(),
            account: account.clone(),
            key: DecodingKey::from_rsa_der(pair.public_key().as_ref()),
        });
        let private =
            format!("PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <{id}>\n{private}");
        let fields = [
            ("id", id.into()),
            ("service_account_id", account.into()),
            ("created_at", created_at),
            ("key_algorithm", "RSA_2048".into()),
            ("public_key", public.into()),
            ("private_key", private.into()),
        ];
        let lines = fields.map(|(name, value): (&str, Value)| format!("   \"{name}\": {value}"));
        // Go's encoder escapes them.
        let lines = lines
            .join(",\n")
            .replace('<', "\\u003c")
            .replace('>', "\\u003e");
        format!("{{\n{lines}\n}}\n")
    }
}

/// The public and the private half.
fn pems(pair: &KeyPair) -> Result<(String, String), Unspecified> {
    let public: PublicKeyX509Der = pair.public_key().as_der()?;
    let private: Pkcs8V1Der = pair.as_der()?;
    Ok((
        pem("PUBLIC KEY", public.as_ref()),
        pem("PRIVATE KEY", private.as_ref()),
    ))
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (index, letter) in STANDARD.encode(der).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str(&format!("\n-----END {label}-----\n"));
    pem
}
