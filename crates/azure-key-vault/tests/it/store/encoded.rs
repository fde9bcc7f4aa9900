//! Payloads that are more than one text: what is stored, what is read, and what is refused.

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::emulator::{Emulator, Operation, Version};
use polyvault_core::encoding::{self, Mark};
use polyvault_core::{
    Error, ErrorKind, GetOptions, Payload, PutOptions, Retry, SecretStore, SecretStoreExt, Value,
    VersionChange, VersionId, VersionInfo, VersionPatch,
};
use polyvault_testkit::script::{self, Script};
use serde_json::json as object;

use super::{at_once, labels, secret, sent, sets, vault};
use crate::script::{exchange, json, lines, store_on};

const MARK: &str = "application/vnd.polyvault.payload+json;version=1";

fn two() -> Payload {
    let blob = Value::binary([0, 1, 2].as_slice());
    Payload::from_entries([("user", Value::text("scott")), ("blob", blob)]).unwrap()
}

fn typed(text: &str) -> PutOptions {
    PutOptions {
        content_type: Some(text.into()),
        ..PutOptions::default()
    }
}

fn last(vault: &Emulator) -> Version {
    vault.versions("db").pop().unwrap()
}

fn stored(value: &str, content_type: &str) -> Version {
    Version {
        value: value.into(),
        content_type: Some(content_type.into()),
        ..Version::default()
    }
}

fn retype(text: &str) -> VersionChange {
    VersionChange::Update(VersionPatch {
        content_type: Some(text.into()),
        ..VersionPatch::default()
    })
}

async fn read_db(store: &AzureKeyVault) -> Result<polyvault_core::Secret, Error> {
    store.get(&secret("db"), GetOptions::default()).await
}

#[tokio::test]
async fn what_is_put_and_read_is_on_the_wire_as_the_fixtures_say() {
    exchange("set-encoded-binary", async |store: AzureKeyVault| {
        let payload = Payload::binary([0, 0x80, 0xff].as_slice());
        store.put_with("encoded", payload, at_once()).await.unwrap()
    })
    .await;
    let written = exchange("set-encoded-entries", async |store: AzureKeyVault| {
        let options = PutOptions {
            keep_metadata: false,
            ..typed("text/plain")
        };
        store.put_with("encoded", two(), options).await.unwrap()
    })
    .await;
    let read = exchange("get-encoded-entries", async |store: AzureKeyVault| {
        store
            .get(&secret("encoded"), GetOptions::default())
            .await
            .unwrap()
    })
    .await;

    assert!(read.payload.same_as(&two()));
    assert!(!read.payload.get("blob").unwrap().is_text());
    for info in [written.version, read.info.unwrap()] {
        assert_eq!(info.content_type.as_deref(), Some("text/plain"));
        assert_eq!(info.entry_keys, Some(vec!["user".into(), "blob".into()]));
    }
}

#[tokio::test]
async fn a_text_that_looks_encoded_is_untouched_without_the_mark() {
    let text = encoding::encode(&two()).unwrap();
    let read = exchange("get-looks-encoded", async |store: AzureKeyVault| {
        store
            .get(&secret("encoded"), GetOptions::default())
            .await
            .unwrap()
    })
    .await;

    assert!(read.payload.same_as(&Payload::of(text.clone())));
    let info = read.info.unwrap();
    assert_eq!(info.content_type.as_deref(), Some("application/json"));
    let (vault, _) = vault().await;
    vault.seed("db", [text.expose_text().unwrap()]).unwrap();
    let unmarked = read_db(&vault.store()).await.unwrap();
    assert!(unmarked.payload.same_as(&Payload::of(text)));
}

