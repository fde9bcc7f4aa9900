//! What is this store's own, against the emulator.

use polyvault_azure_key_vault::arm::{ArmPatch, AzureKeyVaultArm, AzureKeyVaultArmBuilder};
use polyvault_azure_key_vault::credential::{ClientSecret, Cloud};
use polyvault_azure_key_vault::emulator::Emulator;
use polyvault_core::{
    ErrorKind, GetOptions, InfoPatch, Labels, PageRequest, Payload, PutMode, PutOptions, Retry,
    SecretStore, SecretStoreExt, Value, VersionState,
};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Script, answer, lost};

use super::{named, store_on};

async fn read(vault: &Emulator, name: &str) -> Payload {
    let read = vault.store().get_with(name, GetOptions::default()).await;
    read.unwrap().payload
}

#[tokio::test]
async fn what_is_put_is_what_the_data_plane_reads() {
    let vault = Emulator::start().await;
    let two = [
        ("user", Value::text("a")),
        ("key", Value::binary(vec![0xff, 0])),
    ];
    for payload in [
        Payload::text("plain \"text\" \u{e9}"),
        Payload::binary(vec![0, 0x80, 0xff]),
        Payload::from_entries(two).unwrap(),
    ] {
        vault.arm_store().put("db", &payload).await.unwrap();
        assert!(read(&vault, "db").await.same_as(&payload));
        let told = vault.arm_store().describe(&named("db")).await.unwrap();
        assert_eq!(
            told.current.unwrap().content_type,
            None,
            "our mark is not told"
        );
    }
}

#[tokio::test]
async fn a_patch_with_a_value_adds_a_version_and_keeps_the_rest() {
    let vault = Emulator::start().await;
    let options = PutOptions {
        labels: Some(Labels::from([("team".into(), "blue".into())])),
        content_type: Some("text/plain".into()),
        ..PutOptions::default()
    };
    vault.store().put_with("db", "old", options).await.unwrap();
    let arm = vault.arm_store();

    // From a text to bytes, which are stored marked, and back to a text, which is not.
    for payload in [Payload::binary(vec![0xff]), Payload::text("new")] {
        let patch = ArmPatch {
            value: Some(payload.clone()),
            ..ArmPatch::default()
        };
        let secret = arm.patch(named("db"), patch).await.unwrap();
        assert!(read(&vault, "db").await.same_as(&payload));
        assert_eq!(secret.current.content_type.as_deref(), Some("text/plain"));
        assert_eq!(secret.current.labels.unwrap()["team"], "blue");
    }
    assert_eq!(vault.versions("db").len(), 3);
}

#[tokio::test]
async fn a_patch_of_the_content_type_keeps_our_mark() {
    let vault = Emulator::start().await;
    let arm = vault.arm_store();
    let bytes = Payload::binary(vec![0xff]);
    arm.put("db", &bytes).await.unwrap();
    let patch = ArmPatch {
        content_type: Some("application/x-key".into()),
        ..ArmPatch::default()
    };

    let secret = arm.patch(named("db"), patch).await.unwrap();

    assert_eq!(
        secret.current.content_type.as_deref(),
        Some("application/x-key")
    );
    assert!(read(&vault, "db").await.same_as(&bytes));
    assert_eq!(vault.versions("db").len(), 1);
}

#[tokio::test]
async fn a_patch_switches_off_and_on_and_sets_the_validity() {
    let vault = Emulator::start().await;
    vault.seed("db", ["old"]).unwrap();
    let arm = vault.arm_store();
    let end = "2030-01-01T00:00:00Z".parse().unwrap();
    for (enabled, expires_at) in [(false, None), (true, Some(end))] {
        let patch = ArmPatch {
            enabled: Some(enabled),
            expires_at,
            ..ArmPatch::default()
        };
        let secret = arm.patch(named("db"), patch).await.unwrap();
        assert_eq!(secret.current.state == VersionState::Enabled, enabled);
        assert_eq!(secret.current.expires_at, expires_at);
    }
    assert_eq!(vault.versions("db").len(), 1);
}

