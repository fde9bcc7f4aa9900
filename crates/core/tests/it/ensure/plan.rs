//! Plans: what is refused before any request, what changed since, and what must not show.

use polyvault_core::ensure::{Action, EnsureOptions, ensure, plan};
use polyvault_core::*;
use polyvault_testkit::leak::{Mark, assert_absent};

use super::watched::Other;
use super::{Desired, Watched, desired, refusal, text, time};

#[tokio::test]
async fn an_empty_list_does_nothing_and_what_is_not_listed_stays() {
    let store = Watched::new(MemoryStore::new());
    store.put("mine", "x").await.unwrap();
    store.forget();
    let options = EnsureOptions::default();

    let nothing = plan(&store, &[], &options).await.unwrap();
    assert!(nothing.steps().is_empty() && nothing.to_string().is_empty());
    assert!(nothing.apply(&store).await.is_empty());
    assert!(store.calls().is_empty());

    let listed = [desired("other").value("y")];
    plan(&store, &listed, &options)
        .await
        .unwrap()
        .apply(&store)
        .await;
    assert_eq!(text(&store, "mine").await, "x");
}

#[tokio::test]
async fn two_of_one_name_are_refused_by_the_stores_rule_of_case() {
    let options = EnsureOptions::default();
    let pair = |one: &str, two: &str| [desired(one).value("x"), desired(two).value("x")];
    for (store, twins) in [
        (MemoryStore::new(), pair("db", "db")),
        (MemoryStore::like_azure(), pair("db", "DB")),
    ] {
        let store = Watched::new(store);
        let refused = plan(&store, &twins, &options).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert_eq!(refused.secret(), Some(twins[1].name.as_str()));
        assert!(store.calls().is_empty());
    }
    let store = MemoryStore::new();
    assert!(plan(&store, &pair("db", "DB"), &options).await.is_ok());
}

#[tokio::test]
async fn what_a_store_could_never_hold_is_refused_before_any_request() {
    use ErrorKind::{InvalidInput, TooLarge, Unsupported};
    let x = || desired("db").value("x");
    let spec = PasswordSpec {
        entry_key: "no key".into(),
        ..PasswordSpec::default()
    };
    let end = time("2030-01-01T00:00:00Z");
    type Case = (fn() -> MemoryStore, Desired, ErrorKind);
    let cases: Vec<Case> = vec![
        (MemoryStore::like_wix, x().labels([("a", "1")]), Unsupported),
        (MemoryStore::like_wix, x().content_type("a/b"), Unsupported),
        (MemoryStore::like_wix, x().expires_at(end), Unsupported),
        (MemoryStore::like_wix, x().enabled(true), Unsupported),
        (
            MemoryStore::like_wix,
            x().deletion_protection(true),
            Unsupported,
        ),
        (
            MemoryStore::like_wix,
            x().description("d".repeat(201)),
            InvalidInput,
        ),
        (
            MemoryStore::like_wix,
            desired("db").value("x".repeat(3501)),
            TooLarge,
        ),
        (
            MemoryStore::like_wix,
            desired("db").content_type("a/b"),
            Unsupported,
        ),
        (
            MemoryStore::like_wix,
            desired("wix-db").value("x"),
            InvalidInput,
        ),
        (MemoryStore::like_azure, x().description("d"), Unsupported),
        (
            MemoryStore::like_azure,
            desired("db").expires_at(Edit::Clear),
            Unsupported,
        ),
        (
            MemoryStore::like_lockbox,
            x().labels([("A", "1")]),
            InvalidInput,
        ),
        (
            MemoryStore::like_lockbox,
            desired("db").not_before(end),
            Unsupported,
        ),
        (
            MemoryStore::like_lockbox,
            desired("db").value(spec),
            InvalidInput,
        ),
        (
            MemoryStore::new,
            x().labels([("polyvault-digest", "1")]),
            InvalidInput,
        ),
    ];
    for (store, one, kind) in cases {
        let store = Watched::new(store());
        let options = EnsureOptions::default();
        let refused = ensure(&store, &one, &options).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{one:?}");
        assert_eq!(refused.secret(), Some(one.name.as_str()));
        assert!(store.calls().is_empty(), "{one:?}");
    }
}

#[tokio::test]
async fn a_plan_that_is_applied_twice_writes_once() {
    let options = EnsureOptions::default();
    for store in [
        MemoryStore::new,
        MemoryStore::like_azure,
        MemoryStore::like_lockbox,
    ] {
        let store = Watched::new(store());
        store.put("old", "x").await.unwrap();
        let wanted = [desired("old").value("y"), desired("new").value("z")];
        let planned = plan(&store, &wanted, &options).await.unwrap();
        store.forget();

        assert!(
            planned
                .apply(&store)
                .await
                .iter()
                .all(|(_, outcome)| outcome.is_ok())
        );
        let versions = [store.history("old").await, store.history("new").await];
        let again = planned.apply(&store).await;

        let kinds = again
            .iter()
            .map(|(_, outcome)| outcome.as_ref().unwrap_err().kind());
        let kinds: Vec<ErrorKind> = kinds.collect();
        assert_eq!(
            kinds,
            [ErrorKind::Conflict, ErrorKind::AlreadyExists],
            "{store}"
        );
        for (name, before) in ["old", "new"].into_iter().zip(versions) {
            assert_eq!(store.history(name).await.unwrap(), before.unwrap());
        }
    }
}

