//! No value shows in what a program prints or logs.

use std::error::Error as _;
use std::fmt::Debug;

use polyvault_core::capabilities::Versions;
use polyvault_core::{
    Error, GetOptions, PageRequest, Payload, PutMode, PutValue, SecretId, SecretRef, SecretStore,
    SecretStoreExt, Value,
};

use super::tools::{ensure, fresh, given};
use super::{Harness, Hook, Stop};
use crate::leak::Mark;

super::topic! {
    0 no_value_shows_in_what_a_store_gives reads,
    0 no_value_shows_in_an_error reads,
}

fn clean(mark: &Mark, what: &str, thing: &(impl Debug + ?Sized)) -> Result<(), Stop> {
    let found = mark.find_in_debug(thing);
    ensure(
        found.is_none(),
        format!("{what} shows the value {}", found.unwrap_or_default()),
    )
}

async fn no_value_shows_in_what_a_store_gives(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let name = fresh(h, "leak")?;
    let mark = Mark::new();
    let value = PutValue::from(mark.text());
    clean(&mark, "PutValue", &value)?;

    match store.capabilities().put {
        true => clean(&mark, "Written", &store.put(&name, value).await?)?,
        false => drop(given(h, &name, mark.text()).await?),
    }

    if second.capabilities().read_values {
        let read = second.get(&name, GetOptions::default()).await?;
        let text = second.get_text(&name).await?;
        clean(&mark, "Secret", &read)?;
        clean(&mark, "SecretString", &text)?;
    }
    clean(&mark, "SecretInfo", &second.describe(&name).await?)?;
    let page = second.list_page(PageRequest::default()).await?;
    clean(&mark, "a page of the list", &page)?;
    if second.capabilities().versions != Versions::None {
        let page = second
            .list_versions_page(&name, PageRequest::default())
            .await?;
        clean(&mark, "a page of versions", &page)?;
    }
    for store in [&store, &second] {
        clean(&mark, "the store", store)?;
        let shown = mark.find_in(&store.to_string());
        ensure(shown.is_none(), "the store's Display shows the value")?;
    }
    Ok(())
}

async fn no_value_shows_in_an_error(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    let (name, missing) = (fresh(h, "leak")?, fresh(h, "leak-none")?);
    let mark = Mark::new();
    let value = || Payload::text(mark.text());
    given(h, &name, value()).await?;

    let mut errors: Vec<Error> = Vec::new();
    let long = SecretRef::try_from("a".repeat(can.limits.name.max_chars + 1))?;
    errors.extend(store.put(&long, value()).await.err());
    let by_id = SecretRef::from(SecretId::new("no-such-id")?);
    errors.extend(store.put(&by_id, value()).await.err());
    for mode in [PutMode::Create, PutMode::AddVersion] {
        for secret in [&name, &missing] {
            let wrong = (mode == PutMode::Create) == (secret == &name);
            if wrong {
                let put = store.put_with(secret, value(), mode.into()).await;
                errors.extend(put.err());
            }
        }
    }
    for payload in unfit(can.limits.payload_size, &mark)? {
        errors.extend(store.put(&missing, payload).await.err());
    }
    if h.forbid("put").await == Hook::Done {
        let put = store.put(&name, value()).await;
        h.allow_all().await;
        errors.extend(put.err());
    }
    if h.fail_next_operation().await == Hook::Done {
        errors.extend(store.put(&name, value()).await.err());
    }

    ensure(errors.len() >= 3, "the suite must have forced errors")?;
    for error in &errors {
        clean(&mark, "Debug of an error", error)?;
        let mut text = format!("{error} {}", error.help());
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(&format!(" {cause} {cause:?}"));
            source = cause.source();
        }
        let found = mark.find_in(&text);
        ensure(
            found.is_none(),
            format!("an error of kind {} shows the value", error.kind()),
        )?;
    }
    Ok(())
}

/// Payloads with the mark in them that some store refuses.
fn unfit(most: Option<usize>, mark: &Mark) -> Result<Vec<Payload>, Stop> {
    let bytes = [mark.text().as_bytes(), &[0xff]].concat();
    let two = [
        ("a", Value::text(mark.text())),
        ("b", Value::text(mark.text())),
    ];
    let mut payloads = vec![Payload::binary(bytes), Payload::from_entries(two)?];
    if let Some(most) = most {
        payloads.push(Payload::text(
            mark.text().repeat(most / mark.text().len() + 1),
        ));
    }
    Ok(payloads)
}
