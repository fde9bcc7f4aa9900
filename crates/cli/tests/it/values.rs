//! Values in and out, byte for byte.

use std::fs;

use polyvault::azure_key_vault::emulator::Version;
use serde_json::json;

use crate::run::Vault;

const AWKWARD: &[&str] = &[
    "",
    "plain",
    "ends with a newline\n",
    "\r\n\t two lines \n and spaces ",
    r#"quotes " ' \ and {"json": "\u0000"}"#,
    "żółć 密码 🔑",
    "a nul \0 and an escape \u{1b}",
];

#[tokio::test]
async fn a_value_from_stdin_comes_back_byte_for_byte() {
    let vault = Vault::start().await;

    for value in AWKWARD {
        vault.run_with("put", &["x"], value.as_bytes()).ok();

        assert_eq!(vault.run("get", &["x"]).ok(), value.as_bytes(), "{value:?}");
    }
}

#[tokio::test]
async fn a_value_from_a_file_comes_back_byte_for_byte() {
    let vault = Vault::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("value");

    for value in AWKWARD {
        fs::write(&file, value).unwrap();
        let arguments = ["x", "--value-file", file.to_str().unwrap()];
        vault.run_with("put", &arguments, b"not this").ok();

        assert_eq!(vault.run("get", &["x"]).ok(), value.as_bytes(), "{value:?}");
    }
}

#[tokio::test]
async fn an_entry_comes_from_a_file_and_stdin_is_not_read() {
    let vault = Vault::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("value");
    fs::write(&file, "from the file\n").unwrap();

    let entry = format!("value=@{}", file.to_str().unwrap());
    vault.run_with("put", &["x", "--entry", &entry], b"no").ok();

    assert_eq!(vault.run("get", &["x"]).ok(), b"from the file\n");
}

#[tokio::test]
async fn json_holds_what_the_bytes_hold_and_where_they_are_from() {
    let vault = Vault::start().await;
    let version = Version {
        id: "0123456789abcdef0123456789abcdef".into(),
        ..Version::from("a\"b\n🔑")
    };
    vault.emulator.seed("x", [version]).unwrap();

    let read = vault.run("get", &["x", "--json"]).json();

    let keys: Vec<_> = read.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["entries", "id", "info", "name", "version"]);
    assert_eq!(read["entries"], json!({"value": {"text": "a\"b\n🔑"}}));
    assert_eq!(read["name"], "x");
    assert_eq!(read["version"], "0123456789abcdef0123456789abcdef");
    assert_eq!(read["info"]["state"], "enabled");
}

#[tokio::test]
async fn one_entry_is_read_by_its_key() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();

    let read = vault.run("get", &["x", "--entry", "value"]).ok();
    let other = vault.run("get", &["x", "--entry", "other"]);

    assert_eq!(read, b"v");
    assert!(other.refused(13).contains("value"));
}

#[tokio::test]
async fn a_pinned_version_is_read_after_a_newer_one_was_put() {
    let vault = Vault::start().await;
    let first = vault.run_with("put", &["x", "--json"], b"one").json();
    vault.run_with("put", &["x"], b"two").ok();

    let id = first["version"]["id"].as_str().unwrap();
    let pinned = vault.run("get", &["x", "--version", id]).ok();

    assert_eq!(pinned, b"one");
    assert_eq!(vault.run("get", &["x"]).ok(), b"two");
}

#[tokio::test]
async fn a_file_gets_the_bytes_and_stdout_nothing() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v\n"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");

    let out = vault.run("get", &["x", "--out", file.to_str().unwrap()]);

    assert!(out.ok().is_empty());
    assert_eq!(fs::read(&file).unwrap(), b"v\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn with_a_file_json_tells_all_but_the_value() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["hunter2"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");

    let arguments = ["x", "--json", "--out", file.to_str().unwrap()];
    let told = vault.run("get", &arguments).json();

    assert_eq!(told["name"], "x");
    assert!(!told.to_string().contains("hunter2"));
    assert_eq!(fs::read(&file).unwrap(), b"hunter2");
}

#[tokio::test]
async fn an_existing_file_or_link_is_left_alone() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["hunter2"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    fs::write(&file, "mine").unwrap();

    let refused = vault.run("get", &["x", "--out", file.to_str().unwrap()]);

    assert!(refused.refused(13).contains("InvalidInput"));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    #[cfg(unix)]
    {
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let refused = vault.run("get", &["x", "--out", link.to_str().unwrap()]);
        refused.refused(13);
        assert!(!target.exists());
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_put_as_binary() {
    let vault = Vault::start().await;

    vault.run_with("put", &["x"], b"\xff\xfe");

    // Bytes stand there as base64, in the encoding that only what is no text needs.
    let stored = vault.emulator.versions("x").pop().unwrap();
    assert!(stored.value.contains(r#""base64":"//4=""#));
}
