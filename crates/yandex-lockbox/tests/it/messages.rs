//! Messages as proto3 JSON writes them, with defaults left out and printed: both read alike.

use std::collections::BTreeMap;

use polyvault_core::{
    GetOptions, OperationId, Outcome, PageRequest, Payload, Polled, Result, SecretId, SecretRef,
    SecretStore, transport,
};
use polyvault_testkit::fixture;
use polyvault_testkit::script::{Answer, Script, answer};
use serde_json::{Value, json};

use super::script::{store_on, tell_error, tell_secret, tell_version, tell_written};

const FULL: &str = "e6qsec00000000000001 db d {empty=,env=prod} enabled 2024-03-26T07:59:22.709Z true \
    [e6qver00000000000001 enabled 2024-03-26T07:59:23.172Z - vd password,user]";
const ACTIVE: &str = "e6qver00000000000001 enabled 2024-03-26T07:59:23.172Z - - password,user";
const SCHEDULED: &str = "e6qver00000000000001 pending_destruction 2024-03-26T07:59:23.172Z \
    2024-04-02T08:33:34.641Z - password,user";

/// What each message reads as, written down from the message.
fn expected() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("secret full", FULL.to_owned()),
        (
            "secret minimal (no version, no name)",
            "e6q1 - - {} enabled - false [-]".into(),
        ),
        (
            "secret with password spec",
            "e6qsec00000000000001 db - {} enabled 2024-03-26T07:59:22.709Z false [-]".into(),
        ),
        ("secret creating", "e6q1 - - {} CREATING - false [-]".into()),
        ("secret inactive", "e6q1 - - {} disabled - false [-]".into()),
        (
            "secret status unspecified",
            "e6q1 - - {} STATUS_UNSPECIFIED - false [-]".into(),
        ),
        ("version scheduled", SCHEDULED.to_owned()),
        ("version destroyed", ACTIVE.replace("enabled", "destroyed")),
        ("version active", ACTIVE.to_owned()),
        ("list secrets", format!("{FULL} | next e6qnext")),
        ("list secrets empty", " | end".into()),
        ("list versions", format!("{ACTIVE}; {SCHEDULED} | end")),
        ("list versions empty", " | end".into()),
        (
            "payload text and binary",
            "e6qver00000000000001 user=text[97, 108, 105, 99, 101] blob=binary[255, 254, 253, 62]"
                .into(),
        ),
        (
            "payload unicode",
            format!("v k=text{:?}", "пароль 🔑 \"\\\n".as_bytes()),
        ),
        ("payload empty text set", "v k=text[]".into()),
        ("payload empty binary set", "v k=binary[]".into()),
        ("payload value unset", "Decode - never".into()),
        ("payload no entries", "Decode - never".into()),
        ("op create running", "pending".into()),
        (
            "op create done",
            "e6qsec00000000000001 created e6qver00000000000001 enabled \
             2024-03-26T07:59:23.172Z - vd password,user"
                .into(),
        ),
        (
            "op create without version",
            "e6qsec00000000000001 created - enabled - - - -".into(),
        ),
        ("op update done", FULL.to_owned()),
        ("op update done, Empty response", FULL.to_owned()),
        ("op delete done", "done".into()),
        ("op activate done", FULL.to_owned()),
        // The message was made with this status.
        ("op deactivate done", FULL.to_owned()),
        (
            "op addVersion done",
            format!("e6qsec00000000000001 added {ACTIVE}"),
        ),
        ("op setCurrentVersion done", ACTIVE.to_owned()),
        ("op schedule done", SCHEDULED.to_owned()),
        ("op cancel destruction done", ACTIVE.to_owned()),
        ("op setAccessBindings done", "done".into()),
        ("op updateAccessBindings done", "done".into()),
        (
            "op failed",
            "FailedPrecondition FAILED_PRECONDITION never".into(),
        ),
        ("op failing, not done", "pending".into()),
        (
            "error body INVALID_ARGUMENT",
            "InvalidInput INVALID_ARGUMENT never".into(),
        ),
        ("error body NOT_FOUND", "NotFound NOT_FOUND never".into()),
        (
            "error body ALREADY_EXISTS",
            "AlreadyExists ALREADY_EXISTS never".into(),
        ),
        (
            "error body PERMISSION_DENIED",
            "Forbidden PERMISSION_DENIED never".into(),
        ),
        (
            "error body RESOURCE_EXHAUSTED",
            "RateLimited RESOURCE_EXHAUSTED after".into(),
        ),
        (
            "error body FAILED_PRECONDITION",
            "FailedPrecondition FAILED_PRECONDITION never".into(),
        ),
        ("error body ABORTED", "Conflict ABORTED never".into()),
        (
            "error body UNAVAILABLE",
            "Unavailable UNAVAILABLE after".into(),
        ),
        (
            "error body UNAUTHENTICATED",
            "Unauthenticated UNAUTHENTICATED never".into(),
        ),
        ("error body INTERNAL", "Unavailable INTERNAL after".into()),
        (
            "error body with LocalizedMessage",
            "NotFound NOT_FOUND never".into(),
        ),
        (
            "getEx",
            "e6qver00000000000001 of e6qsec00000000000001 blob=binary[255, 254, 253, 62] \
             nothing=text[] user=text[97, 108, 105, 99, 101]"
                .into(),
        ),
        (
            "list operations",
            "e6qop000000000000001 Some(DeleteSecret) of e6qsec00000000000001, done Empty; \
             e6qop000000000000002 Some(DeleteSecret) of e6qsec00000000000001, pending None | next e6qnext"
                .into(),
        ),
        (
            "list access bindings",
            "lockbox.payloadViewer to serviceAccount ajeaccount0000000001 | end".into(),
        ),
    ])
}

