//! Every answer of the table of refusals becomes its error: kind, retry, code, status, help.

use polyvault_core::{
    DeleteOptions, Error, GetOptions, InfoPatch, OperationId, PageRequest, SecretId, SecretRef,
    SecretStore, SecretStoreExt,
};
use polyvault_testkit::refusals;
use polyvault_testkit::script::{Script, answer};
use polyvault_yandex_lockbox::YandexLockbox;

use super::script::store_on;

#[tokio::test]
async fn every_refusal_of_the_table_becomes_its_error() {
    let rows = refusals::load("yandex-lockbox").unwrap();
    for row in &rows {
        // A put by name lists the folder first.
        let before = (1..row.nth).map(|_| answer(200, "{}"));
        let script = Script::then_always(before, Ok(row.answer()));

        let error = call(&store_on(&script, 0), &row.operation).await;

        assert_eq!(row.check(&error), Ok(()), "{}", row.what);
    }
    println!("{} answers on the wire", rows.len());
}

async fn call(store: &YandexLockbox, operation: &str) -> Error {
    let secret = SecretRef::from(SecretId::new("e6qsecret00000000001").unwrap());
    let page = PageRequest::default;
    let renamed = InfoPatch {
        description: Some("changed".to_owned()),
        ..InfoPatch::default()
    };
    match operation {
        "get" => store.get(&secret, GetOptions::default()).await.unwrap_err(),
        "describe" => store.describe(&secret).await.unwrap_err(),
        "list" => store.list_page(page()).await.unwrap_err(),
        "list_versions" => {
            let listed = store.list_versions_page(&secret, page()).await;
            listed.unwrap_err()
        }
        "put" => store.put("db", "value").await.unwrap_err(),
        "update" => store.begin_update(&secret, renamed).await.unwrap_err(),
        "delete" => {
            let begun = store.begin_delete(&secret, DeleteOptions::default());
            begun.await.unwrap_err()
        }
        "resume" => {
            let id = OperationId::new("e6qoperation00000001").unwrap();
            match store.resume(&id).await {
                Ok(mut operation) => operation.poll().await.unwrap_err(),
                Err(error) => error,
            }
        }
        other => panic!("no call {other}"),
    }
}
