//! IAM tokens: what they are given out for, and how long they are good.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::transport::ReqwestTransport;
use polyvault_core::{ErrorKind, SecretStoreExt};
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use crate::raw::{Answer, at, db, post, send_by};

const AUDIENCE: &str = "https://iam.api.cloud.yandex.net/iam/v1/tokens";

struct Account {
    emulator: Emulator,
    clock: Arc<ManualClock>,
    key: Value,
}

impl Account {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let builder = Emulator::builder().clock(Arc::clone(&clock) as _);
        let emulator = builder.require_sign_in().start().await;
        emulator.seed(&db()).unwrap();
        let key = emulator.authorized_key().parse().unwrap();
        Self {
            emulator,
            clock,
            key,
        }
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        let iss = &self.key["service_account_id"];
        json!({"iss": iss, "aud": AUDIENCE, "iat": now, "exp": now + 3600})
    }

    fn header(&self) -> Header {
        Header {
            kid: self.key["id"].as_str().map(str::to_owned),
            ..Header::new(Algorithm::PS256)
        }
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        let pem = self.key["private_key"].as_str().unwrap();
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        jsonwebtoken::encode(header, claims, &key).unwrap()
    }

    async fn exchange(&self, jwt: &str) -> Answer {
        post(&self.emulator, "/iam/v1/tokens", json!({"jwt": jwt})).await
    }

    async fn token(&self) -> String {
        let jwt = self.sign(&self.header(), &self.claims());
        self.exchange(&jwt).await.text("/iamToken").to_owned()
    }

    async fn read(&self, token: &str) -> u16 {
        let request = http::Request::builder()
            .method("GET")
            .uri(format!("{}{}", self.emulator.url(), at("")))
            .header("authorization", format!("Bearer {token}"));
        let transport = ReqwestTransport::default();
        send_by(&transport, request, None).await.unwrap().status
    }
}

#[tokio::test]
async fn a_key_file_is_written_as_the_vendors_command_line_writes_it() {
    let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let emulator = Emulator::builder().clock(Arc::new(clock)).start().await;
    let file = emulator.authorized_key();
    let key: Value = file.parse().unwrap();
    let text = |name: &str| key[name].as_str().unwrap();

    let names: Vec<&str> = file
        .lines()
        .filter_map(|line| line.strip_prefix("   \"")?.split('"').next())
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "service_account_id",
            "created_at",
            "key_algorithm",
            "public_key",
            "private_key"
        ]
    );
    assert_eq!(
        (text("id").len(), text("service_account_id").len()),
        (20, 20)
    );
    assert_ne!(text("id"), text("service_account_id"));
    assert_eq!(text("created_at"), "2026-01-01T00:00:00.000000000Z");
    assert_eq!(text("key_algorithm"), "RSA_2048");
    assert!(text("public_key").starts_with("-----BEGIN PUBLIC KEY-----\n"));
    let id = text("id");
    let mark = format!(
        "PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <{id}>\n-----BEGIN PRIVATE KEY-----\n"
    );
    assert!(text("private_key").starts_with(&mark));
    assert!(text("private_key").ends_with("\n-----END PRIVATE KEY-----\n"));
    assert!(
        text("private_key")
            .lines()
            .skip(1)
            .all(|line| line.len() <= 64)
    );
    assert!(file.contains("\\u003c") && !file.contains('<'));
}

#[tokio::test]
async fn a_signed_jwt_is_exchanged_for_a_token_of_twelve_hours() {
    let account = Account::new().await;
    let mut claims = account.claims();
    for audience in [
        AUDIENCE.to_owned(),
        format!("{}/iam/v1/tokens", account.emulator.iam_url()),
    ] {
        claims["aud"] = audience.into();
        let answer = account
            .exchange(&account.sign(&account.header(), &claims))
            .await;

        assert_eq!(answer.status, 200);
        assert_eq!(answer.at("/expiresAt"), "2026-01-01T12:00:00.000000000Z");
        let parts: Vec<&str> = answer.text("/iamToken").split('.').collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(parts[0] == "t1" && parts.len() == 3 && parts[2].len() == 86);
        assert!(parts.concat().chars().all(plain));
        assert_eq!(account.read(answer.text("/iamToken")).await, 200);
    }
    assert_eq!(account.emulator.sign_ins(), 2);
}

