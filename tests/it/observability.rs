//! Spans and the metrics hook reach every store that is opened by URL.

use std::fmt;
use std::sync::{Arc, Mutex};

use polyvault::observability::{Event, Metrics};
use polyvault::provider::OpenOptions;
use polyvault::transport::ClientOptions;
use polyvault::{Environment, PROVIDERS, PageRequest};
use polyvault_testkit::script::{Script, answer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Lines of what was told.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Metrics for Told {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Told {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.0.lock().unwrap().push(span.metadata().name().into());
        span.record(&mut self.clone());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }
}

/// Each service has a header of its own for the request id; the others' are a trap.
const HEADERS: [(&str, &str); 3] = [
    ("azure-key-vault", "x-ms-request-id"),
    ("wix-secrets", "x-wix-request-id"),
    ("yandex-lockbox", "x-request-id"),
];

#[tokio::test]
async fn every_store_by_url_tells_its_calls_and_the_request_ids_and_reaches_the_hook() {
    // What one subscriber wants, tracing would take for the wish of all threads as long as
    // there is no other: with one that wants nothing it asks each time.
    let _other = Dispatch::new(NoSubscriber::default());
    for (scheme, _) in HEADERS {
        let mut listed = answer(200, "{}");
        for (owner, header) in HEADERS {
            let headers = listed.as_mut().unwrap().headers_mut();
            headers.insert(header, format!("id-of-{owner}").parse().unwrap());
        }
        let provider = PROVIDERS.iter().find(|p| p.scheme == scheme).unwrap();
        let told = Told::default();
        let ready = ["POLYVAULT_AZURE_TOKEN", "WIX_API_KEY", "YC_IAM_TOKEN"];
        let known = |name: &&str| provider.variables.iter().any(|v| v.name == *name);
        let options = OpenOptions {
            environment: ready
                .iter()
                .filter(|name| known(name))
                .fold(Environment::empty(), |environment, name| {
                    environment.with(*name, "made-up")
                }),
            client: ClientOptions {
                metrics: Some(Arc::new(told.clone())),
                ..Script::always(listed).options()
            },
        };
        let subscriber = tracing_subscriber::registry().with(told.clone());
        let _guard = tracing::subscriber::set_default(subscriber);
        let store = polyvault::open_with(&format!("{scheme}://my-store"), options).unwrap();

        let _ = store.list_page(PageRequest::default()).await;

        let told = told.0.lock().unwrap().join("\n");
        for line in [
            "polyvault.call".to_owned(),
            format!("polyvault.store=\"{scheme}://my-store\""),
            format!("polyvault.request_id=\"id-of-{scheme}\""),
            format!(
                "Attempt {{ provider: \"{scheme}\", operation: \"list\", attempt: 1, status: Some(200), error: None, lost: false, elapsed: 0ns, sent: 0, received: 2 }}"
            ),
        ] {
            assert!(told.lines().any(|told| told == line), "{line} in\n{told}");
        }
    }
}
