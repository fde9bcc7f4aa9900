//! What the vault keeps, and what a request finds under a name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use polyvault_core::clock::Clock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::Subscription;
use super::knobs::Knobs;
use super::reply::Refusal;
use super::route::{is_name, is_version};

/// One version of a secret, for seeding and for looking at what was written.
///
/// Times are whole seconds since 1970, UTC. `Debug` shows neither value nor tags.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Version {
    /// 32 lower-case hexadecimal digits. Empty when seeding: a random one.
    pub id: String,
    /// The value.
    pub value: String,
    /// `contentType`, where one was given.
    pub content_type: Option<String>,
    /// Tags, where some were given.
    pub tags: Option<BTreeMap<String, String>>,
    /// Whether the value can be read.
    pub enabled: bool,
    /// `nbf`: not before. The service never acts on it.
    pub nbf: Option<i64>,
    /// `exp`: expiry. The service never acts on it.
    pub exp: Option<i64>,
    /// When it was set. `None` when seeding: now.
    pub created: Option<i64>,
    /// When it was last changed. `None` when seeding: `created`.
    pub updated: Option<i64>,
    /// The key behind a certificate's secret.
    pub kid: Option<String>,
    /// Whether a certificate owns it.
    pub managed: bool,
    /// The version before, of a certificate; told since API version `2025-06-01-preview`.
    pub previous_version: Option<String>,
}

impl Default for Version {
    fn default() -> Self {
        Self {
            id: String::new(),
            value: String::new(),
            content_type: None,
            tags: None,
            enabled: true,
            nbf: None,
            exp: None,
            created: None,
            updated: None,
            kid: None,
            managed: false,
            previous_version: None,
        }
    }
}

impl From<&str> for Version {
    fn from(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version")
            .field("id", &self.id)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

/// The vault.
pub(super) struct Vault {
    /// The base URL of ids and links.
    pub(super) base: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) knobs: Knobs,
    pub(super) subscription: Option<Subscription>,
    /// By name in lower case: names are compared without case.
    pub(super) secrets: BTreeMap<String, Secret>,
    /// Purged names, with the number of sets that are still refused, and until when all are.
    pub(super) purged: BTreeMap<String, (u32, i64)>,
}

/// A secret and its versions.
#[derive(Deserialize, Serialize)]
pub(super) struct Secret {
    /// As first spelt.
    pub(super) name: String,
    /// As set, the last one current.
    pub(super) versions: Vec<Version>,
    #[serde(skip)]
    pub(super) phase: Phase,
    /// How many sets are still refused after a recovery.
    #[serde(skip)]
    pub(super) refused_sets: u32,
    /// Until when they all are.
    #[serde(skip)]
    pub(super) unwritable_until: i64,
}

/// What goes on with a secret. `left` counts the requests that still find it going on, and until
/// `until` all do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Phase {
    #[default]
    Live,
    Recovering {
        left: u32,
        until: i64,
    },
    Deleting {
        left: u32,
        since: i64,
        until: i64,
    },
    Deleted {
        since: i64,
    },
}

/// Where a request looks for a secret, which says what it counts against.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    /// Below `/secrets`, other than a set: sees a recovery end.
    Live,
    /// Below `/deletedsecrets`: sees a delete end.
    Deleted,
    /// A set or a restore: stumbles over both.
    Both,
}

/// How long a deleted secret is kept: 90 days.
pub(super) const RETENTION_SECONDS: i64 = 90 * 24 * 60 * 60;

