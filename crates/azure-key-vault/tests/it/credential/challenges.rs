//! What a challenge may change, and what it may not.

use http::Response;
use polyvault_azure_key_vault::credential::{ClientSecret, Cloud};
use polyvault_core::transport::Body;
use polyvault_core::{ErrorKind, PageRequest, SecretStore};
use polyvault_testkit::web::{self, Web, token};
use serde_json::json;

use super::*;

const LOGIN: &str = "login.microsoftonline.com";
const VAULT: &str = "my-vault.vault.azure.net";
const OWN: &str = r#"Bearer authorization="https://login.windows.net/other-tenant", resource="https://vault.azure.net""#;

fn secret() -> ClientSecret {
    ClientSecret::new("my-tenant", "my-client", "made-up".into())
}

fn empty() -> Response<Body> {
    web::json(200, json!({"value": [], "nextLink": null}))
}

async fn list(store: &AzureKeyVault) -> Result<(), Error> {
    store.list_page(PageRequest::default()).await.map(drop)
}

/// A 401 with this challenge.
fn challenge(text: &str) -> Response<Body> {
    let mut answer = web::json(401, json!({"error": {"code": "Unauthorized"}}));
    answer
        .headers_mut()
        .insert("www-authenticate", text.parse().unwrap());
    answer
}

#[tokio::test]
async fn each_cloud_has_its_login_and_its_resource_and_needs_no_challenge() {
    for (cloud, host, login, resource) in [
        (Cloud::PUBLIC, VAULT, LOGIN, "https://vault.azure.net"),
        (
            Cloud::CHINA,
            "my-vault.vault.azure.cn",
            "login.chinacloudapi.cn",
            "https://vault.azure.cn",
        ),
        (
            Cloud::US_GOVERNMENT,
            "my-vault.vault.usgovcloudapi.net",
            "login.microsoftonline.us",
            "https://vault.usgovcloudapi.net",
        ),
        (
            Cloud::new(
                "vault.cloud.example",
                "https://login.cloud.example",
                "https://vault.cloud.example",
            ),
            "my-vault.vault.cloud.example",
            "login.cloud.example",
            "https://vault.cloud.example",
        ),
    ] {
        for by_endpoint in [false, true] {
            let web = Web::new();
            web.answer(login, token("t-1")).answer(host, empty());
            let builder = AzureKeyVault::builder("my-vault").credential(secret());
            let builder = match by_endpoint
                && cloud
                    != Cloud::new(
                        "vault.cloud.example",
                        "https://login.cloud.example",
                        "https://vault.cloud.example",
                    ) {
                true => builder.endpoint(format!("https://{host}")),
                false => builder.cloud(cloud.clone()),
            };
            let store = builder.client_options(web.options()).build().unwrap();

            list(&store).await.unwrap();

            let signed_in = format!("POST {login}/my-tenant/oauth2/v2.0/token -");
            let listed = format!("GET {host}/secrets Bearer t-1");
            assert_eq!(web.lines(), [signed_in, listed]);
            let form = form(&web.bodies(login)[0]);
            assert_eq!(field(&form, "scope"), format!("{resource}/.default"));
        }
    }
}

#[tokio::test]
async fn a_vault_that_moved_to_another_tenant_is_followed_there() {
    let web = Web::new();
    web.answer(LOGIN, token("t-1"))
        .answer(VAULT, challenge(OWN))
        .answer(LOGIN, token("t-2"))
        .answer(VAULT, empty())
        .answer(VAULT, empty());
    let store = AzureKeyVault::builder("my-vault").credential(secret());
    let store = store.client_options(web.options()).build().unwrap();

    list(&store).await.unwrap();
    list(&store).await.unwrap();

    let vault = |token: &str| format!("GET {VAULT}/secrets Bearer {token}");
    let login = |tenant: &str| format!("POST {LOGIN}/{tenant}/oauth2/v2.0/token -");
    assert_eq!(
        web.lines(),
        [
            login("my-tenant"),
            vault("t-1"),
            login("other-tenant"),
            vault("t-2"),
            vault("t-2")
        ]
    );
}

