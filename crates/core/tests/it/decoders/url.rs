//! URLs: a name never changes where a request goes, a link never leaves home, a store's URL never shows a secret.

use ::url::Url;
use polyvault_core::provider::StoreUrl;
use polyvault_core::transport::Endpoint;

use super::*;

const PIECES: &[&str] = &[
    "/",
    "//",
    "\\",
    ".",
    "..",
    "%2e",
    "%2F",
    "%",
    "%25",
    "?",
    "#",
    "@",
    ":",
    ";",
    "&",
    "=",
    "+",
    " ",
    "\t",
    "\n",
    "\u{0}",
    "\u{e9}",
    "\u{2f}\u{338}",
    "\u{ff0f}",
    "\u{202e}",
    "a",
    "evil.example",
    "https://",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![joined(PIECES, 5), any::<String>()]
}

fn home() -> Endpoint {
    Endpoint::parse("endpoint", "https://vault.example/base").unwrap()
}

const USERS: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "hunter2@",
    "user:hunter2@",
    ":hunter2@",
    "@",
];

fn links() -> impl Strategy<Value = String> {
    rows(vec![
        &[
            "https://",
            "https://",
            "https://",
            "http://",
            "//",
            "https:",
            "https:\\\\",
            "\t//",
        ],
        USERS,
        &[
            "vault.example",
            "vault.example",
            "VAULT.example",
            "vault.example.",
            "evil.example",
            "vault.example.evil.example",
        ],
        &["", "", ":443", ":8443", ":0", ":"],
        &[
            "",
            "/",
            "/secrets?x=1",
            "\\@evil.example",
            "#x",
            "/../..",
            ".evil.example",
            "\u{ff0e}example",
        ],
    ])
}

fn bases() -> impl Strategy<Value = String> {
    rows(vec![
        &[
            "https://", "https://", "https://", "http://", "http://", "ftp://", "hunter2", "https:",
        ],
        USERS,
        &[
            "a.example",
            "127.0.0.1",
            "localhost",
            "[::1]",
            "169.254.169.254",
            "localhost.hunter2",
            "hunter2",
            "",
        ],
        &["", "", "", ":8080", ":hunter2"],
        &["", "", "/", "/base", "\\@hunter2"],
        &["", "", "", "?", "?hunter2", "#", "#hunter2"],
    ])
}

fn stores() -> impl Strategy<Value = String> {
    let near = rows(vec![
        &["wix-secrets", "wix-secrets", "memory", "WIX-secrets", "9"],
        &["://", "://", "://", "://", "://", "://", ":/", ":"],
        USERS,
        &[
            "site",
            "site",
            "site",
            "site",
            "site",
            "site",
            "SUB/rg/vault",
            "my%20site",
            "%C3%A9/",
            "",
            "%40hunter2",
            "site/%2Fhunter2",
            "%00hunter2",
            "%FFhunter2",
            "a%5Chunter2",
            "\thunter2",
        ],
        &["", "", "", "", "", ":443"],
        &[
            "",
            "?",
            "?a=hunter2",
            "?a=hunter2",
            "?b=%26%3D+%20hunter2&a=",
            "?a=hunter2&a=hunter2",
            "?hunter2",
            "?hunter2&hunter2",
            "?a=https://hunter2@x",
            "?b=1&a=https://b:hunter2@x",
            "?Hunter2=hunter2",
        ],
        &["", "", "", "", "", "#hunter2"],
    ]);
    prop_oneof![4 => near, 1 => any::<String>()]
}

