//! Ids of secrets: what is one, by rows written by hand, and what of it shows.

use std::collections::HashSet;

use polyvault_azure_key_vault::identifier::{Hosts, SecretIdentifier};
use polyvault_core::{ErrorKind, SecretRef, VersionSelector};

const V: &str = "ee059b2bb5bc48398a53b168c6cdcb10";

fn read(text: &str) -> polyvault_core::Result<SecretIdentifier> {
    SecretIdentifier::parse(text, &Hosts::clouds())
}

/// The rule that the error names.
fn rule(text: &str, hosts: &Hosts) -> String {
    let error = SecretIdentifier::parse(text, hosts).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
    assert_eq!(error.provider(), Some("azure-key-vault"));
    let shown = format!("{error} {error:?} {}", error.help());
    assert!(!shown.contains("hunter2"), "{shown}");
    error
        .message()
        .strip_prefix("the id of a secret: ")
        .unwrap()
        .to_owned()
}

#[test]
fn an_id_is_read_into_its_canonical_form() {
    let name = "a".repeat(127);
    for (text, canonical) in [
        (
            format!("https://vlt.vault.azure.net/secrets/n/{V}"),
            format!("https://vlt.vault.azure.net/secrets/n/{V}"),
        ),
        (
            "https://vlt.vault.azure.net/secrets/n".into(),
            "https://vlt.vault.azure.net/secrets/n".into(),
        ),
        (
            "https://vlt.vault.azure.net/secrets/n/".into(),
            "https://vlt.vault.azure.net/secrets/n".into(),
        ),
        (
            "https://vlt.vault.azure.net/deletedsecrets/n".into(),
            "https://vlt.vault.azure.net/deletedsecrets/n".into(),
        ),
        (
            "https://vlt.vault.azure.net:443/secrets/n".into(),
            "https://vlt.vault.azure.net/secrets/n".into(),
        ),
        (
            format!(
                "HTTPS://VLT.VAULT.AZURE.NET/SECRETS/Name-1/{}",
                V.to_uppercase()
            ),
            format!("https://vlt.vault.azure.net/secrets/Name-1/{V}"),
        ),
        (
            " \thttps://vlt.vault.azure.net/secrets/n\r\n".into(),
            "https://vlt.vault.azure.net/secrets/n".into(),
        ),
        (
            "https://vlt.vault.azure.cn/secrets/n".into(),
            "https://vlt.vault.azure.cn/secrets/n".into(),
        ),
        (
            "https://vlt.vault.usgovcloudapi.net/secrets/n".into(),
            "https://vlt.vault.usgovcloudapi.net/secrets/n".into(),
        ),
        (
            format!("https://vlt.vault.azure.net/secrets/{name}"),
            format!("https://vlt.vault.azure.net/secrets/{name}"),
        ),
    ] {
        assert_eq!(read(&text).unwrap().to_string(), canonical, "{text}");
    }
}

