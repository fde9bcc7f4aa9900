//! A bulk job against a service with a rate, on a real socket: a token bucket behind axum.
//!
//! ```sh
//! cargo bench --bench throttle
//! ```
//!
//! The peer does the same job without a throttle: each item repeats for itself, after the wait
//! that it was told or twice the one before, with the same most repeats. Shares after the warm-up
//! are those from second 5 on, to a second before the end.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program, with figures"
)]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::{Method, Uri};
use polyvault::clock::{Clock, SystemClock};
use polyvault::transport::{
    Advice, Body, Call, Client, ClientOptions, Endpoint, ReadyToken, Repeat, ReqwestTransport,
    RetryPolicy, Scheme, Service, Transport, request,
};
use polyvault::{Error, ErrorKind};

const SECONDS: f64 = 15.0;
const WARM_UP: f64 = 5.0;
const PARALLEL: usize = 64;

/// A bucket of tokens for one second, filled at the allowed rate.
struct Bucket {
    rate: f64,
    tells: bool,
    start: Instant,
    filled: Mutex<(f64, f64)>,
    log: Mutex<Vec<(f64, bool)>>,
}

#[tokio::main]
async fn main() {
    println!("rate/s  tells   client     seconds  reached  refused  in all  repeats  failed");
    for rate in [50.0, 500.0] {
        for tells in [false, true] {
            let items = (rate * (SECONDS + 1.0)) as usize;
            let (bucket, url) = serve(rate, tells).await;
            let failed = polyvault_job(&url, items).await;
            row(&bucket, "polyvault", items, failed);
            let (bucket, url) = serve(rate, tells).await;
            let failed = peer_job(&url, items).await;
            row(&bucket, "peer", items, failed);
        }
    }
}

async fn serve(rate: f64, tells: bool) -> (Arc<Bucket>, String) {
    let bucket = Arc::new(Bucket {
        rate,
        tells,
        start: Instant::now(),
        filled: Mutex::new((rate, 0.0)),
        log: Mutex::default(),
    });
    let router = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&bucket));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(axum::serve(listener, router).into_future());
    (bucket, url)
}

async fn answer(State(bucket): State<Arc<Bucket>>) -> Response {
    let now = bucket.start.elapsed().as_secs_f64();
    let mut filled = bucket.filled.lock().unwrap_or_else(PoisonError::into_inner);
    let (tokens, at) = *filled;
    let tokens = (tokens + (now - at) * bucket.rate).min(bucket.rate);
    let open = tokens >= 1.0;
    *filled = (tokens - f64::from(u8::from(open)), now);
    let mut log = bucket.log.lock().unwrap_or_else(PoisonError::into_inner);
    log.push((now, open));
    match (open, bucket.tells) {
        (true, _) => r#"{"value":"x"}"#.into_response(),
        (false, true) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        (false, false) => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}

async fn polyvault_job(url: &str, items: usize) -> usize {
    let service = Service {
        provider: "bench",
        endpoints: vec![Endpoint::parse("endpoint", url).expect("an endpoint")],
        tokens: Box::new(ReadyToken::new("made-up".into())),
        scheme: Scheme::Bearer,
        refusal: |_| Error::new(ErrorKind::RateLimited, "refused"),
        advice: Advice::default(),
        request_id: "x-request-id",
    };
    let client = Client::new(service, ClientOptions::default()).expect("a client");
    let uri: Uri = url.parse().expect("a URL");
    let call = || Call {
        operation: "get",
        secret: None,
        repeat: Repeat::Safe,
        request: request(Method::GET, uri.clone(), None),
    };
    failures(items, |_| async { client.send(call()).await.is_err() }).await
}

async fn peer_job(url: &str, items: usize) -> usize {
    let transport = ReqwestTransport::default();
    failures(items, |_| async {
        let policy = RetryPolicy::default();
        let mut delay = policy.first_delay;
        for _ in 0..=policy.max_repeats {
            let request = http::Request::get(url).body(Body::empty());
            let request = request.expect("a request");
            let sent = transport.send(request, policy.attempt).await;
            let sent = sent.expect("an answer");
            if sent.status().is_success() {
                return false;
            }
            let told = sent.headers().contains_key("retry-after");
            let told = told.then_some(Duration::from_secs(1));
            SystemClock.sleep(delay.max(told.unwrap_or_default())).await;
            delay = policy.max_delay.min(2 * delay);
        }
        true
    })
    .await
}

/// Does the job for so many items, and tells how many of them failed.
async fn failures<F: Future<Output = bool>>(items: usize, read: impl Fn(usize) -> F) -> usize {
    let failed = stream::iter(0..items).map(read).buffer_unordered(PARALLEL);
    let failed = failed.filter(|failed| std::future::ready(*failed));
    failed.count().await
}

fn row(bucket: &Bucket, client: &str, items: usize, failed: usize) {
    let log = bucket.log.lock().unwrap_or_else(PoisonError::into_inner);
    let end = log.last().map_or(0.0, |(at, _)| *at);
    let late = || {
        log.iter()
            .filter(|(at, _)| (WARM_UP..end - 1.0).contains(at))
    };
    let percent = |part: usize, all: f64| 100.0 * part as f64 / all;
    let refused =
        |log: &mut dyn Iterator<Item = &(f64, bool)>| log.filter(|(_, open)| !open).count();
    let open = late().filter(|(_, open)| *open).count();
    println!(
        "{:>6}  {:<6}  {client:<9}  {end:>7.1}  {:>6.1}%  {:>6.2}%  {:>5.2}%  {:>6.2}%  {failed:>6}",
        bucket.rate,
        if bucket.tells { "1 s" } else { "none" },
        percent(open, bucket.rate * (end - 1.0 - WARM_UP)),
        percent(refused(&mut late()), late().count() as f64),
        percent(refused(&mut log.iter()), log.len() as f64),
        percent(log.len() - items, log.len() as f64),
    );
}
