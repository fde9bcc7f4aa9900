//! What the suite asks of whoever brings a store.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault_core::{IdempotencyKey, Payload, SecretStore};

/// A store to be checked, and what can be done to it from outside.
///
/// Hooks that a store can't have keep their default: the checks that need them are skipped.
/// Checks leave behind what they put; a harness on a real store clears away the secrets whose
/// names begin with one that it gave, in whatever case.
///
/// # Example
///
/// All hooks, on an emulator:
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use polyvault::SecretStore;
/// use polyvault::yandex_lockbox::emulator::Emulator;
/// use polyvault_testkit::conformance::{Harness, Hook};
/// use serde_json::json;
///
/// struct Lockbox(Emulator);
///
/// #[async_trait]
/// impl Harness for Lockbox {
///     fn store(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.store())
///     }
///     fn second(&self) -> Arc<dyn SecretStore> {
///         Arc::new(self.0.store())
///     }
///     fn requests(&self) -> Option<u64> {
///         self.0.request_count().try_into().ok()
///     }
///     fn generated(&self) -> Option<u64> {
///         self.0.generated_passwords().try_into().ok()
///     }
///     fn versions_kept(&self, _name: &str) -> Option<u64> {
///         None // the store tells its versions
///     }
///     async fn make_twins(&self, name: &str) -> Hook {
///         let twin = json!({"name": name, "versions": [{"entries": [{"key": "value", "textValue": "twin"}]}]});
///         match (self.0.seed(&twin), self.0.seed(&twin)) {
///             (Ok(_), Ok(_)) => Hook::Done,
///             _ => Hook::Missing,
///         }
///     }
///     async fn forbid(&self, operation: &str) -> Hook {
///         match operation {
///             "list" => self.0.forbid("Secret.List").map_or(Hook::Missing, |()| Hook::Done),
///             _ => Hook::Missing, // and so on for the others
///         }
///     }
///     async fn allow_all(&self) {
///         self.0.permit_all();
///     }
///     async fn fail_next_operation(&self) -> Hook {
///         self.0.fail_next_operation(13, "Internal error");
///         Hook::Done
///     }
///     async fn lose_next_answer(&self) -> Hook {
///         self.0.commit_then_drop(1);
///         Hook::Done
///     }
///     async fn lose_next_request(&self) -> Hook {
///         self.0.drop_next(1);
///         Hook::Done
///     }
///     async fn overtake_next_put(&self, name: &str) -> Hook {
///         let theirs = json!({"name": name, "versions": [{"entries": [{"key": "value", "textValue": "overtaken"}]}]});
///         self.0.overtake_next_create(&theirs).map_or(Hook::Missing, |()| Hook::Done)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let harness = Lockbox(Emulator::start().await);
/// assert!(harness.name("mine").starts_with("kit-mine-"));
/// # }
/// ```
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under check.
    fn store(&self) -> Arc<dyn SecretStore>;

    /// Another client of the same place, which shares nothing with the first one
    /// but the service: checks read back through it.
    fn second(&self) -> Arc<dyn SecretStore>;

    /// How many requests the service has seen so far, from all clients; `None` where there is no wire.
    fn requests(&self) -> Option<u64> {
        None
    }

    /// A fresh name that the store can hold. `hint` has small letters and dashes, at most 16.
    fn name(&self, hint: &str) -> String {
        let random = IdempotencyKey::random().to_string();
        let random: String = random.chars().take(8).collect();
        format!("kit-{hint}-{random}")
    }

    /// Makes or changes a secret past a store that is only read; [`Hook::Missing`] also for a payload
    /// that can't be there.
    async fn seed(&self, _name: &str, _payload: &Payload) -> Hook {
        Hook::Missing
    }

    /// Makes two secrets named `name`, each with the text value `twin`, past the store's own rules.
    async fn make_twins(&self, _name: &str) -> Hook {
        Hook::Missing
    }

    /// Makes the service refuse an operation as forbidden, whatever it is asked about,
    /// until [`allow_all`](Self::allow_all).
    ///
    /// Operations are named as in errors: `get`, `describe`, `list`, `list_versions`,
    /// `put`, `update`, `delete`. Others may be refused with it where the service
    /// has one permission for both.
    async fn forbid(&self, _operation: &str) -> Hook {
        Hook::Missing
    }

    /// Takes back every [`forbid`](Self::forbid).
    async fn allow_all(&self) {}

    /// Lets the service accept the next put as an operation, and then fail it with a code.
    async fn fail_next_operation(&self) -> Hook {
        Hook::Missing
    }

    /// Lets the service carry out the next put or delete, and loses its answer.
    async fn lose_next_answer(&self) -> Hook {
        Hook::Missing
    }

    /// Loses the request of the next put or delete: the service never sees it, and the
    /// store sees what it sees of a lost answer.
    async fn lose_next_request(&self) -> Hook {
        Hook::Missing
    }

    /// Lets somebody else make a secret named `name`, of the text value `overtaken`, right before
    /// the next write of a put, so after whatever the store looked at for it.
    async fn overtake_next_put(&self, _name: &str) -> Hook {
        Hook::Missing
    }

    /// How many versions the service itself keeps of a secret, where the store tells of none; `None`
    /// where that can't be told, or there are none.
    fn versions_kept(&self, _name: &str) -> Option<u64> {
        None
    }

    /// How many passwords the service itself has generated so far; `None` where that can't be told.
    fn generated(&self) -> Option<u64> {
        None
    }
}

/// Whether a harness could do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a check whose hook is missing must be skipped"]
pub enum Hook {
    /// It is done.
    Done,
    /// This harness can't do it.
    Missing,
}
