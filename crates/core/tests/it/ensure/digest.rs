//! Values that are never given back: what their digests tell.

use polyvault_core::ensure::{
    Action, DIGEST_LABEL, Drift, EnsureOptions, Field, OnUnknown, ensure, plan,
};
use polyvault_core::*;
use polyvault_testkit::leak::{Mark, assert_absent};

use super::{Applied, Desired, Watched, desired, fields, info};

fn keyed(key: &str) -> EnsureOptions {
    EnsureOptions {
        drift: Drift::Digest {
            key: key.repeat(32).into(),
        },
        ..EnsureOptions::default()
    }
}

fn putting(options: EnsureOptions) -> EnsureOptions {
    EnsureOptions {
        on_unknown: OnUnknown::Put,
        ..options
    }
}

async fn ensured(store: &Watched, one: &Desired, options: &EnsureOptions) -> Applied {
    ensure(store, one, options).await.unwrap()
}

async fn labels(store: &Watched) -> Labels {
    info(store, "db").await.labels.unwrap()
}

fn stores() -> [MemoryStore; 3] {
    [
        MemoryStore::new(),
        MemoryStore::like_azure(),
        MemoryStore::like_lockbox(),
    ]
}

#[tokio::test]
async fn a_digest_tells_the_same_value_from_another_by_one_description() {
    for inner in stores() {
        let store = Watched::write_only(inner.clone());
        let one = desired("db").value("x").labels([("team", "pay")]);
        let made = ensured(&store, &one, &keyed("k")).await;
        assert_eq!(made.action, Action::Create);
        assert_eq!(labels(&store).await.len(), 2, "{store}");
        store.forget();

        let same = ensured(&store, &one, &keyed("k")).await;
        assert_eq!(
            (same.action, same.value_unknown),
            (Action::Unchanged, false)
        );
        assert_eq!(store.calls(), ["describe"], "{store}");

        store.forget();
        let other = one.clone().value("y");
        let changed = ensured(&store, &other, &keyed("k")).await;
        assert_eq!(changed.to_string(), "change: value: its digest is another");
        assert_eq!(store.calls(), ["describe", "put"], "{store}");
        assert_eq!(super::text(&inner, "db").await, "y");
        let again = ensured(&store, &other, &keyed("k")).await;
        assert_eq!(again.action, Action::Unchanged);
    }
}

#[tokio::test]
async fn a_value_of_which_no_digest_tells_is_unknown_and_stays() {
    for inner in stores() {
        let store = Watched::write_only(inner.clone());
        let one = desired("db").value("x");
        store.put("db", "theirs").await.unwrap();
        for options in [EnsureOptions::default(), keyed("k")] {
            let kept = ensured(&store, &one, &options).await;
            assert_eq!(kept.to_string(), "unchanged: value: unknown");
            let planned = plan(&store, std::slice::from_ref(&one), &options).await;
            assert_eq!(
                planned.unwrap().to_string(),
                "unchanged db: value: unknown\n"
            );
        }
        ensured(&store, &one, &putting(keyed("k"))).await;
        assert_eq!(super::text(&inner, "db").await, "x");

        let other_key = ensured(&store, &one.clone().value("y"), &keyed("l")).await;
        assert_eq!(other_key.to_string(), "unchanged: value: unknown");
        assert_eq!(super::text(&inner, "db").await, "x");
    }
}

#[tokio::test]
async fn an_unknown_value_is_put_each_time_only_where_that_is_asked_for() {
    let store = Watched::write_only(MemoryStore::new());
    store.put("db", "x").await.unwrap();
    store.forget();
    let one = desired("db").value("x");

    for _ in 0..2 {
        let put = ensured(&store, &one, &putting(EnsureOptions::default())).await;
        assert_eq!(fields(&put.action), [Field::Value]);
    }
    assert_eq!(store.writes(), ["put", "put"]);
    for _ in 0..2 {
        ensured(&store, &one, &putting(keyed("k"))).await;
    }
    assert_eq!(store.writes().len(), 3, "the digest is known from then on");
}

