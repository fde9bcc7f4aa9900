//! A pause that the service asks for is everybody's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use http::{Request, Response};
use polyvault_core::clock::Clock as _;
use polyvault_core::observability::{Event, Metrics};
use polyvault_core::transport::{Body, Client, ClientOptions, RetryPolicy};
use polyvault_core::{ErrorKind, Retry};

use super::service::{A, B, Paused, client, get};

type Log = Arc<Mutex<Vec<f64>>>;

/// Refuses the first request and asks for a pause; tells when each one came.
fn pausing(status: u16, seconds: u64, options: ClientOptions) -> (Arc<Paused>, Log, Client) {
    let clock = Paused::new();
    let log = Log::default();
    let (seen, at) = (Arc::clone(&log), Arc::clone(&clock));
    let answers = move |request: &Request<Body>| {
        let mut answer = Response::new(Body::empty());
        if request.uri().host() != Some("a.example") {
            return answer;
        }
        let mut seen = seen.lock().unwrap();
        if seen.is_empty() {
            *answer.status_mut() = status.try_into().unwrap();
            answer.headers_mut().insert("retry-after", seconds.into());
        }
        seen.push(at.seconds());
        answer
    };
    let client = client(answers, &clock, options);
    (clock, log, client)
}

#[tokio::test(start_paused = true)]
async fn no_clone_begins_before_the_pause_is_over_and_then_not_all_at_once() {
    for status in [429, 503] {
        let (clock, log, client) = pausing(status, 7, ClientOptions::default());
        let later = |_| async {
            clock.sleep(Duration::from_secs(1)).await;
            get(&client.clone(), A).await
        };
        let first = async {
            let all = join_all((0..40).map(later));
            futures_util::future::join(get(&client, A), all).await
        };

        let (first, all) = first.await;

        assert!(first.is_ok() && all.iter().all(Result::is_ok));
        let log = log.lock().unwrap();
        println!("after a pause of 7 s: {log:.2?}");
        assert!(log.iter().skip(1).all(|at| *at >= 7.0), "{log:?}");
        let at_once = log.iter().filter(|at| (7.0..7.1).contains(*at)).count();
        assert!(at_once <= 5, "{log:?}");
        assert_eq!(log.len(), 42);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_is_waited_for_is_the_callers_and_tried_again_after_that() {
    let day = 24 * 60 * 60;
    let (clock, log, client) = pausing(429, day, ClientOptions::default());
    let error = get(&client, A).await.unwrap_err();
    assert_eq!(error.retry(), Retry::After(Some(Duration::from_secs(day))));

    clock.sleep(Duration::from_secs(20)).await;
    let error = get(&client, A).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::RateLimited, None)
    );
    let left = Duration::from_secs(day - 20);
    assert_eq!(error.retry(), Retry::After(Some(left)));
    assert_eq!(log.lock().unwrap().len(), 1);
    assert!(clock.seconds() < 21.0);
    get(&client, B).await.unwrap();

    clock.sleep(Duration::from_secs(40)).await;
    get(&client, A).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_repeat_that_can_not_begin_in_its_time_tells_why_the_first_failed() {
    let retry = RetryPolicy {
        total: Duration::from_secs(30),
        ..RetryPolicy::default()
    };
    let options = ClientOptions {
        retry,
        ..ClientOptions::default()
    };
    let (clock, log, client) = pausing(429, 40, options);

    let error = get(&client, A).await.unwrap_err();

    assert_eq!(error.status(), Some(429));
    assert_eq!(error.retry(), Retry::After(Some(Duration::from_secs(40))));
    assert!(clock.seconds() < 30.0);

    // One that has not begun has all its time still, and waits.
    get(&client, A).await.unwrap();
    assert_eq!(log.lock().unwrap().len(), 2);
    assert!(clock.seconds() > 40.0);
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_dropped_at_the_gate_leave_no_gap() {
    let (clock, log, client) = pausing(429, 7, ClientOptions::default());
    let wait = async {
        let all = join_all((0..60).map(|_| get(&client, A)));
        tokio::time::timeout(Duration::from_secs(5), all).await
    };
    wait.await.unwrap_err();
    let before = log.lock().unwrap().len();

    get(&client, A).await.unwrap();

    assert_eq!(log.lock().unwrap().len(), before + 1);
    assert!(clock.seconds() < 7.1, "{}", clock.seconds());
}

#[derive(Debug, Default)]
struct Waits(Mutex<Vec<Duration>>);

impl Metrics for Waits {
    fn record(&self, event: &Event) {
        if let Event::Queued { waited, .. } = event {
            self.0.lock().unwrap().push(*waited);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_told_how_long_a_request_waited_at_the_gate() {
    let waits = Arc::new(Waits::default());
    let options = ClientOptions {
        retry: RetryPolicy {
            max_repeats: 0,
            ..RetryPolicy::default()
        },
        metrics: Some(Arc::clone(&waits) as _),
        ..ClientOptions::default()
    };
    let (clock, _, client) = pausing(429, 7, options);
    get(&client, A).await.unwrap_err();
    clock.sleep(Duration::from_secs(3)).await;

    get(&client, A).await.unwrap();

    assert_eq!(*waits.0.lock().unwrap(), [Duration::from_secs(4)]);
}
