//! The exact requests, and what their answers become.

use polyvault_azure_key_vault::arm::{ArmPatch, AzureKeyVaultArm};
use polyvault_azure_key_vault::identifier::Hosts;
use polyvault_core::{
    ErrorKind, InfoPatch, Labels, PageRequest, Payload, PutOptions, SecretInfo, SecretStore,
    SecretStoreExt, VersionState,
};
use polyvault_testkit::script::{Answer, Script, answer, body_of};

use super::{named, store_on};
use crate::script::load;

const ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sample-group/providers/Microsoft.KeyVault/vaults/sample-vault/secrets/secret-name";

/// Calls a store that gets these answers and then the fixture's, and holds its last request to the fixture's.
async fn exchange<T>(
    looks: impl IntoIterator<Item = Answer>,
    fixture: &str,
    call: impl AsyncFnOnce(AzureKeyVaultArm) -> T,
) -> T {
    let fixture = load(fixture);
    let last = Ok(fixture.http_response().unwrap());
    let script = Script::new(looks.into_iter().chain([last]));
    let outcome = call(store_on(&script)).await;
    let sent = script.sent();
    let sent = sent.last().unwrap();
    let (name, due) = (&fixture.name, &fixture.request);
    let uri = sent.uri();
    assert_eq!(sent.method().as_str(), due.method, "{name}");
    assert_eq!(uri.authority().unwrap(), "management.azure.com", "{name}");
    assert_eq!(uri.path_and_query().unwrap(), due.path.as_str(), "{name}");
    assert_eq!(body_of(sent), due.body, "{name}");
    for header in ["authorization", "accept", "content-type"] {
        let got = sent.headers().get(header).map(|v| v.to_str().unwrap());
        let due = due.headers.get(header).map(String::as_str);
        assert_eq!(got, due, "{name}: {header}");
    }
    outcome
}

/// An answer of a fixture, as a look gets it.
fn look(fixture: &str) -> Answer {
    Ok(load(fixture).http_response().unwrap())
}

fn labels(value: &str) -> Labels {
    Labels::from([("team".into(), value.into())])
}

#[tokio::test]
async fn a_put_of_a_new_secret_whose_uri_is_malformed() {
    let written = exchange(
        [look("arm-get-not-found")],
        "arm-put-created",
        async |store| store.put("secret-name", "secret-value").await.unwrap(),
    )
    .await;

    assert!(written.created);
    assert_eq!(written.secret.as_str(), ID);
    let told = written.version.created_at.unwrap().as_second();
    assert_eq!(told, 1_514_938_738);
}

#[tokio::test]
async fn a_malformed_uri_is_kept_as_it_came() {
    let script = Script::new([look("arm-put-created")]);

    let secret = store_on(&script)
        .properties(named("secret-name"))
        .await
        .unwrap();

    let told = secret.uri_with_version.unwrap();
    let malformed = told.identifier(&Hosts::clouds()).unwrap_err();
    assert_eq!(malformed.kind(), ErrorKind::InvalidInput);
    assert!(told.as_str().starts_with("https:/sample-vault."));
    let id = secret.uri.unwrap().identifier(&Hosts::clouds()).unwrap();
    assert_eq!((id.name().as_str(), id.version()), ("secret-name", None));
}

#[tokio::test]
async fn a_put_of_every_field() {
    let options = PutOptions {
        labels: Some(labels("blue")),
        content_type: Some("text/plain".into()),
        not_before: Some("2020-01-01T00:00:00Z".parse().unwrap()),
        expires_at: Some("2030-01-01T00:00:00Z".parse().unwrap()),
        ..PutOptions::default()
    };
    let written = exchange([look("arm-get")], "arm-put", async |store| {
        let put = store.put_with("secret-name", "secret-value", options);
        put.await.unwrap()
    })
    .await;

    assert!(!written.created);
    let version = written.version;
    assert_eq!(version.content_type.as_deref(), Some("text/plain"));
    assert_eq!(version.labels, Some(labels("blue")));
    assert_eq!(version.not_before.unwrap().as_second(), 1_577_836_800);
    assert_eq!(version.expires_at.unwrap().as_second(), 1_893_456_000);
}

#[tokio::test]
async fn an_update_of_tags_and_attributes() {
    let patch = InfoPatch {
        labels: Some(labels("blue")),
        enabled: Some(false),
        ..InfoPatch::default()
    };
    let info = exchange([], "arm-update", async |store| {
        store.update("secret-name", patch).await.unwrap()
    })
    .await;

    assert_eq!(info.state, VersionState::Disabled);
    assert_eq!(info.labels, Some(labels("blue")));
}

#[tokio::test]
async fn a_patch_with_a_value() {
    let patch = ArmPatch {
        value: Some(Payload::text("secret-value2")),
        ..ArmPatch::default()
    };
    let secret = exchange([look("arm-get")], "arm-update-value", async |store| {
        store.patch(named("secret-name"), patch).await.unwrap()
    })
    .await;

    let uri = secret.uri_with_version.unwrap();
    let id = uri.identifier(&Hosts::clouds()).unwrap();
    assert_eq!(
        id.version().unwrap().as_str(),
        "b8c802f549764f2d97885d152f92ee9d"
    );
    assert_eq!(secret.location.as_deref(), Some("westus"));
}

#[tokio::test]
async fn a_get_tells_all_but_the_value() {
    let info = exchange([], "arm-get", async |store| {
        store.describe(&named("secret-name")).await.unwrap()
    })
    .await;

    assert_eq!(info.id.as_str(), ID);
    assert_eq!(info.name.unwrap().as_str(), "secret-name");
    let current = info.current.unwrap();
    // There are no versions to ask for: what the address tells is the native method's.
    assert_eq!(current.id, None);
    assert_eq!(current.updated_at.unwrap().as_second(), 1_514_940_950);
}

#[tokio::test]
async fn a_list_of_three_pages() {
    let mut page = PageRequest {
        size: Some(1),
        token: None,
    };
    let mut names = Vec::new();
    for fixture in [
        "arm-list-first-page",
        "arm-list-empty-page",
        "arm-list-last-page",
    ] {
        let asked = page.clone();
        let listed = exchange([], fixture, async |store| {
            store.list_page(asked).await.unwrap()
        })
        .await;
        let told = |info: SecretInfo| info.name.unwrap().to_string();
        names.push(listed.items.into_iter().map(told).collect::<Vec<_>>());
        page.token = listed.next;
    }

    assert_eq!(names, [vec!["secret-name"], vec![], vec!["secret-name2"]]);
    assert_eq!(page.token, None);
}

#[tokio::test]
async fn a_missing_secret_is_missing_and_a_missing_vault_is_not() {
    let missing = exchange([], "arm-get-not-found", async |store| {
        store.describe(&named("secret-name")).await.unwrap_err()
    })
    .await;
    assert_eq!(missing.kind(), ErrorKind::NotFound);

    for code in [
        "InvalidResourceType",
        "ResourceGroupNotFound",
        "ParentResourceNotFound",
        "SubscriptionNotFound",
    ] {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        let script = Script::new([answer(404, body)]);
        let error = store_on(&script).describe(&named("db")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Config, Some(code))
        );
    }
}