#[tokio::test]
async fn a_patch_of_nothing_or_of_what_breaks_a_rule_sends_nothing() {
    let vault = Emulator::start().await;
    vault.seed("db", ["old"]).unwrap();
    let arm = vault.arm_store();
    let large = ArmPatch {
        value: Some(Payload::text("x".repeat(25 * 1024 + 1))),
        ..ArmPatch::default()
    };
    for (patch, kind) in [
        (ArmPatch::default(), ErrorKind::InvalidInput),
        (large, ErrorKind::TooLarge),
    ] {
        let error = arm.patch(named("db"), patch).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.operation(), Some("patch"));
    }
    assert_eq!(vault.request_count(), 0);
}

#[tokio::test]
async fn a_value_whose_answer_was_lost_is_never_sent_again() {
    let get = r#"{"name":"db","properties":{}}"#;
    for mode in [PutMode::Upsert, PutMode::AddVersion] {
        let script = Script::new([answer(200, get), lost()]);
        let put = store_on(&script).put_with("db", "v", mode.into()).await;
        let error = put.unwrap_err();
        assert_eq!(error.retry(), Retry::OutcomeUnknown, "{error}");
        assert!(
            error.help().contains("Describe the secret"),
            "{}",
            error.help()
        );
        assert_eq!(script.lines().len(), 2);
    }
    let script = Script::new([answer(200, get), lost()]);
    let patch = ArmPatch {
        value: Some(Payload::text("v")),
        ..ArmPatch::default()
    };
    let patched = store_on(&script).patch(named("db"), patch).await;
    assert_eq!(patched.unwrap_err().retry(), Retry::OutcomeUnknown);
}

