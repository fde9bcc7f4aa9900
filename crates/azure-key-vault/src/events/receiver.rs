//! An endpoint of Event Grid without a web framework: who may deliver, the handshakes, the events.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use polyvault_core::transport::json;
use polyvault_core::{Error, ErrorKind, Result, SecretString};
use serde::Serialize;

use super::key::{Key, Shown, refuse};
use super::{Event, read};
use crate::config::SCHEME;

const EVENT_TYPE: &str = "aeg-event-type";
const SUBSCRIPTION: &str = "aeg-subscription-name";
const REQUEST_ORIGIN: &str = "webhook-request-origin";
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// Takes deliveries of one's own subscriptions, and answers Event Grid's two handshakes.
///
/// Event Grid signs nothing. What shows that a delivery comes from one's own subscription is a key that the
/// subscription holds: in the query of its URL, or in a header that is one of its delivery properties. Give the
/// same answer to every error of a kind: 401 to `Unauthenticated`, 403 to `Forbidden`, 413 to `TooLarge`, 400 to
/// `Decode`, 405 to `Unsupported`. Events are taken over with 200 to 204, within 30 seconds.
///
/// <https://learn.microsoft.com/azure/event-grid/security-authentication> and
/// <https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema>
///
/// # Example
///
/// ```
/// use std::num::NonZeroU32;
///
/// use http::{Request, Response, StatusCode};
/// use polyvault_azure_key_vault::events::{Delivery, Receiver};
///
/// let receiver = Receiver::with_query_key("code", "made-up-and-long-enough".into())?
///     .or_key("the-one-that-it-is-changed-to".into())?
///     .subscription("my-subscription")
///     .origin("eventgrid.azure.net")
///     .allowed_rate(NonZeroU32::MIN);
///
/// /// What any web framework is answered with.
/// fn answer(receiver: &Receiver, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
///     let mut done = Response::new(Vec::new());
///     match receiver.receive(request) {
///         Ok(Delivery::Validation { response, .. } | Delivery::Consent { response }) => return response,
///         Ok(Delivery::Events(events)) => println!("{} to be dealt with later", events.len()),
///         Ok(_) => {}
///         Err(_) => *done.status_mut() = StatusCode::UNAUTHORIZED,
///     }
///     done
/// }
///
/// let unsigned = Request::post("https://app.example/events").body(b"[]".to_vec()).expect("a request");
/// assert_eq!(answer(&receiver, &unsigned).status(), 401);
/// let own = "https://app.example/events?code=made-up-and-long-enough";
/// let own = Request::post(own).body(b"[]".to_vec()).expect("a request");
/// assert_eq!(answer(&receiver, &own).status(), 200);
///
/// let by_header = Receiver::with_header_key("x-events-key", "made-up-and-long-enough".into())?;
/// assert!(by_header.receive(&own).is_err());
/// let behind_a_gateway = Receiver::authenticated_elsewhere();
/// assert!(behind_a_gateway.receive(&unsigned).is_ok());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Receiver {
    key: Option<Key>,
    /// In lower case.
    subscriptions: BTreeSet<String>,
    origins: BTreeSet<String>,
    rate: Option<NonZeroU32>,
}

/// What was delivered.
#[derive(Debug)]
#[non_exhaustive]
pub enum Delivery {
    /// Events, in the order of the body; answer 200 to 204 once they are taken over.
    Events(Vec<Event>),
    /// A subscription of the list was made or changed, with the schema of Event Grid.
    Validation {
        /// The subscription, as the request spells it.
        subscription: String,
        /// The answer that proves that this endpoint takes part.
        response: Response<Vec<u8>>,
    },
    /// A subscription was made or changed, with the schema of CloudEvents.
    Consent {
        /// The answer that lets the origin deliver.
        response: Response<Vec<u8>>,
    },
    /// A subscription was deleted; answer 200.
    SubscriptionDeleted {
        /// The subscription, as a path of Azure Resource Manager.
        id: Option<String>,
    },
}

impl Receiver {
    /// Deliveries and handshakes hold the key in this parameter of their URL's query.
    ///
    /// # Errors
    ///
    /// `Config` for a key of fewer than 16 bytes, or of others than letters, digits and `-._~`, which stand in a
    /// URL as they are.
    pub fn with_query_key(parameter: impl Into<String>, key: SecretString) -> Result<Self> {
        Ok(Self::with(Some(Key::in_query(parameter.into(), key)?)))
    }

    /// Deliveries hold the key in this header. A handshake may be without, and is then taken by the lists alone.
    ///
    /// # Errors
    ///
    /// `Config` for a name that no header has, and for a key of fewer than 16 bytes or with blanks.
    pub fn with_header_key(name: &str, key: SecretString) -> Result<Self> {
        Ok(Self::with(Some(Key::in_header(name, key)?)))
    }

    /// Something in front of this endpoint lets nobody else through: it checks the tokens of Entra, say.
    pub fn authenticated_elsewhere() -> Self {
        Self::with(None)
    }

    fn with(key: Option<Key>) -> Self {
        Self {
            key,
            subscriptions: BTreeSet::new(),
            origins: BTreeSet::from(["eventgrid.azure.net".to_owned()]),
            rate: None,
        }
    }

