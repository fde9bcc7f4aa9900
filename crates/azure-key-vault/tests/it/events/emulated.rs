//! The emulator's events, received; and a rotation that they bring about.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use polyvault_azure_key_vault::emulator::{Emulator, Schema, Version};
use polyvault_azure_key_vault::events::{Delivery, Event, EventKind, Receiver};
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::rotation::{Change, Due, Rotator, Step, Target};
use polyvault_core::{GetOptions, Payload, Result, SecretStoreExt};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

const DAY: u64 = 24 * 60 * 60;

/// An endpoint that takes deliveries of its own subscription, and keeps the events.
struct Endpoint {
    server: MockServer,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Endpoint {
    async fn start() -> Self {
        let receiver = Receiver::with_query_key("code", "made-up-and-long-enough".into()).unwrap();
        let receiver = receiver
            .subscription("emulator")
            .origin("eventgrid.azure.net");
        let (server, events) = (
            MockServer::start().await,
            Arc::<Mutex<Vec<Event>>>::default(),
        );
        let kept = Arc::clone(&events);
        let answer = move |sent: &Request| {
            let mut request = http::Request::new(sent.body.clone());
            *request.method_mut() = sent.method.clone();
            *request.uri_mut() = sent.url.as_str().parse().unwrap();
            *request.headers_mut() = sent.headers.clone();
            match receiver.receive(&request) {
                Ok(Delivery::Events(events)) => {
                    kept.lock().unwrap().extend(events);
                    ResponseTemplate::new(200)
                }
                Ok(Delivery::Validation { response, .. } | Delivery::Consent { response }) => {
                    let (head, body) = response.into_parts();
                    let mut answer = ResponseTemplate::new(head.status).set_body_bytes(body);
                    for (name, value) in &head.headers {
                        answer = answer.append_header(name, value);
                    }
                    answer
                }
                _ => ResponseTemplate::new(401),
            }
        };
        Mock::given(matchers::any())
            .respond_with(answer)
            .mount(&server)
            .await;
        Self { server, events }
    }

    fn url(&self) -> String {
        format!("{}/events?code=made-up-and-long-enough", self.server.uri())
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.events
            .lock()
            .unwrap()
            .drain(..)
            .map(|event| event.kind)
            .collect()
    }
}

/// A vault on a clock, with a secret that ends after these days.
async fn vault(days: u64) -> (Arc<ManualClock>, Emulator) {
    let clock = crate::manual_clock();
    let vault = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    let end = clock.now().as_second() + i64::try_from(days * DAY).unwrap();
    let version = Version {
        exp: Some(end),
        ..Version::from("old")
    };
    vault.seed("db", [version]).unwrap();
    (clock, vault)
}

#[tokio::test]
async fn each_event_is_sent_once_when_its_time_has_come() {
    for schema in [Schema::EventGrid, Schema::CloudEvents] {
        let (endpoint, (clock, vault)) = (Endpoint::start().await, vault(31).await);
        vault.subscribe(&endpoint.url(), schema).await.unwrap();

        assert_eq!(vault.send_events().await, Ok(0), "it was there before");
        vault.seed("other", ["v"]).unwrap();
        assert_eq!(vault.send_events().await, Ok(1));
        assert_eq!(endpoint.kinds(), [EventKind::SecretNewVersionCreated]);
        clock.advance(Duration::from_secs(DAY - 1));
        assert_eq!(vault.send_events().await, Ok(0));
        clock.advance(Duration::from_secs(1));
        assert_eq!(vault.send_events().await, Ok(1));
        assert_eq!(endpoint.kinds(), [EventKind::SecretNearExpiry]);
        clock.advance(Duration::from_secs(30 * DAY));
        assert_eq!(vault.send_events().await, Ok(1));
        assert_eq!(endpoint.kinds(), [EventKind::SecretExpired]);
        assert_eq!(vault.send_events().await, Ok(0));
    }
}

#[tokio::test]
async fn an_event_tells_the_secret_and_its_version() {
    let (endpoint, (_, vault)) = (Endpoint::start().await, vault(20).await);
    vault
        .subscribe(&endpoint.url(), Schema::EventGrid)
        .await
        .unwrap();
    vault.send_events().await.unwrap();

    let event = endpoint.events.lock().unwrap().pop().unwrap();
    let secret = event.secret.unwrap();
    let version = &vault.versions("db")[0];
    assert_eq!(secret.name.as_str(), "db");
    assert_eq!(secret.version.unwrap().as_str(), version.id);
    assert_eq!(secret.expires_at.unwrap().as_second(), version.exp.unwrap());
    assert_eq!(secret.vault_name.as_deref(), Some("emulator"));
    assert_eq!(event.time.unwrap().to_string(), "2026-11-22T10:00:00Z");
}

#[tokio::test]
async fn who_takes_no_part_in_the_handshake_is_not_subscribed_and_a_refused_event_comes_again() {
    let (endpoint, (_, vault)) = (Endpoint::start().await, vault(20).await);
    for schema in [Schema::EventGrid, Schema::CloudEvents] {
        let refused = vault
            .subscribe(
                &format!("{}/events?code=wrong", endpoint.server.uri()),
                schema,
            )
            .await;
        assert!(refused.is_err());
        assert!(vault.send_events().await.is_err(), "nobody is subscribed");
    }
    vault
        .subscribe(&endpoint.url(), Schema::EventGrid)
        .await
        .unwrap();
    let away = Mock::given(matchers::any()).respond_with(ResponseTemplate::new(503));
    away.up_to_n_times(1)
        .with_priority(1)
        .mount(&endpoint.server)
        .await;

    assert_eq!(vault.send_events().await, Ok(0));
    assert_eq!(vault.send_events().await, Ok(1));
}

#[tokio::test]
async fn who_answers_with_another_code_or_202_is_not_subscribed() {
    let (_, vault) = vault(20).await;
    for (status, body) in [
        (200, r#"{"validationResponse":"another"}"#),
        (200, "{}"),
        (200, ""),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_string(body);
        Mock::given(matchers::any())
            .respond_with(answer)
            .mount(&server)
            .await;
        let refused = vault.subscribe(&server.uri(), Schema::EventGrid).await;
        assert!(refused.is_err(), "{body}");
    }
    let echo = |request: &Request| {
        let sent: Vec<serde_json::Value> = request.body_json().unwrap();
        let code = &sent[0]["data"]["validationCode"];
        ResponseTemplate::new(202).set_body_json(serde_json::json!({"validationResponse": code}))
    };
    let server = MockServer::start().await;
    Mock::given(matchers::any())
        .respond_with(echo)
        .mount(&server)
        .await;
    assert!(
        vault
            .subscribe(&server.uri(), Schema::EventGrid)
            .await
            .is_err()
    );
}

/// A service that knows one password.
struct Service(Mutex<(Payload, usize)>);

#[async_trait]
impl Target for Service {
    async fn works(&self, _: Option<&str>, value: &Payload) -> Result<bool> {
        Ok(self.0.lock().unwrap().0.same_as(value))
    }
    async fn change(&self, change: Change<'_>) -> Result<()> {
        let mut known = self.0.lock().unwrap();
        *known = (change.next.clone(), known.1 + 1);
        Ok(())
    }
}

#[tokio::test]
async fn an_event_that_is_delivered_three_times_to_two_processes_rotates_once() {
    let (endpoint, (clock, vault)) = (Endpoint::start().await, vault(20).await);
    vault
        .subscribe(&endpoint.url(), Schema::CloudEvents)
        .await
        .unwrap();
    vault.send_events().await.unwrap();
    let event = endpoint
        .events
        .lock()
        .unwrap()
        .pop()
        .unwrap()
        .secret
        .unwrap();
    let due = Due::new(event.name.clone().into(), event.version.unwrap());
    let service = Arc::new(Service(Mutex::new((Payload::text("old"), 0))));
    let process = || {
        Rotator::one_set(Arc::new(vault.store()), Arc::clone(&service) as _)
            .valid_for(Duration::from_secs(60 * DAY))
            .clock(Arc::clone(&clock) as _)
    };

    // A restart after each step, and the other process takes over.
    let mut last = Vec::new();
    for _ in 0..3 {
        loop {
            let step = process().step(&due).await.unwrap();
            if step.is_last() {
                last.push(step);
                break;
            }
        }
    }

    assert!(matches!(last[0], Step::Done(_)) && last.iter().all(|step| *step == last[0]));
    assert_eq!(vault.versions("db").len(), 2);
    assert_eq!(service.0.lock().unwrap().1, 1);
    let read = vault
        .store()
        .get_with("db", GetOptions::default())
        .await
        .unwrap();
    assert!(service.works(None, &read.payload).await.unwrap());
    // The new version brings about no rotation of its own.
    endpoint.kinds();
    vault.send_events().await.unwrap();
    let kinds = endpoint.kinds();
    assert!(!kinds.contains(&EventKind::SecretNearExpiry), "{kinds:?}");
}
