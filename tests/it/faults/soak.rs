//! Many operations under many faults: what the service holds is what the caller was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use polyvault::transport::{ClientOptions, ReqwestTransport};
use polyvault::{ErrorKind, Result, Retry, SecretStore, SecretStoreExt as _};
use polyvault_testkit::faults::{Fault, FaultProxy};

use super::{Service, names, read};

const OPERATIONS: u64 = 200;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Longer than any work of a service that nobody asks about.
const HOUR: Duration = Duration::from_secs(3600);

/// Left out is what makes the service lie about what it did, what keeps every later call from
/// coming through, and what waits in real time.
const LEFT_OUT: [Fault; 4] = [
    Fault::FailedOperation,
    Fault::NeverDone,
    Fault::ExpiredToken,
    Fault::StalledBody,
];

/// What may be held under each name, as the caller has to believe: nothing, or a value.
struct Beliefs(BTreeMap<&'static str, BTreeSet<Option<String>>>);

impl Beliefs {
    fn new() -> Self {
        Self(NAMES.map(|name| (name, [None].into())).into())
    }

    fn of(&mut self, name: &str) -> &mut BTreeSet<Option<String>> {
        self.0.get_mut(name).unwrap()
    }

    /// What an operation that would leave `new` there came to.
    fn told(&mut self, name: &str, new: Option<String>, outcome: &Result<()>) {
        let held = self.of(name);
        match outcome {
            Ok(()) => *held = [new].into(),
            Err(error) if error.retry() == Retry::OutcomeUnknown => drop(held.insert(new)),
            Err(_) => {}
        }
    }

    fn seen(&mut self, at: &str, name: &str, value: Option<String>) {
        let held = self.of(name);
        assert!(
            held.contains(&value),
            "{at}: {value:?}, and not of {held:?}"
        );
        *held = [value].into();
    }

    fn listed(&mut self, at: &str, names: &[String]) {
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{at}: {names:?}");
        assert!(
            names.iter().all(|name| NAMES.contains(&name.as_str())),
            "{at}: {names:?}"
        );
        for (name, held) in &self.0 {
            let there = names.iter().any(|one| one == name);
            let may = held.iter().any(|held| held.is_some() == there);
            assert!(may, "{at}: {name} in {names:?}");
        }
    }
}

/// What is held.
async fn inside(service: &Service, name: &str) -> Option<String> {
    match read(&*service.inside, name).await {
        Ok(value) => Some(value),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

/// How many versions there are: a write that happened twice left two.
async fn versions(store: &dyn SecretStore, name: &str) -> usize {
    match store.history(name).await {
        Ok(versions) => versions.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) if error.kind() == ErrorKind::Unsupported => 0,
        Err(error) => panic!("{name}: {error}"),
    }
}

async fn soak(store: &str) {
    let mut hit = 0;
    for seed in [1, 2, 3] {
        let service = Service::paged(store, 4).await;
        let faults = Fault::ALL.iter().copied();
        let faults = faults.filter(|fault| !LEFT_OUT.contains(fault));
        let plan = service.plan(seed).one_in(5, faults);
        let proxy = FaultProxy::start(plan).await.unwrap();
        let small = ReqwestTransport::builder().max_answer_bytes(64 * 1024);
        let opened = (service.open)(ClientOptions {
            transport: Some(proxy.through(Arc::new(small.build()))),
            ..ClientOptions::default()
        });
        let mut beliefs = Beliefs::new();
        let mut unknown = 0;
        for number in 0..OPERATIONS {
            let at = format!("{store}, seed {seed}, operation {number}");
            let outcome = operate(&service, &*opened, &mut beliefs, number, &at).await;
            if outcome.is_err_and(|error| error.retry() == Retry::OutcomeUnknown) {
                unknown += 1;
            }
        }
        let trace = proxy.trace();
        let faulty = trace.iter().filter(|one| one.fits).count();
        println!(
            "{store}, seed {seed}: {} requests, {faulty} faulty, {unknown} unknown",
            trace.len()
        );
        hit += faulty;
    }
    assert!(
        hit > 100,
        "{store}: {hit} faults are too few to show anything"
    );
}

async fn operate(
    service: &Service,
    store: &dyn SecretStore,
    beliefs: &mut Beliefs,
    number: u64,
    at: &str,
) -> Result<()> {
    let name = NAMES[usize::try_from(number * 7 + number / 5).unwrap() % NAMES.len()];
    let at = format!("{at}, on {name}");
    let can = store.capabilities();
    let which = (number * 3 + number / 7) % 8;
    let writes = which <= 3;
    let outcome = match which {
        0..=2 => {
            let value = format!("v{number}");
            let before = versions(&*service.inside, name).await;
            let outcome = store.put(name, value.as_str()).await.map(drop);
            service.clock.advance(HOUR);
            let added = versions(&*service.inside, name).await - before;
            let most = match &outcome {
                Err(error) if error.retry() != Retry::OutcomeUnknown => 0,
                _ => 1,
            };
            assert!(added <= most, "{at}: {added} versions by {outcome:?}");
            beliefs.told(name, Some(value), &outcome);
            outcome
        }
        3 if can.delete => {
            let outcome = store.delete(name).await;
            service.clock.advance(HOUR);
            beliefs.told(name, None, &outcome);
            if can.purge {
                // Else the name stays taken.
                let _ = service.inside.purge(name).await.is_ok();
            }
            outcome
        }
        4 | 5 => {
            let listed = names(store).await;
            listed.map(|names| beliefs.listed(&at, &names))
        }
        _ => match read(store, name).await {
            Ok(value) if can.read_values => {
                beliefs.seen(&at, name, Some(value));
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                beliefs.seen(&at, name, None);
                Ok(())
            }
            other => other.map(drop),
        },
    };
    if writes {
        let held = inside(service, name).await;
        beliefs.seen(&format!("{at}: {outcome:?}"), name, held);
    }
    outcome
}

#[tokio::test]
async fn nothing_is_lost_or_done_twice_behind_the_callers_back_on_azure() {
    soak("azure-key-vault").await;
}

#[tokio::test]
async fn nothing_is_lost_or_done_twice_behind_the_callers_back_on_the_control_plane() {
    soak("azure-key-vault-arm").await;
}

#[tokio::test]
async fn nothing_is_lost_or_done_twice_behind_the_callers_back_on_wix() {
    soak("wix-secrets").await;
}

#[tokio::test]
async fn nothing_is_lost_or_done_twice_behind_the_callers_back_on_lockbox() {
    soak("yandex-lockbox").await;
}
