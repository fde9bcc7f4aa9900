//! The twelve operations of the service: none without a fixture and a call that sends its request.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use polyvault_azure_key_vault::emulator::Operation;
use polyvault_azure_key_vault::{AzureKeyVault, Backup};
use polyvault_core::{
    DeleteOptions, Labels, PageRequest, PutOptions, Result, SecretStore, SecretStoreExt,
    VersionPatch, VersionSelector,
};
use polyvault_testkit::fixture;
use serde_json::{Value, json};

use super::{secret, version};
use crate::script::{self, exchange, load};

/// The vendor's example of an operation, as a fixture.
fn example(operation: Operation) -> &'static str {
    match operation {
        Operation::SetSecret => "set-new",
        Operation::GetSecret => "get-version",
        Operation::UpdateSecret => "update-version",
        Operation::GetSecrets => "list-first-page",
        Operation::GetSecretVersions => "versions-first-page",
        Operation::DeleteSecret => "delete",
        Operation::GetDeletedSecret => "get-deleted",
        Operation::GetDeletedSecrets => "list-deleted",
        Operation::RecoverDeletedSecret => "recover",
        Operation::PurgeDeletedSecret => "purge",
        Operation::BackupSecret => "backup",
        Operation::RestoreSecret => "restore",
        _ => panic!("{operation:?} is of the control plane"),
    }
}

/// The call that sends the example's request.
async fn call(operation: Operation, store: &AzureKeyVault) -> Result<()> {
    let one = PageRequest {
        size: Some(1),
        token: None,
    };
    match operation {
        Operation::SetSecret => {
            let once = PutOptions {
                keep_metadata: false,
                ..PutOptions::default()
            };
            let put = store.put_with("crpsecret", "mysecretvalue", once).await;
            put.map(drop)
        }
        Operation::GetSecret => {
            let of = version("4387e9f3d6e14c459867679a90fd0f79").into();
            let told = store.properties(&secret("mysecretname"), &of).await;
            told.map(drop)
        }
        Operation::UpdateSecret => {
            let of: VersionSelector = version("03bcccc7c8cf4546a0e3e21e52560441").into();
            let patch = VersionPatch {
                labels: Some(Labels::from([("mytag".into(), "myvalue".into())])),
                content_type: Some("myContentType".into()),
                enabled: Some(true),
                ..VersionPatch::default()
            };
            let name = secret("crpsecret");
            store.update_properties(&name, &of, patch).await.map(drop)
        }
        Operation::GetSecrets => store.list_properties_page(one).await.map(drop),
        Operation::GetSecretVersions => {
            let of = secret("listsecretversionstest");
            let page = store.list_version_properties_page(&of, one).await;
            page.map(drop)
        }
        Operation::DeleteSecret => {
            let (of, options) = (secret("GetDeletedSecretTest"), DeleteOptions::default());
            store.begin_delete(&of, options).await.map(drop)
        }
        Operation::GetDeletedSecret => {
            let told = store.get_deleted(&secret("GetDeletedSecretTest")).await;
            told.map(drop)
        }
        Operation::GetDeletedSecrets => store.list_deleted_properties_page(one).await.map(drop),
        Operation::RecoverDeletedSecret => {
            let of = secret("SecretCreateDeleteRecoverPurgeTest");
            store.begin_recover(&of).await.map(drop)
        }
        Operation::PurgeDeletedSecret => store.purge("testsecret").await,
        Operation::BackupSecret => store.backup(&secret("testsecret")).await.map(drop),
        Operation::RestoreSecret => {
            let body = load("restore").request.body.unwrap();
            let blob = URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap());
            store
                .restore(&Backup::from_bytes(blob.unwrap()))
                .await
                .map(drop)
        }
        _ => panic!("{operation:?} is of the control plane"),
    }
}

#[tokio::test]
async fn each_of_the_twelve_operations_has_a_fixture_and_a_call_that_sends_its_request() {
    let table = fixture::folder("azure-key-vault").join("README.md");
    let table = std::fs::read_to_string(table).unwrap();
    for operation in Operation::ALL {
        let example = example(operation);
        let row = format!("| {example} | {operation:?} | spec: ");
        assert!(table.contains(&row), "{row}");

        let send = async |store: AzureKeyVault| call(operation, &store).await;
        let done = match operation {
            // A new content type keeps the mark of an encoded version, so that is looked at first.
            Operation::UpdateSecret => {
                let of = "https://myvault.vault.azure.net/secrets/crpsecret/03bcccc7c8cf4546a0e3e21e52560441";
                let look = script::json(json!({"id": of, "value": "v"}));
                script::exchange_after([look], example, send).await
            }
            _ => exchange(example, send).await,
        };

        assert!(done.is_ok(), "{operation:?}: {done:?}");
    }
}

/// Every field of the answers: `SecretBundle`, `DeletedSecretBundle`, `SecretAttributes`, the lists and the refusals.
const FIELDS: [&str; 24] = [
    "value",
    "id",
    "contentType",
    "attributes",
    "enabled",
    "nbf",
    "exp",
    "created",
    "updated",
    "recoveryLevel",
    "recoverableDays",
    "tags",
    "kid",
    "managed",
    "previousVersion",
    "recoveryId",
    "deletedDate",
    "scheduledPurgeDate",
    "nextLink",
    "error",
    "code",
    "message",
    "innererror",
    // Tags are a map; the one that the fixtures have.
    "env",
];

#[test]
fn each_field_of_each_answer_stands_in_a_fixture() {
    let mut found = BTreeSet::new();
    for fixture in fixture::load("azure-key-vault").unwrap() {
        collect(fixture.response.body.as_ref(), &mut found);
    }

    for field in FIELDS {
        assert!(found.contains(field), "{field} stands in no fixture");
    }
}

fn collect(body: Option<&Value>, found: &mut BTreeSet<String>) {
    match body {
        Some(Value::Object(fields)) => {
            for (name, value) in fields {
                found.insert(name.clone());
                collect(Some(value), found);
            }
        }
        Some(Value::Array(items)) => {
            for item in items {
                collect(Some(item), found);
            }
        }
        _ => {}
    }
}