impl Vault {
    pub(super) fn new(base: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            base,
            clock,
            knobs: Knobs::default(),
            subscription: None,
            secrets: BTreeMap::new(),
            purged: BTreeMap::new(),
        }
    }

    /// Whole seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// Lets the time that has gone by take effect: what was on its way arrives, and what has been
    /// deleted for longer than it is kept is dropped.
    pub(super) fn catch_up(&mut self) {
        let now = self.now();
        for secret in self.secrets.values_mut() {
            secret.phase = match secret.phase {
                Phase::Recovering { left: 0, until } if until <= now => Phase::Live,
                Phase::Deleting {
                    left: 0,
                    since,
                    until,
                } if until <= now => Phase::Deleted { since },
                same => same,
            };
        }
        self.secrets.retain(|_, secret| match secret.phase {
            Phase::Deleted { since } => now < since + RETENTION_SECONDS,
            _ => true,
        });
    }

    /// What a request finds under `name`, which counts against what goes on there.
    pub(super) fn step(&mut self, name: &str, side: Side) -> Option<Phase> {
        let now = self.now();
        let secret = self.secrets.get_mut(&key(name))?;
        let found = secret.phase;
        secret.phase = match (found, side) {
            (Phase::Recovering { left, until }, Side::Live | Side::Both) => {
                match left.saturating_sub(1) {
                    0 if until <= now => Phase::Live,
                    left => Phase::Recovering { left, until },
                }
            }
            (Phase::Deleting { left, since, until }, Side::Deleted | Side::Both) => {
                match left.saturating_sub(1) {
                    0 if until <= now => Phase::Deleted { since },
                    left => Phase::Deleting { left, since, until },
                }
            }
            (same, _) => same,
        };
        Some(found)
    }

    /// The secrets that a list of live ones shows, by key.
    pub(super) fn live(&self) -> impl Iterator<Item = (&String, &Secret)> {
        self.secrets
            .iter()
            .filter(|(_, secret)| matches!(secret.phase, Phase::Live))
    }

    pub(super) fn seed(&mut self, name: &str, versions: Vec<Version>) -> Result<(), String> {
        if !is_name(name) {
            return Err(format!("{name} is no name of a secret"));
        }
        if versions.is_empty() {
            return Err(format!("{name} has no versions"));
        }
        let now = self.now();
        let kept = self.secrets.get(&key(name)).map(|secret| &secret.versions);
        let mut ids: BTreeSet<_> = kept.into_iter().flatten().map(|v| v.id.clone()).collect();
        let mut added = Vec::new();
        for mut version in versions {
            if version.id.is_empty() {
                version.id = random_id();
            }
            let created = *version.created.get_or_insert(now);
            version.updated.get_or_insert(created);
            if !is_version(&version.id) || !ids.insert(version.id.clone()) {
                return Err(format!("{} is no new id of a version", version.id));
            }
            added.push(version);
        }
        self.entry(name).versions.extend(added);
        Ok(())
    }

    pub(super) fn versions(&self, name: &str) -> Vec<Version> {
        match self.secrets.get(&key(name)) {
            Some(secret) => secret.versions.clone(),
            None => Vec::new(),
        }
    }

    /// Flips the lowest bit of the last byte: text stays text, whatever its script.
    pub(super) fn corrupt(&mut self, name: &str) -> Result<(), String> {
        let missing = || format!("{name} has no value to corrupt");
        let secret = self.secrets.get_mut(&key(name)).ok_or_else(missing)?;
        let version = secret.versions.last_mut().ok_or_else(missing)?;
        let mut bytes = version.value.clone().into_bytes();
        *bytes.last_mut().ok_or_else(missing)? ^= 1;
        version.value = String::from_utf8(bytes).map_err(|_| missing())?;
        Ok(())
    }

    /// The secret of that name, made if need be.
    pub(super) fn entry(&mut self, name: &str) -> &mut Secret {
        self.secrets.entry(key(name)).or_insert_with(|| Secret {
            name: name.to_owned(),
            versions: Vec::new(),
            phase: Phase::Live,
            refused_sets: 0,
            unwritable_until: i64::MIN,
        })
    }
}

impl Secret {
    /// The current version, or the one named.
    pub(super) fn pick(&self, id: Option<&str>) -> Result<&Version, Refusal> {
        let wanted = |version: &&Version| id.is_none_or(|id| version.id == id);
        let found = self.versions.iter().rev().find(wanted);
        found.ok_or_else(|| self.no_such(id))
    }

    /// The same, to change it.
    pub(super) fn pick_mut(&mut self, id: Option<&str>) -> Result<&mut Version, Refusal> {
        let missing = self.no_such(id);
        let wanted = |version: &&mut Version| id.is_none_or(|id| version.id == id);
        self.versions.iter_mut().rev().find(wanted).ok_or(missing)
    }

    fn no_such(&self, id: Option<&str>) -> Refusal {
        match id {
            None => Refusal::not_found(&self.name),
            Some(id) => Refusal::not_found(&format!("{}/{id}", self.name)),
        }
    }
}

/// The key under which a name is kept.
pub(super) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// An id as the service makes them.
pub(super) fn random_id() -> String {
    Uuid::new_v4().simple().to_string()
}