#[test]
fn what_is_no_id_is_refused_by_the_rule_that_it_breaks() {
    const PATH: &str = "its path is /secrets/NAME or /secrets/NAME/VERSION";
    const NAME: &str = "its name has 1 to 127 letters, digits and hyphens";
    const VERSION: &str = "its version has 32 hexadecimal digits";
    const COLLECTION: &str = "its collection is `secrets` or `deletedsecrets`";
    const HOST: &str = "its host and port are not among those allowed";
    const HTTPS: &str = "it is a URL that begins with https://";
    const QUERY: &str = "it has no query and no fragment";
    const USER: &str = "it holds no user and no password";
    const PLAIN: &str = "blanks and escapes have no place in it";
    const NEAR: &str = "https only, but for a loopback host that is allowed";
    let vault = |path: &str| format!("https://vlt.vault.azure.net{path}");
    let at = |origin: &str| format!("{origin}/secrets/n");
    for (text, broken) in [
        (vault("/secrets/"), NAME),
        (vault("/secrets"), PATH),
        (vault("/"), PATH),
        (vault(""), PATH),
        (vault(&format!("/secrets//{V}")), NAME),
        (vault(&format!("/keys/n/{V}")), COLLECTION),
        (vault("/certificates/n"), COLLECTION),
        (
            vault(&format!("/deletedsecrets/n/{V}")),
            "a deleted secret is named without a version",
        ),
        (vault(&format!("/secrets/n/{V}/x")), PATH),
        (vault(&format!("/secrets/n/{V}/")), PATH),
        (vault("/secrets/n//"), PATH),
        (vault(&format!("//secrets/n/{V}")), PATH),
        (vault("//secrets/n"), COLLECTION),
        (vault("/secrets/../keys"), NAME),
        (vault("/secrets/.."), NAME),
        (vault("/secrets/a%2Fb"), NAME),
        (vault("/secrets/a_b"), NAME),
        (vault(&format!("/secrets/{}", "a".repeat(128))), NAME),
        (vault("/secrets/n/1"), VERSION),
        (vault(&format!("/secrets/n/{V}0")), VERSION),
        (
            vault("/secrets/n/ge059b2bb5bc48398a53b168c6cdcb10"),
            VERSION,
        ),
        (vault("/secrets/n?api-version=7.4"), QUERY),
        (vault("/secrets/n?"), QUERY),
        (vault("/secrets/n#hunter2"), QUERY),
        (vault("/secrets/n\u{e9}"), PLAIN),
        (vault("/secrets/n\tx"), PLAIN),
        (vault("\\secrets\\n"), PLAIN),
        (at("https://user:hunter2@vlt.vault.azure.net"), USER),
        (at("https://hunter2@vlt.vault.azure.net"), USER),
        (at("https://@vlt.vault.azure.net"), USER),
        (at("https://vlt.vault.azure.net@evil.example"), USER),
        (at("https:/vlt.vault.azure.net"), HTTPS),
        (at("ftp://vlt.vault.azure.net"), HTTPS),
        (at("vlt.vault.azure.net"), HTTPS),
        (String::new(), HTTPS),
        (at("http://vlt.vault.azure.net"), NEAR),
        (at("http://localhost"), NEAR),
        (at("https://vlt.vault.azure.net:8443"), HOST),
        (at("https://localhost"), HOST),
        (at("https://vlt.managedhsm.azure.net"), HOST),
        (at("https://vlt.vault.microsoftazure.de"), HOST),
        (at("https://vault.azure.net"), HOST),
        (at("https://a.vlt.vault.azure.net"), HOST),
        (at("https://v.vault.azure.net"), HOST),
        (at("https://vlt.vault.azure.net.evil.example"), HOST),
        (at("https://vlt.vault.azure.net."), "it names no host"),
        (at("https://.vault.azure.net"), "it names no host"),
        (at("https://vlt.vault.azure.net:"), "it names no host"),
        (at("https://vlt.vault.azure.net:0"), "it names no host"),
        (at("https://vlt.vault.azure.net:+443"), "it names no host"),
        (at("https://vlt.vault.azure.net:65979"), "it names no host"),
        (at("https://"), "it names no host"),
    ] {
        assert_eq!(rule(&text, &Hosts::clouds()), broken, "{text}");
    }
}

