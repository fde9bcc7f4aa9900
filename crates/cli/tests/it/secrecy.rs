//! What must not be told, is not.

use crate::run::{Vault, run};

/// Stands for a secret in a place where it must not be.
const MARK: &str = "hunter2";

#[tokio::test]
async fn a_value_among_the_arguments_is_refused_and_not_quoted() {
    let vault = Vault::start().await;

    for (arguments, code) in [
        (&["x", "hunter2"][..], 2),
        (&["x", "--", "hunter2"], 2),
        (&["x", "--value", "hunter2"], 2),
        (&["x", "--hunter2"], 2),
        (&["x", "--mode", "hunter2"], 2),
        (&["x", "--json=hunter2"], 2),
        (&["x", "--entry", "password=hunter2"], 13),
        (&["x", "--entry", "hunter2"], 13),
        (&["x", "--entry", "hunter2=="], 13),
        (&["x", "--entry", "password=@hunter2"], 13),
        (&["x", "--value-file", "hunter2"], 13),
        (&["x", "--label", "hunter2"], 13),
        (&["x", "--expires", "hunter2"], 13),
    ] {
        for json in [&[][..], &["--json"]] {
            let before: Vec<&str> = json.iter().chain(arguments).copied().collect();
            let told = vault.run_with("put", &before, b"v").refused(code);

            assert!(!told.contains(MARK), "{arguments:?}: {told}");
            assert!(told.contains("InvalidInput"), "{arguments:?}: {told}");
        }
    }
    assert_eq!(vault.emulator.request_count(), 0);
}

#[tokio::test]
async fn a_credential_in_a_url_is_refused_unquoted_and_nothing_is_sent() {
    let vault = Vault::start().await;
    let endpoint = vault.emulator.url();
    let inside = endpoint.replace("http://", "http://user:hunter2@");

    for url in [
        format!("azure-key-vault://user:hunter2@test?endpoint={endpoint}"),
        format!("azure-key-vault://hunter2@test?endpoint={endpoint}"),
        format!("azure-key-vault://test?endpoint={inside}"),
        format!("azure-key-vault://test?endpoint={endpoint}&token=hunter2"),
        format!("azure-key-vault://test?endpoint={endpoint}#hunter2"),
    ] {
        for command in ["get", "put", "describe", "versions", "recover"] {
            let refused = run([command, &url, "x"]);
            let told = refused.refused(29);
            assert!(!told.contains(MARK), "{url}: {told}");
        }
        for command in ["delete", "purge"] {
            let told = run([command, &url, "x", "--yes", "--json"]).refused(29);
            assert!(!told.contains(MARK), "{url}: {told}");
        }
    }

    assert_eq!(vault.emulator.request_count(), 0);
}

#[tokio::test]
async fn only_get_tells_a_value_and_nothing_tells_the_token() {
    let vault = Vault::start().await;

    for command in [
        &["put", "x"][..],
        &["put", "x", "--mode=create", "--json"],
        &["list"],
        &["list", "--json"],
        &["versions", "x"],
        &["versions", "x", "--json"],
        &["describe", "x"],
        &["describe", "x", "--json"],
        &["get", "nope"],
        &["delete", "x", "--yes"],
        &["list", "--deleted", "--json"],
        &["put", "x", "--json"],
        &["recover", "x", "--json"],
    ] {
        let all = vault
            .run_with(command[0], &command[1..], MARK.as_bytes())
            .everything();

        assert!(!all.contains(MARK), "{command:?}: {all}");
        assert!(!all.contains("made-up-token"), "{command:?}: {all}");
    }
    assert_eq!(vault.run("get", &["x"]).ok(), MARK.as_bytes());
}