#[tokio::test]
async fn a_challenge_for_claims_is_met_with_them_once() {
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1>?"}}}"#;
    let text = "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxPj8ifX19\"";
    let web = Web::new();
    web.answer(LOGIN, token("t-1"))
        .answer(VAULT, challenge(OWN))
        .answer(LOGIN, token("t-2"))
        .answer(VAULT, challenge(text))
        .answer(LOGIN, token("t-3"))
        .answer(VAULT, challenge(text));
    let store = AzureKeyVault::builder("my-vault").credential(secret());
    let store = store.client_options(web.options()).build().unwrap();

    let error = list(&store).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let forms = web.bodies(LOGIN);
    assert_eq!(forms.len(), 3, "the third refusal is the caller's");
    assert_eq!(field(&form(&forms[2]), "claims"), claims);
    assert!(form(&forms[1]).iter().all(|(key, _)| key != "claims"));
    assert_eq!(
        field(&form(&forms[2]), "scope"),
        "https://vault.azure.net/.default"
    );
}

#[tokio::test]
async fn claims_are_of_one_token_and_not_of_those_after_it() {
    let text = "Bearer error=\"insufficient_claims\", claims=\"e30=\"";
    let web = Web::new();
    web.answer(LOGIN, token("t-1"))
        .answer(VAULT, challenge(text))
        .answer(LOGIN, token("t-2"))
        .answer(VAULT, empty())
        .answer(LOGIN, token("t-3"))
        .answer(VAULT, empty());
    let clock = crate::manual_clock();
    let options = ClientOptions {
        clock: std::sync::Arc::clone(&clock) as _,
        ..web.options()
    };
    let store = AzureKeyVault::builder("my-vault").credential(secret());
    let store = store.client_options(options).build().unwrap();

    list(&store).await.unwrap();
    clock.advance(std::time::Duration::from_secs(3600));
    list(&store).await.unwrap();

    let forms = web.bodies(LOGIN);
    let asked = forms
        .iter()
        .map(|body| form(body).iter().any(|(key, _)| key == "claims"));
    assert_eq!(asked.collect::<Vec<_>>(), [false, true, false]);
}

