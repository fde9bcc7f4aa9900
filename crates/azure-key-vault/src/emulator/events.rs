//! Events of Event Grid, sent to a URL when a test says so.
//!
//! <https://learn.microsoft.com/azure/event-grid/event-schema-key-vault>. A new version is told once, and so
//! are an end of validity that is 30 days away and one that has come, by the vault's clock.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, Request, Response};
use polyvault_core::transport::{Body, ReqwestTransport, Transport};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Emulator;
use super::state::{Secret, Vault, Version};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Event Grid's own.
    EventGrid,
    /// CloudEvents 1.0.
    CloudEvents,
}

/// Where events go, and which were taken over there.
#[derive(Clone)]
pub(super) struct Subscription {
    url: String,
    schema: Schema,
    taken: BTreeSet<String>,
}

/// An event that is still to be taken over.
struct Due {
    key: String,
    kind: &'static str,
    subject: String,
    data: Value,
}

const ORIGIN: &str = "eventgrid.azure.net";
const NAME: &str = "emulator";
const TOPIC: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulator-group/providers/Microsoft.KeyVault/vaults/emulator";
const NEAR: i64 = 30 * 24 * 60 * 60;

impl Emulator {
    /// Subscribes an endpoint to what happens from now on, by the schema's handshake; the subscription is
    /// named `emulator`, and the one before ends.
    ///
    /// # Errors
    ///
    /// A text, if the endpoint can't be reached or does not take part in the handshake.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_azure_key_vault::emulator::{Emulator, Schema};
    /// use wiremock::{Mock, MockServer, ResponseTemplate, matchers};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let endpoint = MockServer::start().await;
    /// # let consent = ResponseTemplate::new(200).insert_header("webhook-allowed-origin", "*");
    /// # Mock::given(matchers::any()).respond_with(consent).mount(&endpoint).await;
    /// let vault = Emulator::start().await;
    /// vault.subscribe(&endpoint.uri(), Schema::CloudEvents).await?;
    ///
    /// vault.seed("db", ["s3cret"])?;
    /// assert_eq!(vault.send_events().await?, 1);
    /// assert_eq!(vault.send_events().await?, 0, "it was taken over");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe(&self, url: &str, schema: Schema) -> Result<(), String> {
        match schema {
            Schema::EventGrid => {
                let code = id();
                let data = json!({"validationCode": code, "validationUrl": format!("https://{ORIGIN}/validate")});
                let event = json!([{
                    "id": id(), "topic": TOPIC, "subject": "", "data": data,
                    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                    "eventTime": self.time(), "metadataVersion": "1", "dataVersion": "2",
                }]);
                let answer = post(url, schema, "SubscriptionValidation", &event).await?;
                let told: Value = String::from_utf8_lossy(answer.body().as_bytes())
                    .parse()
                    .unwrap_or_default();
                if answer.status() != 200 || told.get("validationResponse") != Some(&json!(code)) {
                    return Err(format!("{}: the code was not given back", answer.status()));
                }
            }
            Schema::CloudEvents => {
                let request = Request::builder()
                    .method(Method::OPTIONS)
                    .uri(url)
                    .header("webhook-request-origin", ORIGIN);
                let answer = send(request.body(Body::empty())).await?;
                let allowed = answer.headers().get("webhook-allowed-origin");
                if !allowed.is_some_and(|host| host == "*" || host == ORIGIN) {
                    return Err(format!("{}: the origin was not allowed", answer.status()));
                }
            }
        }
        let mut vault = self.vault();
        let known = vault.due(&BTreeSet::new()).into_iter();
        let known = known.filter(|due| due.kind.ends_with("Created"));
        vault.subscription = Some(Subscription {
            url: url.to_owned(),
            schema,
            taken: known.map(|due| due.key).collect(),
        });
        Ok(())
    }

    /// Sends each event that has not been taken over yet, one a request; gives how many were.
    ///
    /// # Errors
    ///
    /// A text, if nobody is subscribed or the endpoint can't be reached. One that refuses an event gets it again
    /// the next time.
    pub async fn send_events(&self) -> Result<usize, String> {
        let (subscription, due) = {
            let vault = self.vault();
            let subscription = vault.subscription.clone();
            let subscription = subscription.ok_or("nobody is subscribed")?;
            let due = vault.due(&subscription.taken);
            (subscription, due)
        };
        let (mut taken, schema) = (0, subscription.schema);
        for event in due {
            let body = match schema {
                Schema::EventGrid => json!([{
                    "id": id(), "topic": TOPIC, "subject": event.subject, "eventType": event.kind,
                    "eventTime": self.time(), "data": event.data, "dataVersion": "1", "metadataVersion": "1",
                }]),
                Schema::CloudEvents => json!({
                    "id": id(), "source": TOPIC, "subject": event.subject, "type": event.kind,
                    "time": self.time(), "data": event.data, "specversion": "1.0",
                }),
            };
            let answer = post(&subscription.url, schema, "Notification", &body).await?;
            if answer.status().is_success() {
                taken += 1;
                let mut vault = self.vault();
                let taken = vault.subscription.as_mut().map(|to| &mut to.taken);
                taken.map(|taken| taken.insert(event.key));
            }
        }
        Ok(taken)
    }

    /// Now, with the seven digits that the service writes.
    fn time(&self) -> String {
        let now = self.vault().clock.now();
        now.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
    }
}

