//! Opening by URL: what is refused, how, and without what.

use polyvault::provider::HTTP_PARAMETERS;
use polyvault::{CONTROL_PLANES, Environment, ErrorKind, PROVIDERS, StoreConfig, open_in};

/// All credentials there are, made up.
pub(crate) fn rich() -> Environment {
    let variables = PROVIDERS.iter().flat_map(|provider| provider.variables);
    variables.fold(Environment::empty(), |environment, variable| {
        environment.with(variable.name, "made-up-credential")
    })
}

fn url(scheme: &str) -> String {
    format!("{scheme}://my-store")
}

#[test]
fn every_provider_opens_with_its_credential_and_shows_its_url() {
    for provider in PROVIDERS {
        let store = open_in(&url(provider.scheme), &rich()).unwrap();

        assert_eq!(store.to_string(), url(provider.scheme));
        assert_eq!(store.capabilities().provider, provider.scheme);
        assert_eq!(*store.capabilities(), (provider.capabilities)());
        let shown = format!("{store:?}");
        assert!(!shown.contains("made-up-credential"), "{shown}");
    }
}

#[test]
fn without_a_credential_the_error_lists_what_was_looked_for() {
    for provider in PROVIDERS.iter().filter(|p| !p.variables.is_empty()) {
        let error = open_in(&url(provider.scheme), &Environment::empty()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.provider(), Some(provider.scheme));
        // What has a default is no credential.
        let looked_for = provider.variables.iter().filter(|v| v.default == "none");
        for variable in looked_for {
            assert!(error.message().contains(variable.name), "{error}");
        }
    }
}

#[test]
fn a_credential_in_a_url_is_refused_and_not_repeated() {
    for provider in PROVIDERS {
        let scheme = provider.scheme;
        for text in [
            format!("{scheme}://hunter2@my-store"),
            format!("{scheme}://user:hunter2@my-store"),
            format!("{scheme}://my-store?token=hunter2"),
            format!("{scheme}://my-store?endpoint=https://user:hunter2@example.com"),
            format!("{scheme}://my-store?endpoint=https://example.com/?key=hunter2"),
            format!("{scheme}://my-store#hunter2"),
        ] {
            let error = open_in(&text, &rich()).unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Config, "{scheme}");
            let shown = format!("{error} {error:?} {}", error.help());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn an_unknown_scheme_is_refused_with_those_there_are() {
    let error = open_in("vault9://x", &rich()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    for provider in PROVIDERS {
        assert!(error.help().contains(provider.scheme), "{}", error.help());
    }
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    for provider in PROVIDERS.iter().filter(|p| !p.variables.is_empty()) {
        let text = format!("{}?endpoint=http://example.com", url(provider.scheme));

        let error = open_in(&text, &rich()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("endpoint"), "{error}");
    }
}

#[test]
fn the_options_of_the_transport_are_parameters_of_every_provider_over_http() {
    for provider in PROVIDERS.iter().filter(|p| !p.variables.is_empty()) {
        for shared in HTTP_PARAMETERS {
            assert!(provider.parameters.contains(&shared), "{provider:?}");
        }
        let url = url(provider.scheme);
        assert!(open_in(&format!("{url}?timeout=5s&connect_timeout=1s"), &rich()).is_ok());

        let error = open_in(&format!("{url}?ca_file=/nowhere/ca.pem"), &rich()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.provider(), Some(provider.scheme));
        assert!(error.message().contains("ca_file"), "{error}");
    }
    let error = open_in("memory://x?ca_file=ca.pem", &rich()).unwrap_err();
    assert!(error.help().contains("no parameters"), "{}", error.help());
}

#[test]
fn a_control_plane_opens_by_the_place_of_its_vault() {
    let scheme = CONTROL_PLANES[0].scheme;
    let url = format!("{scheme}://00000000-0000-0000-0000-000000000000/my-group/my-vault");
    let store = open_in(&url, &rich()).unwrap();

    assert_eq!(store.to_string(), url);
    assert_eq!(*store.capabilities(), (CONTROL_PLANES[0].capabilities)());
    for parameters in [
        "cloud=china",
        "api_version=2021-06-01-preview",
        "endpoint=http://127.0.0.1:1",
    ] {
        assert!(
            open_in(&format!("{url}?{parameters}"), &rich()).is_ok(),
            "{parameters}"
        );
    }
    for wrong in [
        format!("{scheme}://my-vault"),
        format!("{url}/more"),
        format!("{url}?cloud=moon"),
        format!("{url}?api_version=7.6"),
        format!("{url}?endpoint=http://example.com"),
        format!("{url}?purge=true"),
    ] {
        let error = open_in(&wrong, &rich()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
        assert_eq!(error.provider(), Some(scheme), "{wrong}");
    }
    let unsigned = open_in(&url, &Environment::empty()).unwrap_err();
    assert!(
        unsigned.message().contains("POLYVAULT_AZURE_TOKEN"),
        "{unsigned}"
    );
}

#[test]
fn the_id_of_a_secret_opens_the_store_that_holds_it() {
    let environment = Environment::empty().with("POLYVAULT_AZURE_TOKEN", "made-up");
    for (id, url) in [
        (
            "https://my-vault.vault.azure.net/secrets/name",
            "azure-key-vault://my-vault",
        ),
        (
            " HTTPS://My-Vault.vault.azure.net:443/secrets/name/ee059b2bb5bc48398a53b168c6cdcb10 ",
            "azure-key-vault://my-vault",
        ),
        (
            "https://my-vault.vault.azure.cn/secrets/name",
            "azure-key-vault://my-vault?endpoint=https%3A%2F%2Fmy-vault.vault.azure.cn",
        ),
    ] {
        let store = open_in(id, &environment).unwrap();

        assert_eq!(store.capabilities().provider, "azure-key-vault");
        assert_eq!(store.to_string(), "azure-key-vault://my-vault");
        assert_eq!(StoreConfig::from_url(id).unwrap().to_url().unwrap(), url);
    }
}

#[test]
fn an_id_that_names_no_store_is_refused_and_not_repeated() {
    for (id, provider) in [
        (
            "https://my-vault.vault.azure.net/deletedsecrets/name",
            Some("azure-key-vault"),
        ),
        ("https://my-vault.vault.azure.net", Some("azure-key-vault")),
        (
            "https://my-vault.vault.azure.net/keys/name",
            Some("azure-key-vault"),
        ),
        (
            "http://my-vault.vault.azure.net/secrets/name",
            Some("azure-key-vault"),
        ),
        (
            "https:/my-vault.vault.azure.net/secrets/name",
            Some("azure-key-vault"),
        ),
        (
            "https://user:hunter2@my-vault.vault.azure.net/secrets/name",
            Some("azure-key-vault"),
        ),
        (
            "https://my-vault.vault.azure.net.evil.example/secrets/name",
            None,
        ),
        ("https://localhost/secrets/name", None),
        ("https://user:hunter2@evil.example/secrets/name", None),
    ] {
        let error = open_in(id, &rich()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config, "{id}");
        assert_eq!(error.provider(), provider, "{id}");
        let shown = format!("{error} {error:?} {}", error.help());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
