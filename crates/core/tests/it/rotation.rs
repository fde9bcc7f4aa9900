//! Rotation: exactly once, whoever makes which step when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use polyvault_core::clock::ManualClock;
use polyvault_core::rotation::{Change, Due, NewValue, ROTATED_FROM, Rotator, SET, Step, Target};
use polyvault_core::*;
use polyvault_testkit::leak::Mark;

/// A service with a password by set, as its users know it.
#[derive(Default)]
struct Service {
    passwords: Mutex<BTreeMap<String, Payload>>,
    changes: Mutex<Vec<(String, Payload)>>,
    /// How many of the next changes take place and fail all the same.
    lost: Mutex<u32>,
}

impl Service {
    fn knows(set: &str, password: &str) -> Arc<Self> {
        let service = Self::default();
        let mut passwords = service.passwords.lock().unwrap();
        passwords.insert(set.to_owned(), Payload::text(password));
        drop(passwords);
        Arc::new(service)
    }

    /// The different values that it was given.
    fn values(&self) -> usize {
        let changes = self.changes.lock().unwrap();
        let mut seen: Vec<&Payload> = Vec::new();
        for (_, value) in &*changes {
            if !seen.iter().any(|other| other.same_as(value)) {
                seen.push(value);
            }
        }
        seen.len()
    }
}

#[async_trait]
impl Target for Service {
    async fn works(&self, set: Option<&str>, value: &Payload) -> Result<bool> {
        let passwords = self.passwords.lock().unwrap();
        let known = passwords.get(set.unwrap_or_default());
        Ok(known.is_some_and(|known| known.same_as(value)))
    }

    async fn change(&self, change: Change<'_>) -> Result<()> {
        let set = change.set.unwrap_or_default().to_owned();
        let mut changes = self.changes.lock().unwrap();
        changes.push((set.clone(), change.next.clone()));
        let mut passwords = self.passwords.lock().unwrap();
        passwords.insert(set, change.next.clone());
        let mut lost = self.lost.lock().unwrap();
        match lost.checked_sub(1) {
            None => Ok(()),
            Some(left) => {
                *lost = left;
                Err(Error::new(ErrorKind::Unavailable, "the answer was lost"))
            }
        }
    }
}

async fn begin(store: &MemoryStore) -> Due {
    let options = PutOptions {
        labels: Some(Labels::from([("team".into(), "blue".into())])),
        content_type: Some("text/plain".into()),
        ..PutOptions::default()
    };
    let written = store.put_with("db", "old", options).await.unwrap();
    Due::new("db".try_into().unwrap(), written.version.id.unwrap())
}

fn one_set(store: &MemoryStore, service: &Arc<Service>) -> Rotator {
    Rotator::one_set(Arc::new(store.clone()), Arc::clone(service) as _)
}

async fn value(store: &MemoryStore) -> Payload {
    store
        .get_with("db", GetOptions::default())
        .await
        .unwrap()
        .payload
}

/// The versions, and whether the current one works.
async fn outcome(store: &MemoryStore, service: &Service, set: Option<&str>) -> (usize, bool) {
    let versions = store.history("db").await.unwrap().len();
    let works = service.works(set, &value(store).await).await.unwrap();
    (versions, works)
}

#[tokio::test]
async fn each_step_is_made_once_and_in_its_order() {
    let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
    let due = begin(&store).await;
    let rotator = one_set(&store, &service);
    let mut steps = Vec::new();
    loop {
        let step = rotator.step(&due).await.unwrap();
        steps.push(step.clone());
        if step.is_last() {
            break;
        }
    }

    let new = store.history("db").await.unwrap()[1].id.clone().unwrap();
    let due_steps = [
        Step::Prepared,
        Step::Changed,
        Step::Published,
        Step::Cleaned,
        Step::Done(new),
    ];
    assert_eq!(steps, due_steps);
    assert_eq!(outcome(&store, &service, None).await, (2, true));
    let all: Vec<SecretInfo> = futures_util::TryStreamExt::try_collect(store.list())
        .await
        .unwrap();
    assert_eq!(all.len(), 1, "nothing is left beside it");
}

/// Two processes, each with three deliveries of the same event, in every order of eleven steps: a process
/// that gets no more turns has died.
#[tokio::test]
async fn the_same_event_to_two_processes_rotates_exactly_once_in_every_order_of_their_steps() {
    const TURNS: u32 = 11;
    for order in 0..1_u32 << TURNS {
        let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
        let due = begin(&store).await;
        for turn in 0..TURNS {
            // Who restarts knows nothing: each step is made by a rotator of its own.
            let process = one_set(&store, &service);
            // What differs between two processes is the value that each would make.
            let own = if order >> turn & 1 == 0 {
                "of a"
            } else {
                "of b"
            };
            let made = move |_: Option<&str>| Ok(Payload::text(own));
            process.new_value(made).step(&due).await.unwrap();
        }

        assert_eq!(
            outcome(&store, &service, None).await,
            (2, true),
            "{order:b}"
        );
        assert_eq!(service.values(), 1, "{order:b}");
        assert_eq!(service.changes.lock().unwrap().len(), 1, "{order:b}");
    }
}

