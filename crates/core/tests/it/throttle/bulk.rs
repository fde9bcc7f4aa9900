//! Bulk jobs against an allowed rate: what they reach, and what is refused.

use std::sync::Arc;

use futures_util::future::{join, join_all};
use http::{Request, Response};
use polyvault_core::transport::{Body, ClientOptions};

use super::service::{
    Allowed, Answers, B, Bucket, Figures, Paused, Tells, WARM_UP, client, get, job,
};

/// What is asked of every bulk job.
fn check(case: &str, figures: &Figures) {
    println!("{case}: {figures:.3?}");
    assert!(figures.reached >= 0.85, "{case}: {figures:?}");
    assert!(figures.refused < 0.02, "{case}: {figures:?}");
    assert!(figures.refused_in_all < 0.05, "{case}: {figures:?}");
    assert!(figures.repeats < 0.10, "{case}: {figures:?}");
}

/// A job of so many seconds at the allowed rate, by clones of one client.
async fn run(allowed: Allowed, burst: f64, tells: Tells, seconds: f64, jobs: usize) {
    let clock = Paused::new();
    let bucket = Bucket::new(&clock, allowed, burst, tells);
    run_on(&clock, bucket, seconds, jobs, 64).await;
}

async fn run_on(clock: &Arc<Paused>, bucket: Bucket, seconds: f64, jobs: usize, parallel: usize) {
    let bucket = Arc::new(bucket);
    let client = client(Arc::clone(&bucket), clock, ClientOptions::default());
    let rate = (bucket.allowed)(0.0);
    let items = (rate * seconds + bucket.burst) as usize / jobs;
    let clients: Vec<_> = (0..jobs).map(|_| client.clone()).collect();
    let failed = join_all(clients.iter().map(|client| job(client, items, parallel))).await;

    assert_eq!(failed.iter().sum::<usize>(), 0, "all is done in the end");
    let figures = Figures::of(&bucket, items * jobs);
    let (burst, tells) = (bucket.burst, bucket.tells);
    let case =
        format!("{rate}/s, burst {burst}, tells {tells:?}, {seconds} s, {jobs} of {parallel}");
    check(&case, &figures);
}

#[tokio::test(start_paused = true)]
async fn a_slow_rate_is_reached_and_kept() {
    for (burst, tells) in [
        (5.0, Tells::Nothing),
        (5.0, Tells::Seconds),
        (50.0, Tells::Nothing),
        (50.0, Tells::Seconds),
    ] {
        run(|_| 5.0, burst, tells, 200.0, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_middle_rate_is_reached_and_kept() {
    for (burst, tells) in [
        (5.0, Tells::Nothing),
        (5.0, Tells::Seconds),
        (500.0, Tells::Nothing),
        (500.0, Tells::Seconds),
    ] {
        run(|_| 50.0, burst, tells, 60.0, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fast_rate_is_reached_and_kept() {
    for (burst, tells) in [
        (50.0, Tells::Nothing),
        (50.0, Tells::Seconds),
        (500.0, Tells::Nothing),
        (500.0, Tells::Seconds),
    ] {
        run(|_| 500.0, burst, tells, 40.0, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_job_is_not_held_back_by_what_its_burst_ended_in() {
    let cases: [(Allowed, f64, usize); 2] = [(|_| 150.0, 1500.0, 16), (|_| 250.0, 2500.0, 64)];
    for (allowed, burst, parallel) in cases {
        let clock = Paused::new();
        let bucket = Bucket::new(&clock, allowed, burst, Tells::Nothing);
        run_on(&clock, bucket, 20.0, 1, parallel).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_counts_by_the_second_is_followed() {
    let cases: [(Allowed, f64); 3] = [(|_| 20.0, 20.0), (|_| 100.0, 100.0), (|_| 500.0, 500.0)];
    for (allowed, burst) in cases {
        let clock = Paused::new();
        let mut bucket = Bucket::new(&clock, allowed, burst, Tells::Nothing);
        bucket.by_the_second = true;
        run_on(&clock, bucket, 60.0, 1, 64).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_no_two_at_once_is_asked_for_one_after_the_other() {
    run(|_| 5.0, 1.0, Tells::Seconds, 60.0, 1).await;
    run(|_| 5.0, 1.0, Tells::Seconds, 200.0, 1).await;
    run(|_| 20.0, 1.0, Tells::Seconds, 60.0, 1).await;
}

#[tokio::test(start_paused = true)]
async fn jobs_of_clones_keep_the_rate_together() {
    run(|_| 50.0, 50.0, Tells::Nothing, 60.0, 4).await;
    run(|_| 50.0, 50.0, Tells::Seconds, 60.0, 4).await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_changes_midway_is_followed() {
    let halved: Allowed = |at| if at < 60.0 { 50.0 } else { 25.0 };
    let doubled: Allowed = |at| if at < 60.0 { 25.0 } else { 50.0 };
    for (case, allowed, settled) in [("halved", halved, 60.0), ("doubled", doubled, 120.0)] {
        for tells in [Tells::Nothing, Tells::Seconds] {
            let clock = Paused::new();
            let bucket = Arc::new(Bucket::new(&clock, allowed, 25.0, tells));
            let client = client(Arc::clone(&bucket), &clock, ClientOptions::default());
            let items = 60 * 50 + 120 * 25;

            assert_eq!(job(&client, items, 64).await, 0);

            let log = bucket.log.lock().unwrap();
            let end = log.last().unwrap().0 - 1.0;
            let before = Figures::between(&log, allowed, WARM_UP..60.0, items);
            check(&format!("{case}, before"), &before);
            let after = Figures::between(&log, allowed, settled..end, items);
            check(&format!("{case}, after"), &after);
        }
    }
}

/// Refuses at one endpoint, never at the other.
struct Halves(Arc<Bucket>);

impl Answers for Halves {
    fn answer(&self, request: &Request<Body>) -> Response<Body> {
        match request.uri().host() {
            Some("a.example") => self.0.answer(request),
            _ => Response::new(Body::empty()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_refuses_holds_no_other_back() {
    let clock = Paused::new();
    let bucket = Arc::new(Bucket::new(&clock, |_| 5.0, 5.0, Tells::Seconds));
    let client = client(Halves(bucket), &clock, ClientOptions::default());
    let other = async {
        clock_at(&clock, 10.0).await;
        let read = join_all((0..100).map(|_| get(&client, B))).await;
        assert!(read.iter().all(Result::is_ok));
        clock.seconds()
    };

    let (failed, ended) = join(job(&client, 300, 100), other).await;

    assert_eq!(failed, 0);
    assert!(ended < 11.0, "{ended}");
}

async fn clock_at(clock: &Paused, seconds: f64) {
    use polyvault_core::clock::Clock as _;
    clock
        .sleep(std::time::Duration::from_secs_f64(seconds))
        .await;
}
