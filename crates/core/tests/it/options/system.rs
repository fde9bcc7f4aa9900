//! What the transport takes from its process: CAs and proxies.

use std::fs;
use std::process::Command;

use super::*;

/// Not a test of its own: asks one URL, as another process, in the way its arguments say.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn asks_in_another_process() {
    let argument = |name: &str| {
        std::env::args().find_map(|argument| argument.strip_prefix(name).map(str::to_owned))
    };
    let Some(url) = argument("url=") else {
        return;
    };
    let mut transport = builder();
    if let Some(path) = argument("ca_file=") {
        transport = transport.ca_file(path).unwrap();
    }
    if argument("ca_only").is_some() {
        transport = transport.ca_only();
    }
    if argument("no_proxy").is_some() {
        transport = transport.no_proxy();
    }
    let outcome = get(&transport.build(), &url).await;
    println!("outcome {:?}", outcome.map_err(|error| error.kind()));
}

struct Asked(String);

impl Asked {
    /// Asks `url` in a process with these arguments and these variables.
    fn new(url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        // The runner takes what it doesn't know for names of further tests.
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "options::system::asks_in_another_process",
            ])
            .arg(format!("url={url}"))
            .args(arguments)
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Self(String::from_utf8(output.stdout).unwrap())
    }

    fn is(&self, outcome: &str) -> bool {
        let found = self.0.contains(&format!("outcome {outcome}"));
        assert!(self.0.contains("outcome "), "{}", self.0);
        found
    }
}

#[test]
fn a_file_of_the_environment_stands_for_the_systems_cas() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, server) = service("localhost");
    let url = server.url("https", "localhost");
    let ours = folder.path().join("ours.pem");
    fs::write(&ours, authority.pem()).unwrap();
    let another = folder.path().join("another.pem");
    fs::write(&another, Authority::new().pem()).unwrap();
    let system = [("SSL_CERT_FILE", ours.to_str().unwrap())];
    let another = format!("ca_file={}", another.display());

    assert!(Asked::new(&url, &[], &system).is("Ok"));
    // Another CA stands beside the system's, or in its place.
    assert!(Asked::new(&url, &[&another], &system).is("Ok"));
    assert!(Asked::new(&url, &[&another, "ca_only"], &system).is("Err(Untrusted)"));
}

#[test]
fn a_machine_without_a_ca_store_needs_no_more_than_a_ca_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, server) = service("localhost");
    let url = server.url("https", "localhost");
    let path = folder.path().join("ca.pem");
    fs::write(&path, authority.pem()).unwrap();
    let ours = format!("ca_file={}", path.display());
    let bare = [
        ("SSL_CERT_FILE", "/dev/null"),
        ("SSL_CERT_DIR", "/dev/null"),
    ];

    assert!(Asked::new(&url, &[], &bare).is("Err(Setup)"));
    assert!(Asked::new(&url, &[&ours], &bare).is("Ok"));
    assert!(Asked::new(&url, &[&ours, "ca_only"], &bare).is("Ok"));
}

#[test]
fn the_proxy_of_the_environment_is_used_unless_the_host_or_all_are_excepted() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, service) = service(FAR);
    let url = service.url("https", FAR);
    let path = folder.path().join("ca.pem");
    fs::write(&path, authority.pem()).unwrap();
    let ours = format!("ca_file={}", path.display());
    for (arguments, no_proxy, through) in [
        (vec![ours.as_str()], "", 1),
        (vec![&ours], "0.0.0.0", 0),
        (vec![&ours, "no_proxy"], "", 0),
    ] {
        let proxy = Server::proxy(service.address);
        let address = proxy.url("http", "127.0.0.1");
        let variables = [("HTTPS_PROXY", address.as_str()), ("NO_PROXY", no_proxy)];

        assert!(Asked::new(&url, &arguments, &variables).is("Ok"));

        assert_eq!(proxy.seen.count("CONNECT 0.0.0.0:"), through, "{no_proxy}");
    }
}
