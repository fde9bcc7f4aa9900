//! Limits of values, keys, texts and pages, each found where it lies.

use polyvault_core::capabilities::{Alphabet, Encoded, SizeUnit};
use polyvault_core::{
    ErrorKind, PageRequest, Payload, PutOptions, SecretRef, SecretStore, SecretStoreExt, Value,
};

use super::super::tools::{ensure, fail, fresh, given, refused};
use super::super::{Harness, Stop};
use super::{agree, candidates, comes_back, offered, taken, takes, texts_of};

super::super::topic! {
    9 limit_payload_size reads,
    9 limit_payload_unit,
    9 limit_entry_key_chars,
    9 limit_entry_key_alphabet,
    9 limit_content_type_chars,
    9 limit_description_chars,
    9 limit_page_size reads,
}

/// What a store without a limit of the payload must take, in bytes.
const LARGE: usize = 1024 * 1024;

/// What a store without a limit of a text must take, in characters.
pub(super) const LONG: usize = 10_000;

async fn limit_payload_size(h: &dyn Harness) -> Result<(), Stop> {
    let most = h.store().capabilities().limits.payload_size;
    let name = fresh(h, "size")?;
    let text = |size: usize| Payload::text("x".repeat(size));
    let largest = text(most.unwrap_or(LARGE));
    given(h, &name, &largest).await?;
    comes_back(h, &name, &largest).await?;
    if let Some(most) = most {
        let larger = h.store().put(&name, text(most.saturating_add(1))).await;
        refused(larger, ErrorKind::TooLarge, "a put of one more")?;
        if h.store().capabilities().binary {
            binary_size(h, &name, most).await?;
        }
    }
    Ok(())
}

/// Where binary values are stored encoded, the largest is what the document leaves room for.
async fn binary_size(h: &dyn Harness, name: &SecretRef, most: usize) -> Result<(), Stop> {
    const AROUND: &str =
        r#"{"polyvault":1,"crc32":"00000000","entries":[{"key":"value","base64":""}]}"#;
    let fits = match h.store().capabilities().encoded {
        Encoded::Never => most,
        Encoded::InContentType | Encoded::InDescription => {
            most.saturating_sub(AROUND.len()) / 4 * 3
        }
    };
    let bytes = |size: usize| Payload::binary(vec![0xff; size]);
    h.store().put(name, bytes(fits)).await?;
    comes_back(h, name, &bytes(fits)).await?;
    let larger = h.store().put(name, bytes(fits.saturating_add(1))).await;
    refused(larger, ErrorKind::TooLarge, "a put of one binary byte more").map(drop)
}

/// The unit of no limit is bytes.
async fn limit_payload_unit(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let limits = &store.capabilities().limits;
    let seen = match limits.payload_size {
        None => SizeUnit::Bytes,
        Some(most) => {
            let name = fresh(h, "unit")?;
            // Two bytes each, and one unit of UTF-16.
            let wide = Payload::text("\u{e9}".repeat(most / 2 + 1));
            match takes(h, &name, &wide).await? {
                true => SizeUnit::Utf16,
                false => SizeUnit::Bytes,
            }
        }
    };
    agree("limits.payload_unit", &limits.payload_unit, &seen)
}

/// The claim, where the store has keys at all; a claim without keys is a fault.
async fn entry_key(
    h: &dyn Harness,
    name: &SecretRef,
) -> Result<Option<Option<(usize, Alphabet)>>, Stop> {
    let claimed = h.store().capabilities().limits.entry_key;
    if takes_key(h, name, "k").await? {
        return Ok(Some(claimed));
    }
    ensure(
        claimed.is_none(),
        "a limit of keys is claimed, and payloads have no keys of their own",
    )?;
    Ok(None)
}

async fn takes_key(h: &dyn Harness, name: &SecretRef, key: &str) -> Result<bool, Stop> {
    match Payload::from_entries([(key, Value::text("value"))]) {
        Ok(payload) => takes(h, name, &payload).await,
        // What no payload of this library can hold, no store can.
        Err(_) => Ok(false),
    }
}

async fn limit_entry_key_chars(h: &dyn Harness) -> Result<(), Stop> {
    let name = fresh(h, "key")?;
    let Some(claimed) = entry_key(h, &name).await? else {
        return Ok(());
    };
    let most = claimed.map(|(most, _)| most);
    // Where a document holds the keys, they share its room with the value.
    let room = h.store().capabilities().limits.payload_size;
    let long = LONG.min(room.map_or(LONG, |size| size / 2));
    let longest = "k".repeat(most.unwrap_or(long));
    let takes_longest = takes_key(h, &name, &longest).await?;
    let takes_more = most.is_some() && takes_key(h, &name, &format!("{longest}k")).await?;
    boundary("keys", most, takes_longest, takes_more)
}

