//! Whatever a vault asks for in its challenge: a token goes nowhere but to that vault, and is for nothing that the
//! vault is not below.

use std::sync::Arc;

use http::{HeaderValue, Response};
use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::credential::ClientSecret;
use polyvault_core::transport::Body;
use polyvault_core::{Error, ErrorKind, PageRequest, SecretStore};
use polyvault_testkit::web::{self, Web, token};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

/// Of no cloud that is known: what tokens are for, its challenge alone tells.
const VAULT: &str = "my-vault.vault.cloud.example";
const LOGIN: &str = "login.cloud.example";
/// Of the public cloud: it is first asked with a token for that.
const PUBLIC_VAULT: &str = "my-vault.vault.azure.net";
const PUBLIC_LOGIN: &str = "login.microsoftonline.com";

/// A refusal with these challenges, each in a header of its own.
fn refusal(challenges: &[HeaderValue]) -> Response<Body> {
    let mut answer = web::json(401, json!({"error": {"code": "Unauthorized"}}));
    for challenge in challenges {
        let headers = answer.headers_mut();
        headers.append("www-authenticate", challenge.clone());
    }
    answer
}

/// What a list comes to at a vault that answers so, however often it is asked.
async fn list(
    vault: &'static str,
    login: &'static str,
    challenges: &[HeaderValue],
) -> (Error, Arc<Web>) {
    let web = Web::new();
    for _ in 0..9 {
        web.answer(vault, refusal(challenges));
        web.answer(login, token("t-1"));
    }
    let store = AzureKeyVault::builder("my-vault")
        .endpoint(format!("https://{vault}"))
        .authority(format!("https://{login}"))
        .credential(ClientSecret::new(
            "my-tenant",
            "my-client",
            "made-up".into(),
        ))
        .client_options(web.options())
        .build()
        .unwrap();
    let error = store.list_page(PageRequest::default()).await.unwrap_err();
    (error, web)
}

/// The rule by hand, without a parser of URLs: one text of https whose host the vault's name ends in behind a dot.
fn is_below(scope: &str, vault: &str) -> bool {
    let lower = scope.to_ascii_lowercase();
    let Some((host, path)) = lower
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let one = |c: char| c.is_ascii_graphic() && !"\\%?#".contains(c);
    !host.is_empty()
        && host.chars().all(plain)
        && path.chars().all(one)
        && vault.ends_with(&format!(".{host}"))
}

/// Holds every request to the rules: who is asked, with what, and for what.
fn check(web: &Web, vault: &str, login: &str) -> Result<(), TestCaseError> {
    let lines = web.lines();
    prop_assert!(lines.len() <= 6, "{:?}", lines);
    for line in &lines {
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        let (host, path) = parts[1].split_once('/').unwrap();
        if host == login {
            let tenant = path.strip_suffix("/oauth2/v2.0/token").unwrap_or("/");
            let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
            prop_assert!(
                tenant.chars().all(plain) && !tenant.starts_with('.'),
                "{line}"
            );
            prop_assert_eq!(parts[2], "-");
        } else {
            prop_assert_eq!((host, path), (vault, "secrets"));
            prop_assert!(["-", "Bearer t-1"].contains(&parts[2]), "{line}");
        }
    }
    for body in web.bodies(login) {
        let scope = url::form_urlencoded::parse(&body).find(|(key, _)| key == "scope");
        let (_, scope) = scope.unwrap();
        prop_assert!(is_below(&scope, vault), "{scope}");
    }
    Ok(())
}

/// A URL as a challenge may name it, and as none should.
fn urls() -> impl Strategy<Value = String> {
    let scheme = ["https://"; 9].into_iter();
    let scheme = scheme.chain(["http://", "HTTPS://", "https:", "https:\\\\", "//", ""]);
    let user = ["", "", "", "a@", "a:b@", ":b@", "@", "vault.cloud.example@"];
    let host = [
        "vault.cloud.example",
        "vault.cloud.example",
        "vault.cloud.example",
        "VAULT.cloud.example",
        "cloud.example",
        "example",
        VAULT,
        "t.vault.cloud.example",
        "ault.cloud.example",
        "vault.cloud.example.",
        "vault.cloud.example.evil.example",
        "xn--vult-5cd.cloud.example",
        "%76ault.cloud.example",
        "va\tult.cloud.example",
        "graph.microsoft.com",
        "[::1]",
        "",
    ];
    let port = ["", "", "", "", ":443", ":8443", ":", ":x"];
    let path = [
        "",
        "",
        "",
        "/",
        "/.default",
        "/0-1/.default",
        "/..",
        "/%2e%2e/x",
        "?x",
        "#x",
        "\\.evil.example",
        "\\@evil.example/",
        "/ https://graph.microsoft.com",
        "/x https://graph.microsoft.com/.default",
        "/x\thttps://graph.microsoft.com/.default",
    ];
    let parts = (
        select(scheme.collect::<Vec<_>>()),
        select(user.to_vec()),
        select(host.to_vec()),
        select(port.to_vec()),
        select(path.to_vec()),
    );
    parts.prop_map(|(scheme, user, host, port, path)| format!("{scheme}{user}{host}{port}{path}"))
}