#[tokio::test]
async fn every_message_reads_alike_with_defaults_left_out_and_printed() {
    let path = fixture::folder("yandex-lockbox").join("messages/messages.json");
    let file: Value = transport::json::decode(&std::fs::read(path).unwrap()).unwrap();
    let messages = file["messages"].as_array().unwrap();
    let mut expected = expected();

    // Those of other services are read where a credential does, in `credential/`.
    let own = |message: &&Value| !matches!(message["kind"].as_str(), Some("token" | "endpoints"));
    for message in messages.iter().filter(own) {
        let name = message["name"].as_str().unwrap();
        let due = expected.remove(name).unwrap_or_else(|| panic!("{name}"));
        for form in ["omitted", "printed"] {
            let kind = message["kind"].as_str().unwrap();
            let told = read(kind, &message[form], &messages[0]["omitted"]).await;
            let told = told.unwrap_or_else(|error| tell_error(&error));
            assert_eq!(told, due, "{name}, {form}");
        }
    }
    assert!(expected.is_empty(), "{expected:?}");
}

async fn read(kind: &str, message: &Value, secret: &Value) -> Result<String> {
    let ok = |message: &Value| answer(200, message.to_string());
    let store = |first: Answer| store_on(&Script::new([first, ok(secret)]), 0);
    let id = SecretRef::from(SecretId::new("e6qsec00000000000001")?);
    let page = PageRequest::default;
    Ok(match kind {
        "secret" => tell_secret(&store(ok(message)).describe(&id).await?),
        "secrets" => {
            let page = store(ok(message)).list_page(page()).await?;
            tell_page(page, tell_secret)
        }
        "version" => {
            let one = json!({"versions": [message]});
            let page = store(ok(&one)).list_versions_page(&id, page()).await?;
            tell_version(&page.items[0])
        }
        "versions" => {
            let page = store(ok(message)).list_versions_page(&id, page()).await?;
            tell_page(page, tell_version)
        }
        "payload" => {
            let read = store(ok(message)).get(&id, GetOptions::default()).await?;
            format!("{}{}", read.version.unwrap(), tell_entries(&read.payload))
        }
        "payload_ex" => {
            let read = store(ok(message)).get_ex(&id, &Default::default()).await?;
            let (of, version) = (read.id.unwrap(), read.version.unwrap());
            format!("{version} of {of}{}", tell_entries(&read.payload))
        }
        "operations" => {
            let page = store(ok(message)).list_operations_page(&id, page()).await?;
            tell_page(page, |told| {
                let (of, done) = (told.secret.as_ref().unwrap(), told.done);
                let done = if done { "done" } else { "pending" };
                let (kind, response) = (&told.kind, &told.response);
                format!("{} {kind:?} of {of}, {done} {response:?}", told.id)
            })
        }
        "access_bindings" => {
            let store = store(ok(message));
            let page = store.list_access_bindings_page(&id, page()).await?;
            tell_page(page, |binding| {
                let (kind, id) = (&binding.subject.kind, &binding.subject.id);
                format!("{} to {kind} {id}", binding.role)
            })
        }
        "refusal" => {
            // The code decides alone, but for what no other status may say.
            let status = match message["code"].as_i64() {
                Some(5) => 404,
                Some(7) => 403,
                Some(16) => 401,
                _ => 418,
            };
            let error = store(answer(status, message.to_string()))
                .describe(&id)
                .await
                .unwrap_err();
            let request = "00000000-0000-4000-8000-000000000001";
            assert_eq!(error.request_id(), Some(request));
            return Err(error);
        }
        _ => {
            let id = OperationId::new("e6qop000000000000001")?;
            match store(ok(message)).resume(&id).await?.poll().await? {
                Polled::Pending(_) => "pending".into(),
                Polled::Done(Outcome::Written(written)) => tell_written(&written),
                Polled::Done(Outcome::Secret(info)) => tell_secret(&info),
                Polled::Done(Outcome::Version(info)) => tell_version(&info),
                Polled::Done(_) => "done".into(),
            }
        }
    })
}

fn tell_entries(payload: &Payload) -> String {
    let entries = payload.iter().map(|(key, value)| {
        let mark = if value.is_text() { "text" } else { "binary" };
        format!(" {key}={mark}{:?}", value.expose_bytes())
    });
    entries.collect()
}

fn tell_page<T>(page: polyvault_core::Page<T>, tell: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = page.items.iter().map(tell).collect();
    let next = page.next.map(|token| format!("next {}", token.as_str()));
    format!("{} | {}", items.join("; "), next.unwrap_or("end".into()))
}
