//! What is read from the answers: every field, and what is missing or strange.

use polyvault_azure_key_vault::{
    AzureKeyVault, DeletedProperties, OutContentType, ReadOptions, RecoveryLevel, SecretProperties,
};
use polyvault_core::ErrorKind::{Decode, Disabled, NotFound, Unsupported};
use polyvault_core::{
    Labels, Page, PageRequest, Payload, Retry, SecretStore, SecretStoreExt, Timestamp, VersionInfo,
    VersionPatch, VersionSelector,
};
use polyvault_testkit::script::{Script, answer};
use serde_json::{Value, json as object};

use super::{secret, version};
use crate::script::{exchange, json, lines, load, store_on};

const V: &str = "4387e9f3d6e14c459867679a90fd0f79";
const VAULT: &str = "https://myvault.vault.azure.net";

fn time(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp::from_second(seconds).unwrap())
}

fn current() -> VersionSelector {
    VersionSelector::Current
}

/// A version of a certificate's secret, by the fixtures.
fn certificate(created: i64) -> VersionInfo {
    VersionInfo {
        id: Some(version(V)),
        created_at: time(created),
        updated_at: time(created),
        content_type: Some("application/x-pkcs12".into()),
        labels: Some(Labels::new()),
        ..VersionInfo::default()
    }
}

#[tokio::test]
async fn a_secrets_properties_are_all_that_its_answer_tells() {
    let told = exchange("get-previous-version", async |store: AzureKeyVault| {
        store.properties(&secret("mycert"), &current()).await
    })
    .await
    .unwrap();

    assert_eq!(told.secret.as_str(), format!("{VAULT}/secrets/mycert"));
    assert_eq!(told.name.as_str(), "mycert");
    assert_eq!(told.version, certificate(1_493_938_410));
    assert_eq!(
        told.recovery_level,
        Some(RecoveryLevel::RecoverablePurgeable)
    );
    assert_eq!(told.recoverable_days, Some(90));
    assert!(told.managed);
    let key = format!("{VAULT}/keys/mycert/{V}");
    assert_eq!(told.key_id, Some(key));
    let previous = version("0b1f2a3c4d5e4f708192a3b4c5d6e7f8");
    assert_eq!(told.previous_version, Some(previous));
}

#[tokio::test]
async fn a_read_gives_the_secret_and_its_properties_of_one_answer() {
    let (read, told) = exchange("get-version", async |store: AzureKeyVault| {
        let options = ReadOptions {
            version: version(V).into(),
            ..ReadOptions::default()
        };
        store.read(&secret("mysecretname"), &options).await
    })
    .await
    .unwrap();

    let value = read.payload.single().unwrap().expose_text().unwrap();
    assert_eq!(value, "mysecretvalue");
    assert_eq!(read.info.as_ref(), Some(&told.version));
    assert_eq!((read.version, told.managed), (Some(version(V)), false));
    assert_eq!((told.key_id, told.previous_version), (None, None));
}

#[tokio::test]
async fn a_certificates_secret_is_read_as_pem() {
    let as_pem = ReadOptions {
        out_content_type: Some(OutContentType::Pem),
        ..ReadOptions::default()
    };

    let (read, told) = exchange("get-as-pem", async |store: AzureKeyVault| {
        store.read(&secret("mycert"), &as_pem).await
    })
    .await
    .unwrap();

    let value = read.payload.single().unwrap().expose_text().unwrap();
    assert_eq!((value, told.managed), ("made-up PEM", true));
}

