//! What payloads hold.

use polyvault_core::capabilities::Entries;
use polyvault_core::{GetOptions, Payload, SecretStore, SecretStoreExt, Value};

use super::super::tools::{ensure, fresh};
use super::super::{Harness, Stop};
use super::{offered, takes};

pub(super) async fn read_values(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "read")?;
    h.store().put(&name, "value").await?;
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
