//! The chain that the environment makes.

use polyvault_azure_key_vault::PROVIDER;
use polyvault_azure_key_vault::credential::{Chain, ClientSecret, ManagedIdentity};
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::Endpoint;
use polyvault_core::{Environment, ErrorKind, GetOptions, Retry, SecretStoreExt};
use serde_json::json;

use super::*;

fn open(
    vault: &Emulator,
    environment: Environment,
) -> Result<std::sync::Arc<dyn polyvault_core::SecretStore>, Error> {
    let url = format!(
        "azure-key-vault://my-vault?endpoint={}&verify_challenge=false",
        vault.url()
    );
    let options = OpenOptions {
        environment,
        ..OpenOptions::default()
    };
    (PROVIDER.open)(&StoreUrl::parse(&url)?, options)
}

fn app(login: &MockServer) -> Environment {
    Environment::empty()
        .with("AZURE_TENANT_ID", TENANT)
        .with("AZURE_CLIENT_ID", "my-client")
        .with("AZURE_AUTHORITY_HOST", login.uri())
}

#[tokio::test]
async fn a_store_opened_by_url_signs_in_with_what_the_environment_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "federated").unwrap();
    let login = issuer(200, issued()).await;
    for environment in [
        app(&login).with("AZURE_CLIENT_SECRET", "made-up"),
        app(&login).with("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
        Environment::empty()
            .with("IDENTITY_ENDPOINT", login.uri())
            .with("IDENTITY_HEADER", "made-up"),
        Environment::empty().with("AZURE_POD_IDENTITY_AUTHORITY_HOST", login.uri()),
        Environment::empty().with("POLYVAULT_AZURE_TOKEN", "issued-token"),
    ] {
        let vault = vault().await;
        let store = open(&vault, environment).unwrap();

        let secret = store.get_with("db", GetOptions::default()).await.unwrap();
        assert_eq!(secret.payload.single().unwrap().expose_bytes(), b"s3cret");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_tool_is_found_in_the_environments_path_and_its_token_kept() {
    use super::tools::{asked, tool};
    let folder = tempfile::tempdir().unwrap();
    let az = tool(
        folder.path(),
        "az",
        r#"echo '{"accessToken":"issued-token"}'"#,
    );
    // What is found in a relative folder depends on where the process happens to be.
    let here = tempfile::tempdir_in(".").unwrap();
    let other = tool(here.path(), "az", "exit 1");
    let relative = here.path().file_name().unwrap().to_str().unwrap();
    let path = format!("{relative}:/nowhere:{}", folder.path().display());

    let vault = vault().await;
    let store = open(&vault, Environment::empty().with("PATH", path)).unwrap();
    for _ in 0..3 {
        store.get_text("db").await.unwrap();
    }

    assert_eq!((asked(&az).len(), asked(&other).len()), (1, 0));
}

#[test]
fn what_each_credential_lacks_is_told_before_anything_is_sent() {
    let login = "https://login.example";
    for (environment, told) in [
        (
            Environment::empty(),
            vec![
                "POLYVAULT_AZURE_TOKEN is not set",
                "client secret: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET are not set",
                "client certificate: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH are not set",
                "workload identity: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE are not set",
                "managed identity: IDENTITY_ENDPOINT, IDENTITY_HEADER are not set",
                "az: no `az` in the folders of PATH",
                "azd: no `azd` in the folders of PATH",
            ],
        ),
        (
            Environment::empty()
                .with("AZURE_TENANT_ID", "t")
                .with("AZURE_CLIENT_SECRET", "hunter2")
                .with("AZURE_AUTHORITY_HOST", login),
            vec!["client secret: AZURE_CLIENT_ID is not set"],
        ),
        (
            Environment::empty().with("IDENTITY_ENDPOINT", "http://127.0.0.1:1"),
            vec!["managed identity: IDENTITY_HEADER is not set"],
        ),
        (
            Environment::empty().with("AZURE_TOKEN_CREDENTIALS", "dev"),
            vec![
                "client secret: left out by AZURE_TOKEN_CREDENTIALS",
                "az: no `az`",
            ],
        ),
        (
            Environment::empty().with("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential"),
            vec!["azd: left out by AZURE_TOKEN_CREDENTIALS", "az: no `az`"],
        ),
        (
            Environment::empty().with("AZURE_TOKEN_CREDENTIALS", "everything"),
            vec!["AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential"],
        ),
        (
            Environment::empty().with("IDENTITY_ENDPOINT", "http://example.com"),
            vec!["IDENTITY_ENDPOINT"],
        ),
    ] {
        let url = StoreUrl::parse("azure-key-vault://my-vault").unwrap();
        let options = OpenOptions {
            environment,
            ..OpenOptions::default()
        };

        let error = (PROVIDER.open)(&url, options).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.provider(), Some("azure-key-vault"));
        for part in told {
            assert!(error.message().contains(part), "{error}");
        }
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn the_machines_identity_is_asked_only_where_the_choice_allows_it() {
    let made = |choice: &str| {
        let environment = Environment::empty().with("AZURE_TOKEN_CREDENTIALS", choice);
        Chain::from_environment(&environment).map(|chain| format!("{chain:?}"))
    };

    for choice in [
        "prod",
        "PROD",
        "ManagedIdentityCredential",
        "managedidentitycredential",
    ] {
        assert_eq!(made(choice).unwrap(), r#"["managed identity"]"#, "{choice}");
    }
    for choice in ["", "dev", "EnvironmentCredential"] {
        assert!(made(choice).is_err(), "{choice}");
    }
}

#[tokio::test]
async fn what_was_refused_is_not_worth_a_repeat_whatever_else_may_come_up() {
    let (vault, login) = (
        vault().await,
        issuer(401, json!({"error": "invalid_client"})).await,
    );
    let nowhere = Endpoint::parse("endpoint", "http://127.0.0.1:1").unwrap();
    let away = || ManagedIdentity::on_machine().at(nowhere.clone());
    let secret = ClientSecret::new(TENANT, "my-client", "made-up".into());

    let chain = Chain::new().then(away()).then(secret);
    let refused = read(&vault, &login.uri(), chain).await.unwrap_err();
    let chain = Chain::new().then(away());
    let absent = read(&vault, &login.uri(), chain).await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    assert_eq!(refused.retry(), Retry::Never);
    assert_eq!(absent.kind(), ErrorKind::Config);
    assert_eq!(
        absent.retry(),
        Retry::After(None),
        "it may only be slow to come up"
    );
}

/// A chain of a machine's identity at one stub and an application at another.
async fn chained(metadata: &MockServer) -> Chain {
    let at = Endpoint::parse("endpoint", &metadata.uri()).unwrap();
    Chain::new()
        .then(ManagedIdentity::on_machine().at(at))
        .then(ClientSecret::new(TENANT, "my-client", "made-up".into()))
}

#[tokio::test]
async fn what_is_not_there_lets_the_next_one_try_and_the_one_that_was_is_kept() {
    let body = json!({"error": "invalid_request"});
    let (vault, metadata) = (vault().await, issuer(400, body).await);
    let login = issuer(200, issued()).await;

    let store = AzureKeyVault::builder("emulator")
        .endpoint(vault.url())
        .authority(login.uri())
        .any_challenge()
        .credential(chained(&metadata).await)
        .build()
        .unwrap();
    store.get_text("db").await.unwrap();
    vault.require_token("another");
    store.get_text("db").await.unwrap_err(); // which signs in once more

    assert_eq!(metadata.received_requests().await.unwrap().len(), 1);
    assert_eq!(login.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_refused_ends_the_chain_and_the_error_lists_what_was_tried() {
    let (vault, metadata) = (vault().await, issuer(400, json!({})).await);
    let refused = json!({"error": "invalid_client", "error_codes": [7_000_215], "trace_id": "t-1"});
    let login = issuer(401, refused).await;
    let spare = issuer(200, issued()).await;
    let at = Endpoint::parse("endpoint", &spare.uri()).unwrap();
    let chain = chained(&metadata)
        .await
        .then(ManagedIdentity::on_machine().at(at));

    let error = read(&vault, &login.uri(), chain).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        (error.code(), error.request_id()),
        (Some("AADSTS7000215"), Some("t-1"))
    );
    for part in [
        "managed identity: no such identity is assigned here",
        "client secret: the client secret is wrong",
    ] {
        assert!(error.message().contains(part), "{error}");
    }
    assert!(spare.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn with_none_there_the_error_is_one_of_set_up() {
    let (vault, metadata) = (vault().await, issuer(404, json!({})).await);
    let at = Endpoint::parse("endpoint", &metadata.uri()).unwrap();
    let nowhere = Endpoint::parse("endpoint", "http://127.0.0.1:1").unwrap();
    let chain = Chain::new()
        .then(ManagedIdentity::on_machine().at(at))
        .then(ManagedIdentity::on_machine().at(nowhere));

    let error = read(&vault, "http://127.0.0.1:1", chain).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("nothing answers"), "{error}");
    assert!(error.help().contains("az login"), "{}", error.help());
}