impl Vault {
    fn due(&self, taken: &BTreeSet<String>) -> Vec<Due> {
        let mut due = Vec::new();
        for (_, secret) in self.live() {
            for version in &secret.versions {
                due.push(self.event("SecretNewVersionCreated", secret, version));
            }
            let current = secret.versions.last();
            let Some((current, end)) = current.and_then(|v| Some((v, v.exp?))) else {
                continue;
            };
            if end - NEAR <= self.now() {
                due.push(self.event("SecretNearExpiry", secret, current));
            }
            if end <= self.now() {
                due.push(self.event("SecretExpired", secret, current));
            }
        }
        due.retain(|event| !taken.contains(&event.key));
        due
    }

    /// Keys and texts as the vendor's sample has them.
    fn event(&self, kind: &'static str, secret: &Secret, version: &Version) -> Due {
        let (name, id) = (&secret.name, &version.id);
        Due {
            key: format!("{kind} {name} {id}"),
            kind: match kind {
                "SecretNearExpiry" => "Microsoft.KeyVault.SecretNearExpiry",
                "SecretExpired" => "Microsoft.KeyVault.SecretExpired",
                _ => "Microsoft.KeyVault.SecretNewVersionCreated",
            },
            subject: name.clone(),
            data: json!({
                "Id": format!("{}/secrets/{name}/{id}", self.base),
                "VaultName": NAME,
                "ObjectType": "Secret",
                "ObjectName ": name,
                "Version": format!(" {id}"),
                "NBF": version.nbf.map(|time| time.to_string()),
                "EXP": version.exp.map(|time| time.to_string()),
            }),
        }
    }
}

fn id() -> String {
    Uuid::new_v4().to_string()
}

async fn post(
    url: &str,
    schema: Schema,
    event_type: &str,
    body: &Value,
) -> Result<Response<Body>, String> {
    let content_type = match schema {
        Schema::EventGrid => "application/json; charset=utf-8",
        Schema::CloudEvents => "application/cloudevents+json; charset=utf-8",
    };
    let request = Request::post(url)
        .header("content-type", content_type)
        .header("aeg-event-type", event_type)
        .header("aeg-subscription-name", NAME.to_ascii_uppercase())
        .header("origin", ORIGIN);
    send(request.body(Body::from_wiped(body.to_string().into_bytes().into()))).await
}

async fn send(request: Result<Request<Body>, http::Error>) -> Result<Response<Body>, String> {
    let request = request.map_err(|error| error.to_string())?;
    let transport = ReqwestTransport::default();
    let sent = transport.send(request, Duration::from_secs(30)).await;
    sent.map_err(|error| format!("{error:?}"))
}
