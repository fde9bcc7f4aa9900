//! Each limit of the schema is refused before any request, with the path of the field.

mod secrets;
mod versions;

use std::collections::BTreeMap;

use polyvault_core::{
    Error, ErrorKind, Result, SecretId, SecretName, SecretRef, Value as Plain, VersionChange,
    VersionId,
};
use polyvault_testkit::script::Script;
use polyvault_yandex_lockbox::{CreateSecret, PasswordSpecification, PayloadPatch};
use serde_json::Value;

use self::secrets::{create, password};
use self::versions::{entry, patch, version};
use super::schema;
use crate::script::store_on;

/// The messages that a store sends, and those within them.
const MESSAGES: &[&str] = &[
    "GetSecretRequest",
    "ListSecretsRequest",
    "CreateSecretRequest",
    "UpdateSecretRequest",
    "DeleteSecretRequest",
    "ActivateSecretRequest",
    "DeactivateSecretRequest",
    "ListVersionsRequest",
    "AddVersionRequest",
    "SetCurrentVersionRequest",
    "ScheduleVersionDestructionRequest",
    "CancelVersionDestructionRequest",
    "ListSecretOperationsRequest",
    "ListAccessBindingsRequest",
    "SetAccessBindingsRequest",
    "UpdateAccessBindingsRequest",
    "GetPayloadRequest",
    "GetExRequest",
    "GetOperationRequest",
    "PayloadEntryChange",
    "PasswordPayloadSpecification",
    "FolderAndName",
    "AccessBinding",
    "AccessBindingDelta",
    "Subject",
];

/// Limits that no call can break, by the end of their names, and why.
const UNBREAKABLE: &[(&str, &str)] = &[
    ("Request.secretId required", "ids are never empty: SecretId"),
    (
        "Request.resourceId required",
        "ids are never empty: SecretId",
    ),
    (
        "Request.versionId required",
        "ids are never empty: VersionId",
    ),
    (
        "Request.operationId required",
        "ids are never empty: OperationId",
    ),
    (
        "FolderAndName.secretName required",
        "names are never empty: SecretName",
    ),
    (
        "Request.folderId required",
        "a store is of one folder, which its builder checks",
    ),
    (
        "Request.folderId length",
        "a store is of one folder, which its builder checks",
    ),
    (
        "FolderAndName.folderId required",
        "a store is of one folder, which its builder checks",
    ),
    (
        "FolderAndName.folderId length",
        "a store is of one folder, which its builder checks",
    ),
    (
        "Request.pageToken length",
        "tokens are the service's own, and their limit has grown before",
    ),
    (
        "AccessBinding.subject required",
        "a binding has one by its type",
    ),
    (
        "AccessBindingDelta.action required",
        "a change is one by its type",
    ),
    (
        "AccessBindingDelta.accessBinding required",
        "a change has one by its type",
    ),
    (
        "PayloadEntryChange.key required",
        "keys are never empty: Payload",
    ),
];

fn long(characters: usize) -> String {
    "x".repeat(characters)
}

fn long_id() -> SecretRef {
    SecretId::new(long(51)).unwrap().into()
}

fn id() -> SecretRef {
    SecretId::new("e6qs").unwrap().into()
}

fn refused(rule: &str, field: &str, outcome: Result<()>) {
    let Err(error): Result<(), Error> = outcome else {
        panic!("{rule} is not refused")
    };
    let kinds = [ErrorKind::InvalidInput, ErrorKind::TooLarge];
    assert!(kinds.contains(&error.kind()), "{rule}: {error:?}");
    assert!(
        error.message().contains(&format!("`{field}`")),
        "{rule}: {error}"
    );
    assert_eq!(error.provider(), Some("yandex-lockbox"), "{rule}");
    assert!(error.operation().is_some(), "{rule}");
}

/// `Message.field rule` of all limits of the messages.
fn rules() -> BTreeMap<String, String> {
    let schema = schema();
    let mut rules = BTreeMap::new();
    for (message, described) in schema["messages"].as_object().unwrap() {
        let short = message.rsplit('.').next().unwrap();
        if !MESSAGES.contains(&short) {
            continue;
        }
        for field in described["fields"].as_array().unwrap() {
            let name = field["json_name"].as_str().unwrap();
            let Some(limits) = field["validation"].as_object() else {
                continue;
            };
            for (rule, limit) in limits {
                match limit {
                    Value::Object(inner) => {
                        for (inner, limit) in inner {
                            let key = format!("{short}.{name} {rule} {inner}");
                            rules.insert(key, limit.to_string());
                        }
                    }
                    _ => drop(rules.insert(format!("{short}.{name} {rule}"), limit.to_string())),
                }
            }
        }
    }
    rules
}

#[tokio::test]
async fn each_limit_of_the_schema_is_refused_with_its_field_before_any_request() {
    let mut broke = 0;
    for (rule, limit) in rules() {
        if UNBREAKABLE.iter().any(|(end, _)| rule.ends_with(end)) {
            continue;
        }
        let script = Script::new([]);
        let store = store_on(&script, 0);
        let outcome = match secrets::broken(&rule, &store).await {
            None => versions::broken(&rule, &store).await,
            broken => broken,
        };

        let Some((field, outcome)) = outcome else {
            panic!("{rule} {limit} has no call")
        };
        refused(&rule, field, outcome);
        assert!(script.sent().is_empty(), "{rule}");
        broke += 1;
    }
    println!("{broke} limits broken");
    assert!(broke > 60);
}

#[tokio::test]
async fn the_rules_between_the_fields_are_checked_before_the_request() {
    let script = Script::new([]);
    let store = store_on(&script, 0);
    let without = CreateSecret {
        create_version: Some(true),
        ..CreateSecret::named(SecretName::new("n").unwrap())
    };
    refused(
        "createVersion",
        "create_version",
        create(&store, without).await,
    );
    let both = |rules: &mut PasswordSpecification| {
        rules.included_punctuation = Some("-".into());
        rules.excluded_punctuation = Some("_".into());
    };
    let field = "first_version.excluded_punctuation";
    refused("both", field, password(&store, both).await);
    let letter = |rules: &mut PasswordSpecification| rules.included_punctuation = Some("a".into());
    refused(
        "letter",
        "first_version.included_punctuation",
        password(&store, letter).await,
    );
    let off = |rules: &mut PasswordSpecification| {
        let off = Some(false);
        (rules.uppercase, rules.lowercase, rules.digits) = (off, off, off);
        rules.punctuation = off;
    };
    refused(
        "off",
        "first_version.punctuation",
        password(&store, off).await,
    );
    let short = |rules: &mut PasswordSpecification| rules.length = Some(3);
    refused(
        "short",
        "first_version.length",
        password(&store, short).await,
    );
    let twice = PayloadPatch {
        set: Some(entry("k", Plain::text("v"))),
        remove: ["k".to_owned()].into(),
        ..PayloadPatch::default()
    };
    refused("twice", "remove", patch(&store, id(), twice).await);
    let long = VersionChange::Destroy {
        after: Some(std::time::Duration::MAX),
    };
    let version_id = VersionId::new("v").unwrap();
    refused(
        "long",
        "after",
        version(&store, id(), version_id, long).await,
    );
    assert!(script.sent().is_empty());
}
