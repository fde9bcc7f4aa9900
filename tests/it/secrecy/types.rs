//! Every public type that can be shown is known: either it can hold a value or a credential, and is shown here with
//! one, or it can't.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use polyvault::azure_key_vault::arm::{ArmPatch, AzureKeyVaultArm};
use polyvault::azure_key_vault::credential::ClientSecret;
use polyvault::azure_key_vault::events::Receiver;
use polyvault::azure_key_vault::{AzureKeyVault, Backup};
use polyvault::ensure::{Desired, Drift, EnsureOptions, plan};
use polyvault::observability::Traced;
use polyvault::provider::OpenOptions;
use polyvault::rotation::{Change, Rotator, Target};
use polyvault::transport::json::{PlainBase64, PlainText};
use polyvault::transport::*;
use polyvault::wix_secrets::{WixSecrets, credential::App};
use polyvault::yandex_lockbox::{
    CreateSecret, FirstVersion, PayloadPatch, YandexLockbox, credential::AuthorizedKey,
};
use polyvault::*;
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Script, answer};

use super::calls;
use super::told::Told;

/// What can hold a value or a credential.
const HOLDS: &[&str] = &[
    "App",
    "ArmPatch",
    "AuthorizedKey",
    "AzureKeyVault",
    "AzureKeyVaultArm",
    "AzureKeyVaultArmBuilder",
    "AzureKeyVaultBuilder",
    "Backup",
    "Body",
    "Call",
    "Change",
    "Client",
    "ClientOptions",
    "ClientSecret",
    "CreateSecret",
    "Desired",
    "Drift",
    "EnsureOptions",
    "EnvStore",
    "Environment",
    "Error",
    "FallbackStore",
    "FirstVersion",
    "MemoryStore",
    "OpenOptions",
    "Operation",
    "Payload",
    "PayloadPatch",
    "PlainBase64",
    "PlainText",
    "Plan",
    "Proxy",
    "PutValue",
    "ReadyToken",
    "Receiver",
    "Refusal",
    "ReqwestTransport",
    "ReqwestTransportBuilder",
    "Rotator",
    "Secret",
    "SecretBytes",
    "SecretText",
    "SendError",
    "Service",
    "Step",
    "Token",
    "TokenCache",
    "Traced",
    "Value",
    "WixSecrets",
    "WixSecretsBuilder",
    "YandexLockbox",
    "YandexLockboxBuilder",
];

/// What can't: names, ids, labels, times, settings and what a service calls its own.
const HOLDS_NONE: &[&str] = &[
    "AccessBinding",
    "AccessChange",
    "Action",
    "Advice",
    "Alphabet",
    "Applied",
    "ArmSecret",
    "Capabilities",
    "Chain",
    "ClientCertificate",
    "Cloud",
    "CreateStrength",
    "DeleteOptions",
    "DeletedProperties",
    "DeletedSecretInfo",
    "Delivery",
    "DeveloperTool",
    "Difference",
    "Due",
    "Edit",
    "Encoded",
    "Endpoint",
    "Entries",
    "ErrorKind",
    "Event",
    "EventKind",
    "Faults",
    "Field",
    "Generate",
    "GetOptions",
    "Hosts",
    "IdempotencyKey",
    "InfoPatch",
    "Issuer",
    "LabelRule",
    "Limits",
    "LostPut",
    "MakeCurrent",
    "ManagedIdentity",
    "ManualClock",
    "Mark",
    "MemoryStoreBuilder",
    "Metadata",
    "NameRule",
    "Names",
    "NotYet",
    "OnSoftDeleted",
    "OnUnknown",
    "OperationId",
    "OperationKind",
    "OperationProperties",
    "OperationResponse",
    "OutContentType",
    "Outcome",
    "Page",
    "PageRequest",
    "PageToken",
    "Pagination",
    "Parameter",
    "PasswordSpec",
    "PasswordSpecification",
    "Payloads",
    "Polled",
    "Provider",
    "Punctuation",
    "PutMode",
    "PutOptions",
    "Rate",
    "ReadOptions",
    "RecoveryLevel",
    "Repeat",
    "Retry",
    "RetryPolicy",
    "Rule",
    "Scheme",
    "Scope",
    "SdkCredential",
    "SecretEvent",
    "SecretId",
    "SecretIdentifier",
    "SecretInfo",
    "SecretName",
    "SecretProperties",
    "SecretRef",
    "SecretUri",
    "Seeded",
    "SendErrorKind",
    "SizeUnit",
    "StoreConfig",
    "StoreUrl",
    "StoresConfig",
    "Subject",
    "SystemClock",
    "TokenRequest",
    "UpdateSecret",
    "UrlBuilder",
    "Variable",
    "VersionChange",
    "VersionId",
    "VersionInfo",
    "VersionPatch",
    "VersionProperties",
    "VersionSelector",
    "VersionState",
    "Versions",
    "WaitPolicy",
    "Webhooks",
    "WorkloadIdentity",
    "Written",
];

