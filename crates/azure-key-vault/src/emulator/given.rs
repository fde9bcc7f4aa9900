//! The instructions that a fixture gives an emulator.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::reply::Refusal;
use super::shape::Recovery;
use super::{Delays, Emulator, Operation, Version};

impl Emulator {
    /// Follows one instruction of a fixture's `given`.
    ///
    /// `{"secret": {"name", "versions"}}` seeds, a version having the fields of
    /// [`Version`] in camel case; `{"delete": name}`, `{"recover": name}`,
    /// `{"purge": name}` do what the service does; `{"corrupt": name}`; and
    /// `{"knob": {NAME: SETTING}}` turns the knob of that method's name.
    ///
    /// # Errors
    ///
    /// A text, if the instruction is unknown or can't be followed.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), String> {
    /// use polyvault_azure_key_vault::emulator::Emulator;
    /// use serde_json::json;
    ///
    /// let vault = Emulator::start().await;
    /// vault.given(&json!({"secret": {"name": "db", "versions": [{"value": "v"}]}}))?;
    /// vault.given(&json!({"knob": {"delete_polls": 2}}))?;
    /// vault.given(&json!({"delete": "db"}))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn given(&self, step: &Value) -> Result<(), String> {
        let step = Step::deserialize(step).map_err(|error| format!("{step}: {error}"))?;
        let done = match step {
            Step::Secret(Seed { name, versions }) => return self.seed(&name, versions),
            Step::Corrupt(name) => return self.vault().corrupt(&name),
            Step::Knob(knob) => {
                self.turn(knob);
                return Ok(());
            }
            Step::Delete(name) => self.vault().delete(&name, Recovery::Full),
            Step::Recover(name) => self.vault().recover(&name, Recovery::Full),
            Step::Purge(name) => self.vault().purge(&name),
        };
        done.map(drop).map_err(Refusal::into_message)
    }

    fn turn(&self, knob: Knob) {
        match knob {
            Knob::DeletePolls(requests) => self.delete_polls(requests),
            Knob::RecoverPolls(requests) => self.recover_polls(requests),
            Knob::RecoverConflicts(sets) => self.recover_conflicts(sets),
            Knob::PurgeConflicts(sets) => self.purge_conflicts(sets),
            Knob::Delays(Seconds {
                deleting,
                recovering,
                unwritable,
                purging,
            }) => self.delays(Delays {
                deleting: Duration::from_secs(deleting),
                recovering: Duration::from_secs(recovering),
                unwritable: Duration::from_secs(unwritable),
                purging: Duration::from_secs(purging),
            }),
            Knob::PermissionPolls(requests) => self.permission_polls(requests),
            Knob::PermissionDelay(seconds) => {
                self.permission_delay(Duration::from_secs(seconds));
            }
            Knob::Throttle(Throttle {
                requests,
                retry_after,
            }) => self.throttle(requests, retry_after.map(Duration::from_secs)),
            Knob::FailNext(status) => self.fail_next(status),
            Knob::CommitThenDrop(writes) => self.commit_then_drop(writes),
            Knob::DropNext(writes) => self.drop_next(writes),
            Knob::Forbid(Forbid {
                operations,
                inner_code,
            }) => self.forbid(operations, inner_code),
            Knob::PageSize(size) => self.page_size(size),
            Knob::EmptyPage(on) => self.empty_page(on),
            Knob::SoftDelete(on) => self.soft_delete(on),
            Knob::PurgeProtection(on) => self.purge_protection(on),
            Knob::RequireToken(token) => self.require_token(token),
            Knob::AcceptAnyToken => self.accept_any_token(),
            Knob::AcceptNoToken => self.accept_no_token(),
            Knob::Challenge(Challenge {
                authorization,
                resource,
            }) => self.challenge(authorization, resource),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Secret(Seed),
    Delete(String),
    Recover(String),
    Purge(String),
    Corrupt(String),
    Knob(Knob),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    name: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Knob {
    DeletePolls(u32),
    RecoverPolls(u32),
    RecoverConflicts(u32),
    PurgeConflicts(u32),
    Delays(Seconds),
    PermissionPolls(u32),
    /// Seconds.
    PermissionDelay(u64),
    Throttle(Throttle),
    FailNext(u16),
    CommitThenDrop(u32),
    DropNext(u32),
    Forbid(Forbid),
    PageSize(usize),
    EmptyPage(bool),
    SoftDelete(bool),
    PurgeProtection(bool),
    RequireToken(String),
    AcceptAnyToken,
    AcceptNoToken,
    Challenge(Challenge),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Seconds {
    deleting: u64,
    recovering: u64,
    unwritable: u64,
    purging: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttle {
    requests: u32,
    /// Seconds.
    retry_after: Option<u64>,
}

/// Without `operations` all are meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forbid {
    #[serde(default = "all")]
    operations: Vec<Operation>,
    inner_code: String,
}

fn all() -> Vec<Operation> {
    [&Operation::ALL[..], &Operation::ARM].concat()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Challenge {
    authorization: String,
    resource: String,
}
