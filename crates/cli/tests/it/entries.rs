//! Several entries and binary values, on a store that holds both.

use std::fs;

use serde_json::json;

use crate::run::Folder;

/// No UTF-8 anywhere near its beginning; with a nul and a newline at its end.
const BINARY: &[u8] = b"\xff\xfe\x00\n";

/// What RFC 4648 makes of it.
const BASE64: &str = "//4ACg==";

/// `KEY=@FILE` of a new file with these bytes.
fn entry(folder: &tempfile::TempDir, key: &str, bytes: &[u8]) -> String {
    let file = folder.path().join(key);
    fs::write(&file, bytes).unwrap();
    format!("{key}=@{}", file.to_str().unwrap())
}

/// A secret `db` with a text and a binary entry.
async fn two_entries() -> (Folder, tempfile::TempDir) {
    let (store, files) = (Folder::start().await, tempfile::tempdir().unwrap());
    let user = entry(&files, "user", b"scott\n");
    let key = entry(&files, "key", BINARY);
    let arguments = ["db", "--entry", &user, "--entry", &key];
    store.run_with("put", &arguments, b"not read").ok();
    (store, files)
}

#[tokio::test]
async fn each_entry_comes_back_byte_for_byte() {
    let (store, _files) = two_entries().await;

    assert_eq!(store.run("get", &["db", "--entry=user"]).ok(), b"scott\n");
    assert_eq!(store.run("get", &["db", "--entry=key"]).ok(), BINARY);
}

#[tokio::test]
async fn several_entries_without_a_key_are_refused_with_the_keys() {
    let (store, files) = two_entries().await;
    let out = files.path().join("out");

    let to_stdout = store.run("get", &["db"]).refused(13);
    let to_file = store.run("get", &["db", "--json", "--out", out.to_str().unwrap()]);
    let other = store.run("get", &["db", "--entry=nope"]).refused(13);

    let to_file = to_file.error(13);
    assert_eq!(to_file["kind"], "InvalidInput");
    for told in [&to_stdout, &other, &to_file.to_string()] {
        assert!(told.contains("user") && told.contains("key"), "{told}");
        assert!(told.contains("--entry"), "{told}");
        assert!(!told.contains("scott") && !told.contains("nope"), "{told}");
    }
    assert!(!out.exists());
}

#[tokio::test]
async fn json_has_text_as_text_and_bytes_as_base64() {
    let (store, _files) = two_entries().await;

    let all = store.run("get", &["db", "--json"]).json();
    let one = store.run("get", &["db", "--entry=key", "--json"]).json();

    assert_eq!(
        all["entries"],
        json!({"user": {"text": "scott\n"}, "key": {"base64": BASE64}})
    );
    assert_eq!(one["entries"], json!({"key": {"base64": BASE64}}));
}

#[tokio::test]
async fn one_entry_goes_to_a_file_and_json_tells_the_rest() {
    let (store, files) = two_entries().await;
    let out = files.path().join("out");

    let arguments = [
        "db",
        "--entry=key",
        "--json",
        "--out",
        out.to_str().unwrap(),
    ];
    let told = store.run("get", &arguments).json();

    assert_eq!(fs::read(&out).unwrap(), BINARY);
    assert_eq!((&told["name"], told.get("entries")), (&json!("db"), None));
}

#[tokio::test]
async fn keys_are_told_without_values() {
    let (store, _files) = two_entries().await;

    let described = store.run("describe", &["db", "--json"]).json();
    let versions = store.run("versions", &["db", "--json"]).json();

    for version in [&described["current"], &versions[0]] {
        let mut keys: Vec<_> = version["entry_keys"].as_array().unwrap().iter().collect();
        keys.sort_by_key(|key| key.as_str());
        assert_eq!(keys, ["key", "user"]);
    }
    assert!(!format!("{described}{versions}").contains("scott"));
}

#[tokio::test]
async fn a_put_replaces_all_entries() {
    let (store, files) = two_entries().await;

    let host = entry(&files, "host", b"localhost");
    store.run("put", &["db", "--entry", &host]).ok();

    let read = store.run("get", &["db", "--json"]).json();
    assert_eq!(read["entries"], json!({"host": {"text": "localhost"}}));
    // The only one needs no key, whatever it is called.
    assert_eq!(store.run("get", &["db"]).ok(), b"localhost");
}

#[tokio::test]
async fn binary_from_stdin_comes_back_byte_for_byte() {
    let store = Folder::start().await;
    let every_byte: Vec<u8> = (0..=255).cycle().take(1000).collect();

    for bytes in [BINARY, &every_byte] {
        store.run_with("put", &["x"], bytes).ok();

        assert_eq!(store.run("get", &["x"]).ok(), bytes);
    }
    store.run_with("put", &["x"], BINARY).ok();
    let read = store.run("get", &["x", "--json"]).json();
    assert_eq!(read["entries"], json!({"value": {"base64": BASE64}}));
}

#[tokio::test]
async fn keys_that_do_not_fit_are_refused_with_the_option() {
    let (store, files) = two_entries().await;
    let user = entry(&files, "user", b"tiger");
    let no_key = user.strip_prefix("user").unwrap();

    for entries in [
        ["--entry", &user, "--entry", &user],
        ["--entry", &user, "--entry", no_key],
    ] {
        let arguments = ["db"].into_iter().chain(entries).collect::<Vec<_>>();
        let told = store.run("put", &arguments).refused(13);

        assert!(
            told.contains("put: InvalidInput: field `--entry`: "),
            "{told}"
        );
    }
    assert_eq!(store.run("get", &["db", "--entry=user"]).ok(), b"scott\n");
}
