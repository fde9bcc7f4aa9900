//! A service with a rate, and what a bulk job sees of it, in time that nobody waits for.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response};
use polyvault_core::clock::Clock;
use polyvault_core::transport::{
    Advice, Body, Call, Client, ClientOptions, Endpoint, ReadyToken, Refusal, Repeat, Scheme,
    SendError, Service, Transport, request,
};
use polyvault_core::{Error, ErrorKind, Result, Retry, Timestamp};
use tokio::time::Instant;

pub(super) const A: &str = "https://a.example";
pub(super) const B: &str = "https://b.example";

/// Tokio's time, which a test pauses: it moves on when nobody has anything else to do.
#[derive(Debug)]
pub(super) struct Paused(Instant);

impl Paused {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Instant::now()))
    }

    pub(super) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[async_trait]
impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// How a refusal tells when to come again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tells {
    Nothing,
    /// In whole seconds, as `Retry-After` has it.
    Seconds,
}

/// Requests a second, from a time on.
pub(super) type Allowed = fn(f64) -> f64;

/// A bucket of `burst` tokens that is filled at the allowed rate.
pub(super) struct Bucket {
    pub(super) allowed: Allowed,
    pub(super) burst: f64,
    pub(super) tells: Tells,
    /// Filled at once at each full second, as one that counts by the second, and not steadily.
    pub(super) by_the_second: bool,
    clock: Arc<Paused>,
    filled: Mutex<(f64, f64)>,
    /// When each request came, and whether it was let through.
    pub(super) log: Mutex<Vec<(f64, bool)>>,
}

impl Bucket {
    pub(super) fn new(clock: &Arc<Paused>, allowed: Allowed, burst: f64, tells: Tells) -> Self {
        Self {
            allowed,
            burst,
            tells,
            by_the_second: false,
            clock: Arc::clone(clock),
            filled: Mutex::new((burst, clock.seconds())),
            log: Mutex::default(),
        }
    }

    fn answer(&self) -> Response<Body> {
        let now = self.clock.seconds();
        let rate = (self.allowed)(now);
        let mut filled = self.filled.lock().unwrap();
        let (tokens, at) = *filled;
        let tokens = match self.by_the_second {
            true if now.floor() > at.floor() => self.burst,
            true => tokens,
            false => (tokens + (now - at) * rate).min(self.burst),
        };
        let open = tokens >= 1.0;
        *filled = (tokens - if open { 1.0 } else { 0.0 }, now);
        self.log.lock().unwrap().push((now, open));
        let mut answer = Response::new(Body::empty());
        if !open {
            *answer.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            if self.tells == Tells::Seconds {
                let wait = ((1.0 - tokens) / rate).ceil().to_string();
                let headers = answer.headers_mut();
                headers.insert("retry-after", wait.parse().unwrap());
            }
        }
        answer
    }
}

/// How a service answers.
pub(super) trait Answers: Send + Sync + 'static {
    fn answer(&self, request: &Request<Body>) -> Response<Body>;
}

impl Answers for Arc<Bucket> {
    fn answer(&self, _: &Request<Body>) -> Response<Body> {
        Bucket::answer(self)
    }
}

impl<F: Fn(&Request<Body>) -> Response<Body> + Send + Sync + 'static> Answers for F {
    fn answer(&self, request: &Request<Body>) -> Response<Body> {
        self(request)
    }
}

/// Takes a request along for 10 ms, and the answer back for as long.
struct Wire<T>(T, Arc<Paused>);

impl<T> fmt::Debug for Wire<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl<T: Answers> Transport for Wire<T> {
    async fn send(&self, request: Request<Body>, _: Duration) -> Result<Response<Body>, SendError> {
        self.1.sleep(Duration::from_millis(10)).await;
        let answer = self.0.answer(&request);
        self.1.sleep(Duration::from_millis(10)).await;
        Ok(answer)
    }
}

fn refusal(refusal: &Refusal<'_>) -> Error {
    match refusal.status() {
        404 => Error::new(ErrorKind::NotFound, "none"),
        429 => Error::new(ErrorKind::RateLimited, "slower").with_retry(Retry::After(None)),
        _ => Error::new(ErrorKind::Unavailable, "away"),
    }
}

pub(super) fn client(answers: impl Answers, clock: &Arc<Paused>, options: ClientOptions) -> Client {
    let endpoint = |url| Endpoint::parse("endpoint", url).unwrap();
    let service = Service {
        provider: "test",
        endpoints: vec![endpoint(A), endpoint(B)],
        tokens: Box::new(ReadyToken::new("made-up".into())),
        scheme: Scheme::Bearer,
        refusal,
        advice: Advice::default(),
        request_id: "x-request-id",
    };
    let options = ClientOptions {
        transport: Some(Arc::new(Wire(answers, Arc::clone(clock)))),
        clock: Arc::clone(clock) as _,
        ..options
    };
    Client::new(service, options).unwrap()
}

pub(super) async fn get(client: &Client, origin: &str) -> Result<()> {
    let call = Call {
        operation: "get",
        secret: None,
        repeat: Repeat::Safe,
        request: request(Method::GET, format!("{origin}/x").parse().unwrap(), None),
    };
    client.send(call).await.map(drop)
}

/// Reads so many items, so many at a time, and tells how many failed.
pub(super) async fn job(client: &Client, items: usize, parallel: usize) -> usize {
    let read = |_| async { get(client, A).await.is_err() };
    let failed = stream::iter(0..items).map(read).buffer_unordered(parallel);
    failed
        .filter(|failed| std::future::ready(*failed))
        .count()
        .await
}

/// What a bucket saw of a bulk job.
#[derive(Debug)]
pub(super) struct Figures {
    /// Of the allowed rate, after the warm-up.
    pub(super) reached: f64,
    /// Of the requests after the warm-up.
    pub(super) refused: f64,
    /// Of all requests.
    pub(super) refused_in_all: f64,
    /// Of all requests.
    pub(super) repeats: f64,
}

/// The first seconds are the warm-up.
pub(super) const WARM_UP: f64 = 10.0;

impl Figures {
    /// Up to the last second, in which a job has fewer items left than places.
    pub(super) fn of(bucket: &Bucket, items: usize) -> Self {
        let log = bucket.log.lock().unwrap();
        let end = log.last().unwrap().0 - 1.0;
        Self::between(&log, bucket.allowed, WARM_UP..end, items)
    }

    pub(super) fn between(
        log: &[(f64, bool)],
        allowed: Allowed,
        span: std::ops::Range<f64>,
        items: usize,
    ) -> Self {
        let within = || log.iter().filter(|(at, _)| span.contains(at));
        let share = |part: usize, all: usize| part as f64 / all as f64;
        let refused = within().filter(|(_, open)| !open).count();
        let steps = ((span.end - span.start) * 100.0) as usize;
        let tokens: f64 = (0..steps)
            .map(|step| allowed(span.start + step as f64 / 100.0) / 100.0)
            .sum();
        Self {
            reached: within().filter(|(_, open)| *open).count() as f64 / tokens,
            refused: share(refused, within().count()),
            refused_in_all: share(log.iter().filter(|(_, open)| !open).count(), log.len()),
            repeats: share(log.len() - items, log.len()),
        }
    }
}