#[tokio::test]
async fn what_changed_since_the_plan_is_not_overwritten_and_stops_no_other() {
    let can = Capabilities {
        create: capabilities::CreateStrength::None,
        ..MemoryStore::new().capabilities().clone()
    };
    let weak = MemoryStore::builder().capabilities(can).build();
    for store in [MemoryStore::new(), MemoryStore::like_wix(), weak] {
        let store = Watched::new(store);
        for name in ["changed", "gone"] {
            store.put(name, "x").await.unwrap();
        }
        let names = ["changed", "gone", "made", "free"];
        let wanted = names.map(|name| desired(name).value("y"));
        let options = EnsureOptions::default();
        let planned = plan(&store, &wanted, &options).await.unwrap();
        store.put("changed", "theirs").await.unwrap();
        store.put("made", "theirs").await.unwrap();
        store.delete("gone").await.unwrap();

        let outcomes = planned.apply(&store).await;

        let kind = |at: usize| outcomes[at].1.as_ref().map_err(Error::kind);
        assert_eq!(kind(0).err(), Some(ErrorKind::Conflict), "{store}");
        assert_eq!(kind(1).err(), Some(ErrorKind::NotFound), "{store}");
        assert_eq!(kind(2).err(), Some(ErrorKind::AlreadyExists), "{store}");
        assert_eq!(kind(3).unwrap().action, Action::Create, "{store}");
        for (at, name) in names.into_iter().enumerate() {
            assert_eq!(outcomes[at].0.as_str(), name);
        }
        assert_eq!(text(&store, "changed").await, "theirs");
        assert_eq!(text(&store, "made").await, "theirs");
    }
}

#[tokio::test]
async fn who_comes_in_between_is_not_overwritten_where_that_can_be_seen() {
    let store = Watched::new(MemoryStore::new());
    let one = desired("db").value("y");

    // Between the look and the put that creates.
    store.before_next("put", Other::Puts);
    assert_eq!(refusal(&store, &one).await, ErrorKind::AlreadyExists);
    assert_eq!(text(&store, "db").await, "theirs");

    // Between the reads of a plan.
    store.before_next("describe", Other::Puts);
    let options = EnsureOptions::default();
    let torn = plan(&store, &[one], &options).await.unwrap_err();
    assert_eq!(torn.kind(), ErrorKind::Conflict);

    // A secret that is gone is not made again.
    let store = Watched::new(MemoryStore::like_wix());
    store.put("db", "x").await.unwrap();
    store.before_next("put", Other::Deletes);
    assert_eq!(
        refusal(&store, &desired("db").value("y")).await,
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_plan_of_a_change_describes_what_it_has_not_yet() {
    let memory = MemoryStore::new;
    for (store, one, reads) in [
        (
            Watched::new(memory()),
            desired("db").value("y"),
            vec!["get", "describe"],
        ),
        (
            Watched::terse(memory()),
            desired("db").value("y"),
            vec!["get", "describe"],
        ),
        (
            Watched::new(memory()),
            desired("db").value("y").description("d"),
            vec!["describe", "get"],
        ),
    ] {
        store.put("db", "x").await.unwrap();
        store.forget();

        let options = EnsureOptions::default();
        plan(&store, &[one], &options).await.unwrap();

        assert_eq!(store.calls(), reads);
    }
}

#[tokio::test]
async fn no_value_shows_anywhere() {
    let (mark, old) = (Mark::new(), Mark::new());
    let store = Watched::new(MemoryStore::new());
    store.put("changed", old.text()).await.unwrap();
    let wanted = ["changed", "new"].map(|name| desired(name).value(mark.text()));
    let options = EnsureOptions::default();
    let planned = plan(&store, &wanted, &options).await.unwrap();
    let outcomes = planned.apply(&store).await;
    let again = planned.apply(&store).await;

    for mark in [&mark, &old] {
        assert_absent(mark, "Desired", &wanted);
        assert_eq!(mark.find_in_all(&planned), None);
        assert_absent(mark, "what was done", &outcomes);
        assert_absent(mark, "a refusal", &again);
        for (_, outcome) in outcomes.iter().chain(&again) {
            let shown = match outcome {
                Ok(applied) => mark.find_in_all(applied),
                Err(error) => mark.find_in_all(error),
            };
            assert_eq!(shown, None);
        }
    }
}