/// The public types with `Debug`, by the snapshots of the public API.
fn public() -> BTreeSet<String> {
    let snapshots = [
        include_str!("../../../api/polyvault.txt"),
        include_str!("../../../api/polyvault-core.txt"),
        include_str!("../../../api/polyvault-azure-key-vault.txt"),
        include_str!("../../../api/polyvault-yandex-lockbox.txt"),
        include_str!("../../../api/polyvault-wix-secrets.txt"),
    ];
    let lines = snapshots.into_iter().flat_map(str::lines);
    let shown = lines.filter_map(|line| {
        line.split_once("core::fmt::Debug for ")?
            .1
            .split('<')
            .next()
    });
    // Emulators hold what they are sent, and are for tests.
    let ours = shown.filter(|path| !path.contains("::emulator::"));
    ours.filter_map(|path| path.rsplit("::").next().map(str::to_owned))
        .collect()
}

/// A service that knows any password.
struct Anything(Mutex<Told>);

#[async_trait]
impl Target for Anything {
    async fn works(&self, _: Option<&str>, _: &Payload) -> Result<bool> {
        Ok(true)
    }

    async fn change(&self, change: Change<'_>) -> Result<()> {
        self.0.lock().unwrap().show("a change", &change);
        Ok(())
    }
}

fn stores(token: &Mark, told: &mut Told) {
    let secret = || SecretString::from(token.text());
    let script = Script::always(answer(200, "{}"));
    let azure = AzureKeyVault::builder("marked").token(secret());
    let azure = azure.client_options(script.options());
    told.show("AzureKeyVaultBuilder", &azure);
    told.show("AzureKeyVault", &azure.build().unwrap());
    let arm = AzureKeyVaultArm::builder("00000000-0000-0000-0000-000000000000", "group", "marked");
    let arm = arm.token(secret()).client_options(script.options());
    told.show("AzureKeyVaultArmBuilder", &arm);
    told.show("AzureKeyVaultArm", &arm.build().unwrap());
    let lockbox = YandexLockbox::builder("folder").token(secret());
    let lockbox = lockbox.client_options(script.options());
    told.show("YandexLockboxBuilder", &lockbox);
    told.show("YandexLockbox", &lockbox.build().unwrap());
    let app = || App::new("app", secret(), "instance");
    told.show("App", &app());
    for wix in [
        WixSecrets::builder("site").app(app()),
        WixSecrets::builder("site").api_key(secret()),
    ] {
        let wix = wix.client_options(script.options());
        told.show("WixSecretsBuilder", &wix);
        told.show("WixSecrets", &wix.build().unwrap());
    }
    told.show(
        "ClientSecret",
        &ClientSecret::new("tenant", "client", secret()),
    );
    let key = format!(r#"{{"id":"i","private_key":"{}"}}"#, token.text());
    told.show("AuthorizedKey", &AuthorizedKey::from_json(key.into()));
    told.outcome("Receiver", Receiver::with_query_key("key", secret()));
    told.outcome("Receiver", Receiver::with_header_key("x-key", secret()));
}

async fn transport(value: &Mark, token: &Mark, told: &mut Told) {
    let secret = || SecretString::from(token.text());
    let text = Value::text(value.text());
    told.show("PlainText", &PlainText(&text));
    told.show("PlainBase64", &PlainBase64(&text));
    told.show("SecretText", &SecretText::from(value.text()));
    told.show("SecretBytes", &SecretBytes::from(value.text().as_bytes()));
    let body = json::encode(&PlainText(&text)).unwrap();
    told.show("Body", &body);
    let mut request = request(
        http::Method::PUT,
        "https://a.example".parse().unwrap(),
        Some(body),
    );
    let mut header = http::HeaderValue::from_str(token.text()).unwrap();
    header.set_sensitive(true);
    request.headers_mut().insert("authorization", header);
    told.show("a request", &request);
    let call = Call {
        operation: "put",
        secret: Some("db"),
        repeat: Repeat::Safe,
        request,
    };
    told.show("Call", &call);
    let service = Service {
        provider: "example",
        endpoints: vec![Endpoint::parse("endpoint", "https://a.example").unwrap()],
        tokens: Box::new(ReadyToken::new(secret())),
        scheme: Scheme::Bearer,
        refusal: |refusal| Error::new(ErrorKind::Unexpected, format!("{refusal:?} {refusal:#?}")),
        advice: Advice::default(),
        request_id: "x-request-id",
    };
    told.show("Service", &service);
    let script = Script::always(answer(400, value.text()));
    told.show("ClientOptions", &script.options());
    let client = Client::new(service, script.options()).unwrap();
    told.show("Client", &client);
    // Its message is what `Debug` shows of the refusal.
    let refused = client.send(call).await.unwrap_err();
    assert!(refused.message().starts_with("Refusal"), "{refused}");
    told.error("Refusal", &refused);
    told.saw("Refusal");
    let ready = ReadyToken::new(secret());
    told.show("ReadyToken", &ready);
    told.show(
        "TokenCache",
        &TokenCache::new(ready, script.options().clock),
    );
    told.show(
        "Token",
        &Token {
            secret: secret(),
            expires_at: None,
        },
    );
    let proxy = Proxy::new("http://127.0.0.1:1")
        .unwrap()
        .login("user", secret())
        .unwrap();
    told.show("Proxy", &proxy);
    let builder = ReqwestTransport::builder().proxy(proxy);
    told.show("ReqwestTransportBuilder", &builder);
    told.show("ReqwestTransport", &builder.build());
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        token.text()
    );
    let refused = ReqwestTransport::builder().client_certificate_pem(&pem.into());
    told.outcome("a client certificate", refused);
    let sent = SendError::new(SendErrorKind::AnswerLost, "lost");
    told.show("SendError", &sent);
    let environment = Environment::empty().with("WIX_API_KEY", token.text());
    told.show("Environment", &environment);
    told.show(
        "OpenOptions",
        &OpenOptions {
            environment: environment.clone(),
            client: ClientOptions::default(),
        },
    );
    told.show("EnvStore", &EnvStore::variables(environment, ""));
}