#[tokio::test]
async fn an_older_api_converts_nothing_and_is_not_asked() {
    for (api, form, sends) in [
        ("7.4", OutContentType::Pem, false),
        ("7.6", OutContentType::Pkcs12, false),
        ("7.6-preview.2", OutContentType::Pem, false),
        ("2025-05-31", OutContentType::Pem, false),
        ("2025-06-01-preview", OutContentType::Pem, true),
        ("2025-07-01", OutContentType::Pkcs12, true),
    ] {
        let script = Script::always(answer(404, ""));
        let store = AzureKeyVault::builder("myvault")
            .api_version(api)
            .token("made-up-token".into())
            .client_options(script.options())
            .build()
            .unwrap();
        let options = ReadOptions {
            version: version(V).into(),
            out_content_type: Some(form),
        };

        let error = store.read(&secret("mycert"), &options).await.unwrap_err();

        let kind = if sends { NotFound } else { Unsupported };
        assert_eq!(error.kind(), kind, "{api}");
        assert_eq!(error.operation(), Some("read"), "{api}");
        let mime = form.as_str().replace('/', "%2F");
        let line = format!("GET /secrets/mycert/{V}?api-version={api}&outContentType={mime}");
        let due: Vec<String> = sends.then_some(line).into_iter().collect();
        assert_eq!(lines(&script), due, "{api}");
    }
}

#[tokio::test]
async fn lists_of_three_pages_tell_properties() {
    let list = async |store: &AzureKeyVault, page| store.list_properties_page(page).await;
    let pages = three_pages(
        ["list-first-page", "list-empty-page", "list-last-page"],
        list,
    )
    .await;
    assert_eq!(names(&pages), ["listsecrettest0", "", "listsecrettest1"]);
    let told = &pages[0][0];
    assert_eq!((&told.version.id, &told.recovery_level), (&None, &None));
    assert_eq!(told.recoverable_days, None);

    let list = async |store: &AzureKeyVault, page| {
        let of = secret("listsecretversionstest");
        store.list_version_properties_page(&of, page).await
    };
    let pages = three_pages(
        [
            "versions-first-page",
            "versions-empty-page",
            "versions-last-page",
        ],
        list,
    )
    .await;
    let name = "listsecretversionstest";
    assert_eq!(names(&pages), [name, "", name]);
    let first = version("11a536561da34d6b8b452d880df58f3a");
    assert_eq!(pages[0][0].version.id, Some(first));
}

#[tokio::test]
async fn a_list_of_deleted_secrets_of_three_pages_tells_properties() {
    let first = load("list-deleted").http_response().unwrap();
    let second = object!({ "value": [], "nextLink": "/deletedsecrets?p=3" });
    let third = object!({ "value": [{ "id": format!("{VAULT}/secrets/b"), "recoveryId": null }] });
    let script = Script::new([Ok(first), json(second), json(third)]);

    let list = async |store: &AzureKeyVault, page| store.list_deleted_properties_page(page).await;
    let pages = all_pages(&store_on(&script), list).await;

    let told = &pages[0][0];
    let recovery = format!("{VAULT}/deletedsecrets/listdeletedsecrettest0");
    assert_eq!(told.recovery_id, Some(recovery));
    assert_eq!(told.deleted_at, time(1_493_937_855));
    assert_eq!(told.purge_at, time(1_501_713_855));
    let level = told.properties.recovery_level.as_ref();
    assert_eq!(level, Some(&RecoveryLevel::RecoverablePurgeable));
    assert_eq!(pages[1].len(), 0);
    let DeletedProperties {
        properties,
        recovery_id,
        ..
    } = &pages[2][0];
    assert_eq!((properties.name.as_str(), recovery_id), ("b", &None));
}

#[tokio::test]
async fn a_list_of_secrets_tells_which_a_certificate_owns() {
    let page = exchange("list-managed-and-disabled", async |store: AzureKeyVault| {
        store.list_properties_page(PageRequest::default()).await
    })
    .await
    .unwrap();

    let managed: Vec<_> = page.items.iter().map(|told| told.managed).collect();
    assert_eq!(managed, [true, false]);
}

