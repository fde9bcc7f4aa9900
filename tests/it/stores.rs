//! Stores as plain data, and by name from a file.

use std::collections::BTreeMap;
use std::path::Path;

use polyvault::{Environment, Error, ErrorKind, PROVIDERS, StoreConfig, StoresConfig};
use proptest::prelude::*;

use crate::open::rich;

fn example() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/stores.toml"))
}

fn refused(toml: &str) -> Error {
    let error = StoresConfig::from_toml(toml).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    error
}

#[test]
fn every_store_of_the_example_file_opens() {
    let stores = StoresConfig::from_file(example()).unwrap();

    assert!(stores.names().count() > PROVIDERS.len());
    for name in stores.names() {
        let url = stores.get(name).unwrap().to_url().unwrap();

        let store = stores.open_in(name, &rich()).unwrap();

        assert_eq!(Some(store.to_string().as_str()), url.split('?').next());
    }
    for provider in PROVIDERS {
        let has = |name| stores.get(name).unwrap().provider() == provider.scheme;
        assert!(stores.names().any(has), "{}", provider.scheme);
    }
}

#[test]
fn the_example_file_stands_on_the_page() {
    let page = include_str!("../../docs/configuration.md");
    let file = include_str!("../../examples/stores.toml");

    assert!(page.contains(&format!("```toml\n{file}```\n")));
}

#[test]
fn both_forms_and_types_mean_what_the_url_means() {
    let stores = StoresConfig::from_toml(
        "[stores.parts]\n\
         provider = 'azure-key-vault'\n\
         store = 'my-vault'\n\
         verify_challenge = false\n\
         api_version = 7\n\
         endpoint = 'http://127.0.0.1:1/?'\n\
         [stores.url]\n\
         url = 'azure-key-vault://my-vault?verify_challenge=false&api_version=7&endpoint=http%3A%2F%2F127.0.0.1%3A1%2F%3F'\n",
    )
    .unwrap();

    let parts = stores.get("parts").unwrap();

    let by_code = StoreConfig::new("azure-key-vault", "my-vault")
        .with("verify_challenge", "true")
        .with("verify_challenge", "false")
        .with("api_version", "7")
        .with("endpoint", "http://127.0.0.1:1/?");
    assert_eq!((parts, parts), (&by_code, stores.get("url").unwrap()));
    assert_eq!(parts.parameter("verify_challenge"), Some("false"));
    assert_eq!(
        (parts.provider(), parts.store()),
        ("azure-key-vault", "my-vault")
    );
}

#[test]
fn credentials_come_from_the_environment_alone() {
    let stores = StoresConfig::from_file(example()).unwrap();

    for provider in PROVIDERS.iter().filter(|p| !p.variables.is_empty()) {
        let name = stores
            .names()
            .find(|name| stores.get(name).unwrap().provider() == provider.scheme)
            .unwrap();
        let error = stores.open_in(name, &Environment::empty()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(provider.variables[0].name));
    }
}

