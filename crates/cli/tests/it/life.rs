//! The life of a secret, told to people and to programs.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::run::{Vault, command, run};

#[tokio::test]
async fn put_tells_what_was_written() {
    let vault = Vault::start().await;

    let first = vault.run_with("put", &["x", "--json"], b"hunter2").json();
    let second = vault.run_with("put", &["x", "--json"], b"hunter3").json();

    let keys: Vec<_> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["created", "secret", "version"]);
    assert_eq!(
        (&first["created"], &second["created"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(first["version"]["state"], "enabled");
    assert_ne!(first["version"]["id"], second["version"]["id"]);
    assert!(!first.to_string().contains("hunter2"));
}

#[tokio::test]
async fn put_hands_its_options_to_the_service() {
    let vault = Vault::start().await;

    vault
        .run_with(
            "put",
            &[
                "x",
                "--mode=create",
                "--label=team=db",
                "--label=empty=",
                "--label=sum=1+1=2",
                "--content-type=text/plain",
                "--expires=2031-01-01T01:00:00+01:00",
                "--not-before=2030-01-01T00:00:00Z",
                "--disabled",
            ],
            b"v",
        )
        .ok();
    let info = &vault.run("versions", &["x", "--json"]).json()[0];

    assert_eq!(
        info["labels"],
        json!({"team": "db", "empty": "", "sum": "1+1=2"})
    );
    assert_eq!(info["expires_at"], "2031-01-01T00:00:00Z");
    assert_eq!(info["not_before"], "2030-01-01T00:00:00Z");
    assert_eq!(info["content_type"], "text/plain");
    assert_eq!(info["state"], "disabled");
}

#[tokio::test]
async fn lists_hold_every_secret_and_no_value() {
    let vault = Vault::start().await;
    vault.emulator.page_size(1);
    vault.emulator.seed("a", ["hunter2"]).unwrap();
    vault.emulator.seed("b", ["hunter2"]).unwrap();

    let told = vault.run("list", &["--json"]).json();
    let shown = String::from_utf8(vault.run("list", &[]).ok()).unwrap();

    assert_eq!(names(&told), ["a", "b"]);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert!(lines[0].trim_start().starts_with("NAME"));
    assert!(!told.to_string().contains("hunter2") && !shown.contains("hunter2"));
}

#[tokio::test]
async fn an_empty_store_is_an_empty_array() {
    assert_eq!(run(["list", "memory://x", "--json"]).json(), json!([]));
}

#[tokio::test]
async fn versions_and_describe_name_the_same_current_version() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["one", "two"]).unwrap();
    let seeded: Vec<String> = vault
        .emulator
        .versions("x")
        .into_iter()
        .map(|v| v.id)
        .collect();

    let versions = vault.run("versions", &["x", "--json"]).json();
    let described = vault.run("describe", &["x", "--json"]).json();
    let lines = String::from_utf8(vault.run("describe", &["x"]).ok()).unwrap();

    let mut told: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["id"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    let mut ids: Vec<_> = seeded.iter().map(String::as_str).collect();
    ids.sort_unstable();
    assert_eq!(told, ids);
    assert_eq!(described["current"]["id"], seeded[1].as_str());
    assert!(lines.contains("name: x\n"), "{lines}");
    assert!(
        lines.contains(&format!("current version: {}\n", seeded[1])),
        "{lines}"
    );
}

#[tokio::test]
async fn json_names_every_field_and_null_is_not_told() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();

    let info = vault.run("describe", &["x", "--json"]).json();

    let keys: Vec<_> = info.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "created_at",
            "current",
            "deletion_protection",
            "description",
            "id",
            "labels",
            "managed",
            "name",
            "state",
            "updated_at"
        ]
    );
    let keys: Vec<_> = info["current"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "content_type",
            "created_at",
            "description",
            "destroy_at",
            "entry_keys",
            "expires_at",
            "id",
            "labels",
            "not_before",
            "state",
            "updated_at"
        ]
    );
    assert_eq!(info["deletion_protection"], Value::Null);
}

#[tokio::test]
async fn a_deleted_secret_is_listed_recovered_and_purged() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();

    assert_eq!(
        vault.run("delete", &["x", "--yes", "--json"]).json(),
        json!({})
    );
    let deleted = vault.run("list", &["--deleted", "--json"]).json();
    assert_eq!(deleted[0]["info"]["name"], "x");
    assert_eq!(deleted[0]["recoverable"], true);
    assert!(deleted[0]["purge_at"].is_string() && deleted[0]["deleted_at"].is_string());
    let shown = vault.run("list", &["--deleted"]).ok();
    assert!(String::from_utf8(shown).unwrap().contains(" x "));
    assert_eq!(vault.run("list", &["--json"]).json(), json!([]));

    assert_eq!(vault.run("recover", &["x", "--json"]).json()["name"], "x");
    assert_eq!(vault.run("get", &["x"]).ok(), b"v");

    vault.run("delete", &["x", "--yes"]).ok();
    assert_eq!(
        vault.run("purge", &["x", "--yes", "--json"]).json(),
        json!({})
    );
    assert_eq!(
        vault.run("list", &["--deleted", "--json"]).json(),
        json!([])
    );
}

#[tokio::test]
async fn delete_and_purge_ask_or_are_told_yes() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();

    for name in ["delete", "purge"] {
        let refused = vault.run_with(name, &["x"], b"y\n").refused(13);
        assert!(
            refused.contains("InvalidInput") && refused.contains("--yes"),
            "{refused}"
        );
    }

    assert_eq!(vault.emulator.request_count(), 0);
}

#[tokio::test]
async fn a_secret_is_meant_by_its_id() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();
    let info = vault.run("describe", &["x", "--json"]).json();

    let id = info["id"].as_str().unwrap();

    assert_eq!(vault.run("get", &[id, "--id"]).ok(), b"v");
}

#[tokio::test]
async fn a_reader_that_leaves_early_is_no_failure() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();

    for arguments in [&["list", &vault.url][..], &["get", &vault.url, "x"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(arguments)
            .stdout(Stdio::from(writer))
            .output()
            .unwrap();

        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(output.stderr, b"");
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|info| info["name"].as_str().unwrap())
        .collect()
}
