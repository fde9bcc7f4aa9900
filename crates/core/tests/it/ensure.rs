//! Desired state: what is read, and what is written.

mod digest;
mod plan;
mod watched;

use polyvault_core::ensure::{Action, Applied, Desired, EnsureOptions, Field, ensure, plan};
use polyvault_core::*;

use self::watched::Watched;

fn desired(name: &str) -> Desired {
    Desired::new(name).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn ensured(store: &Watched, one: &Desired) -> Applied {
    ensure(store, one, &EnsureOptions::default()).await.unwrap()
}

async fn refusal(store: &Watched, one: &Desired) -> ErrorKind {
    let options = EnsureOptions::default();
    ensure(store, one, &options).await.unwrap_err().kind()
}

async fn text(store: &dyn SecretStore, name: &str) -> String {
    let read = store.get_with(name, GetOptions::default()).await.unwrap();
    let value = read.payload.single().unwrap().expose_text().unwrap();
    value.to_owned()
}

async fn info(store: &dyn SecretStore, name: &str) -> SecretInfo {
    store.describe(&name.try_into().unwrap()).await.unwrap()
}

fn fields(action: &Action) -> Vec<Field> {
    match action {
        Action::Change(differences) => differences.iter().map(|one| one.field).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn what_is_equal_is_read_as_little_as_possible_and_never_written() {
    let of_version = || {
        desired("db")
            .value("x")
            .content_type("text/plain")
            .expires_at(time("2030-01-01T00:00:00Z"))
            .enabled(true)
    };
    let one = || desired("db").value("x");
    let described = || one().description("d");
    let cases = [
        (Watched::new(MemoryStore::new()), of_version(), vec!["get"]),
        (
            Watched::new(MemoryStore::new()),
            described().labels([("a", "1")]),
            vec!["describe", "get"],
        ),
        (
            Watched::new(MemoryStore::new()),
            one().labels([("a", "1")]),
            vec!["describe", "get"],
        ),
        (
            Watched::new(MemoryStore::new()),
            desired("db").labels([("a", "1")]),
            vec!["describe"],
        ),
        (
            Watched::new(MemoryStore::like_azure()),
            of_version().labels([("a", "1")]),
            vec!["get"],
        ),
        (Watched::new(MemoryStore::like_wix()), one(), vec!["get"]),
        (
            Watched::terse(MemoryStore::new()),
            of_version(),
            vec!["get", "describe"],
        ),
        (
            Watched::new(MemoryStore::like_wix()),
            described(),
            vec!["describe", "get"],
        ),
        (
            Watched::new(MemoryStore::like_lockbox()),
            described().deletion_protection(true),
            vec!["describe", "get"],
        ),
        (
            Watched::write_only(MemoryStore::new()),
            of_version().description("d").labels([("a", "1")]),
            vec!["describe"],
        ),
        (
            Watched::new(MemoryStore::new()),
            desired("db").value(PasswordSpec::default()),
            vec!["describe"],
        ),
    ];
    for (store, one, reads) in cases {
        let seed = one.clone().value(one.value.clone().unwrap_or("x".into()));
        let made = ensured(&store, &seed).await;
        assert_eq!(made.action, Action::Create, "{store}");
        let before = info(&store, "db").await;
        store.forget();

        let again = ensured(&store, &one).await;

        assert_eq!(again.action, Action::Unchanged, "{store}");
        let untold = !store.capabilities().read_values;
        assert_eq!(again.value_unknown, untold, "{store}");
        assert_eq!(store.calls(), reads, "{store}");
        assert_eq!(info(&store, "db").await, before);
        store.forget();
        let options = EnsureOptions::default();
        let planned = plan(&store, &[one], &options).await.unwrap();
        assert!(planned.is_unchanged());
        assert!(planned.apply(&store).await[0].1.is_ok());
        assert_eq!(store.calls(), reads, "{store}");
    }
}

#[tokio::test]
async fn each_field_that_differs_is_one_write_and_is_named() {
    let (start, end) = (time("2026-01-01T00:00:00Z"), time("2030-01-01T00:00:00Z"));
    let base = || desired("db");
    type Case = (fn() -> MemoryStore, Desired, Field, &'static str);
    let cases: Vec<Case> = vec![
        (MemoryStore::new, base().value("y"), Field::Value, "put"),
        (
            MemoryStore::new,
            base().labels([("a", "2")]),
            Field::Labels,
            "update",
        ),
        (
            MemoryStore::new,
            base().description("d"),
            Field::Description,
            "update",
        ),
        (
            MemoryStore::new,
            base().content_type("a/b"),
            Field::ContentType,
            "update_version",
        ),
        (
            MemoryStore::new,
            base().not_before(start),
            Field::NotBefore,
            "update_version",
        ),
        (
            MemoryStore::new,
            base().expires_at(end),
            Field::ExpiresAt,
            "update_version",
        ),
        (
            MemoryStore::new,
            base().enabled(false),
            Field::Enabled,
            "update_version",
        ),
        (
            MemoryStore::new,
            base().deletion_protection(true),
            Field::DeletionProtection,
            "update",
        ),
        (
            MemoryStore::like_azure,
            base().value("y"),
            Field::Value,
            "put",
        ),
        (
            MemoryStore::like_azure,
            base().labels([("a", "2")]),
            Field::Labels,
            "update_version",
        ),
        (
            MemoryStore::like_lockbox,
            base().enabled(false),
            Field::Enabled,
            "update",
        ),
        (
            MemoryStore::like_lockbox,
            base().labels([("a", "2")]),
            Field::Labels,
            "update",
        ),
        (
            MemoryStore::like_wix,
            base().description("d"),
            Field::Description,
            "update",
        ),
        (
            MemoryStore::like_wix,
            base().value("y"),
            Field::Value,
            "put",
        ),
    ];
    for (store, one, field, write) in cases {
        let store = Watched::new(store());
        store.put("db", "x").await.unwrap();
        store.forget();

        let applied = ensured(&store, &one).await;

        assert_eq!(fields(&applied.action), [field], "{store}");
        assert_eq!(store.writes(), [write], "{store} {field}");
        let again = ensured(&store, &one).await;
        assert_eq!(again.action, Action::Unchanged, "{store} {field}");
        assert_eq!(store.writes(), [write], "{store} {field}");
    }
}

#[tokio::test]
async fn of_several_fields_only_the_one_that_differs_is_written() {
    let store = Watched::new(MemoryStore::new());
    let one = desired("db")
        .value("x")
        .labels([("a", "1")])
        .content_type("a/b")
        .expires_at(time("2030-01-01T00:00:00Z"))
        .enabled(true);
    ensured(&store, &one).await;
    store.forget();

    let applied = ensured(&store, &one.description("d")).await;

    assert_eq!(fields(&applied.action), [Field::Description]);
    assert_eq!(store.writes(), ["update"]);
}

#[tokio::test]
async fn one_put_carries_a_new_value_with_all_that_is_desired() {
    let store = Watched::new(MemoryStore::new());
    store.put("db", "x").await.unwrap();
    store.forget();
    let end = time("2030-01-01T00:00:00Z");
    let one = desired("db")
        .value("y")
        .labels([("a", "1")])
        .content_type("a/b")
        .description("d")
        .expires_at(end)
        .enabled(true);

    let applied = ensured(&store, &one).await;

    assert_eq!(store.writes(), ["put"]);
    assert_eq!(fields(&applied.action).len(), 5, "{applied}");
    let now = info(&store, "db").await;
    let current = now.current.unwrap();
    assert_eq!(current.id, applied.version);
    assert_eq!(now.labels.unwrap()["a"], "1");
    assert_eq!(now.description.as_deref(), Some("d"));
    assert_eq!(current.content_type.as_deref(), Some("a/b"));
    assert_eq!(current.expires_at, Some(end));
    assert_eq!(text(&store, "db").await, "y");
}

#[tokio::test]
async fn what_is_not_said_stays_as_it_is() {
    let store = Watched::new(MemoryStore::new());
    let full = desired("db")
        .value("x")
        .labels([("a", "1")])
        .content_type("a/b")
        .description("d");
    ensured(&store, &full).await;

    ensured(&store, &desired("db").value("y")).await;

    let now = info(&store, "db").await;
    assert_eq!(now.labels.unwrap()["a"], "1");
    assert_eq!(now.description.as_deref(), Some("d"));
    assert_eq!(now.current.unwrap().content_type.as_deref(), Some("a/b"));
}

#[tokio::test]
async fn a_missing_secret_is_made_and_one_without_a_value_refused() {
    let store = Watched::new(MemoryStore::like_lockbox());
    let one = desired("db").value("x").labels([("a", "1")]);
    let made = ensured(&store, &one.enabled(false).deletion_protection(true)).await;

    assert_eq!(made.action, Action::Create);
    assert!(made.version.is_some());
    assert_eq!(store.calls(), ["describe", "put", "update"]);
    let now = info(&store, "db").await;
    assert_eq!(now.state, VersionState::Disabled);
    assert_eq!(now.deletion_protection, Some(true));

    store.forget();
    assert_eq!(
        refusal(&store, &desired("api").labels([("a", "1")])).await,
        ErrorKind::NotFound
    );
    assert!(store.writes().is_empty());
}

#[tokio::test]
async fn a_generated_value_is_made_once() {
    let store = Watched::new(MemoryStore::new());
    let one = desired("db").value(PasswordSpec::default());
    ensured(&store, &one).await;
    let made = text(&store, "db").await;

    let again = ensured(&store, &one).await;

    assert_eq!(again.action, Action::Unchanged);
    assert!(!again.value_unknown);
    assert_eq!(text(&store, "db").await, made);
}

#[tokio::test]
async fn a_time_that_the_store_tells_in_whole_seconds_does_not_drift() {
    let store = Watched::new(MemoryStore::like_azure());
    let one = desired("db")
        .value("x")
        .expires_at(time("2030-01-01T00:00:00.5Z"));
    ensured(&store, &one).await;

    assert_eq!(ensured(&store, &one).await.action, Action::Unchanged);
    let later = one.expires_at(time("2030-01-01T00:00:01Z"));
    assert_eq!(
        fields(&ensured(&store, &later).await.action),
        [Field::ExpiresAt]
    );
}

#[tokio::test]
async fn an_end_that_no_change_clears_is_cleared_by_the_same_value_once_more() {
    let store = Watched::new(MemoryStore::like_azure());
    let (start, end) = (time("2026-01-01T00:00:00Z"), time("2030-01-01T00:00:00Z"));
    let one = desired("db").value("x");
    ensured(&store, &one.clone().not_before(start).expires_at(end)).await;
    store.forget();

    let applied = ensured(&store, &one.expires_at(Edit::Clear)).await;

    assert_eq!(fields(&applied.action), [Field::ExpiresAt]);
    assert_eq!(store.writes(), ["put"]);
    let current = info(&store, "db").await.current.unwrap();
    assert_eq!(
        (current.not_before, current.expires_at),
        (Some(start), None)
    );
}

#[tokio::test]
async fn a_value_that_is_disabled_is_unknown_and_stays_so() {
    for store in [
        MemoryStore::new,
        MemoryStore::like_azure,
        MemoryStore::like_lockbox,
    ] {
        let store = Watched::new(store());
        store.put("db", "old").await.unwrap();
        ensured(&store, &desired("db").enabled(false)).await;
        store.forget();

        let kept = ensured(&store, &desired("db").value("new")).await;
        assert_eq!(kept.to_string(), "unchanged: value: unknown");
        assert!(store.writes().is_empty());

        let on = desired("db").value("new").enabled(true);
        assert_eq!(fields(&ensured(&store, &on).await.action), [Field::Enabled]);
        assert_eq!(text(&store, "db").await, "old");
        assert_eq!(fields(&ensured(&store, &on).await.action), [Field::Value]);
        assert_eq!(text(&store, "db").await, "new");
    }
}

#[tokio::test]
async fn what_the_store_does_not_tell_is_not_changed_by_a_guess() {
    let store = Watched::new(MemoryStore::like_azure());
    for _ in 0..2 {
        let off = PutOptions {
            enabled: Some(false),
            keep_metadata: false,
            ..PutOptions::default()
        };
        store.put_with("db", "x", off).await.unwrap();
    }
    store.forget();

    let refused = refusal(&store, &desired("db").content_type("a/b")).await;

    assert_eq!(refused, ErrorKind::FailedPrecondition);
    assert!(store.writes().is_empty());
}

#[tokio::test]
async fn a_destroyed_value_is_put_anew() {
    let store = Watched::new(MemoryStore::new());
    let version = store.put("db", "x").await.unwrap().version.id.unwrap();
    let destroy = VersionChange::Destroy { after: None };
    store.update_version("db", &version, destroy).await.unwrap();

    let applied = ensured(&store, &desired("db").value("x")).await;

    assert_eq!(fields(&applied.action), [Field::Value]);
    assert_eq!(text(&store, "db").await, "x");
}

#[tokio::test]
async fn what_can_not_be_read_is_no_missing_secret() {
    let inner = MemoryStore::new();
    let store = Watched::new(inner.clone());
    store.put("db", "x").await.unwrap();
    store.forget();
    for (operation, one) in [
        ("get", desired("db").value("y")),
        ("describe", desired("db").description("d")),
    ] {
        inner.faults().forbid(operation);
        assert_eq!(refusal(&store, &one).await, ErrorKind::Forbidden);
        assert!(store.writes().is_empty());
        inner.faults().allow_all();
    }
}
