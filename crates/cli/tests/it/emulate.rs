//! `polyvault emulate`.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command};

use serde_json::Value;

use crate::run::{command, finish, run};

/// A running `polyvault emulate`; it ends with the test.
struct Served {
    child: Child,
    urls: Value,
    rest: Box<dyn Read>,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let all = ["emulate"].into_iter().chain(arguments.iter().copied());
        let mut child = command(all).spawn().unwrap();
        let mut rest = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        rest.read_line(&mut line).unwrap();
        let urls = serde_json::from_str(&line).unwrap();
        Self {
            child,
            urls,
            rest: Box::new(rest),
        }
    }

    fn names(&self) -> Vec<&String> {
        self.urls.as_object().unwrap().keys().collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serves_all_on_free_loopback_ports_and_says_where_in_one_line() {
    let served = Served::start(&[]);

    assert_eq!(served.names(), ["azure", "lockbox", "wix"]);
    for url in served.urls.as_object().unwrap().values() {
        let port = url
            .as_str()
            .unwrap()
            .strip_prefix("http://127.0.0.1:")
            .unwrap();
        assert_ne!(port.parse::<u16>().unwrap(), 0, "{url}");
    }
}

#[test]
fn a_value_put_by_one_run_is_got_by_another_with_any_token() {
    let served = Served::start(&["--azure", "127.0.0.1:0", "--json"]);
    let endpoint = served.urls["azure"].as_str().unwrap();
    let store = format!("azure-key-vault://test?endpoint={endpoint}&verify_challenge=false");

    finish(command(["put", &store, "x"]), b"v").ok();
    let mut other = command(["get", &store, "x"]);
    other.env("POLYVAULT_AZURE_TOKEN", "another");

    assert_eq!(finish(other, b"").ok(), b"v");
}

#[test]
fn a_store_without_versions_is_driven_the_same_way() {
    let served = Served::start(&["--wix", "127.0.0.1:0"]);
    let endpoint = served.urls["wix"].as_str().unwrap();
    let store = format!("wix-secrets://site?endpoint={endpoint}");
    let wix = |arguments: &[&str], stdin: &[u8]| {
        let mut command = command(arguments);
        command.env("WIX_API_KEY", "any");
        finish(command, stdin)
    };

    let written = wix(&["put", &store, "x", "--json"], "ż\n".as_bytes()).json();
    let read = wix(&["get", &store, "x"], b"").ok();

    assert_eq!(written["version"]["id"], Value::Null);
    assert_eq!(read, "ż\n".as_bytes());
}

#[test]
fn serves_only_what_is_named() {
    assert_eq!(Served::start(&["--wix=127.0.0.1:0"]).names(), ["wix"]);
    let two = Served::start(&["--lockbox=127.0.0.1:0", "--azure=127.0.0.1:0"]);
    assert_eq!(two.names(), ["azure", "lockbox"]);
}

#[cfg(unix)]
#[test]
fn ends_well_when_it_is_interrupted_or_terminated() {
    for signal in ["-TERM", "-INT"] {
        let mut served = Served::start(&[]);

        let pid = served.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();

        assert!(sent.success());
        assert_eq!(served.child.wait().unwrap().code(), Some(0), "{signal}");
        let mut rest = String::new();
        served.rest.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line only");
    }
}

#[test]
fn an_address_that_is_taken_or_none_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    for address in [address.as_str(), "here"] {
        let told = run(["emulate", "--wix", address]).refused(13);
        assert!(told.contains("field `--wix`"), "{told}");
    }
}

#[test]
fn serves_https_whose_ca_stands_in_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let served = Served::start(&["--https", file.to_str().unwrap()]);
    let pem = std::fs::read_to_string(&file).unwrap();
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 3);
    assert!(!pem.contains("PRIVATE"));

    for (service, scheme) in [
        ("azure", "azure-key-vault"),
        ("lockbox", "yandex-lockbox"),
        ("wix", "wix-secrets"),
    ] {
        let url = served.urls[service].as_str().unwrap();
        assert!(url.starts_with("https://127.0.0.1:"), "{url}");
        let store = format!("{scheme}://test?endpoint={url}");
        let trusting = format!("{store}&ca_file={}", file.display());

        let list = |store: &str| {
            let mut command = command(["list", store, "--json"]);
            command.env("WIX_API_KEY", "any");
            finish(command, b"")
        };
        list(&trusting).ok();
        let told = list(&store).error(29);
        assert_eq!(told["kind"], "Config", "{told}");
    }
    let told = run(["emulate", "--https", file.to_str().unwrap()]).refused(13);
    assert!(told.contains("field `--https`"), "{told}");
}
