//! A token that ends in the middle, with a credential that gets another one.

use polyvault::wix_secrets::WixSecrets;
use polyvault::wix_secrets::credential::App;
use polyvault::yandex_lockbox::YandexLockbox;
use polyvault::yandex_lockbox::credential::AuthorizedKey;
use polyvault::{ErrorKind, wix_secrets, yandex_lockbox};
use polyvault_testkit::faults::{Fault, FaultPlan, FaultProxy};

use super::read;

fn faults(proxy: &FaultProxy) -> Vec<String> {
    let trace = proxy.trace();
    let faulty = trace.iter().filter(|one| one.fault.is_some());
    faulty.map(ToString::to_string).collect()
}

/// A store whose every sign-in gives another token.
fn as_an_app(site: &wix_secrets::emulator::Emulator, proxy: &FaultProxy) -> WixSecrets {
    WixSecrets::builder("a-site")
        .endpoint(site.endpoint())
        .token_endpoint(format!("{}/oauth2/token", site.url()))
        .app(App::new("an-app", "made-up".into(), "an-instance"))
        .client_options(proxy.options())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused_until_another_one_comes() {
    let site = wix_secrets::emulator::Emulator::start().await;
    site.seed("db", "s3cret");
    let plan = FaultPlan::new(0).at(1, Fault::ExpiredToken).on("GET", "");
    let proxy = FaultProxy::start(plan).await.unwrap();
    let of_a_key = site.store_with(proxy.options());
    let of_an_app = as_an_app(&site, &proxy);

    for kind in [
        None,
        Some(ErrorKind::Unauthenticated),
        Some(ErrorKind::Unauthenticated),
    ] {
        let outcome = read(&of_a_key, "db").await;
        assert_eq!(outcome.err().map(|error| error.kind()), kind);
    }
    assert_eq!(read(&of_an_app, "db").await.unwrap(), "s3cret");

    let path = "/_api/cloud-secrets-vault-server/api/v1/secrets/name/db";
    let expired = format!("GET {path}: expired token");
    assert_eq!(faults(&proxy), [expired.clone(), expired]);
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_is_replaced() {
    let site = wix_secrets::emulator::Emulator::start().await;
    site.seed("db", "s3cret");
    let plan = FaultPlan::new(0).at(1, Fault::ExpiredToken).on("GET", "");
    let proxy = FaultProxy::start(plan).await.unwrap();
    let store = as_an_app(&site, &proxy);

    for _ in 0..3 {
        assert_eq!(read(&store, "db").await.unwrap(), "s3cret");
    }

    assert_eq!(faults(&proxy).len(), 1);
    let sign_ins = proxy
        .trace()
        .iter()
        .filter(|one| one.request.contains("/oauth2/token"))
        .count();
    assert_eq!(sign_ins, 2);
}

#[tokio::test]
async fn a_refusal_in_the_middle_costs_one_more_sign_in_on_whichever_port() {
    for part in ["/lockbox/v1/secrets", "/payload"] {
        let folder = yandex_lockbox::emulator::Emulator::builder();
        let folder = folder.folder("b1gfolder00000000001");
        let folder = folder.four_ports().require_sign_in().start().await;
        let secret = serde_json::json!({
            "name": "db",
            "versions": [{"entries": [{"key": "value", "textValue": "s3cret"}]}],
        });
        folder.seed(&secret).unwrap();
        let plan = FaultPlan::new(0).once(Fault::Unauthenticated);
        let proxy = FaultProxy::start(plan.on("GET", part)).await.unwrap();
        let store = YandexLockbox::builder("b1gfolder00000000001")
            .endpoint(folder.url())
            .payload_endpoint(folder.payload_url())
            .operation_endpoint(folder.operation_url())
            .iam_endpoint(folder.iam_url())
            .credential(AuthorizedKey::from_json(folder.authorized_key().into()))
            .client_options(proxy.options())
            .build()
            .unwrap();

        assert_eq!(read(&store, "db").await.unwrap(), "s3cret");

        assert_eq!(faults(&proxy).len(), 1, "{:?}", proxy.trace());
        assert_eq!(folder.sign_ins(), 2, "{part}");
    }
}