#[tokio::test]
async fn the_digest_and_the_users_labels_leave_each_other_alone() {
    for inner in stores() {
        let store = Watched::write_only(inner);
        let theirs = PutOptions {
            labels: Some([("team".to_owned(), "pay".to_owned())].into()),
            ..PutOptions::default()
        };
        store.put_with("db", "old", theirs).await.unwrap();
        let one = desired("db").value("x");
        ensured(&store, &one, &putting(keyed("k"))).await;
        let both = labels(&store).await;
        assert_eq!(both["team"], "pay");
        let digest = both[DIGEST_LABEL].clone();

        // Whether the digest is looked at or not.
        for options in [keyed("k"), EnsureOptions::default()] {
            for team in ["ops", "pay"] {
                let labelled = one.clone().labels([("team", team)]);
                let applied = ensured(&store, &labelled, &options).await;
                assert_eq!(fields(&applied.action), [Field::Labels], "{store}");
                let now = labels(&store).await;
                assert_eq!((now["team"].as_str(), now.len()), (team, 2));
                assert_eq!(now[DIGEST_LABEL], digest);
                let again = ensured(&store, &labelled, &options).await;
                assert_eq!(again.action, Action::Unchanged, "{store}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_that_is_put_without_a_key_leaves_no_digest_of_the_one_before() {
    let store = Watched::write_only(MemoryStore::new());
    let one = desired("db").value("x");
    ensured(&store, &one, &keyed("k")).await;

    let other = one.clone().value("y");
    ensured(&store, &other, &putting(EnsureOptions::default())).await;

    assert!(labels(&store).await.is_empty());
    assert!(ensured(&store, &one, &keyed("k")).await.value_unknown);
}

#[tokio::test]
async fn a_new_value_of_a_disabled_secret_stays_disabled_unless_said() {
    let store = Watched::write_only(MemoryStore::new());
    ensured(
        &store,
        &desired("db").value("x").enabled(false),
        &keyed("k"),
    )
    .await;

    let kept = desired("db").value("y");
    ensured(&store, &kept, &keyed("k")).await;
    assert_eq!(info(&store, "db").await.state, VersionState::Disabled);

    let on = desired("db").value("z").enabled(true);
    ensured(&store, &on, &keyed("k")).await;
    assert_eq!(info(&store, "db").await.state, VersionState::Enabled);
}

#[tokio::test]
async fn labels_that_are_not_told_are_not_lost_to_a_digest() {
    let store = Watched::write_only(MemoryStore::like_azure());
    for _ in 0..2 {
        let off = PutOptions {
            enabled: Some(false),
            keep_metadata: false,
            labels: Some([("team".to_owned(), "pay".to_owned())].into()),
            ..PutOptions::default()
        };
        store.put_with("db", "x", off).await.unwrap();
    }
    store.forget();
    let one = desired("db").value("y");

    let refused = ensure(&store, &one, &putting(keyed("k"))).await;

    assert_eq!(refused.unwrap_err().kind(), ErrorKind::FailedPrecondition);
    assert!(store.writes().is_empty());
    let said = one.labels([("team", "pay")]).content_type("");
    ensured(&store, &said, &putting(keyed("k"))).await;
    assert_eq!(store.writes(), ["put"]);
}

#[tokio::test]
async fn a_store_that_gives_values_back_keeps_no_digest() {
    let store = Watched::new(MemoryStore::new());

    ensured(&store, &desired("db").value("x"), &keyed("k")).await;

    assert!(labels(&store).await.is_empty());
}

#[tokio::test]
async fn a_digest_that_the_store_can_not_keep_is_refused_before_any_request() {
    let one = desired("db").value("x");
    let many = (0..15).map(|number| (format!("l{number}"), "x"));
    for (inner, one, options, kind) in [
        (
            MemoryStore::like_wix(),
            one.clone(),
            keyed("k"),
            ErrorKind::Unsupported,
        ),
        (
            MemoryStore::like_azure(),
            one.clone().labels(many),
            keyed("k"),
            ErrorKind::InvalidInput,
        ),
        (
            MemoryStore::new(),
            one,
            EnsureOptions {
                drift: Drift::Digest {
                    key: "guessable".into(),
                },
                ..EnsureOptions::default()
            },
            ErrorKind::InvalidInput,
        ),
    ] {
        let store = Watched::write_only(inner);
        let refused = ensure(&store, &one, &options).await.unwrap_err();
        assert_eq!(refused.kind(), kind);
        assert!(store.calls().is_empty());
    }
}

#[tokio::test]
async fn a_generated_value_has_no_digest_and_is_never_unknown() {
    let store = Watched::write_only(MemoryStore::new());
    let one = desired("db").value(PasswordSpec::default());
    ensured(&store, &one, &keyed("k")).await;

    let again = ensured(&store, &one, &putting(keyed("k"))).await;

    assert_eq!(
        (again.action, again.value_unknown),
        (Action::Unchanged, false)
    );
    assert!(labels(&store).await.is_empty());
}

#[tokio::test]
async fn neither_value_nor_key_shows_anywhere() {
    let (mark, key) = (Mark::new(), Mark::new());
    let store = Watched::write_only(MemoryStore::new());
    let options = keyed(key.text());
    let wanted = [desired("db").value(mark.text())];
    let planned = plan(&store, &wanted, &options).await.unwrap();
    let outcomes = planned.apply(&store).await;

    for mark in [&mark, &key] {
        assert_absent(mark, "the options", &options);
        assert_eq!(mark.find_in_all(&planned), None);
        assert_absent(mark, "what was done", &outcomes);
        assert_absent(mark, "the labels", &labels(&store).await);
    }
}