#[tokio::test]
async fn no_versions_of_an_unknown_name_are_missing() {
    let error = exchange(
        "versions-of-an-unknown-name",
        async |store: AzureKeyVault| {
            let (of, page) = (secret("91945129"), PageRequest::default());
            store.list_version_properties_page(&of, page).await
        },
    )
    .await
    .unwrap_err();

    assert_eq!(error.kind(), NotFound);
    assert_eq!(error.operation(), Some("list_version_properties"));
}

#[tokio::test]
async fn a_deleted_secret_tells_until_when_it_is_kept() {
    let told = exchange("get-deleted", async |store: AzureKeyVault| {
        store.get_deleted(&secret("GetDeletedSecretTest")).await
    })
    .await
    .unwrap();

    let recovery = format!("{VAULT}/deletedsecrets/GetDeletedSecretTest");
    assert_eq!(told.recovery_id, Some(recovery));
    assert_eq!(told.deleted_at, time(1_493_938_433));
    assert_eq!(told.purge_at, time(1_501_714_433));
    assert_eq!(told.properties.recoverable_days, Some(90));
    let id = version("b595353d9c39413d80626575b3b5d865");
    assert_eq!(told.properties.version.id, Some(id));
}

#[tokio::test]
async fn a_backup_is_raw_bytes_that_only_their_number_shows() {
    let backup = exchange("backup", async |store: AzureKeyVault| {
        store.backup(&secret("testsecret")).await
    })
    .await
    .unwrap();

    let begin = b")AzureKeyVaultSecretBackupV1.microsoft.com";
    assert!(backup.as_bytes().starts_with(begin));
    assert_eq!(format!("{backup:?}"), "Backup(72 bytes)");
}

#[tokio::test]
async fn what_is_strange_is_not_told_and_fails_nothing() {
    let id = format!("{VAULT}/secrets/db/{V}");
    for attributes in [
        object!({ "recoveryLevel": "SomethingNew", "recoverableDays": -1, "nbf": 1e300, "new": [1] }),
        object!({ "recoveryLevel": "SomethingNew", "recoverableDays": 4_294_967_296_u64,
            "nbf": u64::MAX, "created": null }),
        object!({ "recoveryLevel": "SomethingNew", "recoverableDays": null, "exp": i64::MAX, "updated": 0.5 }),
    ] {
        let body = object!({ "id": id, "attributes": attributes, "managed": null, "kid": null,
            "previousVersion": "", "deletedDate": u64::MAX, "scheduledPurgeDate": null, "new": {} });
        let script = Script::new([json(body.clone())]);

        let deleted = store_on(&script).get_deleted(&secret("db")).await.unwrap();

        let told = deleted.properties;
        let level = RecoveryLevel::Unknown("SomethingNew".into());
        assert_eq!(told.recovery_level, Some(level), "{body}");
        assert_eq!(told.recoverable_days, None, "{body}");
        let untold = VersionInfo {
            id: Some(version(V)),
            labels: Some(Labels::new()),
            ..VersionInfo::default()
        };
        assert_eq!(told.version, untold, "{body}");
        assert_eq!((told.key_id, told.previous_version), (None, None));
        assert_eq!((deleted.deleted_at, deleted.purge_at), (None, None));
    }
    let gone = object!({ "id": id, "attributes": { "recoverableDays": 0 } });
    let told = store_on(&Script::new([json(gone)]))
        .properties(&secret("db"), &current())
        .await;
    assert_eq!(told.unwrap().recoverable_days, Some(0));
}

#[tokio::test]
async fn the_trait_tells_whether_a_deleted_secret_can_be_recovered() {
    for (level, recoverable) in [
        (object!("Purgeable"), false),
        (object!("Recoverable+Purgeable"), true),
        (object!("CustomizedRecoverable"), true),
        (Value::Null, true),
    ] {
        let item = object!({ "id": format!("{VAULT}/secrets/db"), "managed": true,
            "scheduledPurgeDate": 7, "attributes": { "recoveryLevel": level } });
        let script = Script::new([json(object!({ "value": [item] }))]);

        let store = store_on(&script);
        let page = store.list_deleted_page(PageRequest::default()).await;
        let told = page.unwrap().items.remove(0);

        assert_eq!(told.recoverable, recoverable, "{level}");
        assert_eq!((told.info.managed, told.purge_at), (true, time(7)));
    }
}