#[tokio::test]
async fn metadata_whose_answer_was_lost_is_sent_again() {
    let script = Script::new([lost(), answer(200, r#"{"name":"db","properties":{}}"#)]);
    let patch = InfoPatch {
        enabled: Some(false),
        ..InfoPatch::default()
    };

    store_on(&script).update("db", patch).await.unwrap();

    assert_eq!(script.lines().len(), 2);
}

#[tokio::test]
async fn a_secret_that_is_off_stays_off_with_a_new_value_unless_told() {
    let vault = Emulator::start().await;
    let arm = vault.arm_store();
    arm.put("db", "one").await.unwrap();
    let off = InfoPatch {
        enabled: Some(false),
        ..InfoPatch::default()
    };
    arm.update("db", off).await.unwrap();

    arm.put("db", "two").await.unwrap();
    assert!(!vault.versions("db").pop().unwrap().enabled);
    let on = PutOptions {
        enabled: Some(true),
        ..PutOptions::default()
    };
    arm.put_with("db", "three", on).await.unwrap();
    assert!(vault.versions("db").pop().unwrap().enabled);
}

#[tokio::test]
async fn no_value_is_read_or_shown() {
    let vault = Emulator::start().await;
    let (arm, mark) = (vault.arm_store(), Mark::new());
    arm.put("db", mark.text()).await.unwrap();

    let refused = arm.get_text("db").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.help().contains("data plane"));
    let secret = arm.properties(named("db")).await.unwrap();
    let page = arm.list_page(PageRequest::default()).await.unwrap();
    let patch = ArmPatch {
        value: Some(Payload::text(mark.text())),
        ..ArmPatch::default()
    };
    assert_eq!(mark.find_in_debug(&(secret, page, patch, arm)), None);
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let page = r#"{"value":[],"nextLink":"https://elsewhere.example/subscriptions"}"#;
    let script = Script::new([answer(200, page)]);
    let store = store_on(&script);
    let first = store.list_page(PageRequest::default()).await.unwrap();

    let next = PageRequest {
        size: None,
        token: first.next,
    };
    let error = store.list_page(next).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(script.lines().len(), 1);
}

#[tokio::test]
async fn an_id_of_another_vault_is_refused_and_one_of_ours_is_taken_in_any_case() {
    let vault = Emulator::start().await;
    let arm = vault.arm_store();
    let id = arm.put("db", "v").await.unwrap().secret;
    let loud = id.as_str().to_ascii_uppercase();
    let loud = polyvault_core::SecretId::new(loud).unwrap();
    assert!(arm.describe(&loud.into()).await.is_ok());
    let sent = vault.request_count();

    for foreign in [
        id.as_str().replace("/emulator/", "/another/"),
        format!("{}/versions", id.as_str()),
        "/subscriptions/x".to_owned(),
        "db".to_owned(),
    ] {
        let id = polyvault_core::SecretId::new(foreign).unwrap();
        let error = arm.describe(&id.into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(vault.request_count(), sent);
}

fn builder() -> AzureKeyVaultArmBuilder {
    AzureKeyVaultArm::builder(
        "00000000-0000-0000-0000-000000000000",
        "my-group",
        "my-vault",
    )
}

#[test]
fn what_is_no_vault_version_or_cloud_is_refused_when_it_is_built() {
    let token = || "made-up".to_owned().into();
    for version in [
        "2021-06-01-preview",
        "2021-06-01",
        "2025-05-01",
        "2026-05-15",
        "2027-01-01-preview",
    ] {
        let built = builder().api_version(version).token(token()).build();
        assert!(built.is_ok(), "{version}");
    }
    for version in ["2019-09-01", "7.6", "", "2026-13-01", "2026-05-15-beta"] {
        let error = builder().api_version(version).token(token()).build();
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Config, "{version}");
    }
    for (subscription, group, vault) in [
        ("", "g", "vault"),
        ("a/b", "g", "vault"),
        ("s", "", "vault"),
        ("s", "a/b", "vault"),
        ("s", "dot.", "vault"),
        ("s", "g", "v"),
    ] {
        let built = AzureKeyVaultArm::builder(subscription, group, vault)
            .token(token())
            .build();
        assert_eq!(
            built.unwrap_err().kind(),
            ErrorKind::Config,
            "{subscription}/{group}/{vault}"
        );
    }
    let own = Cloud::new(
        "vault.example",
        "https://login.example",
        "https://vault.example",
    );
    let error = builder().cloud(own).token(token()).build().unwrap_err();
    assert!(error.message().contains("`endpoint` and `resource`"));
    let unsigned = builder().build().unwrap_err();
    assert_eq!(unsigned.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn each_cloud_has_its_resource_manager_and_tokens_for_it() {
    for (cloud, login, manager) in [
        (
            Cloud::PUBLIC,
            "login.microsoftonline.com",
            "https://management.azure.com",
        ),
        (
            Cloud::CHINA,
            "login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
        ),
        (
            Cloud::US_GOVERNMENT,
            "login.microsoftonline.us",
            "https://management.usgovcloudapi.net",
        ),
    ] {
        let issued = r#"{"access_token":"made-up","expires_in":3600}"#;
        let script = Script::new([answer(200, issued), answer(200, r#"{"name":"db"}"#)]);
        let store = builder()
            .cloud(cloud)
            .credential(ClientSecret::new(
                "my-tenant",
                "my-client",
                "made-up".into(),
            ))
            .client_options(script.options())
            .build()
            .unwrap();

        store.describe(&named("db")).await.unwrap();

        let sent = script.sent();
        assert_eq!(sent[0].uri().host(), Some(login));
        let asked = std::str::from_utf8(sent[0].body().as_bytes()).unwrap();
        let scope = format!("{manager}/.default")
            .replace(':', "%3A")
            .replace('/', "%2F");
        assert!(asked.contains(&scope), "{asked}");
        assert!(script.lines()[1].starts_with(&format!("GET {manager}/subscriptions/")));
    }
}