#[tokio::test]
async fn what_is_marked_and_can_not_be_read_is_decode_and_never_told() {
    let right = r#"{"polyvault":1,"crc32":"SUM","entries":[{"key":"k","text":"hunter2"}]}"#;
    let payload = Payload::from_entries([("k", Value::text("hunter2"))]).unwrap();
    let encoded = encoding::encode(&payload).unwrap();
    let sum = encoded
        .expose_text()
        .unwrap()
        .get(24..32)
        .unwrap()
        .to_owned();
    let right = right.replace("SUM", &sum);
    let later = MARK.replace('1', "2");
    for (what, value, mark) in [
        ("a later version in the mark", right.clone(), later.as_str()),
        (
            "no version in the mark",
            right.clone(),
            &MARK[..MARK.len() - 10],
        ),
        (
            "a later version in the document",
            right.replace(":1,", ":2,"),
            MARK,
        ),
        ("another checksum", right.replace(&sum, "00000000"), MARK),
        ("a cut document", right[..right.len() - 1].to_owned(), MARK),
        ("a text", "hunter2".to_owned(), MARK),
    ] {
        let (vault, _) = vault().await;
        vault.seed("db", [stored(&value, mark)]).unwrap();
        let store = vault.store();

        let error = read_db(&store).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
        let told = format!("{error} {error:?} {}", error.help());
        assert!(!told.contains("hunter2") && !told.contains(&sum), "{told}");
        // It can be described, listed, and written over.
        let info = store
            .describe(&secret("db"))
            .await
            .unwrap()
            .current
            .unwrap();
        assert_eq!((info.content_type, info.entry_keys), (None, None), "{what}");
        store.list_page(Default::default()).await.unwrap();
        store.put("db", "text").await.unwrap();
        assert_eq!(last(&vault).content_type, None, "{what}");
    }
    let (vault, _) = vault().await;
    vault.seed("db", [stored(&right, MARK)]).unwrap();
    assert!(
        read_db(&vault.store())
            .await
            .unwrap()
            .payload
            .same_as(&payload)
    );
}

#[tokio::test]
async fn the_mark_follows_the_payload_and_the_user_sees_the_users_type() {
    let (vault, _) = vault().await;
    let store = vault.store();
    store.put_with("db", "text", typed("text/x")).await.unwrap();
    for (payload, due) in [
        (two(), format!("{MARK};type=\"text/x\"")),
        (Payload::text("again"), "text/x".to_owned()),
        (
            Payload::binary([].as_slice()),
            format!("{MARK};type=\"text/x\""),
        ),
    ] {
        let written = store.put("db", &payload).await.unwrap().version;

        assert_eq!(last(&vault).content_type, Some(due));
        let read = read_db(&store).await.unwrap();
        assert!(read.payload.same_as(&payload));
        let described = store
            .describe(&secret("db"))
            .await
            .unwrap()
            .current
            .unwrap();
        let listed = store.list_page(Default::default()).await.unwrap();
        let listed = listed.items[0].current.clone().unwrap();
        let versions = store.history("db").await.unwrap();
        let infos = [written, read.info.unwrap(), described, listed];
        for info in infos.iter().chain(&versions) {
            assert_eq!(info.content_type.as_deref(), Some("text/x"));
        }
    }
    store.delete("db").await.unwrap();
    let deleted = store.list_deleted_page(Default::default()).await.unwrap();
    let deleted = deleted.items[0].info.current.clone().unwrap();
    assert_eq!(deleted.content_type.as_deref(), Some("text/x"));
}

#[tokio::test]
async fn a_mark_that_is_given_or_does_not_fit_is_refused_and_nothing_is_set() {
    let (vault, _) = vault().await;
    let store = vault.store();
    let room = 255 - Mark::of(Some("t")).to_string().len() + 1;
    let (fits, long) = ("t".repeat(room), "t".repeat(room + 1));
    let v = VersionId::new("0".repeat(32)).unwrap();
    let given = MARK.to_uppercase();
    for refused in [
        store.put_with("db", "text", typed(MARK)).await.map(drop),
        store.put_with("db", two(), typed(&given)).await.map(drop),
        store.put_with("db", two(), typed(&long)).await.map(drop),
        store.update_version("db", &v, retype(MARK)).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!error.help().is_empty());
    }
    assert_eq!(vault.request_count(), 0);

    store.put_with("db", two(), typed(&fits)).await.unwrap();
    let current = store
        .history("db")
        .await
        .unwrap()
        .pop()
        .unwrap()
        .id
        .unwrap();
    let error = store.update_version("db", &current, retype(&long)).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::InvalidInput, None)
    );
    // What is carried over is looked at first.
    store.put_with("db", "text", typed(&long)).await.unwrap();
    let error = store.put("db", two()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(sets(&vault).await, 2);
}

