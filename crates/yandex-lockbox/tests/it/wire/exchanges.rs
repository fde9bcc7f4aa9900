//! Which call makes which exchange, and what it tells.

use polyvault_core::{
    IdempotencyKey, InfoPatch, Labels, Payload, PutMode, PutOptions, SecretName, Value,
};

use super::{Ask, KEY, SECRET};
use Ask::{Add, Create, Delete, Describe, Get, List, Resume, Update, Versions};

/// A fixture and the call that makes its exchange.
pub(super) struct Exchange {
    pub(super) fixture: &'static str,
    pub(super) ask: Ask,
    /// What is told, or `KIND CODE RETRY`.
    pub(super) due: &'static str,
    /// The bodies of earlier answers in the same call.
    pub(super) before: &'static [&'static str],
    /// The fixture whose answer comes next, and once more.
    pub(super) then: Option<&'static str>,
    /// Fields of the fixture's body that the store never sends.
    pub(super) unsent: &'static [&'static str],
}

pub(super) const fn exchange(fixture: &'static str, ask: Ask, due: &'static str) -> Exchange {
    Exchange {
        fixture,
        ask,
        due,
        before: &[],
        then: None,
        unsent: &[],
    }
}

impl Exchange {
    pub(super) const fn after(mut self, before: &'static [&'static str]) -> Self {
        self.before = before;
        self
    }

    pub(super) const fn then(mut self, fixture: &'static str) -> Self {
        self.then = Some(fixture);
        self
    }

    const fn without(mut self, unsent: &'static [&'static str]) -> Self {
        self.unsent = unsent;
        self
    }
}

const EMPTY: &str = "{}";
const WITHOUT_VERSION: &str = r#"{"id":"e6qsecret00000000001"}"#;
const WITH_USER: &str = r#"{"id":"e6qsecret00000000001","currentVersion":{"id":"e6qversion0000000001",
    "status":"ACTIVE","payloadEntryKeys":["password","user"]}}"#;

const OTHER: &str = "e6qsecret00000000002";
const FIRST: &str = "e6qversion0000000001";
const DB: &str = "e6qsecret00000000001 db - {} enabled 2026-03-02T09:15:04.117Z false \
    [e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user]";

const INACTIVE: &str = "e6qsecret00000000001 db - {} disabled 2026-03-02T09:15:04.117Z false \
    [e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user]";

