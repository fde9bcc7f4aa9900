//! Applications: what they prove themselves with, and what is made of the answer.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use polyvault_azure_key_vault::credential::{ClientCertificate, ClientSecret, WorkloadIdentity};
use polyvault_core::ErrorKind;
use serde_json::{Value, json};

use super::*;

/// Every sign-in that the stub saw: path and form.
async fn asked(server: &MockServer) -> Vec<(String, Vec<(String, String)>)> {
    let requests = server.received_requests().await.unwrap();
    let read = |request: &wiremock::Request| {
        assert_eq!(request.method.as_str(), "POST");
        assert!(!request.headers.contains_key("authorization"));
        let kind = &request.headers["content-type"];
        assert_eq!(kind, "application/x-www-form-urlencoded");
        (request.url.path().to_owned(), form(&request.body))
    };
    requests.iter().map(read).collect()
}

fn secret() -> ClientSecret {
    ClientSecret::new(TENANT, "my-client", "h&nter=2 ü".into())
}

#[tokio::test]
async fn a_client_secret_is_posted_to_its_tenant_and_its_token_kept() {
    let (vault, login) = (vault().await, issuer(200, issued()).await);

    read(&vault, &login.uri(), secret()).await.unwrap();

    let asked = asked(&login).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "my-client"),
        ("scope", "https://vault.azure.net/.default"),
        ("client_secret", "h&nter=2 ü"),
    ];
    let fields = fields.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let path = "/00000000-0000-0000-0000-000000000000/oauth2/v2.0/token".to_owned();
    // The tenant is the one that the vault names.
    assert_eq!(asked, [(path, fields.to_vec())]);
}

#[tokio::test]
async fn a_certificate_signs_a_statement_that_its_own_key_proves() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["app".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    fs::write(&file, key.serialize_pem() + &certificate.pem()).unwrap();
    let (vault, login) = (vault().await, issuer(200, issued()).await);

    let credential = ClientCertificate::new(TENANT, "my-client", &file);
    read(&vault, &login.uri(), credential).await.unwrap();

    let (path, form) = asked(&login).await.remove(0);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(field(&form, "client_assertion_type"), kind);
    let parts: Vec<&str> = field(&form, "client_assertion").split('.').collect();
    let part = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
    let header: Value = serde_json::from_slice(&part(0)).unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate.der()));
    assert_eq!(
        header,
        json!({"typ": "JWT", "alg": "PS256", "x5t#S256": thumbprint})
    );
    let claims: Value = serde_json::from_slice(&part(1)).unwrap();
    assert_eq!(claims["aud"], format!("{}{path}", login.uri()));
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("my-client"), &json!("my-client"))
    );
    assert_eq!(claims["nbf"], 1_795_341_600);
    assert_eq!(claims["exp"], 1_795_342_200);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public_key_raw());
    let signed = format!("{}.{}", parts[0], parts[1]);
    public.verify(signed.as_bytes(), &part(2)).unwrap();
}

#[tokio::test]
async fn a_file_that_changes_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let (vault, login) = (vault().await, issuer(200, issued()).await);
    let store = AzureKeyVault::builder("emulator")
        .endpoint(vault.url())
        .authority(login.uri())
        .any_challenge()
        .credential(WorkloadIdentity::new(TENANT, "my-client", &file))
        .build()
        .unwrap();

    fs::write(&file, "first\n").unwrap();
    store.get_text("db").await.unwrap();
    fs::write(&file, "second").unwrap();
    store.get_text("db").await.unwrap(); // the token is kept
    vault.require_token("issued-token-2");
    let refused = store.get_text("db").await; // so another one is asked for

    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let asked = asked(&login).await;
    let shown = asked
        .iter()
        .map(|(_, form)| field(form, "client_assertion"));
    assert_eq!(shown.collect::<Vec<_>>(), ["first", "second"]);
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_its_end() {
    let clock = crate::manual_clock();
    let vault = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    vault.seed("db", ["s3cret"]).unwrap();
    let login = issuer(200, issued()).await;
    let store = AzureKeyVault::builder("emulator")
        .endpoint(vault.url())
        .authority(login.uri())
        .resource("https://vault.azure.net")
        .credential(secret())
        .client_options(ClientOptions {
            clock: Arc::clone(&clock) as _,
            ..ClientOptions::default()
        })
        .build()
        .unwrap();

    for (later, asked_for) in [(0, 1), (3298, 1), (2, 2)] {
        clock.advance(Duration::from_secs(later));
        store.get_text("db").await.unwrap();
        assert_eq!(asked(&login).await.len(), asked_for, "{later}");
    }
}

#[tokio::test]
async fn many_callers_sign_in_once() {
    let (vault, login) = (vault().await, issuer(200, issued()).await);
    let store = AzureKeyVault::builder("emulator")
        .endpoint(vault.url())
        .authority(login.uri())
        .any_challenge()
        .credential(secret())
        .build()
        .unwrap();

    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        reads.spawn(async move { store.get_text("db").await.map(drop) });
    }
    for read in reads.join_all().await {
        read.unwrap();
    }

    assert_eq!(asked(&login).await.len(), 1);
}

