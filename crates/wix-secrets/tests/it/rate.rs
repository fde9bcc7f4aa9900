//! The published rate, and what a refusal for the rate waits for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::observability::{Event, Metrics};
use polyvault_core::transport::{Body, ClientOptions, Rate, SendError, Transport};
use polyvault_core::{ErrorKind, SecretStoreExt, Timestamp};
use polyvault_testkit::script::{Script, answer};
use polyvault_wix_secrets::{WixSecrets, WixSecretsBuilder};

use crate::script::SITE;

/// Answers every read at once, and keeps when it came.
#[derive(Debug)]
struct Watch(Arc<ManualClock>, Mutex<Vec<Timestamp>>);

#[async_trait]
impl Transport for Watch {
    async fn send(&self, _: Request<Body>, _: Duration) -> Result<Response<Body>, SendError> {
        self.1.lock().unwrap().push(self.0.now());
        Ok(answer(200, r#"{"value":"x"}"#).unwrap())
    }
}

/// The seconds at which 401 reads began, from the first one on.
async fn reads(
    with: impl FnOnce(WixSecretsBuilder) -> WixSecretsBuilder,
    rate: Option<Rate>,
) -> Vec<i64> {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let watch = Arc::new(Watch(Arc::clone(&clock), Mutex::default()));
    let options = ClientOptions {
        transport: Some(Arc::clone(&watch) as _),
        clock,
        rate,
        ..ClientOptions::default()
    };
    let builder = WixSecrets::builder(SITE).api_key("IST.made-up".into());
    let store = with(builder.client_options(options)).build().unwrap();
    for _ in 0..401 {
        // A clone has no rate of its own.
        store.clone().get_text("db").await.unwrap();
    }
    let begun = watch.1.lock().unwrap();
    begun.iter().map(|at| at.as_second()).collect()
}

#[tokio::test]
async fn no_minute_has_more_requests_than_the_published_two_hundred() {
    let begun = reads(|builder| builder, None).await;

    assert!(begun.windows(201).all(|w| w[200] - w[0] >= 60), "{begun:?}");
    assert_eq!((begun[199], begun[200], begun[400]), (0, 60, 120));
}

#[tokio::test]
async fn another_rate_is_the_users_and_an_emulator_has_none() {
    let rate = Rate {
        requests: 400,
        per: Duration::from_secs(1),
    };
    let own = reads(|builder| builder, Some(rate)).await;
    assert_eq!((own[399], own[400]), (0, 1));

    let near = |builder: WixSecretsBuilder| builder.endpoint("http://127.0.0.1:1");
    assert_eq!(reads(near, None).await.last(), Some(&0));
}

#[tokio::test]
async fn a_refusal_for_the_rate_without_a_time_waits_for_the_minute_that_the_vendor_advises() {
    for (header, seconds) in [(None, 60), (Some("7"), 7)] {
        let mut refused = answer(429, "{}").unwrap();
        if let Some(told) = header {
            let told = told.parse().unwrap();
            refused.headers_mut().insert("retry-after", told);
        }
        let script = Script::new([Ok(refused), answer(200, r#"{"value":"x"}"#)]);
        assert_eq!(waited(&script, None).await, seconds, "{header:?}");
    }
}

#[tokio::test]
async fn a_repeat_waits_for_its_turn_too() {
    let script = Script::new([answer(503, ""), answer(200, r#"{"value":"x"}"#)]);
    let rate = Rate {
        requests: 1,
        per: Duration::from_secs(30),
    };

    assert_eq!(waited(&script, Some(rate)).await, 30);
}

#[tokio::test]
async fn a_repeat_whose_turn_comes_too_late_tells_why_the_first_failed() {
    let script = Script::new([answer(503, "")]);
    let rate = Rate {
        requests: 1,
        per: Duration::from_secs(3600),
    };
    let options = ClientOptions {
        rate: Some(rate),
        ..script.options()
    };
    let builder = WixSecrets::builder(SITE).api_key("IST.made-up".into());
    let store = builder.client_options(options).build().unwrap();

    let error = store.get_text("db").await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

/// Keeps how long each request waited for its turn.
#[derive(Debug, Default)]
struct Waits(Mutex<Vec<Duration>>);

impl Metrics for Waits {
    fn record(&self, event: &Event) {
        if let Event::Queued { waited, .. } = event {
            self.0.lock().unwrap().push(*waited);
        }
    }
}

#[tokio::test]
async fn the_hook_is_told_of_each_wait() {
    let waits = Arc::new(Waits::default());
    let script = Script::always(answer(200, r#"{"value":"x"}"#));
    let rate = Rate {
        requests: 2,
        per: Duration::from_secs(30),
    };
    let options = ClientOptions {
        rate: Some(rate),
        metrics: Some(Arc::clone(&waits) as _),
        ..script.options()
    };
    let builder = WixSecrets::builder(SITE).api_key("IST.made-up".into());
    let store = builder.client_options(options).build().unwrap();

    for _ in 0..3 {
        store.get_text("db").await.unwrap();
    }

    assert_eq!(*waits.0.lock().unwrap(), [Duration::from_secs(30)]);
}

/// For how many seconds a read waits.
async fn waited(script: &Arc<Script>, rate: Option<Rate>) -> i64 {
    let options = ClientOptions {
        rate,
        ..script.options()
    };
    let clock = Arc::clone(&options.clock);
    let before = clock.now();
    let builder = WixSecrets::builder(SITE).api_key("IST.made-up".into());
    let store = builder.client_options(options).build().unwrap();
    store.get_text("db").await.unwrap();
    clock.now().duration_since(before).as_secs()
}
