//! Whatever the URL of a store is: a store that shows the same URL, or an error that repeats nothing of what may be secret.

use polyvault::provider::{OpenOptions, Provider};
use polyvault::{CONTROL_PLANES, ErrorKind, PROVIDERS, open_with};
use polyvault_testkit::script::{Script, answer};
use proptest::prelude::*;
use proptest::sample::select;

use crate::open::rich;

/// URLs that are nearly right, for each provider; none names a file.
fn urls() -> impl Strategy<Value = String> {
    let user = ["hunter2@", "user:hunter2@", ":hunter2@"];
    let user = prop_oneof![9 => Just(""), 1 => select(user.to_vec())];
    let value = [
        "hunter2",
        "true",
        "false",
        "7.6",
        "20s",
        "public",
        "none",
        "-1",
        "9999999999999999999h",
        "hunter2s",
        "http://127.0.0.1:1",
        "https://example.com",
        "https://hunter2@example.com",
        "https://user:hunter2@example.com",
        "https://example.com/?key=hunter2",
        "https://example.com/%23hunter2",
        "http://user:hunter2@127.0.0.1:3128",
        "ftp://hunter2",
        "%00hunter2",
    ];
    let providers: Vec<Provider> = PROVIDERS.iter().chain(CONTROL_PLANES).copied().collect();
    let url = select(providers).prop_flat_map(move |provider| {
        let names = provider.parameters.iter().map(|parameter| parameter.name);
        let mut names: Vec<&str> = names.filter(|name| !name.ends_with("_file")).collect();
        names.extend(["token", "hunter2"]);
        let pair = (select(names), select(value.to_vec()));
        let pair = pair.prop_map(|(name, value)| format!("{name}={value}"));
        let pairs = proptest::collection::vec(pair, 0..3);
        let end = prop_oneof![9 => Just(""), 1 => Just("#hunter2")];
        let store = match provider.scheme.ends_with("-arm") {
            true => "00000000-0000-0000-0000-000000000000/my-group/my-vault",
            false => "my-vault",
        };
        let others = [
            "%40hunter2",
            "a%2Fhunter2",
            "",
            "my-vault/",
            "my-vault/more",
            "my-vault:443",
        ];
        let store = prop_oneof![9 => Just(store), 1 => select(others.to_vec())];
        let url = (user.clone(), store, pairs, end);
        url.prop_map(move |(user, store, pairs, end)| {
            let query = if pairs.is_empty() { "" } else { "?" };
            let pairs = pairs.join("&");
            format!("{}://{user}{store}{query}{pairs}{end}", provider.scheme)
        })
    });
    let id = [
        "",
        "/",
        "/secrets",
        "/secrets/name",
        "/keys/hunter2",
        "/secrets/name?hunter2",
    ];
    let host = [
        "my-vault.vault.azure.net",
        "my-vault.vault.azure.net:443",
        "hunter2@my-vault.vault.azure.net",
    ];
    let id = (select(host.to_vec()), select(id.to_vec()));
    let id = id.prop_map(|(host, path)| format!("https://{host}{path}"));
    prop_oneof![8 => url, 1 => id, 1 => "[^:]{0,20}hunter2", 1 => "[a-z]{0,4}://.{0,20}hunter2.{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn any_url_opens_a_store_of_that_url_or_is_refused_and_not_quoted(text in urls()) {
        let script = Script::always(answer(200, "{}"));
        let handed_in = OpenOptions { environment: rich(), client: script.options() };
        let own = OpenOptions { environment: rich(), ..OpenOptions::default() };
        for options in [handed_in, own] {
            match open_with(&text, options) {
                Ok(store) => {
                    let shown = format!("{store} {store:?}");
                    prop_assert!(!shown.contains("made-up-credential"), "{}", shown);
                    let plain = text.split('?').next().unwrap();
                    let plain = plain.strip_suffix("t/").map_or(plain.to_owned(), |start| format!("{start}t"));
                    prop_assert!(store.to_string() == plain || text.starts_with("https://"), "{} {}", text, store);
                    prop_assert!(!text.contains("hunter2@") && !text.contains("#hunter2"), "{}", text);
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Config);
                    let shown = format!("{error} {error:?} {}", error.help());
                    prop_assert!(!shown.contains("hunter2"), "{} {}", text, shown);
                }
            }
        }
        prop_assert!(script.lines().is_empty());
    }
}
