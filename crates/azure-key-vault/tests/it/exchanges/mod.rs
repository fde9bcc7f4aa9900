//! The fixtures' exchanges: what is asked, to the byte, and what is read from the answer.

mod lists;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_core::{
    DeleteOptions, GetOptions, InfoPatch, Labels, OperationId, Polled, PutOptions, SecretId,
    SecretInfo, SecretName, SecretRef, SecretStore, SecretStoreExt, Timestamp, VersionChange,
    VersionId, VersionInfo, VersionPatch, VersionSelector, VersionState, Written,
};
use polyvault_testkit::script::Script;
use serde_json::json as object;

use crate::script::{self, exchange};

const VAULT: &str = "https://myvault.vault.azure.net";
const TWO_YEARS: (i64, i64) = (1_767_225_600, 1_798_761_600);

#[tokio::test]
async fn reads() {
    let v = "4387e9f3d6e14c459867679a90fd0f79";
    let plain = with_value(version(Some(v), 1_493_938_410));
    let all_fields = VersionInfo {
        content_type: Some("text/plain".into()),
        labels: Some(labels([("env", "test")])),
        not_before: Some(time(TWO_YEARS.0)),
        expires_at: Some(time(TWO_YEARS.1)),
        ..plain.clone()
    };
    let certificate = VersionInfo {
        content_type: Some("application/x-pkcs12".into()),
        ..plain.clone()
    };
    let expired = VersionInfo {
        expires_at: Some(time(1_500_000_000)),
        ..plain.clone()
    };
    for (fixture, asked, name, value, info) in [
        (
            "get-current",
            "mysecretname",
            "mysecretname",
            "mysecretvalue",
            &plain,
        ),
        (
            "get-current-slash",
            "mysecretname",
            "mysecretname",
            "mysecretvalue",
            &plain,
        ),
        (
            "get-name-in-other-case",
            "MYSECRETNAME",
            "mysecretname",
            "mysecretvalue",
            &plain,
        ),
        (
            "get-all-fields",
            "mysecretname",
            "mysecretname",
            "made-up value",
            &all_fields,
        ),
        (
            "get-managed-certificate",
            "mycert",
            "mycert",
            "made-up certificate",
            &certificate,
        ),
        ("get-expired", "old", "old", "still here", &expired),
    ] {
        let read = exchange(fixture, async |store: AzureKeyVault| {
            store.get_with(asked, GetOptions::default()).await.unwrap()
        })
        .await;

        assert_eq!(
            read.payload.single().unwrap().expose_text().unwrap(),
            value,
            "{fixture}"
        );
        assert_eq!(read.id, Some(id(name)), "{fixture}");
        assert_eq!(read.name.unwrap().as_str(), name, "{fixture}");
        assert_eq!(read.version.unwrap().as_str(), v, "{fixture}");
        assert_eq!(read.info.as_ref(), Some(info), "{fixture}");
    }
}

#[tokio::test]
async fn a_pinned_read() {
    let v = VersionId::new("4387e9f3d6e14c459867679a90fd0f79").unwrap();
    let pinned = VersionSelector::from(v.clone());

    let read = exchange("get-version", async |store: AzureKeyVault| {
        store.get_with("mysecretname", pinned.into()).await.unwrap()
    })
    .await;

    assert_eq!(read.version, Some(v));
}

#[tokio::test]
async fn another_version_of_the_api() {
    let fixture = script::load("get-api-version-7-4");
    let script = Script::new([Ok(fixture.http_response().unwrap())]);
    let store = AzureKeyVault::builder("myvault")
        .api_version("7.4")
        .token("made-up-token".into())
        .client_options(script.options())
        .build()
        .unwrap();

    store
        .get_with("mysecretname", GetOptions::default())
        .await
        .unwrap();

    script::same_request(&script.sent()[0], &fixture);
}