#[tokio::test]
async fn the_limit_is_of_what_is_stored() {
    let (vault, _) = vault().await;
    let store = vault.store();
    let around = encoding::encode(&entry(0)).unwrap().len();
    let most = 25_600 - around;

    let error = store.put("db", entry(most + 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("25601 bytes encoded"), "{error}");
    assert_eq!(vault.request_count(), 0);

    store.put("db", entry(most)).await.unwrap();
    assert_eq!(last(&vault).value.len(), 25_600);
    assert!(read_db(&store).await.unwrap().payload.same_as(&entry(most)));
}

fn entry(size: usize) -> Payload {
    Payload::from_entries([("k", Value::text("x".repeat(size)))]).unwrap()
}

#[tokio::test]
async fn a_changed_content_type_keeps_the_mark() {
    for enabled in [true, false] {
        let (vault, _) = vault().await;
        let store = vault.store();
        // Lists are sorted by id: the version is on the last page, behind an empty one.
        vault.page_size(1);
        vault.empty_page(true);
        let made = VersionId::new("f".repeat(32)).unwrap();
        let document = encoding::encode(&two()).unwrap();
        let encoded = Version {
            id: made.to_string(),
            ..stored(document.expose_text().unwrap(), MARK)
        };
        let text = |digit: &str| Version {
            id: digit.repeat(32),
            ..Version::from("text")
        };
        vault.seed("db", [encoded, text("1"), text("2")]).unwrap();
        store
            .update_version(
                "db",
                &made,
                VersionChange::Update(VersionPatch {
                    enabled: Some(enabled),
                    ..VersionPatch::default()
                }),
            )
            .await
            .unwrap();
        let type_of = |vault: &Emulator| {
            let found = vault
                .versions("db")
                .into_iter()
                .find(|v| v.id == made.as_str());
            found.unwrap().content_type
        };

        for (text, due) in [
            ("text/x", format!("{MARK};type=\"text/x\"")),
            ("", MARK.to_owned()),
        ] {
            let told = store
                .update_version("db", &made, retype(text))
                .await
                .unwrap();
            assert_eq!(type_of(&vault), Some(due));
            assert_eq!(told.content_type.unwrap_or_default(), text);
        }
        let plain = store.history("db").await.unwrap().into_iter();
        let plain = plain.filter_map(|v| v.id).find(|id| *id != made).unwrap();
        store
            .update_version("db", &plain, retype("text/y"))
            .await
            .unwrap();
        let found = vault
            .versions("db")
            .into_iter()
            .find(|v| v.id == plain.as_str());
        assert_eq!(found.unwrap().content_type.as_deref(), Some("text/y"));
    }
}

#[tokio::test]
async fn who_may_not_look_changes_no_content_type() {
    let (vault, _) = vault().await;
    let store = vault.store();
    let made = store.put("db", two()).await.unwrap().version.id.unwrap();
    vault.forbid([Operation::GetSecret], "ForbiddenByRbac");

    let error = store
        .update_version("db", &made, retype("text/x"))
        .await
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.help().contains("grant get"), "{}", error.help());
    assert_eq!(last(&vault).content_type.as_deref(), Some(MARK));
    vault.permit_all();
    let off = VersionPatch {
        enabled: Some(false),
        ..VersionPatch::default()
    };
    let off = VersionChange::Update(off);
    store.update_version("db", &made, off).await.unwrap();
    vault.forbid([Operation::GetSecretVersions], "ForbiddenByRbac");

    let error = store.update_version("db", &made, retype("text/x")).await;

    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.help().contains("grant list"), "{}", error.help());
    assert_eq!(last(&vault).content_type.as_deref(), Some(MARK));
}

