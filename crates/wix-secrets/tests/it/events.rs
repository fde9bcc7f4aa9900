//! Webhooks: what is taken, and one test for each way of being refused.

mod any;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::{ErrorKind, Timestamp};
use polyvault_wix_secrets::events::{EventKind, Webhooks};
use serde_json::{Value, json};

const INSTANCE: &str = "4a8a3d5e-0000-4000-8000-000000000001";
const SECRET: &str = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";
const NOW: i64 = 1_795_341_600;

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());
static OTHER: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn public() -> String {
    let der: PublicKeyX509Der<'_> = KEY.public_key().as_der().unwrap();
    pem("PUBLIC KEY", der.as_ref())
}

fn signed_by(key: &KeyPair, claims: &Value) -> String {
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let private = pem("PRIVATE KEY", der.as_ref());
    let key = EncodingKey::from_rsa_pem(private.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap()
}

/// The claims of an event, as the platform nests them.
fn claims(event: &str, envelope: &Value, instance: &str) -> Value {
    let data = json!({
        "data": envelope.to_string(), "instanceId": instance,
        "eventType": format!("wix.velo.secrets_vault.v1.{event}"), "identity": "{}",
    });
    json!({"data": data.to_string(), "iat": NOW, "exp": NOW + 3600})
}

fn created() -> Value {
    let entity = json!({"id": SECRET, "name": "db", "value": "hunter2"});
    json!({
        "id": "e-1", "entityId": SECRET, "slug": "created", "eventTime": "2026-11-22T09:59:59Z",
        "entityEventSequence": "7", "createdEvent": {"entityAsJson": entity.to_string()},
    })
}

fn webhooks() -> (Webhooks, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW).unwrap()));
    let webhooks = Webhooks::new(&public(), INSTANCE).unwrap();
    (webhooks.clock(Arc::clone(&clock) as _), clock)
}

fn refused(body: &str) -> ErrorKind {
    let error = webhooks().0.verify(body).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
    error.kind()
}

#[test]
fn each_event_of_a_secret_is_told_without_its_value() {
    let entity = json!({"name": "db-2"}).to_string();
    let updated = json!({"entityId": SECRET, "entityEventSequence": 8, "slug": "updated",
        "updatedEvent": {"currentEntityAsJson": entity}});
    let deleted = json!({"entityId": SECRET, "slug": "deleted", "deletedEvent": {}});
    let (webhooks, _) = webhooks();
    for (event, envelope, kind, name, sequence) in [
        (
            "secret_created",
            created(),
            EventKind::Created,
            Some("db"),
            Some("7"),
        ),
        (
            "secret_updated",
            updated,
            EventKind::Updated,
            Some("db-2"),
            Some("8"),
        ),
        ("secret_deleted", deleted, EventKind::Deleted, None, None),
    ] {
        let body = signed_by(&KEY, &claims(event, &envelope, INSTANCE));

        let told = webhooks.verify(&format!("{body}\n")).unwrap();

        assert_eq!((told.kind, told.secret.as_str()), (kind, SECRET));
        assert_eq!(told.name.as_ref().map(|name| name.as_str()), name);
        assert_eq!(told.sequence.as_deref(), sequence);
        assert!(!format!("{told:?} {webhooks:?}").contains("hunter2"));
    }
    let body = signed_by(&KEY, &claims("secret_created", &created(), INSTANCE));
    let told = self::webhooks().0.verify(&body).unwrap();
    assert_eq!(told.at.unwrap().to_string(), "2026-11-22T09:59:59Z");
}

#[test]
fn the_algorithm_none_is_refused() {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(&claims("secret_created", &created(), INSTANCE));
    for alg in ["none", "None", "NONE"] {
        let header = part(&json!({"alg": alg, "typ": "JWT"}));
        for signature in ["", "c2lnbmF0dXJl"] {
            let body = format!("{header}.{claims}.{signature}");
            assert_eq!(refused(&body), ErrorKind::Unauthenticated);
        }
    }
}