#[tokio::test]
async fn describe_tells_what_a_read_tells_but_the_value() {
    let told = exchange("get-managed-certificate", async |store: AzureKeyVault| {
        store.describe(&secret("mycert")).await.unwrap()
    })
    .await;

    let current = VersionInfo {
        content_type: Some("application/x-pkcs12".into()),
        ..with_value(version(
            Some("4387e9f3d6e14c459867679a90fd0f79"),
            1_493_938_410,
        ))
    };
    let due = SecretInfo {
        managed: true,
        ..info("mycert", current)
    };
    assert_eq!(told, due);
}

#[tokio::test]
async fn puts() {
    let once = || PutOptions {
        keep_metadata: false,
        ..PutOptions::default()
    };
    let everything = PutOptions {
        labels: Some(labels([("env", "test"), ("owner", "team-a")])),
        content_type: Some("text/plain".into()),
        enabled: Some(true),
        not_before: Some(time(TWO_YEARS.0)),
        expires_at: Some(time(TWO_YEARS.1)),
        ..once()
    };
    let disabled = PutOptions {
        enabled: Some(false),
        ..once()
    };
    for (fixture, name, value, options, made) in [
        (
            "set-new",
            "crpsecret",
            "mysecretvalue",
            once(),
            version(Some("03bcccc7c8cf4546a0e3e21e52560441"), 1_493_938_459),
        ),
        (
            "set-empty-value",
            "mysecret",
            "",
            once(),
            version(Some("0b1f2a3c4d5e4f708192a3b4c5d6e7f8"), 1_493_938_459),
        ),
        (
            "set-next-version",
            "mysecret",
            "second",
            once(),
            version(Some("a1f2a3c4d5e64f708192a3b4c5d6e7f8"), 1_772_323_200),
        ),
        (
            "set-disabled",
            "mysecret",
            "made-up value",
            disabled,
            VersionInfo {
                state: VersionState::Disabled,
                ..version(Some("0b1f2a3c4d5e4f708192a3b4c5d6e7f8"), 1_493_938_459)
            },
        ),
        (
            "set-all-options",
            "crpsecret",
            "made-up value",
            everything.clone(),
            VersionInfo {
                labels: everything.labels.clone(),
                content_type: everything.content_type.clone(),
                not_before: everything.not_before,
                expires_at: everything.expires_at,
                ..version(Some("6c4d7b9f0c0e4d3a8b1f2a3c4d5e6f70"), 1_772_323_200)
            },
        ),
    ] {
        let written = exchange(fixture, async |store: AzureKeyVault| {
            store.put_with(name, value, options).await.unwrap()
        })
        .await;

        let due = Written {
            secret: id(name),
            version: with_value(made),
            created: false,
        };
        assert_eq!(written, due, "{fixture}");
    }
}

#[tokio::test]
async fn an_update_of_the_secret_is_one_of_its_current_version() {
    let told = exchange("update-current-tags", async |store: AzureKeyVault| {
        let patch = InfoPatch {
            labels: Some(labels([("mytag", "myvalue")])),
            enabled: Some(true),
            ..InfoPatch::default()
        };
        store.update("crpsecret", patch).await.unwrap()
    })
    .await;

    let current = VersionInfo {
        labels: Some(labels([("mytag", "myvalue")])),
        content_type: Some("text/plain".into()),
        ..version(Some("03bcccc7c8cf4546a0e3e21e52560441"), 1_493_938_459)
    };
    assert_eq!(told, info("crpsecret", current));
}

