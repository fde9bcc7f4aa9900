//! The methods of the service: none without a fixture and a call that sends its request.

use std::collections::BTreeSet;

use polyvault_core::{
    DeleteOptions, InfoPatch, OperationId, PageRequest, Result, SecretId, SecretRef, SecretStore,
    VersionChange, VersionId, VersionSelector,
};
use polyvault_testkit::fixture;
use polyvault_testkit::script::{Script, answer};
use polyvault_yandex_lockbox::{
    AccessChange, CreateSecret, PayloadPatch, UpdateSecret, YandexLockbox,
};

use super::schema;
use crate::script::store_on;

/// Methods that the store does not offer, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "OperationService.Cancel",
        "no operation of this service can be cancelled, and the verb is told in two ways",
    ),
    (
        "IamTokenService.CreateForServiceAccount",
        "a token source of the user's own can ask for it",
    ),
    (
        "IamTokenService.Revoke",
        "a token is used until its end by who else holds it",
    ),
    (
        "ApiEndpointService.Get",
        "the list tells all of them at once",
    ),
];

/// Methods that are called before there is a store: where to sign in, and with what.
const BEFORE: &[&str] = &["IamTokenService.Create", "ApiEndpointService.List"];

/// The call that sends the request of a method.
async fn call(method: &str, store: &YandexLockbox) -> Option<Result<()>> {
    let secret = SecretRef::from(SecretId::new("e6qsecret00000000001").unwrap());
    let version = VersionId::new("e6qversion0000000001").unwrap();
    let page = PageRequest::default;
    let enabled = |enabled| InfoPatch {
        enabled: Some(enabled),
        ..InfoPatch::default()
    };
    let change = async |change| {
        let begun = store.begin_update_version(&secret, &version, change).await;
        begun.map(drop)
    };
    Some(match method {
        "SecretService.Get" => store.properties(&secret).await.map(drop),
        "SecretService.List" => store.list_properties_page(page()).await.map(drop),
        "SecretService.Create" => {
            let new = CreateSecret::named("db".parse().unwrap());
            store.begin_create(new).await.map(drop)
        }
        "SecretService.Update" => {
            let change = UpdateSecret {
                description: polyvault_core::Edit::Clear,
                ..UpdateSecret::default()
            };
            store.begin_update_secret(&secret, change).await.map(drop)
        }
        "SecretService.Delete" => {
            let begun = store.begin_delete(&secret, DeleteOptions::default());
            begun.await.map(drop)
        }
        "SecretService.Activate" => store.begin_update(&secret, enabled(true)).await.map(drop),
        "SecretService.Deactivate" => store.begin_update(&secret, enabled(false)).await.map(drop),
        "SecretService.ListVersions" => {
            let listed = store.list_version_properties_page(&secret, page()).await;
            listed.map(drop)
        }
        "SecretService.AddVersion" => {
            let patch = PayloadPatch {
                remove: ["gone".to_owned()].into(),
                ..PayloadPatch::default()
            };
            store.begin_patch(&secret, patch).await.map(drop)
        }
        "SecretService.SetCurrentVersion" => change(VersionChange::MakeCurrent).await,
        "SecretService.ScheduleVersionDestruction" => {
            change(VersionChange::Destroy { after: None }).await
        }
        "SecretService.CancelVersionDestruction" => change(VersionChange::CancelDestruction).await,
        "SecretService.ListOperations" => {
            store.list_operations_page(&secret, page()).await.map(drop)
        }
        "SecretService.ListAccessBindings" => {
            let listed = store.list_access_bindings_page(&secret, page()).await;
            listed.map(drop)
        }
        "SecretService.SetAccessBindings" => {
            let begun = store.begin_set_access_bindings(&secret, []).await;
            begun.map(drop)
        }
        "SecretService.UpdateAccessBindings" => {
            let reader = polyvault_yandex_lockbox::AccessBinding {
                role: "lockbox.viewer".into(),
                subject: polyvault_yandex_lockbox::Subject::service_account("aje"),
            };
            let changes = [AccessChange::Remove(reader)];
            let begun = store.begin_update_access_bindings(&secret, changes).await;
            begun.map(drop)
        }
        "PayloadService.Get" => {
            let options = VersionSelector::Exact(version).into();
            store.get(&secret, options).await.map(drop)
        }
        "PayloadService.GetEx" => store.get_ex(&secret, &Default::default()).await.map(drop),
        "OperationService.Get" => {
            let id = OperationId::new("e6qoperation00000001").unwrap();
            store.operation(&id).await.map(drop)
        }
        _ => return None,
    })
}

/// The method that a request belongs to, by verb and path.
fn is_of(verb: &str, path: &str, method: &serde_json::Value) -> bool {
    let template = method["path"].as_str().unwrap();
    let path = path.split('?').next().unwrap_or_default();
    let (head, tail) = match template.split_once('{') {
        None => return verb == method["http_verb"] && path == template,
        Some((head, rest)) => (head, rest.split_once('}').unwrap().1),
    };
    let id = path
        .strip_prefix(head)
        .and_then(|rest| rest.strip_suffix(tail));
    let plain = |id: &str| !id.is_empty() && !id.contains(['/', ':']);
    verb == method["http_verb"] && id.is_some_and(plain)
}

#[tokio::test]
async fn every_method_of_the_schema_has_a_fixture_and_a_call_that_sends_its_request() {
    let schema = schema();
    let methods = schema["methods"].as_array().unwrap();
    let fixtures = fixture::load("yandex-lockbox").unwrap();
    let mut left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|row| row.0).collect();
    let mut called = 0;
    for method in methods {
        let service = method["service"].as_str().unwrap();
        let service = service.rsplit('.').next().unwrap();
        let name = format!("{service}.{}", method["method"].as_str().unwrap());
        if left_out.remove(&*name) {
            continue;
        }
        let shown = fixtures.iter().filter(|fixture| {
            let done = fixture.response.status == 200;
            done && is_of(&fixture.request.method, &fixture.request.path, method)
        });
        assert!(shown.count() > 0, "{name} has no fixture of success");
        if BEFORE.contains(&&*name) {
            continue;
        }

        let script = Script::always(answer(403, r#"{"code":7}"#));
        let outcome = call(&name, &store_on(&script, 0)).await;

        assert!(
            outcome.is_some_and(|sent| sent.is_err()),
            "{name} has no call"
        );
        let sent = script.sent();
        let first = sent.first().unwrap();
        let path = first.uri().path_and_query().unwrap().as_str();
        assert!(
            is_of(first.method().as_str(), path, method),
            "{name}: {path}"
        );
        let writes = first.method() != http::Method::GET;
        assert_eq!(
            first.headers().contains_key("idempotency-key"),
            writes,
            "{name}"
        );
        called += 1;
    }
    assert!(left_out.is_empty(), "{left_out:?}");
    assert_eq!((methods.len(), called), (25, 19));
}