#[test]
fn the_public_key_as_a_shared_secret_is_refused() {
    let claims = claims("secret_created", &created(), INSTANCE);
    for secret in [public(), public().trim().to_owned()] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let body = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        assert_eq!(refused(&body), ErrorKind::Unauthenticated);
    }
}

#[test]
fn what_has_ended_or_has_no_time_is_refused() {
    let at = |iat: Option<i64>, exp: Option<i64>| {
        let mut claims = claims("secret_created", &created(), INSTANCE);
        let fields = claims.as_object_mut().unwrap();
        for (name, time) in [("iat", iat), ("exp", exp)] {
            match time {
                Some(time) => drop(fields.insert(name.into(), time.into())),
                None => drop(fields.remove(name)),
            }
        }
        let body = signed_by(&KEY, &claims);
        webhooks()
            .0
            .verify(&body)
            .map_err(|error| error.kind())
            .map(drop)
    };
    let no = Err(ErrorKind::Unauthenticated);
    assert_eq!(at(Some(NOW - 3600), Some(NOW - 59)), Ok(()));
    assert_eq!(at(Some(NOW - 3600), Some(NOW - 60)), no);
    assert_eq!(at(Some(NOW - 359), None), Ok(()));
    assert_eq!(at(Some(NOW - 360), None), no);
    assert_eq!(at(Some(NOW + 60), Some(NOW + 600)), Ok(()));
    assert_eq!(at(Some(NOW + 61), Some(NOW + 600)), no);
    assert_eq!(at(None, None), no);
}

#[test]
fn another_apps_key_is_refused() {
    let body = signed_by(&OTHER, &claims("secret_created", &created(), INSTANCE));
    assert_eq!(refused(&body), ErrorKind::Unauthenticated);
}

#[test]
fn another_instance_is_refused() {
    let other = "4a8a3d5e-0000-4000-8000-000000000002";
    let body = signed_by(&KEY, &claims("secret_created", &created(), other));
    assert_eq!(refused(&body), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_replay_is_refused_until_it_has_ended_anyway() {
    let (webhooks, clock) = webhooks();
    let body = signed_by(&KEY, &claims("secret_created", &created(), INSTANCE));
    let verify = || {
        webhooks
            .verify(&body)
            .map_err(|error| error.kind())
            .map(drop)
    };

    assert_eq!(verify(), Ok(()));
    assert_eq!(verify(), Err(ErrorKind::Conflict));
    clock.sleep(Duration::from_secs(3600 + 59)).await;
    assert_eq!(verify(), Err(ErrorKind::Conflict));
    clock.sleep(Duration::from_secs(1)).await;
    assert_eq!(verify(), Err(ErrorKind::Unauthenticated));
}

#[test]
fn what_is_changed_on_the_way_is_no_event() {
    let body = signed_by(&KEY, &claims("secret_created", &created(), INSTANCE));
    let mut parts: Vec<String> = body.split('.').map(str::to_owned).collect();
    let changed = claims("secret_deleted", &created(), INSTANCE).to_string();
    parts[1] = URL_SAFE_NO_PAD.encode(changed);
    for body in [
        parts.join("."),
        String::new(),
        "a.b".into(),
        "a.b.c".into(),
        body + "x",
    ] {
        assert_eq!(refused(&body), ErrorKind::Unauthenticated, "{body}");
    }
}

#[test]
fn other_events_and_other_shapes_are_told_apart() {
    let other = claims("secret_created", &created(), INSTANCE).to_string();
    let other = other.replace("secrets_vault.v1.secret_created", "sites.v1.site_published");
    let other: Value = other.parse().unwrap();
    assert_eq!(refused(&signed_by(&KEY, &other)), ErrorKind::Unsupported);

    let without = claims("secret_created", &json!({"slug": "created"}), INSTANCE);
    assert_eq!(refused(&signed_by(&KEY, &without)), ErrorKind::Decode);
    let bare = json!({"iat": NOW, "exp": NOW + 60});
    assert_eq!(refused(&signed_by(&KEY, &bare)), ErrorKind::Decode);
    assert!(Webhooks::new("-----BEGIN PUBLIC KEY-----", INSTANCE).is_err());
}