/// A store in whose calls others have their turn, as on a wire: two rotators at once, many times.
#[tokio::test]
async fn two_processes_at_the_same_instant_agree_on_one_value() {
    for _ in 0..50 {
        let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
        let due = begin(&store).await;
        let (a, b) = (one_set(&store, &service), one_set(&store, &service));

        let (first, second) = futures_util::join!(a.rotate(&due), b.rotate(&due));

        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        assert!(
            outcome(&store, &service, None).await.1,
            "the current value works"
        );
        assert_eq!(service.values(), 1);
    }
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_made_good_by_the_next_delivery() {
    let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
    let due = begin(&store).await;
    let rotator = one_set(&store, &service);
    *service.lost.lock().unwrap() = 1;

    let failed = rotator.rotate(&due).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unavailable);
    assert!(
        !outcome(&store, &service, None).await.1,
        "the service is ahead"
    );
    for _ in 0..3 {
        assert!(matches!(rotator.rotate(&due).await.unwrap(), Step::Done(_)));
    }

    assert_eq!(outcome(&store, &service, None).await, (2, true));
    assert_eq!(service.changes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_not_made_again() {
    for lost_at in 0..4 {
        let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
        let due = begin(&store).await;
        let rotator = one_set(&store, &service);
        for turn in 0..12 {
            if turn == lost_at {
                store.faults().lose_next_answer();
            }
            let _lost_or_made = rotator.step(&due).await;
        }
        assert_eq!(
            outcome(&store, &service, None).await,
            (2, true),
            "{lost_at}"
        );
        assert_eq!(service.values(), 1, "{lost_at}");
    }
}

#[tokio::test]
async fn an_event_about_an_older_version_changes_nothing() {
    let (store, service) = (MemoryStore::new(), Service::knows("", "newer"));
    let due = begin(&store).await;
    let newer = store.put("db", "newer").await.unwrap().version.id.unwrap();

    let step = one_set(&store, &service).rotate(&due).await.unwrap();

    assert_eq!(step, Step::Stale(newer));
    assert_eq!(outcome(&store, &service, None).await, (2, true));
    assert!(service.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn labels_and_content_type_are_carried_and_the_end_is_new() {
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
    let due = begin(&store).await;
    let day = Duration::from_secs(24 * 60 * 60);
    let rotator = one_set(&store, &service)
        .valid_for(60 * day)
        .clock(Arc::clone(&clock) as _);

    rotator.rotate(&due).await.unwrap();

    let info = store.describe(&due.secret).await.unwrap();
    let labels = info.labels.unwrap();
    assert_eq!(labels["team"], "blue");
    assert_eq!(labels[ROTATED_FROM], due.version.as_str());
    assert_eq!(labels.len(), 2);
    let current = info.current.unwrap();
    assert_eq!(current.content_type.as_deref(), Some("text/plain"));
    let end = "2026-03-02T00:00:00Z".parse().unwrap();
    assert_eq!(current.expires_at, Some(end));

    // The schedule: thirty days before that end, and not a second earlier.
    let ahead = 30 * day;
    let of = || SecretRef::try_from("db").unwrap();
    clock.advance(30 * day - Duration::from_secs(1));
    assert_eq!(rotator.due(of(), ahead).await.unwrap(), None);
    clock.advance(Duration::from_secs(1));
    let next = rotator.due(of(), ahead).await.unwrap().unwrap();
    assert_eq!(Some(&next.version), current.id.as_ref());
    rotator.rotate(&next).await.unwrap();
    assert_eq!(rotator.due(of(), ahead).await.unwrap(), None);
    assert_eq!(outcome(&store, &service, None).await, (3, true));
    // The first event, much too late: it is about neither of the versions that are left.
    assert!(matches!(
        rotator.rotate(&due).await.unwrap(),
        Step::Stale(_)
    ));
}

#[tokio::test]
async fn of_two_sets_the_one_that_nobody_reads_is_changed() {
    let (store, service) = (MemoryStore::new(), Service::knows("key1", "old"));
    let mut due = begin(&store).await;
    let rotator = Rotator::two_sets(
        Arc::new(store.clone()),
        Arc::clone(&service) as _,
        ["key1", "key2"],
    );
    for (held, next) in [("key1", "key2"), ("key2", "key1"), ("key1", "key2")] {
        loop {
            let step = rotator.step(&due).await.unwrap();
            let labels = store.describe(&due.secret).await.unwrap().labels.unwrap();
            let set = labels.get(SET).map_or("key1", String::as_str).to_owned();
            assert_eq!(set == held, matches!(step, Step::Prepared | Step::Changed));
            // After each step the value that readers get works.
            let read = value(&store).await;
            assert!(service.works(Some(&set), &read).await.unwrap(), "{step:?}");
            if let Step::Done(version) = step {
                assert_eq!(set, next);
                due.version = version;
                break;
            }
        }
    }
    assert_eq!(store.history("db").await.unwrap().len(), 4);
}

#[tokio::test]
async fn the_label_of_the_set_and_the_new_value_are_the_users() {
    let (store, service) = (MemoryStore::new(), Service::knows("key1", "old"));
    let due = begin(&store).await;
    let rotator = Rotator::two_sets(
        Arc::new(store.clone()),
        Arc::clone(&service) as _,
        ["key1", "key2"],
    );
    let made = |set: Option<&str>| Ok(Payload::text(format!("made for {}", set.unwrap())));

    let rotator = rotator.set_label("CredentialId").new_value(made);
    rotator.rotate(&due).await.unwrap();

    let labels = store.describe(&due.secret).await.unwrap().labels.unwrap();
    assert_eq!(labels["CredentialId"], "key2");
    assert!(value(&store).await.same_as(&Payload::text("made for key2")));
}

#[tokio::test]
async fn each_kind_of_store_that_can_hold_it_rotates_and_the_others_say_why_not() {
    for store in [MemoryStore::like_azure(), MemoryStore::like_lockbox()] {
        let service = Service::knows("", "old");
        let written = store.put("db", "old").await.unwrap();
        let due = Due::new("db".try_into().unwrap(), written.version.id.unwrap());
        for _ in 0..3 {
            one_set(&store, &service).rotate(&due).await.unwrap();
        }
        assert_eq!(outcome(&store, &service, None).await, (2, true));
    }
    let store = MemoryStore::like_wix();
    store.put("db", "old").await.unwrap();
    let due = Due::new("db".try_into().unwrap(), VersionId::new("v").unwrap());
    let refused = one_set(&store, &Service::knows("", "old"))
        .rotate(&due)
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.message().contains("`labels`"), "{refused}");
}

/// Makes a value, once somebody else has prepared another.
struct Overtaken(Rotator, Due);

#[async_trait]
impl NewValue for Overtaken {
    async fn make(&self, _: Option<&str>) -> Result<Payload> {
        assert_eq!(self.0.step(&self.1).await.unwrap(), Step::Prepared);
        Ok(Payload::text("mine"))
    }
}

#[tokio::test]
async fn who_is_overtaken_while_it_prepares_uses_the_value_that_is_there() {
    let (store, service) = (MemoryStore::new(), Service::knows("", "old"));
    let due = begin(&store).await;
    let theirs = one_set(&store, &service).new_value(|_: Option<&str>| Ok(Payload::text("theirs")));
    let mine = one_set(&store, &service).new_value(Overtaken(theirs, due.clone()));

    mine.rotate(&due).await.unwrap();

    assert!(value(&store).await.same_as(&Payload::text("theirs")));
    assert_eq!(outcome(&store, &service, None).await, (2, true));
}

#[tokio::test]
async fn a_service_that_never_takes_the_value_ends_in_an_error() {
    /// It says that it changed, and nothing works.
    struct Deaf;
    #[async_trait]
    impl Target for Deaf {
        async fn works(&self, _: Option<&str>, _: &Payload) -> Result<bool> {
            Ok(false)
        }
        async fn change(&self, _: Change<'_>) -> Result<()> {
            Ok(())
        }
    }
    let store = MemoryStore::new();
    let due = begin(&store).await;

    let rotator = Rotator::one_set(Arc::new(store.clone()), Arc::new(Deaf));
    let error = rotator.rotate(&due).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(value(&store).await.same_as(&Payload::text("old")));
}

#[tokio::test]
async fn no_value_shows() {
    let (store, mark) = (MemoryStore::new(), Mark::new());
    let service = Service::knows("", "old");
    let due = begin(&store).await;
    let text = mark.text().to_owned();
    let rotator = one_set(&store, &service)
        .new_value(move |_: Option<&str>| Ok(Payload::text(text.as_str())));

    let step = rotator.rotate(&due).await.unwrap();

    assert_eq!(mark.find_in_debug(&(&rotator, &due, step)), None);
    let (current, next) = (value(&store).await, value(&store).await);
    let change = Change {
        set: None,
        current: &current,
        next: &next,
    };
    assert_eq!(mark.find_in_debug(&change), None);
}