/// By RFC 3986, section 2.1.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    bytes
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_segment_and_a_parameter_come_back_and_change_nothing_else(name in texts(), value in texts()) {
        let url = home().url().literal("/secrets");
        let Ok(url) = url.segment(&name) else {
            prop_assert!(["", ".", ".."].contains(&&*name), "{:?}", name);
            return Ok(());
        };
        let url = url.segment("last").unwrap().query("first", &value).query("second", "x");
        let sent = url.build().unwrap().to_string();

        let (path, query) = sent.strip_prefix("https://vault.example/base/secrets/").unwrap().split_once('?').unwrap();
        let (segment, last) = path.split_once('/').unwrap();
        prop_assert_eq!((unescaped(segment), last), (name.as_bytes().to_vec(), "last"));
        let (first, second) = query.split_once('&').unwrap();
        let first = first.strip_prefix("first=").unwrap();
        prop_assert!(!first.contains(['+', '&', '=', '#', '?']), "{}", first);
        prop_assert_eq!((unescaped(first), second), (value.as_bytes().to_vec(), "second=x"));
        // As the client under the transport reads it.
        let read = Url::parse(&sent).unwrap();
        prop_assert_eq!(read.as_str(), &sent);
        prop_assert_eq!(read.path_segments().unwrap().count(), 4);
    }

    #[test]
    fn a_link_is_followed_at_home_or_refused(
        text in prop_oneof![4 => links(), 1 => any::<String>()],
        path in "/[a-z]{1,9}([/?=&][a-z]{1,9}){0,3}",
    ) {
        match home().follow(&text) {
            Ok(to) => {
                let to = to.to_string();
                prop_assert!(to.starts_with("https://vault.example/"), "{:?} {}", text, to);
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Unexpected),
        }
        for link in [path.clone(), format!("https://vault.example{path}"), format!("//vault.example:443{path}")] {
            let to = home().follow(&link).unwrap();
            prop_assert_eq!(to.to_string(), format!("https://vault.example{path}"));
        }
        for link in [format!("https://evil.example{path}"), format!("https:///evil.example{path}")] {
            prop_assert!(home().follow(&link).is_err());
        }
    }

    #[test]
    fn a_base_url_is_near_or_https_and_holds_nothing_but_a_place(text in bases()) {
        match Endpoint::parse("endpoint", &text) {
            Ok(endpoint) => {
                let (scheme, rest) = endpoint.as_str().split_once("://").unwrap();
                let authority = rest.split('/').next().unwrap();
                prop_assert!(!authority.contains('@') && !rest.contains(['?', '#']), "{}", rest);
                let near = ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"];
                let near = near.iter().any(|host| authority == *host || authority == format!("{host}:8080"));
                prop_assert!(scheme == "https" || (scheme == "http" && near), "{} {}", text, authority);
            }
            Err(error) => quotes_nothing(&error, ErrorKind::Config)?,
        }
    }

    #[test]
    fn a_stores_url_is_read_and_written_the_same_or_refused_and_not_quoted(text in stores()) {
        let url = match StoreUrl::parse(&text) {
            Ok(url) => url,
            Err(error) => return quotes_nothing(&error, ErrorKind::Config),
        };
        prop_assert!(!text.contains("hunter2@") && !text.contains("#hunter2"), "{}", text);
        prop_assert!(!url.store().contains(|c: char| c.is_control() || "@:?#\\%".contains(c)), "{:?}", url);
        let again = StoreUrl::parse(&url.to_text()).unwrap();
        prop_assert_eq!(&again, &url, "{}", url.to_text());
        let mut shown = format!("{url:?}");
        if url.store().contains(MARK) || url.scheme().contains(MARK) {
            shown.clear();
        }
        prop_assert!(!shown.contains(MARK), "{}", shown);
        if let Err(error) = url.check_parameters(&[]) {
            quotes_nothing(&error, ErrorKind::Config)?;
        }
        for name in url.parameters().keys() {
            for error in [url.flag(name).err(), url.duration(name).err()].into_iter().flatten() {
                prop_assert_eq!(error.kind(), ErrorKind::Config);
                let shown = format!("{error} {error:?}").replace(&format!("`{name}`"), "");
                prop_assert!(!shown.contains(MARK), "{}", shown);
            }
        }
    }
}
