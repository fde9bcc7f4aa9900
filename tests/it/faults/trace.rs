//! The same seed gives the same trace.

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use polyvault::SecretStoreExt as _;
use polyvault::transport::{ClientOptions, RetryPolicy};
use polyvault_testkit::faults::{Fault, FaultProxy, Traced};
use polyvault_testkit::leak::Mark;

use super::{STORES, Service, names, read};

const SEEDS: [u64; 3] = [1, 2, 3];

/// A third of the requests get any fault but those that wait in real time or last too long.
async fn proxy(service: &Service, seed: u64) -> FaultProxy {
    let slow = |fault: &Fault| {
        let slow = [Fault::StalledBody, Fault::EndlessBody, Fault::NeverDone];
        slow.contains(fault)
    };
    let faults = Fault::ALL.iter().copied().filter(|fault| !slow(fault));
    let plan = service.plan(seed).one_in(3, faults);
    FaultProxy::start(plan).await.unwrap()
}

/// Whatever the calls come to, they are the same.
async fn one_after_the_other(store: &str, seed: u64) -> Vec<Traced> {
    let service = Service::start(store).await;
    let proxy = proxy(&service, seed).await;
    let opened = (service.open)(proxy.options());
    for turn in 0..3 {
        for name in ["a", "b", "c"] {
            let _ = opened.put(name, format!("{name}{turn}")).await.is_ok();
            let _ = read(&*opened, name).await.is_ok();
        }
        let _ = names(&*opened).await.is_ok();
        let _ = opened.delete("b").await.is_ok();
    }
    proxy.trace()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    for store in STORES {
        let mut traces = Vec::new();
        for seed in SEEDS {
            let trace = one_after_the_other(store, seed).await;
            let again = one_after_the_other(store, seed).await;

            assert_eq!(trace, again, "{store}, seed {seed}");
            assert!(trace.iter().filter(|one| one.fits).count() > 5, "{store}");
            assert!(!traces.contains(&trace), "{store}, seed {seed}");
            traces.push(trace);
        }
    }
}

/// Reads each of a few secrets several times, all of them at once or one after the other.
async fn reads(store: &str, seed: u64, race: bool) -> Vec<Traced> {
    let service = Service::paged(store, 10).await;
    let names: Vec<String> = (0..8).map(|number| format!("n{number}")).collect();
    for name in &names {
        service.inside.put(name.as_str(), "value").await.unwrap();
    }
    let plan = service
        .plan(seed)
        .one_in(6, [Fault::Status(503), Fault::CutBody]);
    let proxy = FaultProxy::start(plan).await.unwrap();
    // So many that no call gives up: which one did would depend on the race.
    let retry = RetryPolicy {
        max_repeats: 20,
        ..RetryPolicy::default()
    };
    let opened = (service.open)(ClientOptions {
        retry,
        ..proxy.options()
    });
    for _ in 0..5 {
        let reads = names.iter().map(|name| read(&*opened, name));
        match race {
            true => drop(join_all(reads).await),
            false => {
                stream::iter(reads)
                    .for_each(async |read| drop(read.await))
                    .await
            }
        }
    }
    let mut trace = proxy.trace();
    trace.sort();
    trace
}

#[tokio::test]
async fn requests_that_race_get_the_faults_that_they_get_one_by_one() {
    for store in STORES {
        for seed in SEEDS {
            let trace = reads(store, seed, false).await;
            assert!(trace.iter().filter(|one| one.fits).count() > 3, "{store}");
            assert_eq!(
                trace,
                reads(store, seed, true).await,
                "{store}, seed {seed}"
            );
        }
    }
}

#[tokio::test]
async fn no_value_token_or_query_is_traced() {
    let mark = Mark::new();
    for store in STORES {
        let service = Service::start(store).await;
        let proxy = proxy(&service, 1).await;
        let opened = (service.open)(proxy.options());
        for name in ["a", "b", "c"] {
            let _ = opened.put(name, mark.text()).await.is_ok();
            let _ = read(&*opened, name).await.is_ok();
            let _ = names(&*opened).await.is_ok();
        }

        let trace = proxy.trace();
        assert_eq!(mark.find_in_debug(&trace), None);
        assert_eq!(mark.find_in_debug(&proxy), None);
        for one in trace {
            let shown = format!("{one} {one:?}").to_lowercase();
            for never in ["?", "=", "made-up", "bearer", "api-version"] {
                assert!(!shown.contains(never), "{shown}");
            }
        }
    }
}
