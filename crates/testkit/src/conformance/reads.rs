//! What was put comes back, and what is not there is said to be missing.

use polyvault_core::{
    ErrorKind, GetOptions, PageRequest, Payload, SecretStore as _, SecretStoreExt,
};

use polyvault_core::capabilities::Versions;

use super::tools::{ensure, fresh, given, holds, need, pinned, refused, version_id};
use super::{Harness, Stop};

super::topic! {
    1 text_comes_back_byte_for_byte reads,
    1 a_text_of_3000_bytes_comes_back reads,
    1 binary_comes_back reads,
    1 empty_text_comes_back reads,
    0 text_comes_back_marked_as_text reads,
    0 a_pinned_read_gives_that_version,
    0 a_pinned_read_tells_the_version_it_gives,
    7 what_is_missing_is_not_found reads,
    7 a_missing_version_is_not_found,
}

async fn text_comes_back_byte_for_byte(h: &dyn Harness) -> Result<(), Stop> {
    let name = fresh(h, "text")?;
    for text in [
        "plain",
        "\"quoted\" 'single' \\ back\\slash \\n \\u0041",
        "two\nlines\r\nand a tab\t",
        " spaces at both ends ",
        "grün 秘密 🔑 \u{2028}",
        "{\"json\": [1, null]}",
        "%41&a=b+c<d>",
    ] {
        let payload = Payload::text(text);

        given(h, &name, payload.clone()).await?;

        holds(&h.second(), &name, None, &payload).await?;
    }
    Ok(())
}

async fn a_text_of_3000_bytes_comes_back(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let most = store.capabilities().limits.payload_size;
    need(most.is_none_or(|most| most >= 3000), "limits.payload_size")?;
    let name = fresh(h, "large")?;
    let payload = Payload::text("0123456789".repeat(300));

    given(h, &name, payload.clone()).await?;

    holds(&h.second(), &name, None, &payload).await
}

async fn binary_comes_back(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().binary, "binary")?;
    need(store.capabilities().read_values, "read_values")?;
    let name = fresh(h, "binary")?;
    let payload = Payload::binary((0..=255).collect::<Vec<u8>>());

    given(h, &name, payload.clone()).await?;

    holds(&h.second(), &name, None, &payload).await?;
    let read = h.second().get(&name, GetOptions::default()).await?.payload;
    ensure(
        !read.single()?.is_text(),
        "bytes that are not UTF-8 must not be marked as text",
    )
}

async fn empty_text_comes_back(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(store.capabilities().empty_values, "empty_values")?;
    let name = fresh(h, "empty")?;

    given(h, &name, "").await?;

    holds(&h.second(), &name, None, &Payload::text("")).await
}

async fn text_comes_back_marked_as_text(h: &dyn Harness) -> Result<(), Stop> {
    need(h.second().capabilities().read_values, "read_values")?;
    let name = fresh(h, "mark")?;

    given(h, &name, "gr\u{fc}n").await?;

    let read = h.second().get(&name, GetOptions::default()).await?.payload;
    ensure(
        read.single()?.is_text(),
        "what was put as text must be marked as text",
    )
}

async fn a_pinned_read_gives_that_version(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(
        store.capabilities().versions == Versions::PinnedReads,
        "versions",
    )?;
    let name = fresh(h, "pinned")?;
    let mut written = Vec::new();
    for text in ["one", "two", "three"] {
        written.push((version_id(&store.put(&name, text).await?.version)?, text));
    }

    for (id, text) in &written {
        holds(&h.second(), &name, Some(id), &Payload::text(*text)).await?;
    }
    holds(&h.second(), &name, None, &Payload::text("three")).await
}

async fn a_pinned_read_tells_the_version_it_gives(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(
        store.capabilities().versions == Versions::PinnedReads,
        "versions",
    )?;
    let name = fresh(h, "told")?;
    let older = version_id(&store.put(&name, "one").await?.version)?;
    store.put(&name, "two").await?;

    let read = h.second().get(&name, pinned(&older)).await?;

    let told = [read.version, read.info.and_then(|info| info.id)];
    ensure(
        told.iter().flatten().all(|id| *id == older),
        format!("{older:?} was read, not {told:?}"),
    )
}

async fn what_is_missing_is_not_found(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.second();
    let can = store.capabilities();
    let name = fresh(h, "missing")?;

    if can.read_values {
        let get = store.get(&name, GetOptions::default()).await;
        refused(get, ErrorKind::NotFound, "get")?;
    }
    refused(store.describe(&name).await, ErrorKind::NotFound, "describe")?;
    if can.versions != Versions::None {
        refused(
            store
                .list_versions_page(&name, PageRequest::default())
                .await,
            ErrorKind::NotFound,
            "list_versions",
        )?;
    }
    Ok(())
}

async fn a_missing_version_is_not_found(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    need(
        store.capabilities().versions == Versions::PinnedReads,
        "versions",
    )?;
    let (name, other) = (fresh(h, "one")?, fresh(h, "other")?);
    store.put(&name, "one").await?;
    // The id of another secret's version has the right form for whatever store it is.
    let foreign = version_id(&store.put(&other, "other").await?.version)?;

    let read = h.second().get(&name, pinned(&foreign)).await;

    refused(read, ErrorKind::NotFound, "get")?;
    Ok(())
}