#[test]
fn other_hosts_are_taken_as_they_were_allowed_and_no_further() {
    let hosts = Hosts::only(["kv.corp.example", "Kv.Corp.Example:8443", "[::1]:8080"])
        .and_then(|hosts| hosts.and("localhost:8080"))
        .unwrap();
    for (text, url) in [
        (
            "https://KV.corp.example/secrets/n",
            "https://kv.corp.example",
        ),
        (
            "https://kv.corp.example:8443/secrets/n",
            "https://kv.corp.example:8443",
        ),
        ("http://localhost:8080/secrets/n", "http://localhost:8080"),
        ("https://localhost:8080/secrets/n", "https://localhost:8080"),
        ("http://[::1]:8080/secrets/n", "http://[::1]:8080"),
    ] {
        let id = SecretIdentifier::parse(text, &hosts).unwrap();
        assert_eq!(id.vault_url(), url);
    }
    for text in [
        "http://kv.corp.example/secrets/n",
        "https://kv.corp.example:9443/secrets/n",
        "http://localhost/secrets/n",
        "http://127.0.0.1:8080/secrets/n",
        "https://a.kv.corp.example/secrets/n",
        "https://vlt.vault.azure.net/secrets/n",
    ] {
        let error = SecretIdentifier::parse(text, &hosts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
    }
    let near = Hosts::only(["169.254.169.254", "10.0.0.1"]).unwrap();
    for text in [
        "http://169.254.169.254/secrets/n",
        "http://10.0.0.1/secrets/n",
    ] {
        assert!(SecretIdentifier::parse(text, &near).is_err(), "{text}");
    }
    let all = Hosts::clouds().and("kv.corp.example:443").unwrap();
    for text in [
        "https://kv.corp.example/secrets/n",
        "https://vlt.vault.azure.net/secrets/n",
    ] {
        assert!(SecretIdentifier::parse(text, &all).is_ok(), "{text}");
    }
    for host in [
        "",
        "https://a.b",
        "a.b/c",
        "u:hunter2@a.b",
        "a.b:",
        "a..b",
        "[::1",
        "a b",
    ] {
        let error = Hosts::clouds().and(host).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{host}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[test]
fn ids_are_compared_without_case() {
    let id = |text: &str| read(text).unwrap();
    let spelt = [
        format!("https://vlt.vault.azure.net/secrets/Name/{V}"),
        format!(
            "https://VLT.vault.azure.net:443/SECRETS/nAME/{}",
            V.to_uppercase()
        ),
    ];
    let [one, two] = spelt.map(|text| id(&text));

    assert_eq!(one, two);
    assert_eq!(HashSet::from([one.clone(), two]).len(), 1);
    for other in [
        "https://vlt.vault.azure.net/secrets/name",
        "https://vlt.vault.azure.cn/secrets/name",
        "https://vlt.vault.azure.net/deletedsecrets/name",
    ] {
        assert_ne!(one, id(other));
    }
}

#[test]
fn the_parts_of_an_id_are_what_a_store_takes() {
    let id = read(&format!("https://Vlt.vault.azure.net/secrets/Name/{V}")).unwrap();

    assert_eq!(id.host(), "vlt.vault.azure.net");
    assert_eq!(id.vault_url(), "https://vlt.vault.azure.net");
    assert_eq!(id.name().as_str(), "Name");
    assert_eq!(id.version().unwrap().as_str(), V);
    assert_eq!(id.secret_ref(), SecretRef::try_from("Name").unwrap());
    assert_eq!(id.selector(), VersionSelector::Exact(V.parse().unwrap()));
    assert!(!id.is_deleted());
    assert_eq!(format!("{id:?}"), format!("SecretIdentifier({id})"));

    let deleted = read("https://vlt.vault.azure.net/deletedsecrets/n").unwrap();
    assert!(deleted.is_deleted());
    assert_eq!(deleted.selector(), VersionSelector::Current);
}

#[test]
fn a_reference_in_app_configuration_is_known_by_its_content_type() {
    let of = |content_type: &str, value: &str| {
        SecretIdentifier::from_app_configuration(content_type, value, &Hosts::clouds())
    };
    let reference = SecretIdentifier::KEY_VAULT_REFERENCE;
    let value = r#"{"uri":"https://vlt.vault.azure.net/secrets/n"}"#;
    for content_type in [
        "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8",
        "application/vnd.microsoft.appconfig.keyvaultref+json ; charset=utf-8",
        " Application/Vnd.Microsoft.AppConfig.KeyVaultRef+JSON; Charset=UTF-8 ",
    ] {
        let id = of(content_type, value).unwrap();
        assert_eq!(id.to_string(), "https://vlt.vault.azure.net/secrets/n");
    }
    for content_type in [
        "",
        "application/json",
        "application/vnd.microsoft.appconfig.keyvaultref+json",
        "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-16",
        "application/vnd.microsoft.appconfig.ff+json;charset=utf-8",
    ] {
        let error = of(content_type, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{content_type}");
    }
    let older = r#"{"secret_uri":"https://vlt.vault.azure.net/secrets/old"}"#;
    assert_eq!(of(reference, older).unwrap().name().as_str(), "old");
    let both =
        r#"{"secret_uri":"https://x/secrets/old","uri":"https://vlt.vault.azure.net/secrets/new"}"#;
    assert_eq!(of(reference, both).unwrap().name().as_str(), "new");
    let elsewhere = r#"{"uri":"https://evil.example/secrets/n"}"#;
    assert_eq!(
        of(reference, elsewhere).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    for value in [
        "",
        "hunter2",
        r#"{"uri":"hunter2"#,
        r#"{"uri":{"a":"hunter2"}}"#,
        r#"{"uri":null,"x":"hunter2"}"#,
        r#"["hunter2"]"#,
    ] {
        let error = of(reference, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{value}");
        assert_eq!(error.provider(), Some("azure-key-vault"));
        assert!(!format!("{error:?} {error} {}", error.help()).contains("hunter2"));
    }
}