#[tokio::test]
async fn a_challenge_for_what_the_host_is_not_below_gets_no_token_and_is_not_kept() {
    for (host, resource) in [
        (VAULT, "https://graph.microsoft.com"),
        (VAULT, "https://my-vault.vault.azure.net"),
        (VAULT, "https://t.vault.azure.net"),
        (VAULT, "https://ault.azure.net"),
        (VAULT, "https://vault.azure.net.evil.example"),
        ("kv.corp.example", "https://vault.azure.net"),
        ("127.0.0.1", "https://vault.azure.net"),
        ("localhost", "https://localhost"),
    ] {
        let text =
            format!(r#"Bearer authorization="https://login.windows.net/t", resource="{resource}""#);
        let web = Web::new();
        web.answer(LOGIN, token("t-1"))
            .answer(host, challenge(&text))
            .answer(host, challenge(&text));
        let store = AzureKeyVault::builder("my-vault")
            .endpoint(format!("https://{host}"))
            .credential(secret())
            .client_options(web.options())
            .build()
            .unwrap();

        for _ in 0..2 {
            let error = list(&store).await.unwrap_err();

            assert_eq!(
                error.kind(),
                ErrorKind::Unauthenticated,
                "{host} {resource}"
            );
            assert_eq!(error.status().unwrap_or(401), 401);
            assert!(
                error.help().contains("verify_challenge"),
                "{}",
                error.help()
            );
        }
        // What is below the scope's host was asked with the token for the cloud, and with no other.
        let forms = web.bodies(LOGIN);
        let scopes = forms
            .iter()
            .map(|body| field(&form(body), "scope").to_owned());
        assert!(
            scopes
                .into_iter()
                .all(|scope| scope == "https://vault.azure.net/.default")
        );
        assert_eq!(forms.len(), usize::from(host == VAULT), "{host} {resource}");
    }
}

#[tokio::test]
async fn an_unknown_host_is_asked_without_token_and_told_what_its_challenge_allows() {
    let host = "my-vault.vault.cloud.example";
    let text = "Bearer resource=https://vault.cloud.example, authorization_uri=https://login.cloud.example/adfs";
    let web = Web::new();
    web.answer(host, challenge(text))
        .answer("login.cloud.example", token("t-1"))
        .answer(host, web::json(200, json!({"id": format!("https://{host}/secrets/db/0123456789abcdef0123456789abcdef"), "value": "x"})));
    let store = AzureKeyVault::builder("my-vault")
        .endpoint(format!("https://{host}"))
        .authority("https://login.cloud.example")
        .credential(secret())
        .client_options(web.options())
        .build()
        .unwrap();

    let options = polyvault_core::PutOptions {
        keep_metadata: false,
        ..Default::default()
    };
    store.put_with("db", "x", options).await.unwrap();

    assert_eq!(
        web.lines(),
        [
            format!("GET {host}/secrets/db -"),
            "POST login.cloud.example/my-tenant/oauth2/v2.0/token -".to_owned(),
            format!("PUT {host}/secrets/db Bearer t-1"),
        ]
    );
    assert_eq!(
        web.bodies(host)[0],
        b"",
        "no body before it is known who asks"
    );
}

#[tokio::test]
async fn behind_a_private_name_the_resource_is_given_and_links_stay_there() {
    let host = "kv.corp.example";
    let link = format!("https://{VAULT}:443/secrets?api-version=2026-04-01&$skiptoken=a");
    let item = |name: &str| json!({"id": format!("https://{VAULT}/secrets/{name}")});
    let web = Web::new();
    web.answer(LOGIN, token("t-1"))
        .answer(
            host,
            web::json(200, json!({"value": [item("a")], "nextLink": link})),
        )
        .answer(
            host,
            web::json(
                200,
                json!({"value": [], "nextLink": link.replace("=a", "=b")}),
            ),
        )
        .answer(
            host,
            web::json(200, json!({"value": [item("b")], "nextLink": null})),
        );
    let store = AzureKeyVault::builder("My-Vault")
        .endpoint(format!("https://{host}"))
        .resource("https://vault.azure.net")
        .credential(secret())
        .client_options(web.options())
        .build()
        .unwrap();

    let mut page = PageRequest::default();
    let mut names = Vec::new();
    loop {
        let listed = store.list_page(page.clone()).await.unwrap();
        names.extend(listed.items.into_iter().filter_map(|item| item.name));
        match listed.next {
            Some(next) => page.token = Some(next),
            None => break,
        }
    }

    assert_eq!(
        names.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let read = format!("GET {host}/secrets Bearer t-1");
    assert_eq!(web.lines()[1..], [read.clone(), read.clone(), read]);
}

#[tokio::test]
async fn a_link_to_another_vault_gets_no_token() {
    for link in [
        "https://other-vault.vault.azure.net/secrets?$skiptoken=a",
        "https://my-vault.vault.azure.net.evil.example/secrets",
        "http://my-vault.vault.azure.net/secrets",
        "https://my-vault.vault.azure.net:8443/secrets",
        "https://me@my-vault.vault.azure.net/secrets",
    ] {
        let host = "kv.corp.example";
        let web = Web::new();
        web.answer(LOGIN, token("t-1"))
            .answer(host, web::json(200, json!({"value": [], "nextLink": link})));
        let store = AzureKeyVault::builder("my-vault")
            .endpoint(format!("https://{host}"))
            .resource("https://vault.azure.net")
            .credential(secret())
            .client_options(web.options())
            .build()
            .unwrap();
        let first = store.list_page(PageRequest::default()).await.unwrap();

        let page = PageRequest {
            token: first.next,
            size: None,
        };
        let error = store.list_page(page).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unexpected, "{link}");
        assert_eq!(web.lines().len(), 2, "{link}");
    }
}

#[test]
fn a_resource_or_a_login_that_is_no_url_is_refused_before_anything_is_sent() {
    let builder = || AzureKeyVault::builder("my-vault").credential(secret());
    for (field, outcome) in [
        ("resource", builder().resource("vault").build()),
        (
            "resource",
            builder().resource("https://a@vault.azure.net").build(),
        ),
        (
            "AZURE_AUTHORITY_HOST",
            builder().authority("http://login.example").build(),
        ),
        (
            "AZURE_AUTHORITY_HOST",
            builder().authority("https://a:b@login.example").build(),
        ),
    ] {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(field), "{error}");
    }
}