async fn limit_entry_key_alphabet(h: &dyn Harness) -> Result<(), Stop> {
    let name = fresh(h, "keys")?;
    let Some(claimed) = entry_key(h, &name).await? else {
        return Ok(());
    };
    let (most, alphabet) = claimed.unwrap_or((LONG, Alphabet::Any));
    for text in texts_of(alphabet, most.saturating_sub(2)) {
        ensure(
            takes_key(h, &name, &format!("k{text}k")).await?,
            format!("a key of {alphabet} is claimed to be taken, and {text:?} is not"),
        )?;
    }
    for c in candidates().filter(|c| claimed.is_some() && !alphabet.allows(*c)) {
        ensure(
            !takes_key(h, &name, &format!("k{c}k")).await?,
            format!("a key is claimed not to hold {c:?}, and one does"),
        )?;
    }
    Ok(())
}

async fn limit_content_type_chars(h: &dyn Harness) -> Result<(), Stop> {
    let most = h.store().capabilities().limits.content_type_chars;
    let set = |text: String| PutOptions {
        content_type: Some(text),
        ..PutOptions::default()
    };
    text_limit(h, "content types", most, set).await
}

async fn limit_description_chars(h: &dyn Harness) -> Result<(), Stop> {
    let most = h.store().capabilities().limits.description_chars;
    let set = |text: String| PutOptions {
        description: Some(text),
        ..PutOptions::default()
    };
    text_limit(h, "descriptions", most, set).await
}

async fn text_limit(
    h: &dyn Harness,
    what: &str,
    most: Option<usize>,
    set: fn(String) -> PutOptions,
) -> Result<(), Stop> {
    let (store, name) = (h.store(), fresh(h, "text")?);
    let put = |size: usize| {
        let options = set("t".repeat(size));
        let (store, name) = (&store, &name);
        async move { store.put_with(name, "value", options).await }
    };
    if offered(put(1).await)?.is_none() {
        return ensure(
            most.is_none(),
            format!("a limit of {what} is claimed, and there are none"),
        );
    }
    let size = most.unwrap_or(LONG);
    let takes_longest = taken(put(size).await)?.is_some();
    let told = h.second().describe(&name).await?;
    let told = [
        told.description,
        told.current.as_ref().and_then(|v| v.description.clone()),
        told.current.and_then(|v| v.content_type),
    ];
    ensure(
        !takes_longest || told.iter().flatten().any(|text| text.len() == size),
        format!("{what}: one of {size} characters was put, and another is told"),
    )?;
    let takes_more = most.is_some() && taken(put(size.saturating_add(1)).await)?.is_some();
    boundary(what, most, takes_longest, takes_more)
}

/// Fails unless a limit lies where it is claimed.
pub(super) fn boundary(
    what: &str,
    most: Option<usize>,
    takes_longest: bool,
    takes_more: bool,
) -> Result<(), Stop> {
    match (most, takes_longest, takes_more) {
        (_, true, false) => Ok(()),
        (Some(most), false, _) => Err(fail(format!(
            "{what}: {most} is claimed to fit, and doesn't"
        ))),
        (Some(most), _, true) => Err(fail(format!(
            "{what}: {most} is claimed to be the most, and one more fits"
        ))),
        (None, ..) => Err(fail(format!(
            "{what}: no limit is claimed, and {LONG} does not fit"
        ))),
    }
}

async fn limit_page_size(h: &dyn Harness) -> Result<(), Stop> {
    let (store, most) = (h.store(), h.store().capabilities().limits.page_size);
    let fits = async |size| -> Result<bool, Stop> {
        let page = PageRequest {
            size: Some(size),
            token: None,
        };
        Ok(taken(store.list_page(page).await)?.is_some())
    };
    let size = most.unwrap_or(u32::MAX);
    ensure(
        fits(size).await?,
        format!("a page of {size} is claimed to be given, and is refused"),
    )?;
    let more = most.and_then(|most| most.checked_add(1));
    ensure(
        !(more.is_some() && fits(more.unwrap_or_default()).await?),
        format!("a page of {size} is claimed to be the largest, and one more is given"),
    )
}