    /// This key is right as well, while the key is being changed.
    ///
    /// # Errors
    ///
    /// `Config` as for the first key, and if there is none.
    pub fn or_key(mut self, key: SecretString) -> Result<Self> {
        let first = self.key.take();
        let first = first.ok_or_else(|| refuse("a second key has no place beside no first one"))?;
        self.key = Some(first.or(key)?);
        Ok(self)
    }

    /// A subscription that is answered when it is validated: without any, none is. Once one is given, deliveries
    /// that name another are refused.
    pub fn subscription(mut self, name: impl Into<String>) -> Self {
        self.subscriptions.insert(name.into().to_ascii_lowercase());
        self
    }

    /// A host that may deliver CloudEvents, beside `eventgrid.azure.net`: that of another cloud.
    pub fn origin(mut self, host: impl Into<String>) -> Self {
        self.origins.insert(host.into().to_ascii_lowercase());
        self
    }

    /// How many deliveries a minute an origin is told that it may make; as many as it likes unless said.
    pub fn allowed_rate(mut self, per_minute: NonZeroU32) -> Self {
        self.rate = Some(per_minute);
        self
    }

    /// What this request delivers. Nothing is read of a body whose sender is not known.
    ///
    /// # Errors
    ///
    /// `Unsupported` for another method than POST and OPTIONS; `Unauthenticated` for a key that is missing, wrong or
    /// given twice; `Forbidden` for a subscription or an origin that is not on the list, and for a validation that names
    /// no subscription; `TooLarge` and `Decode` as [`parse`](super::parse), and `Decode` for a handshake without its code.
    pub fn receive<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Result<Delivery> {
        let (headers, body) = (request.headers(), request.body().as_ref());
        let kind = one(headers, EVENT_TYPE)?.unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        let validates = kind == "subscriptionvalidation";
        let consents = request.method() == Method::OPTIONS;
        if !consents && request.method() != Method::POST {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "a delivery comes by POST, and a request for consent by OPTIONS",
            )
            .with_provider(SCHEME)
            .with_help("Answer 405."));
        }
        self.check_key(request.uri(), headers, validates || consents)?;
        if consents {
            return self.consent(headers);
        }
        if let Some(origin) = one(headers, ORIGIN.as_str())? {
            self.check_origin(origin)?;
        }
        let subscription = one(headers, SUBSCRIPTION)?;
        let listed = subscription
            .is_some_and(|name| self.subscriptions.contains(&name.to_ascii_lowercase()));
        if validates {
            let subscription = subscription.filter(|_| listed).ok_or_else(not_listed)?;
            return validation(subscription, body);
        }
        if subscription.is_some() && !listed && !self.subscriptions.is_empty() {
            return Err(not_listed());
        }
        match kind.as_str() {
            "subscriptiondeletion" => Ok(Delivery::SubscriptionDeleted {
                id: read::deleted_subscription(body)?,
            }),
            _ => Ok(Delivery::Events(read::events(body)?)),
        }
    }

    fn check_key(&self, uri: &Uri, headers: &HeaderMap, handshake: bool) -> Result<()> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        match key.shown(uri, headers) {
            Shown::Right => Ok(()),
            // Delivery properties are promised for events only.
            Shown::Nothing if handshake && key.is_in_header() => Ok(()),
            Shown::Nothing | Shown::Wrong => Err(Error::new(
                ErrorKind::Unauthenticated,
                "the delivery is not taken: its key is missing, wrong or given twice",
            )
            .with_provider(SCHEME)
            .with_help(
                "Answer 401. If it is Event Grid's, give the key to the event subscription.",
            )),
        }
    }

    fn consent(&self, headers: &HeaderMap) -> Result<Delivery> {
        let origin = one(headers, REQUEST_ORIGIN)?;
        self.check_origin(origin.unwrap_or_default())?;
        let mut response = Response::new(Vec::new());
        let rate = self.rate.map(|rate| HeaderValue::from(rate.get()));
        let answer = response.headers_mut();
        if let Some(origin) = headers.get(REQUEST_ORIGIN) {
            answer.insert(ALLOWED_ORIGIN, origin.clone());
        }
        answer.insert(ALLOWED_RATE, rate.unwrap_or(HeaderValue::from_static("*")));
        Ok(Delivery::Consent { response })
    }

    fn check_origin(&self, origin: &str) -> Result<()> {
        if self.origins.contains(&origin.to_ascii_lowercase()) {
            return Ok(());
        }
        Err(forbidden("its origin is not among those that may deliver"))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validated<'a> {
    validation_response: &'a str,
}

fn validation(subscription: &str, body: &[u8]) -> Result<Delivery> {
    let code = read::validation_code(body)?;
    let answer = json::encode(&Validated {
        validation_response: &code,
    })?;
    let mut response = Response::new(answer.as_bytes().to_vec());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(Delivery::Validation {
        subscription: subscription.to_owned(),
        response,
    })
}

/// The one value of a header; of two, nobody can say which one something in front has checked.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map(str::trim);
            text.map(Some)
                .map_err(|_| forbidden("one of its headers is no text"))
        }
        _ => Err(forbidden("one of its headers is given twice")),
    }
}

fn not_listed() -> Error {
    forbidden("its subscription is not among those that are known")
}

fn forbidden(rule: &str) -> Error {
    Error::new(
        ErrorKind::Forbidden,
        format!("the delivery is not taken: {rule}"),
    )
    .with_provider(SCHEME)
    .with_help("Answer 403. If it is of a subscription of yours, name that, or its origin, to the receiver.")
}
