//! Input that the store can't take is refused here and never sent.

use std::future::Future;

use polyvault_core::capabilities::{Alphabet, Entries, Scope};
use polyvault_core::{
    Capabilities, ErrorKind, GetOptions, InfoPatch, Labels, PageRequest, Payload, PutOptions,
    SecretRef, SecretStore, SecretStoreExt, Value,
};

use super::tools::{fresh, need, refused, without_requests};
use super::{Harness, Stop};

super::topic! {
    9 an_unfit_name_is_refused_and_sends_nothing reads,
    9 an_unfit_value_or_label_is_refused_and_sends_nothing reads,
    9 an_unfit_page_is_refused_and_sends_nothing reads,
}

async fn an_unfit_name_is_refused_and_sends_nothing(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    let rule = can.limits.name;
    let mut names = vec!["a".repeat(rule.max_chars + 1)];
    names.extend(rule.forbidden_prefix.map(|prefix| format!("{prefix}kit")));
    if rule.alphabet != Alphabet::Any {
        let unfit = " /.?#%\u{e9}_A"
            .chars()
            .filter(|c| !rule.alphabet.allows(*c));
        names.extend(unfit.map(|c| format!("kit{c}kit")));
    }
    for name in names {
        let secret = SecretRef::try_from(name)?;
        let mut calls = vec![("describe", refused_name(h, store.describe(&secret)).await?)];
        if can.read_values {
            let get = store.get(&secret, GetOptions::default());
            calls.push(("get", refused_name(h, get).await?));
        }
        calls.push(("put", refused_name(h, store.put(&secret, "value")).await?));
        if can.delete {
            calls.push(("delete", refused_name(h, store.delete(&secret)).await?));
        }
        for (call, result) in calls {
            let what = format!("{call} of {secret:?}");
            refused(result, ErrorKind::InvalidInput, &what)?;
        }
    }
    Ok(())
}

async fn refused_name<T>(
    h: &dyn Harness,
    call: impl Future<Output = polyvault_core::Result<T>>,
) -> Result<polyvault_core::Result<()>, Stop> {
    let result = without_requests(h, "a call with an unfit name", call).await?;
    Ok(result.map(drop))
}

fn unfit_payloads(can: &Capabilities) -> Result<Vec<(&'static str, Payload, ErrorKind)>, Stop> {
    let unfit = ErrorKind::InvalidInput;
    let mut payloads = Vec::new();
    if can.entries == Entries::Single {
        let two = [("user", Value::text("a")), ("password", Value::text("b"))];
        payloads.push(("two entries", Payload::from_entries(two)?, unfit));
        let other = Payload::from_entries([("password", Value::text("b"))])?;
        payloads.push(("another key", other, unfit));
    }
    if !can.binary {
        payloads.push(("binary", Payload::binary(vec![0xff, 0]), unfit));
    }
    if !can.empty_values {
        payloads.push(("an empty value", Payload::text(""), unfit));
    }
    if let (Entries::Many, Some((most, alphabet))) = (can.entries, can.limits.entry_key) {
        let long = Payload::from_entries([("k".repeat(most + 1), Value::text("v"))])?;
        payloads.push(("a long key", long, unfit));
        if !alphabet.allows(' ') {
            let space = Payload::from_entries([("a key", Value::text("v"))])?;
            payloads.push(("a key with a space", space, unfit));
        }
    }
    if let Some(most) = can.limits.payload_size {
        let large = Payload::text("x".repeat(most + 1));
        payloads.push(("a value that is too large", large, ErrorKind::TooLarge));
    }
    Ok(payloads)
}

async fn an_unfit_value_or_label_is_refused_and_sends_nothing(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    let name = fresh(h, "unfit")?;
    need(can.put, "put")?;
    for (what, payload, kind) in unfit_payloads(can)? {
        let put = without_requests(h, what, store.put(&name, payload)).await?;
        refused(put, kind, what)?;
    }
    for options in unfit_options(can) {
        let what = "a put with unfit metadata";
        let put = store.put_with(&name, "value", options);
        refused(
            without_requests(h, what, put).await?,
            ErrorKind::InvalidInput,
            what,
        )?;
    }
    let what = "an update of nothing";
    let update = store.update(&name, InfoPatch::default());
    refused(
        without_requests(h, what, update).await?,
        ErrorKind::InvalidInput,
        what,
    )?;
    Ok(())
}

fn unfit_options(can: &Capabilities) -> Vec<PutOptions> {
    let mut options = Vec::new();
    if let (true, Some(rule)) = (can.labels != Scope::None, can.limits.labels) {
        let many = (0..=rule.max_count).map(|i| (format!("k{i}"), String::new()));
        let long = "k".repeat(rule.max_key_chars + 1);
        let text = "v".repeat(rule.max_value_chars + 1);
        for labels in [
            many.collect(),
            Labels::from([(long, String::new())]),
            Labels::from([("team".to_owned(), text)]),
            Labels::from([(String::new(), String::new())]),
        ] {
            options.push(PutOptions {
                labels: Some(labels),
                ..PutOptions::default()
            });
        }
    }
    if let (true, Some(most)) = (can.content_type, can.limits.content_type_chars) {
        options.push(PutOptions {
            content_type: Some("t".repeat(most + 1)),
            ..PutOptions::default()
        });
    }
    if let (true, Some(most)) = (can.description != Scope::None, can.limits.description_chars) {
        options.push(PutOptions {
            description: Some("d".repeat(most + 1)),
            ..PutOptions::default()
        });
    }
    options
}

async fn an_unfit_page_is_refused_and_sends_nothing(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let most = store.capabilities().limits.page_size;
    for size in [Some(0), most.and_then(|most| most.checked_add(1))] {
        let Some(size) = size else { continue };
        let page = PageRequest {
            size: Some(size),
            token: None,
        };
        let what = format!("a page of {size}");
        let list = without_requests(h, &what, store.list_page(page)).await?;
        refused(list, ErrorKind::InvalidInput, &what)?;
    }
    Ok(())
}
