//! A service that receives Key Vault's events and rotates the password of a PostgreSQL role.
//!
//! It stands before the emulator, so nothing is needed to try it: the vault says that the password is
//! about to expire, and the service gives the role a new one. Without a server of PostgreSQL a stub
//! stands in for it.
//!
//! - `cargo run --example rotate_postgres`: with the stub, once, to its end.
//! - `cargo run --example rotate_postgres -- --postgres "host=127.0.0.1 user=postgres dbname=postgres"`:
//!   with a server, whose user here may make roles; the role is `polyvault_demo`, and stays.
//!
//! With a vault of one's own, the URL `https://SERVICE/events?code=KEY` is the endpoint of a subscription
//! to `SecretNearExpiry`, `AzureKeyVault` takes the emulator's place, and the key comes from a store too.

#![expect(clippy::print_stdout, reason = "a program")]

mod postgres;
mod stub;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::any;
use polyvault::azure_key_vault::emulator::{Emulator, Schema, Version};
use polyvault::azure_key_vault::events::{Delivery, Event, EventKind, MAX_BODY, Receiver};
use polyvault::clock::{Clock as _, SystemClock};
use polyvault::rotation::{Due, Rotator, Step, Target};
use polyvault::{Error, ErrorKind, GetOptions, PasswordSpec, Punctuation, SecretStoreExt as _};

use self::postgres::Role;
use self::stub::Stub;

/// The secret that holds the role's password.
const SECRET: &str = "demo-db-password";
/// Made up here; of a service it is a secret of its own.
const KEY: &str = "made-up-and-long-enough";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone)]
struct Service {
    receiver: Arc<Receiver>,
    rotator: Rotator,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let vault = Emulator::start().await;
    let store = Arc::new(vault.store());
    let first = PasswordSpec::default().generate()?;
    let target: Arc<dyn Target> = match postgres::connection_of(std::env::args())? {
        Some(admin) => Arc::new(Role::made("polyvault_demo", &admin, &first).await?),
        None => Arc::new(Stub::new(first.clone())),
    };
    let seeded = Version {
        value: first.single()?.expose_text()?.to_owned(),
        exp: Some((SystemClock.now() + 20 * DAY).as_second()),
        ..Version::default()
    };
    vault.seed(SECRET, [seeded])?;

    let spec = PasswordSpec {
        length: 40,
        punctuation: Punctuation::None,
        ..PasswordSpec::default()
    };
    let service = Service {
        receiver: Arc::new(
            Receiver::with_query_key("code", KEY.into())?
                .subscription("emulator")
                .origin("eventgrid.azure.net"),
        ),
        rotator: Rotator::one_set(Arc::clone(&store) as _, Arc::clone(&target))
            .new_value(spec)
            .valid_for(60 * DAY),
    };
    let router = Router::new()
        .route("/events", any(receive))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/events", listener.local_addr()?);
    let server = tokio::spawn(axum::serve(listener, router).into_future());

    let guessed = format!("{url}?code=a-guess");
    let refused = vault.subscribe(&guessed, Schema::EventGrid).await.is_err();
    println!("a guessed key is refused: {refused}");
    let endpoint = format!("{url}?code={KEY}");
    for schema in [Schema::EventGrid, Schema::CloudEvents] {
        // The second has nothing to tell: the end of the new version is far away.
        vault.subscribe(&endpoint, schema).await?;
        println!(
            "{schema:?}: {} events taken over",
            vault.send_events().await?
        );
    }

    let read = store.get_with(SECRET, GetOptions::default()).await?;
    let works = target.works(None, &read.payload).await?;
    let old = target.works(None, &first).await?;
    println!(
        "versions: {}; the new password works: {works}, the old one: {old}",
        vault.versions(SECRET).len()
    );
    server.abort();
    match (vault.versions(SECRET).len(), works, old, refused) {
        (2, true, false, true) => Ok(()),
        _ => Err("it was not rotated exactly once".into()),
    }
}

/// Takes a delivery over only once what it asks for is done: what fails is delivered again, and goes on
/// where it stands. Event Grid waits for 30 seconds.
async fn receive(State(service): State<Service>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    match service.receiver.receive(&Request::from_parts(head, body)) {
        Ok(Delivery::Validation { response, .. } | Delivery::Consent { response }) => {
            response.map(Body::from)
        }
        Ok(Delivery::Events(events)) => {
            for event in events {
                if let Err(error) = rotate(&service.rotator, event).await {
                    println!("not rotated: {error}");
                    return status(StatusCode::SERVICE_UNAVAILABLE);
                }
            }
            status(StatusCode::OK)
        }
        Ok(_) => status(StatusCode::OK),
        Err(error) => status(match error.kind() {
            ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::Unsupported => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        }),
    }
}

/// Who may deliver events may not choose what is rotated: one secret, and its current version.
async fn rotate(rotator: &Rotator, event: Event) -> Result<(), Error> {
    let ends = matches!(
        event.kind,
        EventKind::SecretNearExpiry | EventKind::SecretExpired
    );
    let secret = event
        .secret
        .filter(|secret| ends && secret.name.as_str() == SECRET);
    let Some((secret, version)) = secret.and_then(|secret| {
        let version = secret.version.clone()?;
        Some((secret, version))
    }) else {
        return Ok(());
    };
    match rotator
        .rotate(&Due::new(secret.name.into(), version))
        .await?
    {
        Step::Done(version) => println!("rotated: version {version} is current"),
        step => println!("nothing to rotate: {step:?}"),
    }
    Ok(())
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
