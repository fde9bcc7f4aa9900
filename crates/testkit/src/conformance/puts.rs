//! What a put replaces, what it keeps, and what it makes.

use polyvault_core::capabilities::{CreateStrength, Entries, Versions};
use polyvault_core::{
    ErrorKind, GetOptions, PasswordSpec, Payload, Punctuation, PutMode, SecretStore,
    SecretStoreExt, Value,
};

use super::tools::{ensure, fail, fresh, holds, named, need, refused, version_id, versions};
use super::{Harness, Stop};

super::topic! {
    1 a_put_replaces_the_value,
    1 entries_not_mentioned_are_gone,
    1 a_generated_password_follows_its_rules,
    3 create_makes_a_secret,
    3 create_on_an_existing_name_changes_nothing,
    3 one_of_two_creates_at_once_wins,
    0 add_version_needs_a_secret,
    0 a_put_tells_what_it_made,
}

async fn a_put_replaces_the_value(h: &dyn Harness) -> Result<(), Stop> {
    let name = fresh(h, "replace")?;
    h.store().put(&name, "a first value that is long").await?;

    h.store().put(&name, "short").await?;

    holds(&h.second(), &name, None, &Payload::text("short")).await
}

async fn entries_not_mentioned_are_gone(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().entries == Entries::Many, "entries")?;
    let name = fresh(h, "entries")?;
    let entries = |list: &[(&str, &str)]| {
        Payload::from_entries(list.iter().map(|(key, text)| (*key, Value::text(*text))))
    };
    let steps = [
        entries(&[("user", "scott"), ("password", "tiger"), ("host", "db1")])?,
        entries(&[("user", "scott"), ("port", "5432")])?,
        entries(&[("port", "5433")])?,
        Payload::text("one value"),
        entries(&[("user", "a"), ("password", "b")])?,
    ];
    for payload in steps {
        store.put(&name, payload.clone()).await?;

        holds(&h.second(), &name, None, &payload).await?;
    }
    Ok(())
}

async fn a_generated_password_follows_its_rules(h: &dyn Harness) -> Result<(), Stop> {
    need(h.second().capabilities().read_values, "read_values")?;
    let name = fresh(h, "generated")?;
    let spec = PasswordSpec {
        length: 24,
        punctuation: Punctuation::None,
        ..PasswordSpec::default()
    };

    h.store().put(&name, spec).await?;

    let read = h.second().get(&name, GetOptions::default()).await?.payload;
    let text = read.single()?.expose_text()?;
    ensure(
        text.len() == 24 && text.chars().all(|c| c.is_ascii_alphanumeric()),
        "24 letters and digits are due",
    )
}

async fn create_makes_a_secret(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(
        store.capabilities().create != CreateStrength::None,
        "create",
    )?;
    let name = fresh(h, "create")?;

    let written = store.put_with(&name, "one", PutMode::Create.into()).await?;

    ensure(written.created, "`created` is due")?;
    holds(&h.second(), &name, None, &Payload::text("one")).await
}

async fn create_on_an_existing_name_changes_nothing(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    need(can.create != CreateStrength::None, "create")?;
    let name = fresh(h, "taken")?;
    store.put(&name, "first").await?;

    let again = store
        .put_with(&name, "second", PutMode::Create.into())
        .await;

    refused(again, ErrorKind::AlreadyExists, "put with mode create")?;
    holds(&h.second(), &name, None, &Payload::text("first")).await?;
    ensure(
        named(&h.second(), &name).await?.len() == 1,
        "the name must still have one secret",
    )?;
    if can.versions != Versions::None {
        let count = versions(&h.second(), &name).await?.len();
        ensure(count == 1, format!("one version is due, there are {count}"))?;
    }
    Ok(())
}

async fn one_of_two_creates_at_once_wins(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    need(
        store.capabilities().create == CreateStrength::Atomic,
        "create: atomic",
    )?;
    let name = fresh(h, "race")?;

    let both = futures_util::future::join(
        store.put_with(&name, "one", PutMode::Create.into()),
        second.put_with(&name, "two", PutMode::Create.into()),
    )
    .await;

    let winner = match both {
        (Ok(_), lost) => {
            refused(lost, ErrorKind::AlreadyExists, "the later create")?;
            "one"
        }
        (lost, Ok(_)) => {
            refused(lost, ErrorKind::AlreadyExists, "the later create")?;
            "two"
        }
        (Err(one), Err(two)) => return Err(fail(format!("none won: {one}; {two}"))),
    };
    holds(&second, &name, None, &Payload::text(winner)).await?;
    ensure(
        named(&second, &name).await?.len() == 1,
        "the name must have one secret",
    )
}

async fn add_version_needs_a_secret(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let name = fresh(h, "add")?;

    let added = store
        .put_with(&name, "one", PutMode::AddVersion.into())
        .await;

    refused(added, ErrorKind::NotFound, "put with mode add-version")?;
    refused(
        h.second().describe(&name).await,
        ErrorKind::NotFound,
        "describe",
    )?;
    store.put(&name, "one").await?;
    store
        .put_with(&name, "two", PutMode::AddVersion.into())
        .await?;
    holds(&h.second(), &name, None, &Payload::text("two")).await
}

async fn a_put_tells_what_it_made(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let name = fresh(h, "written")?;

    let first = store.put(&name, "one").await?;
    let second = store.put(&name, "two").await?;

    ensure(first.created, "the first put makes the secret")?;
    ensure(!second.created, "the second put finds the secret")?;
    ensure(first.secret == second.secret, "both puts tell the same id")?;
    let by_id = first.secret.into();
    holds(&h.second(), &by_id, None, &Payload::text("two")).await?;
    if store.capabilities().versions == Versions::None {
        return ensure(
            second.version.id.is_none(),
            "a store without versions tells no version id",
        );
    }
    let ids = (version_id(&first.version)?, version_id(&second.version)?);
    ensure(ids.0 != ids.1, "each put makes a version of its own")?;
    let read = h.second().get(&name, GetOptions::default()).await?;
    ensure(
        read.version.is_none_or(|id| id == ids.1),
        "the read must tell the version that was put last",
    )
}