async fn work(value: &Mark, token: &Mark, told: &mut Told) {
    let (payload, key) = (
        Payload::text(value.text()),
        SecretString::from(token.text()),
    );
    let memory = MemoryStore::new();
    calls::all(&memory, value, told).await;
    let put = memory.put("db", payload.clone()).await.unwrap();
    told.show("MemoryStore", &memory);
    told.show(
        "FallbackStore",
        &FallbackStore::new(memory.clone(), memory.clone()),
    );
    told.show("Traced", &Traced::new(memory.clone()));
    let desired = Desired::new("other").unwrap().value(payload.clone());
    told.show("Desired", &desired);
    let options = EnsureOptions {
        drift: Drift::Digest { key },
        ..EnsureOptions::default()
    };
    told.show("EnsureOptions", &options);
    told.show("Drift", &options.drift);
    let planned = plan(&memory, &[desired], &options).await.unwrap();
    told.text("a plan", planned.to_string());
    told.show("Step", &planned.steps()[0]);
    told.show("Plan", &planned);
    let target = Arc::new(Anything(Mutex::default()));
    let rotator = Rotator::one_set(Arc::new(memory), Arc::clone(&target) as _);
    told.show("Rotator", &rotator);
    let due = rotation::Due::new("db".try_into().unwrap(), put.version.id.unwrap());
    told.outcome("a rotation's step", rotator.rotate(&due).await);
    told.show(
        "Change",
        &Change {
            set: None,
            current: &payload,
            next: &payload,
        },
    );
    told.show(
        "ArmPatch",
        &ArmPatch {
            value: Some(payload.clone()),
            ..ArmPatch::default()
        },
    );
    told.show("Backup", &Backup::from_bytes(value.text().as_bytes()));
    let first_version = FirstVersion::Payload(payload.clone());
    told.show("FirstVersion", &first_version);
    told.show(
        "CreateSecret",
        &CreateSecret {
            first_version,
            ..CreateSecret::default()
        },
    );
    told.show(
        "PayloadPatch",
        &PayloadPatch {
            set: Some(payload),
            ..PayloadPatch::default()
        },
    );
}

#[test]
fn every_public_type_that_can_be_shown_is_known_here() {
    let mut listed = BTreeMap::<&str, usize>::new();
    for name in HOLDS.iter().chain(HOLDS_NONE) {
        *listed.entry(name).or_default() += 1;
    }
    assert!(
        listed.values().all(|count| *count == 1),
        "a type is listed twice"
    );

    let known: BTreeSet<_> = listed.into_keys().map(str::to_owned).collect();

    assert_eq!(known, public());
}

#[tokio::test]
async fn no_public_type_shows_what_it_holds() {
    let (value, token) = (Mark::large(), Mark::new());
    let mut told = Told::default();
    stores(&token, &mut told);
    transport(&value, &token, &mut told).await;
    work(&value, &token, &mut told).await;
    let script = Script::always(answer(400, token.text()));
    let refused = super::services::open("wix-secrets://site", &token, script.options());
    told.outcome("a refusal", refused.get_text("db").await);

    assert_eq!(told.leaks(&[&value, &token]), [""; 0]);
    let shown = told.types();
    let unseen: Vec<_> = HOLDS
        .iter()
        .filter(|name| !shown.contains(**name))
        .collect();
    assert_eq!(
        unseen, [&""; 0],
        "these can hold a secret, and were not shown"
    );
}