/// A header of nearly the right pieces, or of any others.
fn headers() -> impl Strategy<Value = String> {
    let keys = [
        "resource",
        "scope",
        "authorization",
        "authorization_uri",
        "Resource",
        "claims",
        "error",
        "realm",
        "",
    ];
    let value = prop_oneof![
        8 => urls(),
        1 => Just("https://login.cloud.example/../other".to_owned()),
        1 => Just("https://login.cloud.example/contoso.example/%2e%2e".to_owned()),
        1 => Just("e30=".to_owned()),
        1 => "[ -~]{0,20}",
    ];
    let (open, close) = (["\"", "\"", ""], ["\"", "\"", "", "\"\""]);
    let pair = (
        select(keys.to_vec()),
        select(open.to_vec()),
        value,
        select(close.to_vec()),
    );
    let pair = pair.prop_map(|(key, open, value, close)| format!("{key}={open}{value}{close}"));
    let word = [
        "Bearer ", "bearer ", "PoP ", "Basic ", ",", "\"", " ", "=", "\t",
    ];
    let piece = prop_oneof![4 => pair, 1 => select(word.to_vec()).prop_map(str::to_owned)];
    let pieces = (vec(piece, 1..7), select(vec![", ", ",", " ", ",,"]));
    let pieces = pieces.prop_map(|(pieces, between)| format!("Bearer {}", pieces.join(between)));
    let told = (urls(), urls());
    let told = told.prop_map(|(login, resource)| {
        format!(r#"Bearer authorization="{login}/t", resource="{resource}""#)
    });
    let scoped = urls().prop_map(|scope| {
        format!(r#"Bearer authorization="https://login.cloud.example/t", scope="{scope}""#)
    });
    prop_oneof![3 => pieces, 3 => told, 3 => scoped, 1 => "\\PC{0,60}", 1 => "[ -~\t]{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_challenge_gets_a_token_elsewhere_or_for_something_else(headers in vec(headers(), 1..3)) {
        let headers = headers.iter().filter_map(|text| HeaderValue::from_bytes(text.as_bytes()).ok());
        let headers: Vec<HeaderValue> = headers.collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

        for (vault, login) in [(VAULT, LOGIN), (PUBLIC_VAULT, PUBLIC_LOGIN)] {
            let (error, web) = runtime.block_on(list(vault, login, &headers));

            prop_assert_eq!(error.kind(), ErrorKind::Unauthenticated);
            check(&web, vault, login)?;
        }
    }
}

#[tokio::test]
async fn a_challenge_that_is_for_the_vault_and_its_cloud_is_met() {
    for challenge in [
        r#"Bearer authorization="https://login.cloud.example/t", resource="https://vault.cloud.example""#,
        r#"Bearer authorization="https://login.cloud.example/t", resource="https://vault.cloud.example/0-1/""#,
        r#"Bearer authorization="https://login.cloud.example/t", scope="https://vault.cloud.example/.default""#,
        r#"Bearer authorization="https://login.cloud.example/t", resource="https://VAULT.cloud.example""#,
    ] {
        let (error, web) = list(VAULT, LOGIN, &[challenge.parse().unwrap()]).await;

        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        let lines = web.lines();
        assert_eq!(lines[0], format!("GET {VAULT}/secrets -"));
        assert_eq!(lines[1], format!("POST {LOGIN}/t/oauth2/v2.0/token -"));
        assert_eq!(lines[2], format!("GET {VAULT}/secrets Bearer t-1"));
    }
}

#[tokio::test]
async fn a_challenge_of_the_right_host_that_is_refused_tells_what_is_wrong_with_it() {
    let challenge =
        r#"Bearer authorization="https://login/t", resource="https://vault.cloud.example:443""#;
    let (error, _) = list(VAULT, LOGIN, &[challenge.parse().unwrap()]).await;
    assert!(error.message().contains("a port"), "{error}");
    let challenge =
        r#"Bearer authorization="https://login/t", resource="https://graph.microsoft.com""#;
    let (error, _) = list(VAULT, LOGIN, &[challenge.parse().unwrap()]).await;
    assert!(!error.message().contains("a port"), "{error}");
}

#[tokio::test]
async fn a_challenge_for_anything_else_is_an_error_and_nobody_is_asked_for_a_token() {
    let long = "a".repeat(60_000);
    let resources = [
        "https://graph.microsoft.com",
        "https://management.azure.com",
        "https://VAULT.evil.example",
        "https://VAULT@evil.example",
        "https://VAULT:x@evil.example",
        "https://evil.example/VAULT",
        "https://evil.example?VAULT",
        "https://evil.example#VAULT",
        "https://evil.example\\.VAULT",
        "https://evilVAULT",
        "https://t.VAULT",
        "https://VAULT.",
        "https://my-vault.VAULT",
        "https://a@VAULT",
        "https://a:b@VAULT",
        "https://@VAULT",
        "https://:b@VAULT",
        "http://VAULT",
        "ftp://VAULT",
        "//VAULT",
        "VAULT",
        "https:VAULT",
        "https:\\\\VAULT",
        "https://VAULT:443",
        "https://VAULT:8443",
        "https://VAULT:",
        "https://VAULT\\.evil.example",
        "https://VAULT\\@evil.example",
        "https://xn--VAULT",
        "https://xn--vult-5cd.azure.net",
        "https://%2e%2e.VAULT",
        "https://%56AULT",
        "https://VA\tULT",
        "https://VAULT/%20x",
        "https://VAULT/%41",
        "https://VAULT/x?y=",
        "https://VAULT/x#y",
        "https://VAULT/ https://graph.microsoft.com",
        "https://VAULT/x\thttps://graph.microsoft.com",
        "https://[::1]",
        "https://127.0.0.1",
        "https://",
        "https:///",
        "https://LONG",
        "https://LONG.VAULT",
        "https://VAULT.LONG",
        "LONG",
        "",
    ];
    let told = |resource: &str| {
        let resource = resource.replace("LONG", &long);
        [
            format!(r#"Bearer authorization="https://login/t", resource="{resource}""#),
            format!("bearer resource={resource},authorization_uri=https://login/t"),
            format!(r#"Bearer authorization="https://login/t", scope="{resource}/.default""#),
            format!(
                r#"Bearer authorization="https://login/t", resource="{resource}", resource="https://VAULT""#
            ),
            format!(
                r#"Bearer authorization="https://login/t", resource="{resource}", Bearer authorization="https://login/t", resource="https://VAULT""#
            ),
            format!(
                r#"Bearer authorization="https://login/t", scope="{resource}/.default", resource="https://VAULT""#
            ),
        ]
    };
    for resource in resources.iter().filter(|resource| !resource.is_empty()) {
        for header in told(resource) {
            refused(&header).await;
        }
    }
    for header in [
        "".to_owned(),
        "Bearer".to_owned(),
        "Bearer ,,,=,\"".to_owned(),
        r#"Bearer authorization="", resource="""#.to_owned(),
        r#"Bearer authorization="https://login/t", resource="""#.to_owned(),
        r#"Bearer authorization="https://login/t", resource=" ""#.to_owned(),
        r#"Bearer authorization="https://login/t", scope="""#.to_owned(),
        r#"Basic authorization="https://login/t", resource="https://VAULT""#.to_owned(),
        r#"PoP authorization="https://login/t", resource="https://VAULT""#.to_owned(),
        r#"authorization="https://login/t", resource="https://VAULT""#.to_owned(),
        r#"Bearer authorization="https://login/t, resource="https://VAULT""#.to_owned(),
        format!("Bearer {long}"),
        format!("Bearer {}", ",".repeat(60_000)),
        format!("Bearer {}", "resource=,".repeat(6_000)),
        format!("Bearer authorization={long}, resource={long}"),
    ] {
        refused(&header).await;
    }
}

/// The vault of an unknown cloud gets no token at all, that of the public one none but its own.
async fn refused(header: &str) {
    for (vault, login) in [(VAULT, LOGIN), (PUBLIC_VAULT, PUBLIC_LOGIN)] {
        let (_, domain) = vault.split_once('.').unwrap();
        let header = header
            .replace("VAULT", domain)
            .replace("%56ault", "%76ault");
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let shown: String = header.to_str().unwrap().chars().take(200).collect();

        let (error, web) = list(vault, login, &[header]).await;

        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{shown}");
        let bodies = web.bodies(login);
        let own = |body: &Vec<u8>| {
            let fields = String::from_utf8(body.clone()).unwrap();
            fields.contains("scope=https%3A%2F%2Fvault.azure.net%2F.default&")
        };
        match vault {
            VAULT => assert_eq!(web.lines(), [format!("GET {VAULT}/secrets -")], "{shown}"),
            _ => assert!(bodies.len() <= 3 && bodies.iter().all(own), "{shown}"),
        }
        check(&web, vault, login).unwrap();
    }
}
