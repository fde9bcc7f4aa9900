//! Stores by name, and what the environment sets.

use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::run::{Vault, command, finish, run};

/// A file that names the vault `main`, and a store in memory `scratch`.
fn file(vault: &Vault) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stores.toml");
    let endpoint = vault.emulator.url();
    let text = format!(
        "[stores.main]\nprovider = 'azure-key-vault'\nstore = 'test'\n\
         endpoint = '{endpoint}'\nverify_challenge = false\n\
         [stores.scratch]\nurl = 'memory://scratch'\n"
    );
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn with_variable(path: &Path, arguments: &[&str]) -> crate::run::Run {
    let mut command = command(arguments);
    command.env("POLYVAULT_CONFIG", path);
    finish(command, b"v")
}

#[tokio::test]
async fn every_command_finds_a_store_by_its_name() {
    let vault = Vault::start().await;
    let (_folder, path) = file(&vault);
    let config = path.to_str().unwrap();

    finish(command(["put", "main", "x", "--config", config]), b"value").ok();

    assert_eq!(run(["get", "main", "x", "--config", config]).ok(), b"value");
    assert_eq!(run(["--config", config, "get", "main", "x"]).ok(), b"value");
    for arguments in [
        &["list", "main"][..],
        &["versions", "main", "x"],
        &["describe", "main", "x"],
        &["delete", "main", "x", "--yes"],
        &["recover", "main", "x"],
        &["delete", "main", "x", "--yes"],
        &["list", "main", "--deleted"],
        &["purge", "main", "x", "--yes"],
    ] {
        run(arguments.iter().chain(&["--config", config])).ok();
    }
}

#[tokio::test]
async fn the_variable_names_the_file_and_the_option_wins() {
    let vault = Vault::start().await;
    let (folder, path) = file(&vault);

    with_variable(&path, &["put", "main", "x"]).ok();
    assert_eq!(with_variable(&path, &["get", "main", "x"]).ok(), b"v");

    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[stores.other]\nurl = 'memory://other'\n").unwrap();
    let other = other.to_str().unwrap();
    let told = with_variable(&path, &["get", "main", "x", "--config", other]).refused(29);
    assert!(told.contains("There is other."), "{told}");
}

#[tokio::test]
async fn a_url_needs_no_file() {
    let vault = Vault::start().await;

    let arguments = ["list", &vault.url, "--config", "/no/such/file"];
    run(arguments).ok();
}

#[tokio::test]
async fn what_is_wrong_with_a_name_or_a_file_is_a_config_error_that_quotes_neither() {
    let vault = Vault::start().await;
    let (folder, path) = file(&vault);
    let config = path.to_str().unwrap();
    let bad = folder.path().join("bad.toml");
    std::fs::write(
        &bad,
        "[stores.main]\nprovider = 'wix-secrets'\ntoken = 'hunter2'",
    )
    .unwrap();

    for (arguments, says) in [
        (&["list", "hunter2"][..], "no file of stores is named"),
        (
            &["list", "hunter2", "--config", config],
            "There is main, scratch.",
        ),
        (
            &["list", "x", "--config", "/no/such/hunter2"],
            "can't be read",
        ),
        (
            &["list", "x", "--config", bad.to_str().unwrap()],
            "store `main`: parameter `token`",
        ),
    ] {
        let told = run(arguments).refused(29);

        assert!(told.contains(says), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert_eq!(vault.emulator.request_count(), 0);
}

/// One connection, closed unanswered; gives what it was sent first.
fn listener() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (told, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut first = [0; 512];
        let (mut stream, _) = listener.accept().unwrap();
        let length = stream.read(&mut first).unwrap();
        told.send(String::from_utf8_lossy(&first[..length]).into_owned())
    });
    (address, heard)
}

#[test]
fn a_proxy_of_the_environment_is_used_for_https() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let (address, heard) = listener();
        let mut command = command(["get", "azure-key-vault://my-vault", "x"]);
        command.env(variable, format!("http://{address}"));

        let mut child = command.spawn().unwrap();
        let heard = heard.recv_timeout(Duration::from_secs(20));
        // It would go on asking.
        child.kill().unwrap();
        child.wait().unwrap();

        let heard = heard.unwrap();
        let connect = "CONNECT my-vault.vault.azure.net:443 ";
        assert!(heard.starts_with(connect), "{variable}: {heard}");
    }
}

/// The certificates of the machine are not looked for then.
#[cfg(target_os = "linux")]
#[test]
fn the_cas_of_the_environment_are_used_in_place_of_the_systems() {
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let url = "azure-key-vault://test?endpoint=https://127.0.0.1:1";
        let mut command = command(["get", url, "x", "--json"]);
        command.env(variable, "/no/such/place");

        let told = finish(command, b"").everything();

        assert!(told.contains("no HTTPS client"), "{variable}: {told}");
    }
}
