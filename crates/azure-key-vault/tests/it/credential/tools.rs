//! Developer tools, played by scripts.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use polyvault_azure_key_vault::credential::DeveloperTool;
use polyvault_core::ErrorKind;

use super::*;

/// A program that notes its arguments beside itself and does what `body` says.
pub(super) fn tool(folder: &Path, name: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    let text = format!("#!/bin/sh\necho \"$@\" >> \"$0.asked\"\n{body}\n");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

pub(super) fn asked(tool: &Path) -> Vec<String> {
    let notes = fs::read_to_string(format!("{}.asked", tool.display())).unwrap_or_default();
    notes.lines().map(str::to_owned).collect()
}

const AZ: &str = r#"echo '{"accessToken":"issued-token","expiresOn":"2026-11-22 12:00:00.000000","expires_on":1795345200,"tenant":"t","tokenType":"Bearer"}'"#;
const AZD: &str = r#"echo '{"token":"issued-token","expiresOn":"2026-11-22T11:00:00Z"}'"#;

#[tokio::test]
async fn each_tool_is_asked_in_its_own_words_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let az = tool(folder.path(), "az", AZ);
    let azd = tool(folder.path(), "azd", AZD);
    let vault = vault().await;

    let cli = DeveloperTool::azure_cli(&az);
    read(&vault, "http://127.0.0.1:1", cli).await.unwrap();
    let cli = DeveloperTool::azure_developer_cli(&azd);
    read(&vault, "http://127.0.0.1:1", cli).await.unwrap();

    let tenant = "00000000-0000-0000-0000-000000000000";
    let scope = "--scope https://vault.azure.net/.default";
    let line = format!("account get-access-token --output json {scope} --tenant {tenant}");
    assert_eq!(asked(&az), [line]);
    let line = format!("auth token --output json {scope} --tenant-id {tenant}");
    assert_eq!(asked(&azd), [line]);
}

#[tokio::test]
async fn a_tool_that_fails_or_prints_something_else_is_told_without_its_output() {
    let folder = tempfile::tempdir().unwrap();
    for (body, kind) in [
        ("echo hunter2 >&2; exit 1", ErrorKind::Config),
        ("echo hunter2", ErrorKind::Decode),
        (r#"echo '{"accessToken":["hunter2"]}'"#, ErrorKind::Decode),
        ("echo '{}'", ErrorKind::Decode),
    ] {
        let az = tool(folder.path(), "az", body);
        let cli = DeveloperTool::azure_cli(&az);

        let error = read(&vault().await, "http://127.0.0.1:1", cli)
            .await
            .unwrap_err();

        assert_eq!(error.kind(), kind, "{body}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let gone = DeveloperTool::azure_cli(folder.path().join("gone"));
    let error = read(&vault().await, "http://127.0.0.1:1", gone)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_token_without_an_end_is_used_until_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let az = tool(
        folder.path(),
        "az",
        r#"echo '{"accessToken":"issued-token","expiresOn":"2026-11-22 12:00:00.000000"}'"#,
    );
    let vault = vault().await;

    let cli = DeveloperTool::azure_cli(&az);
    read(&vault, "http://127.0.0.1:1", cli).await.unwrap();

    assert_eq!(asked(&az).len(), 1);
}