#[tokio::test]
async fn updates_of_a_version() {
    let v = VersionId::new("03bcccc7c8cf4546a0e3e21e52560441").unwrap();
    let base = version(Some(v.as_str()), 1_493_938_459);
    for (fixture, patch, due) in [
        (
            "update-version",
            VersionPatch {
                labels: Some(labels([("mytag", "myvalue")])),
                content_type: Some("myContentType".into()),
                enabled: Some(true),
                ..VersionPatch::default()
            },
            VersionInfo {
                labels: Some(labels([("mytag", "myvalue")])),
                content_type: Some("myContentType".into()),
                ..base.clone()
            },
        ),
        (
            "update-disable",
            VersionPatch {
                enabled: Some(false),
                ..VersionPatch::default()
            },
            VersionInfo {
                state: VersionState::Disabled,
                ..base.clone()
            },
        ),
        (
            "update-validity",
            VersionPatch {
                not_before: time(TWO_YEARS.0).into(),
                expires_at: time(TWO_YEARS.1).into(),
                ..VersionPatch::default()
            },
            VersionInfo {
                not_before: Some(time(TWO_YEARS.0)),
                expires_at: Some(time(TWO_YEARS.1)),
                ..base.clone()
            },
        ),
    ] {
        let exchange = script::load(fixture);
        // Where a content type is given, the version is looked at first.
        let looks = patch.content_type.is_some();
        let found = object!({ "id": format!("{VAULT}/secrets/crpsecret/{v}"), "value": "v" });
        let look = looks.then(|| script::json(found));
        let script = Script::new(
            look.into_iter()
                .chain([Ok(exchange.http_response().unwrap())]),
        );

        let change = VersionChange::Update(patch);
        let store = script::store_on(&script);
        let changed = store.update_version("crpsecret", &v, change).await.unwrap();

        assert_eq!(changed, due, "{fixture}");
        assert_eq!(script.sent().len(), 1 + usize::from(looks), "{fixture}");
        script::same_request(script.sent().last().unwrap(), &exchange);
    }
}

#[tokio::test]
async fn a_delete_goes_on_where_the_vault_keeps_deleted_secrets() {
    for (fixture, goes_on) in [
        ("delete", true),
        ("delete-disabled", true),
        ("delete-vault-without-soft-delete", false),
    ] {
        let operation = exchange(fixture, async |store: AzureKeyVault| {
            let name = secret("GetDeletedSecretTest");
            let begun = store.begin_delete(&name, DeleteOptions::default()).await;
            begun.unwrap()
        })
        .await;

        let id = operation.id().map(OperationId::as_str);
        assert_eq!(
            id,
            goes_on.then_some("delete:GetDeletedSecretTest"),
            "{fixture}"
        );
    }
}

#[tokio::test]
async fn a_delete_is_done_once_the_deleted_secret_shows() {
    let polled = exchange("get-deleted", async |store: AzureKeyVault| {
        let id = OperationId::new("delete:GetDeletedSecretTest").unwrap();
        store.resume(&id).await.unwrap().poll().await.unwrap()
    })
    .await;

    assert!(matches!(polled, Polled::Done(_)));
}

#[tokio::test]
async fn a_purge() {
    let purged = exchange("purge", async |store: AzureKeyVault| {
        store.purge("testsecret").await
    })
    .await;

    assert!(purged.is_ok());
}

#[tokio::test]
async fn a_recovery_goes_on_until_the_secret_can_be_read() {
    let name = "SecretCreateDeleteRecoverPurgeTest";

    let operation = exchange("recover", async |store: AzureKeyVault| {
        store.begin_recover(&secret(name)).await.unwrap()
    })
    .await;

    let due = format!("recover:{name}");
    assert_eq!(operation.id().map(OperationId::as_str), Some(&*due));
}

fn secret(name: &str) -> SecretRef {
    SecretRef::try_from(name).unwrap()
}

fn id(name: &str) -> SecretId {
    SecretId::new(format!("{VAULT}/secrets/{name}")).unwrap()
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    Labels::from(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())))
}

/// An enabled version without anything that a user gives.
fn version(id: Option<&str>, created: i64) -> VersionInfo {
    VersionInfo {
        id: id.map(|id| VersionId::new(id).unwrap()),
        created_at: Some(time(created)),
        updated_at: Some(time(created)),
        labels: Some(Labels::new()),
        ..VersionInfo::default()
    }
}

/// What an answer with a plain value tells more.
fn with_value(version: VersionInfo) -> VersionInfo {
    VersionInfo {
        entry_keys: Some(vec!["value".to_owned()]),
        ..version
    }
}

/// A secret whose current version is this one.
fn info(name: &str, current: VersionInfo) -> SecretInfo {
    SecretInfo {
        name: Some(SecretName::new(name).unwrap()),
        labels: current.labels.clone(),
        state: current.state.clone(),
        updated_at: current.updated_at,
        current: Some(current),
        ..SecretInfo::new(id(name))
    }
}
