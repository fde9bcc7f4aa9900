//! What payloads hold.

use polyvault_core::capabilities::{Encoded, Entries};
use polyvault_core::encoding::{Mark, mark_description};
use polyvault_core::{GetOptions, Payload, PutOptions, SecretStore, SecretStoreExt, Value};

use super::super::tools::{ensure, fresh, given};
use super::super::{Harness, Stop};
use super::{offered, taken, takes};

pub(super) async fn put(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "put")?;
    Ok(offered(h.store().put(&name, "value").await)?.is_some())
}

pub(super) async fn read_values(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "read")?;
    given(h, &name, "value").await?;
    let Some(read) = offered(h.second().get(&name, GetOptions::default()).await)? else {
        return Ok(false);
    };
    ensure(
        read.payload.same_as(&Payload::text("value")),
        "what was put must be read",
    )?;
    Ok(true)
}

pub(super) async fn entries(h: &dyn Harness) -> Result<Entries, Stop> {
    let name = fresh(h, "entries")?;
    let two = [("user", Value::text("scott")), ("host", Value::text("db1"))];
    Ok(match takes(h, &name, &Payload::from_entries(two)?).await? {
        true => Entries::Many,
        false => Entries::Single,
    })
}

pub(super) async fn binary(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "bytes")?;
    takes(h, &name, &Payload::binary(vec![0, 0x80, 0xff])).await
}

pub(super) async fn empty_values(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "nothing")?;
    takes(h, &name, &Payload::text("")).await
}

/// Who marks refuses a mark that is given, where it would write its own.
pub(super) async fn encoded(h: &dyn Harness) -> Result<Encoded, Stop> {
    let (store, name) = (h.store(), fresh(h, "mark")?);
    let with = |content_type: String| PutOptions {
        content_type: Some(content_type),
        ..PutOptions::default()
    };
    let plain = store.put_with(&name, "value", with("text/plain".to_owned()));
    if offered(plain.await)?.is_some() {
        let marked = store.put_with(&name, "value", with(Mark::of(None).to_string()));
        if taken(marked.await)?.is_none() {
            return Ok(Encoded::InContentType);
        }
    }
    let with = |description: String| PutOptions {
        description: Some(description),
        ..PutOptions::default()
    };
    let plain = store.put_with(&name, "value", with("a description".to_owned()));
    // Who holds texts only has nothing to encode, and may know the marks of others.
    if offered(plain.await)?.is_none() || !store.capabilities().binary {
        return Ok(Encoded::Never);
    }
    let marked = store.put_with(&name, "value", with(mark_description("a description")));
    Ok(match taken(marked.await)? {
        Some(_) => Encoded::Never,
        None => Encoded::InDescription,
    })
}