#[tokio::test]
async fn a_jwt_that_breaks_a_rule_is_refused_with_the_rule_and_without_the_jwt() {
    let account = Account::new().await;
    let now = account.clock.now().as_second();
    let other = Account::new().await;
    let with = |name: &str, value: Value| {
        let mut claims = account.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        account.sign(&account.header(), &claims)
    };
    let headed = |change: fn(&mut Header)| {
        let mut header = account.header();
        change(&mut header);
        account.sign(&header, &account.claims())
    };
    let good = account.sign(&account.header(), &account.claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());

    for (jwt, rule) in [
        ("a.b.c".to_owned(), "has no header"),
        (headed(|h| h.alg = Algorithm::RS256), "PS256"),
        (headed(|h| h.typ = Some("at+jwt".into())), "typ JWT"),
        (headed(|h| h.typ = None), "typ JWT"),
        (headed(|h| h.kid = None), "must have a kid"),
        (headed(|h| h.kid = Some("ajenone".into())), "kid of no key"),
        (forged, "not signed by its key"),
        (
            other.sign(&account.header(), &account.claims()),
            "not signed by its key",
        ),
        (with("iss", other.key["service_account_id"].clone()), "iss"),
        (with("iss", Value::Null), "iss"),
        (
            with("aud", "https://iam.api.cloud.yandex.net".into()),
            "aud",
        ),
        (
            with("aud", "https://example.com/iam/v1/tokens".into()),
            "aud",
        ),
        (with("iat", Value::Null), "integer iat"),
        (with("iat", json!(1.5)), "integer iat"),
        (with("iat", json!(now + 61)), "iat in the future"),
        (with("exp", "soon".into()), "integer exp"),
        (with("exp", now.into()), "has expired"),
        (with("exp", json!(now + 3601)), "an hour"),
    ] {
        let answer = account.exchange(&jwt).await;
        assert_eq!(
            (answer.status, answer.at("/code")),
            (401, &json!(16)),
            "{rule}"
        );
        assert!(
            answer.text("/message").contains(rule),
            "{rule}: {}",
            answer.body
        );
        assert!(!answer.body.to_string().contains(&jwt));
    }
    assert_eq!(account.emulator.sign_ins(), 0);
    for jwt in [with("iat", json!(now + 60)), with("exp", json!(now + 1))] {
        assert_eq!(account.exchange(&jwt).await.status, 200);
    }
}

#[tokio::test]
async fn the_same_account_gets_the_same_token_for_an_hour() {
    let account = Account::new().await;
    let other = account.emulator.authorized_key().parse().unwrap();

    let first = account.token().await;
    account.clock.advance(Duration::from_secs(3599));
    let second = account.token().await;
    account.clock.advance(Duration::from_secs(1));
    let third = account.token().await;
    let account = Account {
        key: other,
        ..account
    };
    let others = account.token().await;

    assert_eq!(first, second);
    assert!(third != first && others != third && others != first);
    // A new token does not end the old one.
    assert_eq!(
        (account.read(&first).await, account.read(&third).await),
        (200, 200)
    );
    assert_eq!(account.emulator.sign_ins(), 4);
}

#[tokio::test]
async fn only_tokens_that_were_given_out_and_are_good_are_accepted() {
    let account = Account::new().await;
    let token = account.token().await;

    assert_eq!(account.read("t1.made-up.token").await, 401);
    assert_eq!(account.read(&token).await, 200);
    account.emulator.revoke_tokens();
    assert_eq!(account.read(&token).await, 401);
    let fresh = account.token().await;
    assert_ne!(fresh, token);
    account.clock.advance(Duration::from_secs(12 * 60 * 60 - 1));
    assert_eq!(account.read(&fresh).await, 200);
    account.clock.advance(Duration::from_secs(1));
    assert_eq!(account.read(&fresh).await, 401);
}

#[tokio::test]
async fn the_stand_ins_own_stores_and_calls_are_signed_in() {
    let account = Account::new().await;
    let store = account.emulator.store();
    let activate = json!({"method": "POST", "path": at(":activate")});

    account.emulator.given(&json!({"call": activate})).unwrap();
    store.put("db2", "s3cret").await.unwrap();
    account.emulator.revoke_tokens();
    let refused = store.put("db2", "n3w").await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    assert_eq!(account.emulator.sign_ins(), 0);
}

#[tokio::test]
async fn without_a_key_any_jwt_and_any_oauth_token_is_exchanged() {
    let emulator = Emulator::start().await;
    for body in [
        json!({"jwt": "j"}),
        json!({"yandexPassportOauthToken": "y0_x"}),
    ] {
        assert_eq!(post(&emulator, "/iam/v1/tokens", body).await.status, 200);
    }
    assert_eq!(emulator.sign_ins(), 2);

    let only = Emulator::builder()
        .token("t1.only.this")
        .require_sign_in()
        .start()
        .await;
    let answer = post(&only, "/iam/v1/tokens", json!({"jwt": "j"})).await;
    assert_eq!(answer.at("/iamToken"), "t1.only.this");
}
