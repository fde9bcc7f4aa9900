//! Calls that are under way together.

use futures_util::future::join_all;
use polyvault_core::{Payload, SecretRef, SecretStoreExt};

use super::tools::{ensure, fresh, given, holds, need};
use super::{Harness, Stop};

super::topic! {
    0 reads_at_once_give_each_its_own reads,
    0 puts_at_once_all_take_place,
}

fn four(h: &dyn Harness) -> Result<Vec<SecretRef>, Stop> {
    let hints = ["once-a", "once-b", "once-c", "once-d"];
    hints.iter().map(|hint| fresh(h, hint)).collect()
}

async fn reads_at_once_give_each_its_own(h: &dyn Harness) -> Result<(), Stop> {
    need(h.second().capabilities().read_values, "read_values")?;
    let names = four(h)?;
    for name in &names {
        given(h, name, name.as_str()).await?;
    }

    let outcomes = h.second().get_many(names.clone(), 4).await;

    for (name, (asked, outcome)) in names.iter().zip(outcomes) {
        let read = outcome?.payload;
        ensure(
            *name == asked && read.same_as(&Payload::text(name.as_str())),
            format!("{name:?}: another's answer came"),
        )?;
    }
    Ok(())
}

async fn puts_at_once_all_take_place(h: &dyn Harness) -> Result<(), Stop> {
    let (store, names) = (h.store(), four(h)?);

    let puts = names.iter().map(|name| store.put(name, name.as_str()));
    for put in join_all(puts).await {
        put?;
    }

    for name in &names {
        holds(&h.second(), name, None, &Payload::text(name.as_str())).await?;
    }
    Ok(())
}