#[tokio::test]
async fn a_refusal_of_the_login_tells_its_code_and_what_to_do_and_no_secret() {
    for (status, number, kind, help) in [
        (401, 7_000_215, ErrorKind::Unauthenticated, "value"),
        (401, 7_000_222, ErrorKind::Unauthenticated, "new secret"),
        (400, 700_016, ErrorKind::Unauthenticated, "AZURE_CLIENT_ID"),
        (400, 90_002, ErrorKind::Unauthenticated, "AZURE_TENANT_ID"),
        (400, 500_011, ErrorKind::Unauthenticated, "resource"),
        (400, 1, ErrorKind::Unauthenticated, ""),
        (403, 53_003, ErrorKind::Forbidden, ""),
    ] {
        let body = json!({
            "error": "invalid_client",
            "error_description": "AADSTS7000215: hunter2 is not it. Trace ID: t-1",
            "error_codes": [number],
            "trace_id": "t-1",
        });
        let (vault, login) = (vault().await, issuer(status, body).await);

        let error = read(&vault, &login.uri(), secret()).await.unwrap_err();

        assert_eq!(error.kind(), kind, "{number}");
        assert_eq!(error.code(), Some(format!("AADSTS{number}").as_str()));
        assert_eq!(
            (error.status(), error.request_id()),
            (Some(status), Some("t-1"))
        );
        assert!(error.help().contains(help), "{}", error.help());
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("nter"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn what_is_no_token_is_a_decode_error_without_text() {
    for body in [
        json!({}),
        json!({"access_token": null}),
        json!({"access_token": 7}),
        json!({"access_token": {"a": "hunter2"}}),
        json!(["hunter2"]),
    ] {
        let (vault, login) = (vault().await, issuer(200, body.clone()).await);

        let error = read(&vault, &login.uri(), secret()).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn an_issuer_that_is_away_is_asked_again() {
    let vault = vault().await;
    let login = MockServer::start().await;
    for answer in [ResponseTemplate::new(503), ResponseTemplate::new(429)] {
        let once = Mock::given(any()).respond_with(answer).up_to_n_times(1);
        once.mount(&login).await;
    }
    let good = ResponseTemplate::new(200).set_body_json(issued());
    Mock::given(any()).respond_with(good).mount(&login).await;
    let store = AzureKeyVault::builder("emulator")
        .endpoint(vault.url())
        .authority(login.uri())
        .any_challenge()
        .credential(secret())
        .client_options(on_manual_clock())
        .build()
        .unwrap();

    store.get_text("db").await.unwrap();

    assert_eq!(asked(&login).await.len(), 3);
}

#[tokio::test]
async fn a_file_that_is_not_as_it_should_be_is_told_by_its_variable_and_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let vault = vault().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["app".to_owned()]).unwrap();
    let elliptic = parameters.self_signed(&key).unwrap().pem() + &key.serialize_pem();
    let certificate = parameters.self_signed(&key).unwrap().pem();
    for (variable, text) in [
        ("AZURE_FEDERATED_TOKEN_FILE", None),
        ("AZURE_FEDERATED_TOKEN_FILE", Some("  \n".to_owned())),
        ("AZURE_FEDERATED_TOKEN_FILE", Some("x".repeat(300_000))),
        ("AZURE_CLIENT_CERTIFICATE_PATH", None),
        ("AZURE_CLIENT_CERTIFICATE_PATH", Some("hunter2".to_owned())),
        ("AZURE_CLIENT_CERTIFICATE_PATH", Some(certificate)),
        ("AZURE_CLIENT_CERTIFICATE_PATH", Some(elliptic)),
    ] {
        let _ = fs::remove_file(&file);
        if let Some(text) = &text {
            fs::write(&file, text).unwrap();
        }

        let outcome = match variable {
            "AZURE_FEDERATED_TOKEN_FILE" => {
                let credential = WorkloadIdentity::new(TENANT, "c", &file);
                read(&vault, "http://127.0.0.1:1", credential).await
            }
            _ => {
                let credential = ClientCertificate::new(TENANT, "c", &file);
                read(&vault, "http://127.0.0.1:1", credential).await
            }
        };

        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{variable}");
        assert!(error.message().contains(variable), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_tenant_that_could_lead_elsewhere_is_refused() {
    let vault = vault().await;
    for tenant in ["", "..", "a/b", "a?b", "a b"] {
        let store = AzureKeyVault::builder("emulator")
            .endpoint(vault.url())
            .authority("http://127.0.0.1:1")
            .resource("https://vault.azure.net")
            .credential(ClientSecret::new(tenant, "c", "s".into()))
            .build()
            .unwrap();

        let error = store.get_text("db").await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{tenant}");
        assert!(error.message().contains("AZURE_TENANT_ID"), "{error}");
    }
}