#[tokio::test]
async fn a_mark_of_a_later_version_is_not_written_over() {
    let (vault, _) = vault().await;
    let later = MARK.replace('1', "2");
    vault.seed("db", [stored("x", &later)]).unwrap();
    let v = VersionId::new(last(&vault).id).unwrap();

    let error = vault
        .store()
        .update_version("db", &v, retype("text/x"))
        .await;

    assert_eq!(error.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(last(&vault).content_type, Some(later));
}

#[tokio::test]
async fn a_lost_answer_to_an_encoded_set_is_confirmed_only_by_the_mark() {
    let text = encoding::encode(&two())
        .unwrap()
        .expose_text()
        .unwrap()
        .to_owned();
    for (content_type, confirmed) in [(Some(MARK), true), (None, false)] {
        let (old, new) = ("0".repeat(32), "1".repeat(32));
        let id = |v: &str| format!("https://myvault.vault.azure.net/secrets/db/{v}");
        let before = json(object!({ "value": "one", "id": id(&old) }));
        let after = json(object!({ "value": text, "id": id(&new), "contentType": content_type }));
        let script = Script::new([before, script::lost(), after]);

        let put = store_on(&script).put("db", two()).await;

        assert_eq!(put.is_ok(), confirmed);
        assert!(confirmed || put.unwrap_err().retry() == Retry::OutcomeUnknown);
        assert_eq!(lines(&script).len(), 3);
    }
}

async fn two_versions() -> (Emulator, VersionId) {
    let (vault, _) = vault().await;
    let first = Version {
        tags: Some(labels("team", "blue")),
        nbf: Some(1_767_225_600),
        exp: Some(1_798_761_600),
        ..stored(
            encoding::encode(&two()).unwrap().expose_text().unwrap(),
            MARK,
        )
    };
    vault.seed("db", [first, Version::from("two")]).unwrap();
    let id = vault.versions("db")[0].id.clone();
    (vault, VersionId::new(id).unwrap())
}

#[tokio::test]
async fn a_version_made_current_is_copied_with_mark_and_tags_and_no_validity() {
    for lost in [0, 1] {
        let (vault, first) = two_versions().await;
        vault.commit_then_drop(lost);

        let made: VersionInfo = vault.store().rollback("db", &first).await.unwrap();

        let now = last(&vault);
        assert_eq!(made.id.unwrap().as_str(), now.id);
        assert_eq!(now.content_type.as_deref(), Some(MARK));
        assert_eq!(now.tags, Some(labels("team", "blue")));
        assert_eq!((now.nbf, now.exp, now.enabled), (None, None, true));
        assert!(
            read_db(&vault.store())
                .await
                .unwrap()
                .payload
                .same_as(&two())
        );
        assert_eq!((vault.versions("db").len(), sets(&vault).await), (3, 1));
    }
}

#[tokio::test]
async fn the_current_version_is_not_copied_and_a_disabled_one_can_not_be() {
    let (vault, first) = two_versions().await;
    let store = vault.store();
    let current = VersionId::new(last(&vault).id).unwrap();

    let told = store.rollback("db", &current).await.unwrap();

    assert_eq!(told.id, Some(current));
    assert_eq!(sets(&vault).await, 0);
    let off = VersionPatch {
        enabled: Some(false),
        ..VersionPatch::default()
    };
    store
        .update_version("db", &first, VersionChange::Update(off))
        .await
        .unwrap();
    let error = store.rollback("db", &first).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disabled);
    assert_eq!(sets(&vault).await, 0);
    assert!(sent(&vault).await.len() > 2);
}

#[tokio::test]
async fn a_copy_whose_request_was_lost_is_unknown_and_not_sent_again() {
    let (vault, first) = two_versions().await;
    let script = Script::new([
        json(
            object!({ "value": "two", "id": format!("https://myvault.vault.azure.net/secrets/db/{}", "2".repeat(32)) }),
        ),
        json(
            object!({ "value": "one", "id": format!("https://myvault.vault.azure.net/secrets/db/{first}") }),
        ),
        script::lost(),
        json(
            object!({ "value": "two", "id": format!("https://myvault.vault.azure.net/secrets/db/{}", "2".repeat(32)) }),
        ),
    ]);

    let error = store_on(&script).rollback("db", &first).await.unwrap_err();

    assert_eq!(error.retry(), Retry::OutcomeUnknown);
    assert_eq!(lines(&script).len(), 4);
    drop(vault);
}