/// Fixtures of which the store sends the request exactly so.
pub(super) const EXCHANGES: &[Exchange] = &[
    exchange(
        "error-deadline-exceeded",
        Describe(SECRET),
        "Timeout DEADLINE_EXCEEDED after",
    ),
    exchange(
        "error-html-from-proxy",
        Describe(SECRET),
        "Unavailable - after",
    ),
    exchange(
        "error-internal",
        Describe(SECRET),
        "Unavailable INTERNAL after",
    ),
    exchange(
        "error-localized-message",
        Describe(SECRET),
        "NotFound NOT_FOUND never",
    ),
    exchange(
        "error-permission-denied",
        Get(None),
        "Forbidden PERMISSION_DENIED never",
    ),
    exchange(
        "error-throttled",
        Describe(SECRET),
        "RateLimited RESOURCE_EXHAUSTED after",
    ),
    exchange(
        "error-too-many-operations",
        Add(bob),
        "RateLimited RESOURCE_EXHAUSTED after",
    )
    .after(&[WITHOUT_VERSION, EMPTY]),
    exchange(
        "error-unauthenticated",
        Describe(SECRET),
        "Unauthenticated UNAUTHENTICATED never",
    ),
    exchange(
        "error-unavailable",
        Describe(SECRET),
        "Unavailable UNAVAILABLE after",
    ),
    exchange(
        "operation-get-done",
        Resume,
        "e6qsecret00000000001 added e6qversion0000000002 enabled \
        2026-03-03T11:42:57.902Z - - password,user",
    ),
    exchange("operation-get-done-stored-empty", Resume, INACTIVE).then("secret-get-inactive"),
    exchange(
        "operation-get-done-with-neither",
        Resume,
        "e6qsecret00000000001 added e6qversion0000000002 enabled - - - -",
    )
    .then("secret-get-missing"),
    exchange("operation-get-early-404", Resume, "pending after 2s").then("operation-get-pending"),
    exchange(
        "operation-get-failed",
        Resume,
        "FailedPrecondition FAILED_PRECONDITION never",
    ),
    exchange("operation-get-failing-not-done", Resume, "pending after -")
        .then("operation-get-failing-not-done"),
    exchange("operation-get-pending", Resume, "pending after 2s").then("operation-get-pending"),
    exchange(
        "payload-get-current",
        Get(None),
        "e6qversion0000000001 user=text cert=binary",
    ),
    exchange(
        "payload-get-destroyed-version",
        Get(Some(FIRST)),
        "FailedPrecondition FAILED_PRECONDITION never",
    )
    .then("secret-get-full"),
    exchange(
        "payload-get-inactive-secret",
        Get(None),
        "Disabled FAILED_PRECONDITION never",
    )
    .then("secret-get-inactive"),
    exchange(
        "payload-get-missing-version",
        Get(Some("e6qversion0000000002")),
        "NotFound NOT_FOUND never",
    ),
    exchange(
        "payload-get-pinned",
        Get(Some(FIRST)),
        "e6qversion0000000001 password=text user=text",
    ),
    // A reader may not be allowed to look why.
    exchange(
        "payload-get-scheduled-version",
        Get(Some(FIRST)),
        "FailedPrecondition FAILED_PRECONDITION never",
    )
    .then("error-permission-denied"),
    exchange(
        "payload-get-without-versions",
        Get(None),
        "NotFound NOT_FOUND never",
    ),
    exchange("secret-activate", Update(enabled), DB),
    exchange(
        "secret-create-done",
        Create(keyed, cert_and_alice),
        "e6qsecret00000000001 created \
        e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - cert,user",
    )
    .after(&[EMPTY]),
    exchange(
        "secret-create-pending",
        Create(described, horse_and_alice),
        "pending after -",
    )
    .after(&[EMPTY])
    .then("secret-create-pending")
    .without(&["deletionProtection", "kmsKeyId", "versionDescription"]),
    exchange("secret-deactivate", Update(disabled), INACTIVE),
    exchange("secret-delete", Delete(SECRET), "done"),
    exchange(
        "secret-delete-missing",
        Delete(OTHER),
        "NotFound NOT_FOUND never",
    ),
    exchange(
        "secret-delete-protected",
        Delete(SECRET),
        "FailedPrecondition FAILED_PRECONDITION never",
    ),
    exchange(
        "secret-get-creating",
        Describe(SECRET),
        "e6qsecret00000000001 db - {} CREATING 2026-03-02T09:15:04.117Z false [-]",
    ),
    exchange(
        "secret-get-current-scheduled",
        Describe(SECRET),
        "e6qsecret00000000001 db - {} enabled 2026-03-02T09:15:04.117Z false [e6qversion0000000001 \
        pending_destruction 2026-03-02T09:15:04.388Z 2099-03-11T08:00:01.204Z - password,user]",
    ),
    exchange(
        "secret-get-defaults-printed",
        Describe(SECRET),
        "e6qsecret00000000001 - - {} enabled 2026-03-02T09:15:04.117Z false [-]",
    ),
    exchange(
        "secret-get-full",
        Describe(SECRET),
        "e6qsecret00000000001 db main database {env=prod,tier=} enabled 2026-03-02T09:15:04.117Z true \
        [e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - first password,user]",
    ),
    exchange("secret-get-inactive", Describe(SECRET), INACTIVE),
    exchange(
        "secret-get-missing",
        Describe(OTHER),
        "NotFound NOT_FOUND never",
    ),
    exchange(
        "secret-get-password-specification",
        Describe(SECRET),
        "e6qsecret00000000001 db - {} enabled 2026-03-02T09:15:04.117Z false [-]",
    ),
    exchange(
        "secret-get-unknown-status",
        Describe(SECRET),
        "e6qsecret00000000001 db - {} FROZEN 2026-03-02T09:15:04.117Z false \
        [e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user]",
    ),
    exchange(
        "secret-get-without-name-and-version",
        Describe(SECRET),
        "e6qsecret00000000001 - - {} enabled 2026-03-02T09:15:04.117Z false [-]",
    ),
    exchange("secret-list-empty", List(None, None), " | end"),
    exchange(
        "secret-list-empty-defaults-printed",
        List(None, None),
        " | end",
    ),
    exchange(
        "secret-list-empty-page-with-token",
        List(Some(1), Some("+/9lMg==")),
        " | +/9wMg==",
    ),
    exchange(
        "secret-list-first-page",
        List(Some(1), None),
        "e6qsecret00000000001 alpha - {} enabled \
        2026-03-02T09:15:04.117Z false [e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - \
        password,user] | +/9wMg==",
    ),
    exchange(
        "secret-list-last-page-twin",
        List(Some(1), Some("+/9wMw==")),
        "e6qsecret00000000003 beta - {} enabled 2026-03-02T09:15:04.117Z false [-] | end",
    ),
    exchange(
        "secret-list-middle-page",
        List(Some(1), Some("+/9wMg==")),
        "e6qsecret00000000002 beta - {} enabled 2026-03-02T09:15:04.117Z false [-] | +/9wMw==",
    ),
    exchange(
        "secret-update-aborted",
        Update(renamed),
        "Conflict ABORTED never",
    ),
    exchange(
        "secret-update-name-and-labels",
        Update(renamed_and_labelled),
        "e6qsecret00000000001 db-main - {env=test} enabled 2026-03-02T09:15:04.117Z false \
        [e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user]",
    ),
    exchange(
        "version-add-failed-at-once",
        Add(bob),
        "OperationFailed INTERNAL never",
    )
    .after(&[WITHOUT_VERSION, EMPTY]),
    exchange(
        "version-add-patch-with-removal",
        Add(staple_and_cert),
        "e6qsecret00000000001 added \
        e6qversion0000000002 enabled 2026-03-03T11:42:57.902Z - rotated password,cert",
    )
    .after(&[WITH_USER])
    .without(&["description"]),
    exchange("version-list-empty", Versions(None), " | end"),
    exchange(
        "version-list-every-status",
        Versions(None),
        "e6qversion0000000003 destroyed 2026-03-02T09:15:04.388Z - - password,user; \
        e6qversion0000000002 pending_destruction 2026-03-02T09:15:04.388Z 2099-03-11T08:00:01.204Z - password,user; \
        e6qversion0000000001 enabled 2026-03-03T11:42:57.902Z - third password,user | end",
    ),
    exchange(
        "version-list-first-page",
        Versions(Some(1)),
        "e6qversion0000000001 enabled 2026-03-02T09:15:04.388Z - - password,user | +/9wMQ==",
    ),
    exchange(
        "version-list-unknown-status",
        Versions(None),
        "e6qversion0000000001 ARCHIVED 2026-03-02T09:15:04.388Z - - password,user | end",
    ),
];

