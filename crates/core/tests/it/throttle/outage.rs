//! What repeats cost while a service is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use polyvault_core::ErrorKind;
use polyvault_core::transport::{Body, ClientOptions, RetryPolicy};

use super::service::{A, Bucket, Paused, Tells, client, get, job};

fn status(status: u16) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

/// After `well` answers the service gives another one for ever; tells how many requests came.
fn fails_after(
    well: usize,
    answer: fn() -> Response<Body>,
) -> (Arc<AtomicUsize>, impl Fn(&Request<Body>) -> Response<Body>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let answers = move |_: &Request<Body>| match counter.fetch_add(1, Ordering::SeqCst) < well {
        true => status(200),
        false => answer(),
    };
    (asked, answers)
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_for_ever_gets_at_most_half_as_many_requests_again() {
    let told = || {
        let mut answer = status(503);
        let wait = "1".parse().unwrap();
        answer.headers_mut().insert("retry-after", wait);
        answer
    };
    for answer in [|| status(503), told] {
        // Also for a client that has seen it well, and so has more to spend.
        for (well, items) in [(0, 20), (0, 100), (0, 1000), (1000, 100), (1000, 1000)] {
            let clock = Paused::new();
            let (asked, answers) = fails_after(well, answer);
            let client = client(answers, &clock, ClientOptions::default());
            assert_eq!(job(&client, well, 64).await, 0);

            assert_eq!(job(&client, items, 64).await, items);

            let requests = asked.load(Ordering::SeqCst) - well;
            println!("503 for ever after {well}: {requests} requests for {items} items");
            assert!(2 * requests <= 3 * items, "{requests} for {items}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_request_is_repeated_as_often_as_may_be() {
    for well in [0, 100] {
        let clock = Paused::new();
        let (asked, answers) = fails_after(well, || status(503));
        let client = client(answers, &clock, ClientOptions::default());
        job(&client, well, 8).await;

        get(&client, A).await.unwrap_err();

        let repeats = asked.load(Ordering::SeqCst) - well - 1;
        assert_eq!(repeats, RetryPolicy::default().max_repeats);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_secret_is_the_answer_of_a_service_that_is_well() {
    let clock = Paused::new();
    let asked = AtomicUsize::new(0);
    // Every seventh request fails, and its repeat goes through.
    let answers = move |_: &Request<Body>| match asked.fetch_add(1, Ordering::SeqCst) % 7 {
        6 => status(503),
        _ => status(404),
    };
    let client = client(answers, &clock, ClientOptions::default());

    for _ in 0..200 {
        let error = get(&client, A).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_all_is_as_before() {
    let clock = Paused::new();
    let bucket = Arc::new(Bucket::new(&clock, |_| 50.0, 50.0, Tells::Nothing));
    let (seen, at) = (Arc::clone(&bucket), Arc::clone(&clock));
    let answers = move |request: &Request<Body>| match (30.0..60.0).contains(&at.seconds()) {
        true => status(503),
        false => super::service::Answers::answer(&seen, request),
    };
    let client = client(answers, &clock, ClientOptions::default());
    while clock.seconds() < 61.0 {
        job(&client, 100, 64).await;
    }
    let (start, before) = (clock.seconds(), bucket.log.lock().unwrap().len());

    assert_eq!(job(&client, 1500, 64).await, 0);

    let requests = bucket.log.lock().unwrap().len() - before;
    let reached = 1500.0 / (clock.seconds() - start) / 50.0;
    println!("after an outage: {reached:.3} of the rate, {requests} requests for 1500 items");
    assert!(reached >= 0.85, "{reached}");
    assert!(requests < 1530, "{requests}");
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_nothing_ends_each_request_and_costs_few() {
    let clock = Paused::new();
    let (asked, answers) = fails_after(0, || status(429));
    let client = client(answers, &clock, ClientOptions::default());

    assert_eq!(job(&client, 100, 64).await, 100);

    let requests = asked.load(Ordering::SeqCst);
    println!(
        "429 for ever: {requests} requests in {:.0} s",
        clock.seconds()
    );
    assert!(requests <= 150, "{requests}");
}
