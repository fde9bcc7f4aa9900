#![no_main]
//! Webhooks of an app: as they come, and signed as the platform signs them.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use polyvault::Timestamp;
use polyvault::clock::ManualClock;
use polyvault::wix_secrets::events::Webhooks;

static KEY: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("a key"));

static WEBHOOKS: LazyLock<Webhooks> = LazyLock::new(|| {
    let public: PublicKeyX509Der<'_> = KEY.public_key().as_der().expect("a public key");
    let text = STANDARD.encode(public.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    let clock = ManualClock::at(Timestamp::from_second(1_795_341_600).expect("a time"));
    let webhooks = Webhooks::new(&pem, "4a8a3d5e-0000-4000-8000-000000000001");
    webhooks.expect("webhooks").clock(Arc::new(clock))
});

fn signed(claims: &[u8]) -> String {
    let (header, claims) = (
        r#"{"alg":"RS256","typ":"JWT"}"#,
        URL_SAFE_NO_PAD.encode(claims),
    );
    let text = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
    let mut signature = vec![0; KEY.public_modulus_len()];
    KEY.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        text.as_bytes(),
        &mut signature,
    )
    .expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fuzz_target!(|input: &[u8]| {
    let body = match input.split_first() {
        Some((0, raw)) => String::from_utf8_lossy(raw).into_owned(),
        Some((_, claims)) => signed(claims),
        None => return,
    };
    let _ = WEBHOOKS.verify(&body).is_ok();
});
