//! Statements signed with the key of a certificate.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use polyvault_core::{Result, Timestamp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::issuer::absent;

/// How long a statement is good for, in seconds: as long as the vendor's own clients make it.
const LIFE: i64 = 600;

/// <https://learn.microsoft.com/entra/identity-platform/certificate-credentials#assertion-format>
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Says who `client` is, to the token endpoint `audience`.
pub(super) fn assertion(
    pem: &[u8],
    client: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Zeroizing<String>> {
    let refuse = |why: &str| absent(format!("variable `AZURE_CLIENT_CERTIFICATE_PATH`: {why}"));
    let certificate = CertificateDer::from_pem_slice(pem)
        .map_err(|_| refuse("the file has no certificate in PEM; make it of a PKCS#12 file with `openssl pkcs12 -nodes`"))?;
    let key = private_key(pem).ok_or_else(|| {
        refuse("the file has no unencrypted private key in PEM beside the certificate")
    })?;
    let not_rsa = |_| refuse("the private key is not an RSA key that can sign");
    let key = EncodingKey::from_rsa_pem(key).map_err(not_rsa)?;
    let header = Header {
        x5t_s256: Some(URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate))),
        ..Header::new(Algorithm::PS256)
    };
    let now = now.as_second();
    let claims = Claims {
        aud: audience,
        iss: client,
        sub: client,
        jti: Uuid::new_v4().to_string(),
        iat: now,
        nbf: now,
        exp: now + LIFE,
    };
    jsonwebtoken::encode(&header, &claims, &key)
        .map(Zeroizing::new)
        .map_err(not_rsa)
}

/// The part of a PEM text that is its private key: the first part may be the certificate.
fn private_key(pem: &[u8]) -> Option<&[u8]> {
    let text = std::str::from_utf8(pem).ok()?;
    let mut begins = text.match_indices("-----BEGIN").map(|(at, _)| at);
    let at = begins.find(|at| {
        let line = text.get(*at..).and_then(|rest| rest.lines().next());
        line.is_some_and(|line| {
            line.trim_end().ends_with("PRIVATE KEY-----") && !line.contains("ENCRYPTED")
        })
    })?;
    pem.get(at..)
}