#[test]
fn a_credential_in_a_file_is_refused_and_not_quoted() {
    let table = "[stores.main]\nprovider = 'wix-secrets'\nstore = 'site'\n";
    for toml in [
        format!("{table}api_key = 'hunter2'"),
        format!("{table}token = 'hunter2'"),
        format!("{table}password = 'hunter2'"),
        format!("{table}'IST.hunter2' = 'x'"),
        format!("{table}endpoint = 'https://user:hunter2@example.com'"),
        format!("{table}endpoint = 'https://hunter2@example.com'"),
        format!("{table}token = ['hunter2']"),
        format!("{table}token = {{ hunter2 = 'hunter2' }}"),
        format!("{table}token = hunter2"),
        format!("{table}token = 'hunter2"),
        "token = 'hunter2'\n[stores.main]\nurl = 'memory://x'".to_owned(),
        "stores = 'hunter2'".to_owned(),
        "stores.main = 'hunter2'".to_owned(),
        "[stores.main]\nurl = 'wix-secrets://user:hunter2@site'".to_owned(),
        "[stores.main]\nurl = 'wix-secrets://site?api_key=hunter2'".to_owned(),
        "[stores.main]\nurl = 'hunter2'".to_owned(),
        "[stores.main]\nprovider = 'wix-secrets'\nstore = 'user:hunter2@site'".to_owned(),
        "[stores.'user:hunter2']\nurl = 'memory://x'".to_owned(),
        "[stores.hunter2.main]\nurl = 'memory://x'".to_owned(),
    ] {
        let error = refused(&toml);

        let shown = format!("{error} {error:?} {}", error.help());
        assert!(!shown.contains("hunter2"), "{toml}\n{shown}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_those_there_are() {
    let toml = "[stores.main]\nprovider = 'wix-secrets'\nstore = 'site'\nend_point = 'x'";

    let error = refused(toml);

    assert!(
        error
            .message()
            .starts_with("store `main`: parameter `end_point`: ")
    );
    assert!(error.help().contains("endpoint"), "{}", error.help());

    let error = refused("[stores.main]\nprovider = 'vault9'");
    for provider in PROVIDERS {
        assert!(error.help().contains(provider.scheme), "{}", error.help());
    }
}

#[test]
fn what_is_no_file_of_stores_is_refused_with_its_place() {
    for (toml, place) in [
        ("[stores.main]\nurl = memory", " (line 2, column 7)"),
        ("stores.'é' = x", " (line 1, column 14)"),
        ("[stores.main]\napi_version = 7.10", " (line 2, column 15)"),
        (
            "[stores.main]\napi_version = 2026-04-01",
            " (line 2, column 15)",
        ),
        ("[stores.main]\nurl = 'a'\nurl = 'a'", " (line 3, column 1)"),
        ("[other]\nurl = 'memory://x'", " (line 1, column 2)"),
    ] {
        let error = refused(toml);

        let message = format!("not a TOML file of stores{place}");
        assert_eq!(error.message(), message, "{toml}");
    }
    refused("");
    let both = refused("[stores.main]\nurl = 'memory://x'\nprovider = 'memory'");
    assert!(both.message().contains("`url` stands alone"), "{both}");
    let neither = refused("[stores.main]\nstore = 'x'");
    assert!(neither.message().contains("neither"), "{neither}");
}

#[test]
fn a_missing_name_and_a_missing_file_are_config_errors() {
    let stores =
        StoresConfig::from_toml("[stores.b]\nurl='memory://b'\n[stores.a]\nurl='memory://a'");
    let stores = stores.unwrap();

    let error = stores.open_in("hunter2", &rich()).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.help().contains("a, b"), "{}", error.help());
    assert!(!format!("{error:?}").contains("hunter2"));

    let none = StoresConfig::from_toml("[stores]").unwrap();
    assert_eq!(
        none.open("x").unwrap_err().help(),
        "The file names no store."
    );
    let error = StoresConfig::from_file("/no/such/file").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[test]
fn no_provider_has_a_parameter_that_a_table_needs() {
    for parameter in PROVIDERS.iter().flat_map(|provider| provider.parameters) {
        assert!(!["provider", "store", "url"].contains(&parameter.name));
    }
}

#[test]
fn debug_shows_no_value_of_a_parameter_and_nothing_that_breaks_a_rule() {
    let good = StoreConfig::new("wix-secrets", "site").with("endpoint", "https://hunter2.example");
    assert!(format!("{good:?}").contains("endpoint"));

    for config in [
        good,
        StoreConfig::new("wix-secrets", "site").with("api_key", "hunter2"),
        StoreConfig::new("wix-secrets", "site").with("IST.hunter2", "x"),
        StoreConfig::new("wix-secrets", "user:hunter2@site"),
        StoreConfig::new("memory://hunter2@x?", "site"),
    ] {
        assert!(!format!("{config:?} {config:#?}").contains("hunter2"));
    }
}

#[test]
fn what_breaks_a_rule_becomes_no_url_and_no_text() {
    let config = StoreConfig::new("wix-secrets", "site").with("api_key", "hunter2");

    for error in [
        config.to_url().unwrap_err(),
        config.open_in(&rich()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert!(serde_json::to_string(&config).is_err());
    assert!(toml::to_string(&config).is_err());
}

/// A store of any provider, with some of its parameters set to anything but a URL with a user.
fn configs() -> impl Strategy<Value = StoreConfig> {
    let provider = prop::sample::select(PROVIDERS);
    (
        provider,
        any::<[Option<String>; 8]>(),
        "[^@:?#\\\\%/.\\p{Cc}\u{fffd}][^@:?#\\\\%/\\p{Cc}\u{fffd}]{0,12}",
    )
        .prop_map(|(provider, values, store)| {
            let set = provider.parameters.iter().zip(values);
            set.fold(
                StoreConfig::new(provider.scheme, store),
                |config, (parameter, value)| match value {
                    Some(value) => config.with(parameter.name, value),
                    None => config,
                },
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_config_is_the_same_after_a_url_toml_and_json(config in configs()) {
        let url = config.to_url().unwrap();
        prop_assert_eq!(&StoreConfig::from_url(&url).unwrap(), &config);

        let text = toml::to_string(&config).unwrap();
        prop_assert_eq!(&toml::from_str::<StoreConfig>(&text).unwrap(), &config);

        let text = serde_json::to_string(&config).unwrap();
        prop_assert_eq!(&serde_json::from_str::<StoreConfig>(&text).unwrap(), &config);

        let all = BTreeMap::from([("stores", BTreeMap::from([("a.b", &config)]))]);
        let stores = StoresConfig::from_toml(&toml::to_string(&all).unwrap()).unwrap();
        prop_assert_eq!(stores.get("a.b").unwrap(), &config);
    }
}
