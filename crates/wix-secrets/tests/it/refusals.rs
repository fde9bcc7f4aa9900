//! Every answer of the table of refusals becomes its error: kind, retry, code, status, help.

use polyvault_core::{
    DeleteOptions, Error, GetOptions, InfoPatch, PageRequest, PutMode, SecretRef, SecretStore,
    SecretStoreExt,
};
use polyvault_testkit::refusals;
use polyvault_testkit::script::{Script, answer};
use polyvault_wix_secrets::WixSecrets;
use serde_json::json;

use crate::script::store_on;

#[tokio::test]
async fn every_refusal_of_the_table_becomes_its_error() {
    let rows = refusals::load("wix-secrets").unwrap();
    for row in &rows {
        let listed = match &*row.operation {
            "put" => json!({}),
            _ => json!({"secrets": [
                {"id": "3f2b1c70-5a1e-4d0b-9a53-0c5d8f1e7a01", "name": "db-password"},
            ]}),
        };
        // A write lists first: for the id, or to find the name free.
        let before = (1..row.nth).map(|_| answer(200, listed.to_string()));
        let script = Script::then_always(before, Ok(row.answer()));

        let error = call(&store_on(&script, None, 0), &row.operation).await;

        assert_eq!(row.check(&error), Ok(()), "{}", row.what);
    }
    println!("{} answers on the wire", rows.len());
}

async fn call(store: &WixSecrets, operation: &str) -> Error {
    let secret = SecretRef::try_from("db-password").unwrap();
    let described = InfoPatch {
        description: Some("changed".to_owned()),
        ..InfoPatch::default()
    };
    match operation {
        "get" => store.get(&secret, GetOptions::default()).await.unwrap_err(),
        "describe" => store.describe(&secret).await.unwrap_err(),
        "list" => {
            let listed = store.list_page(PageRequest::default()).await;
            listed.unwrap_err()
        }
        "put" => {
            let put = store.put_with("db-password", "value", PutMode::Create.into());
            put.await.unwrap_err()
        }
        "update" => store.begin_update(&secret, described).await.unwrap_err(),
        "delete" => {
            let begun = store.begin_delete(&secret, DeleteOptions::default());
            begun.await.unwrap_err()
        }
        other => panic!("no call {other}"),
    }
}