#[tokio::test]
async fn rubbish_is_a_decode_error_without_its_text_and_a_change_may_have_taken_place() {
    for body in [
        "",
        "<html>hunter2</html>",
        r#"{"value":7,"id":"hunter2"}"#,
        r#"{"value":"hunter2"#,
        r#"{"value":"!hunter2!"}"#,
        "{}",
    ] {
        let script = Script::always(answer(200, body));
        for (name, error) in super::trouble::errors_of_all(&store_on(&script)).await {
            assert_eq!(error.kind(), Decode, "{name} {body}");
            let changes = ["restore", "update_properties"].contains(&name);
            let unknown = error.retry() == Retry::OutcomeUnknown;
            assert_eq!(unknown, changes, "{name} {body}");
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{name}");
        }
    }
}

async fn three_pages(
    fixtures: [&str; 3],
    list: impl AsyncFn(&AzureKeyVault, PageRequest) -> polyvault_core::Result<Page<SecretProperties>>,
) -> Vec<Vec<SecretProperties>> {
    let script = Script::new(fixtures.map(|name| Ok(load(name).http_response().unwrap())));
    let pages = all_pages(&store_on(&script), list).await;
    crate::script::same_request(&script.sent()[0], &load(fixtures[0]));
    pages
}

async fn all_pages<T>(
    store: &AzureKeyVault,
    list: impl AsyncFn(&AzureKeyVault, PageRequest) -> polyvault_core::Result<Page<T>>,
) -> Vec<Vec<T>> {
    let mut pages = Vec::new();
    let mut page = PageRequest {
        size: Some(1),
        token: None,
    };
    loop {
        let listed = list(store, page.clone()).await.unwrap();
        pages.push(listed.items);
        page.token = listed.next;
        if page.token.is_none() {
            return pages;
        }
    }
}

/// The name of each page's only item.
fn names(pages: &[Vec<SecretProperties>]) -> Vec<&str> {
    assert!(pages.iter().all(|page| page.len() < 2));
    let first = pages.iter().map(|page| page.first());
    first
        .map(|told| told.map_or("", |told| told.name.as_str()))
        .collect()
}

#[tokio::test]
async fn a_new_content_type_keeps_the_mark_of_an_encoded_payload() {
    let (vault, _) = super::life::vault().await;
    let store = vault.store();
    let payload = Payload::binary(vec![0, 159, 146, 150]);
    store.put("db", payload.clone()).await.unwrap();
    let patch = || VersionPatch {
        content_type: Some("image/png".to_owned()),
        ..VersionPatch::default()
    };

    let current = VersionSelector::Current;
    let told = store
        .update_properties(&secret("db"), &current, patch())
        .await
        .unwrap();

    assert_eq!(told.version.content_type.as_deref(), Some("image/png"));
    let (read, of) = store
        .read(&secret("db"), &ReadOptions::default())
        .await
        .unwrap();
    assert!(read.payload.same_as(&payload));
    assert_eq!(of.version.content_type.as_deref(), Some("image/png"));

    let off = VersionPatch {
        enabled: Some(false),
        ..VersionPatch::default()
    };
    store
        .update_properties(&secret("db"), &current, off)
        .await
        .unwrap();
    let refused = store
        .update_properties(&secret("db"), &current, patch())
        .await;
    assert_eq!(refused.unwrap_err().kind(), Disabled);
    let id: VersionSelector = told.version.id.unwrap().into();
    let told = store
        .update_properties(&secret("db"), &id, patch())
        .await
        .unwrap();
    assert_eq!(told.version.content_type.as_deref(), Some("image/png"));
}