/// Requests that no call of the store sends: it knows them to be wrong, or never has a reason for them.
pub(super) const NEVER_SENT: &[&str] = &[
    "access-bindings-update-none",
    // Sent by a credential, and looked at in `credential/`.
    "endpoint-list",
    "iam-token-create",
    "iam-token-create-both",
    "payload-get-ex-no-identifier",
    "secret-create-bad-entry-key",
    "secret-create-bad-label",
    "secret-create-unknown-field",
    "secret-list-page-size-too-large",
    "secret-list-without-folder",
    "secret-update-snake-case-mask",
    "secret-update-without-mask",
    "version-add-both-values",
    "version-add-empty-text-removes",
    "version-schedule-bad-period",
];

pub(super) fn key() -> IdempotencyKey {
    KEY.parse().unwrap()
}

fn keyed() -> PutOptions {
    PutOptions {
        mode: PutMode::Create,
        idempotency_key: Some(key()),
        ..PutOptions::default()
    }
}

fn described() -> PutOptions {
    PutOptions {
        description: Some("main database".into()),
        labels: Some(Labels::from([("env".into(), "prod".into())])),
        ..keyed()
    }
}

fn entries<const N: usize>(entries: [(&str, Value); N]) -> Payload {
    Payload::from_entries(entries).unwrap()
}

fn cert() -> Value {
    Value::binary(&[0xff, 0xfe, 0xfd, 0x3e][..])
}

fn bob() -> Payload {
    entries([("user", Value::text("bob"))])
}

fn staple_and_cert() -> Payload {
    entries([
        ("password", Value::text("battery staple")),
        ("cert", cert()),
    ])
}

fn cert_and_alice() -> Payload {
    entries([("cert", cert()), ("user", Value::text("alice"))])
}

fn horse_and_alice() -> Payload {
    entries([
        ("password", Value::text("correct horse")),
        ("user", Value::text("alice")),
    ])
}

fn renamed() -> InfoPatch {
    InfoPatch {
        name: Some(SecretName::new("x").unwrap()),
        ..InfoPatch::default()
    }
}

fn renamed_and_labelled() -> InfoPatch {
    InfoPatch {
        name: Some(SecretName::new("db-main").unwrap()),
        labels: Some(Labels::from([("env".into(), "test".into())])),
        ..InfoPatch::default()
    }
}

fn enabled() -> InfoPatch {
    InfoPatch {
        enabled: Some(true),
        ..InfoPatch::default()
    }
}

fn disabled() -> InfoPatch {
    InfoPatch {
        enabled: Some(false),
        ..InfoPatch::default()
    }
}
