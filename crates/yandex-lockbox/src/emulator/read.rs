//! The methods that change nothing, and how lists are cut into pages.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fields::snake;
use super::state::{ACTIVE, Secret, State, Version};
use super::status::Status;

/// The parameters after the `?`, all of them known and each given once.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn read(pairs: &[(String, String)], known: &[&str]) -> Result<Self, Status> {
        let mut read = BTreeMap::new();
        for (name, value) in pairs {
            // As in bodies, a field goes by its JSON name or by its name in the descriptor.
            let called = |json: &&&str| **json == name.as_str() || snake(json) == *name;
            let Some(json) = known.iter().find(called) else {
                return Err(Status::invalid(name, "no such parameter"));
            };
            if read.insert((*json).to_owned(), value.clone()).is_some() {
                return Err(Status::invalid(name, "given twice"));
            }
        }
        Ok(Self(read))
    }

    /// A parameter of at most `longest` characters; empty is absent.
    fn get(&self, name: &str, longest: usize) -> Result<Option<&str>, Status> {
        let value = self.0.get(name).map(String::as_str).unwrap_or_default();
        match value.chars().count() {
            0 => Ok(None),
            count if count > longest => Err(Status::invalid(name, "is too long")),
            _ => Ok(Some(value)),
        }
    }

    fn require(&self, name: &str, longest: usize) -> Result<&str, Status> {
        self.get(name, longest)?
            .ok_or_else(|| Status::invalid(name, "is required"))
    }
}

impl State {
    pub(super) fn list(&self, query: &Query) -> Result<Value, Status> {
        let folder = query.require("folderId", 50)?;
        let inside = self.secrets.iter().filter(|s| s.folder == folder);
        let items = inside.map(|s| (s.serial, self.writer().secret(s)));
        self.page("secrets", items.collect(), query, 256)
    }

    pub(super) fn list_versions(&self, id: &str, query: &Query) -> Result<Value, Status> {
        let secret = self.secret(id)?;
        let items = secret
            .versions
            .iter()
            .map(|version| (version.serial, self.writer().version(id, version)));
        self.page("versions", items.collect(), query, 100)
    }

    pub(super) fn list_operations(&self, id: &str, query: &Query) -> Result<Value, Status> {
        self.secret(id)?;
        let items = (1..)
            .zip(&self.operations)
            .filter(|(_, operation)| operation.secret_id == id)
            .map(|(serial, operation)| {
                let stored = self.knobs.stored_empty;
                (serial, self.operation_json(operation, stored))
            });
        self.page("operations", items.collect(), query, 100)
    }

    pub(super) fn payload(&self, id: &str, query: &Query) -> Result<Value, Status> {
        let version = readable(self.secret(id)?, query)?;
        Ok(self.writer().payload(version))
    }

    pub(super) fn payload_ex(&self, query: &Query) -> Result<Value, Status> {
        let secret = match (query.get("secretId", 50)?, names_folder(query)) {
            (Some(id), false) => self.secret(id)?,
            (None, true) => {
                let folder = query.require("folderAndName.folderId", 50)?;
                let name = query.require("folderAndName.secretName", 100)?;
                self.only_one(folder, name)?
            }
            _ => {
                return Err(Status::invalid(
                    "identifier",
                    "exactly one of secretId and folderAndName must be set",
                ));
            }
        };
        let version = readable(secret, query)?;
        Ok(self.writer().payload_ex(&secret.id, version))
    }

    /// What the service answers for twins is not known: this refuses them.
    fn only_one(&self, folder: &str, name: &str) -> Result<&Secret, Status> {
        let mut found = self
            .secrets
            .iter()
            .filter(|secret| secret.folder == folder && secret.name == name);
        match (found.next(), found.next()) {
            (Some(secret), None) => Ok(secret),
            (None, _) => Err(Status::not_found("Secret")),
            (Some(_), Some(_)) => Err(Status::refused("Several secrets have this name")),
        }
    }

    pub(super) fn page(
        &self,
        field: &'static str,
        items: Vec<(u64, Value)>,
        query: &Query,
        longest_token: usize,
    ) -> Result<Value, Status> {
        let size = match query.get("pageSize", 20)?.map(str::parse) {
            None | Some(Ok(0)) => 100,
            Some(Ok(size @ 1..=1000)) => size,
            _ => return Err(Status::invalid("pageSize", "must be 0 to 1000")),
        };
        let size = self.knobs.page_size.map_or(size, |most| size.min(most));
        let token = query.get("pageToken", longest_token)?;
        let (empty, after) = match token.map(read_token) {
            None => (false, 0),
            Some(Some(place)) => place,
            Some(None) => return Err(Status::invalid("pageToken", "is no token of this list")),
        };
        let rest: Vec<_> = items.into_iter().filter(|(at, _)| *at > after).collect();
        let cut = rest.iter().take(size).next_back().map(|(at, _)| *at);
        let next = match cut {
            _ if empty => Some(write_token(false, after)),
            Some(last) if self.knobs.empty_page && token.is_none() => Some(write_token(true, last)),
            Some(last) if rest.len() > size => Some(write_token(false, last)),
            _ => None,
        };
        let shown = if empty { 0 } else { size };
        let shown: Vec<Value> = rest.into_iter().take(shown).map(|(_, item)| item).collect();
        Ok(self.writer().object([
            (field, shown.into()),
            ("nextPageToken", next.unwrap_or_default().into()),
        ]))
    }
}

fn names_folder(query: &Query) -> bool {
    query
        .0
        .keys()
        .any(|name| name.starts_with("folderAndName."))
}

/// The version that a read means, if its payload may be read; the codes are assumed.
fn readable<'s>(secret: &'s Secret, query: &Query) -> Result<&'s Version, Status> {
    if secret.status != ACTIVE {
        return Err(Status::refused("Secret is not ACTIVE"));
    }
    let version = match query.get("versionId", 50)? {
        Some(id) => secret.version(id)?,
        None => secret
            .current_version()
            .ok_or_else(|| Status::not_found("Version"))?,
    };
    match version.status == ACTIVE {
        true => Ok(version),
        false => Err(Status::refused("Version is not ACTIVE")),
    }
}

/// Base64 with `+`, `/` and `=` in it, so that a client must escape its tokens.
fn write_token(empty: bool, after: u64) -> String {
    let kind = if empty { b'e' } else { b'p' };
    let mut token = vec![0xfb, 0xff, kind];
    token.extend(after.to_string().bytes());
    STANDARD.encode(token)
}

fn read_token(token: &str) -> Option<(bool, u64)> {
    let bytes = STANDARD.decode(token).ok()?;
    let (kind, after) = bytes.strip_prefix(&[0xfb, 0xff])?.split_first()?;
    let after = std::str::from_utf8(after).ok()?.parse().ok()?;
    match kind {
        b'e' => Some((true, after)),
        b'p' => Some((false, after)),
        _ => None,
    }
}
