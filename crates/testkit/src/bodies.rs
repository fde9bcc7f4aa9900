//! Bodies that are nearly what a service answers, for decoders that must never panic.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test may panic, and can do nothing without its fixtures"
)]

use polyvault_core::{
    DeleteOptions, GetOptions, InfoPatch, PageRequest, PutOptions, SecretRef, SecretStore,
    VersionChange, VersionId,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::fixture;

/// The statuses that answers come with.
const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];

/// A status, and a body of one of the provider's fixtures of which up to three nodes are something else. One in
/// five is cut off, too, and has up to two other bytes.
///
/// # Example
///
/// ```
/// use polyvault_testkit::bodies::answers_like;
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
///
/// let tree = answers_like("wix-secrets").new_tree(&mut TestRunner::deterministic()).unwrap();
/// let (status, _body) = tree.current();
/// assert!((200..600).contains(&status));
/// ```
pub fn answers_like(provider: &str) -> impl Strategy<Value = (u16, Vec<u8>)> + use<> {
    let fixtures = fixture::load(provider).expect("the provider has fixtures");
    let bodies: Vec<Value> = fixtures
        .into_iter()
        .filter_map(|f| f.response.body)
        .collect();
    let body = (
        select(bodies),
        vec((any::<Index>(), other()), 0..4),
        proptest::option::weighted(0.2, any::<Index>()),
        vec((any::<Index>(), any::<u8>()), 0..3),
    );
    let body = body.prop_map(|(mut body, changes, cut, bytes)| {
        for (at, other) in changes {
            let mut left = at.index(count(&body));
            replace(&mut body, &mut left, &other);
        }
        let mut text = body.to_string().into_bytes();
        if let Some(cut) = cut {
            text.truncate(cut.index(text.len().max(1)));
        }
        for (at, byte) in bytes.into_iter().filter(|_| cut.is_some()) {
            let at = at.index(text.len().max(1));
            if let Some(old) = text.get_mut(at) {
                *old = byte;
            }
        }
        text
    });
    (select(STATUSES.to_vec()), body)
}

/// Makes every call of the trait; what they come to, nobody asks.
///
/// # Example
///
/// ```
/// use polyvault_core::{MemoryStore, VersionId};
/// use polyvault_testkit::bodies::call_all;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault_core::Result<()> {
/// // Of a store whose transport answers with rubbish:
/// call_all(&MemoryStore::new(), &"db".try_into()?, &VersionId::new("v1")?).await;
/// # Ok(())
/// # }
/// ```
pub async fn call_all(store: &dyn SecretStore, secret: &SecretRef, version: &VersionId) {
    let page = PageRequest::default;
    let options = PutOptions::default;
    let patch = InfoPatch {
        description: Some("text".to_owned()),
        ..InfoPatch::default()
    };
    let labels = InfoPatch {
        labels: Some([("team".to_owned(), "blue".to_owned())].into()),
        ..InfoPatch::default()
    };
    let _ = store.get(secret, GetOptions::default()).await.is_ok();
    let _ = store.describe(secret).await.is_ok();
    let _ = store.list_page(page()).await.is_ok();
    let _ = store.list_versions_page(secret, page()).await.is_ok();
    let _ = store
        .begin_put(secret, "value".into(), options())
        .await
        .is_ok();
    let _ = store.begin_update(secret, patch).await.is_ok();
    let _ = store.begin_update(secret, labels).await.is_ok();
    for change in [
        VersionChange::MakeCurrent,
        VersionChange::Destroy { after: None },
        VersionChange::CancelDestruction,
    ] {
        let _ = store
            .begin_update_version(secret, version, change)
            .await
            .is_ok();
    }
    let _ = store
        .begin_delete(secret, DeleteOptions::default())
        .await
        .is_ok();
    let _ = store.list_deleted_page(page()).await.is_ok();
    let _ = store.begin_recover(secret).await.is_ok();
    let _ = store.begin_purge(secret).await.is_ok();
}

/// What stands in a node's place.
fn other() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(Value::from),
        Just(json!("https://elsewhere.example/secrets/%2e%2e/x")),
        Just(json!("9999-12-31T23:59:59.9999999Z")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, {"value": "\u{0}\u{202e}"}])),
    ]
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the node that comes after `left` others.
fn replace(value: &mut Value, left: &mut usize, other: &Value) -> bool {
    if *left == 0 {
        *value = other.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, left, other)),
        Value::Object(fields) => fields.values_mut().any(|item| replace(item, left, other)),
        _ => false,
    }
}
