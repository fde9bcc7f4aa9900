//! Errors: on stderr, with the kind's name, and an exit code a kind.

use polyvault::azure_key_vault::emulator::Operation;
use serde_json::{Value, json};

use crate::run::{Vault, command, finish, run};

/// The code that the README promises, the kind and whether a repeat helps.
#[track_caller]
fn is(error: &Value, kind: &str, retry: &str) {
    assert_eq!(
        (&error["kind"], &error["retry"]),
        (&json!(kind), &json!(retry)),
        "{error}"
    );
}

#[tokio::test]
async fn people_get_the_kind_the_place_and_help() {
    let vault = Vault::start().await;

    let told = vault.run("get", &["nope"]).refused(10);

    assert!(
        told.starts_with("polyvault: error: azure-key-vault: get \"nope\": NotFound: "),
        "{told}"
    );
    assert!(told.contains("\nhelp: "), "{told}");
}

#[tokio::test]
async fn programs_get_one_object() {
    let vault = Vault::start().await;

    let error = vault.run("get", &["nope", "--json"]).error(10);

    let keys: Vec<_> = error.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "code",
            "help",
            "kind",
            "message",
            "request_id",
            "retry",
            "status"
        ]
    );
    is(&error, "NotFound", "never");
    assert_eq!(
        (&error["status"], &error["code"]),
        (&json!(404), &json!("SecretNotFound"))
    );
    assert!(error["request_id"].is_string() && error["help"].is_string());
}

#[tokio::test]
async fn what_the_service_refuses_has_its_own_kind_and_code() {
    let vault = Vault::start().await;
    vault.emulator.seed("x", ["v"]).unwrap();
    vault.emulator.seed("gone", ["v"]).unwrap();
    vault.run("delete", &["gone", "--yes"]).ok();
    vault.run_with("put", &["off", "--disabled"], b"v").ok();

    let json = |name: &str, arguments: &[&str]| {
        let all: Vec<_> = arguments.iter().copied().chain(["--json"]).collect();
        vault.run_with(name, &all, b"v")
    };
    is(&json("get", &["gone"]).error(10), "NotFound", "never");
    is(
        &json("delete", &["nope", "--yes"]).error(10),
        "NotFound",
        "never",
    );
    is(&json("recover", &["nope"]).error(10), "NotFound", "never");
    is(
        &json("purge", &["nope", "--yes"]).error(10),
        "NotFound",
        "never",
    );
    is(&json("versions", &["nope"]).error(10), "NotFound", "never");
    is(
        &json("put", &["x", "--mode=create"]).error(11),
        "AlreadyExists",
        "never",
    );
    is(
        &json("put", &["nope", "--mode=add-version"]).error(10),
        "NotFound",
        "never",
    );
    is(&json("get", &["off"]).error(15), "Disabled", "never");
    is(&json("put", &["gone"]).error(16), "SoftDeleted", "never");
    is(
        &json("put", &["no_such_letter"]).error(13),
        "InvalidInput",
        "never",
    );

    vault
        .emulator
        .forbid([Operation::GetSecret], "ForbiddenByRbac");
    let error = json("get", &["x"]).error(21);
    is(&error, "Forbidden", "never");
    assert_eq!(error["code"], "ForbiddenByRbac");

    vault.emulator.require_token("another");
    is(&json("get", &["x"]).error(20), "Unauthenticated", "never");
}

#[tokio::test]
async fn a_value_that_is_too_large_is_refused() {
    let vault = Vault::start().await;

    let refused = vault.run_with("put", &["x", "--json"], &[b'v'; 25 * 1024 + 1]);

    is(&refused.error(14), "TooLarge", "never");
    assert!(vault.emulator.versions("x").is_empty());
}

#[test]
fn missing_credentials_are_a_config_error_that_lists_the_variables() {
    let mut command = command(["get", "azure-key-vault://my-vault", "x", "--json"]);
    command.env_clear();

    let error = finish(command, b"").error(29);

    is(&error, "Config", "never");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("POLYVAULT_AZURE_TOKEN")
    );
}

#[test]
fn an_unknown_scheme_and_no_url_are_config_errors() {
    for store in ["nowhere://x", "db-password", ""] {
        is(&run(["list", store, "--json"]).error(29), "Config", "never");
    }
}

#[tokio::test]
async fn what_a_store_cannot_do_is_unsupported_and_sends_nothing() {
    let vault = Vault::start().await;

    let refused = vault.run_with("put", &["x", "--description=d", "--json"], b"v");

    let error = refused.error(26);
    is(&error, "Unsupported", "never");
    assert!(error["message"].as_str().unwrap().contains("description"));
    assert_eq!(vault.emulator.request_count(), 0);
}

#[test]
fn a_command_line_that_breaks_the_grammar_ends_with_2() {
    for arguments in [
        &["put", "memory://x"][..],
        &["put", "memory://x", "x", "--mode=other"],
        &["put", "memory://x", "x", "--value-file=f", "--entry=a=@f"],
        &["get", "memory://x", "x", "--no-such-flag"],
        &["no-such-command"],
    ] {
        let told = run(arguments).refused(2);
        assert!(told.contains("InvalidInput"), "{told}");

        let error = run(arguments.iter().chain(&["--json"])).error(2);
        is(&error, "InvalidInput", "never");
    }
}

#[test]
fn help_goes_to_stdout_and_lists_the_exit_codes() {
    let help = String::from_utf8(run(["--help"]).ok()).unwrap();

    assert!(help.contains("10  NotFound\n"), "{help}");
    assert!(help.contains("azure-key-vault://"), "{help}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_by_its_field() {
    for arguments in [
        &["--value-file=/no/such/hunter2"][..],
        &["--value-file=/"],
        &["--entry=a=@/no/such/hunter2"],
    ] {
        let all = ["put", "memory://x", "x"].iter().chain(arguments);
        let told = run(all).refused(13);

        assert!(told.contains("field `--"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn times_and_labels_of_another_form_are_refused() {
    for argument in [
        "--expires=tomorrow",
        "--not-before=2030-01-01",
        "--label=team",
    ] {
        let told = run(["put", "memory://x", "x", argument]).refused(13);

        let field = argument.split('=').next().unwrap();
        assert!(told.contains(&format!("field `{field}`")), "{told}");
    }
    let twice = ["put", "memory://x", "x", "--label=a=1", "--label=a=2"];
    assert!(run(twice).refused(13).contains("field `--label`"));
}

#[test]
fn an_option_without_its_value_is_told_without_a_list_of_none() {
    let error = run(["get", "memory://x", "x", "--out", "", "--json"]).error(2);

    is(&error, "InvalidInput", "never");
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("--out <FILE>"), "{message}");
}
