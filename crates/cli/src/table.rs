//! Results for people.

use comfy_table::{Table, presets};
use polyvault::{DeletedSecretInfo, Labels, SecretInfo, VersionInfo};

pub(crate) fn secrets(secrets: &[SecretInfo]) -> String {
    let mut table = with_header(&["NAME", "STATE", "CURRENT", "UPDATED", "EXPIRES", "ID"]);
    for secret in secrets {
        let current = secret.current.as_ref();
        table.add_row([
            text(secret.name.as_ref()),
            text(Some(secret.state.as_str())),
            text(current.and_then(|version| version.id.as_ref())),
            text(secret.updated_at),
            text(current.and_then(|version| version.expires_at)),
            text(Some(&secret.id)),
        ]);
    }
    table.trim_fmt()
}

pub(crate) fn deleted_secrets(secrets: &[DeletedSecretInfo]) -> String {
    let mut table = with_header(&["NAME", "DELETED", "PURGED", "RECOVERABLE", "ID"]);
    for secret in secrets {
        table.add_row([
            text(secret.info.name.as_ref()),
            text(secret.deleted_at),
            text(secret.purge_at),
            text(Some(yes_or_no(secret.recoverable))),
            text(Some(&secret.info.id)),
        ]);
    }
    table.trim_fmt()
}

pub(crate) fn versions(versions: &[VersionInfo]) -> String {
    let mut table = with_header(&["ID", "STATE", "CREATED", "NOT BEFORE", "EXPIRES", "ENTRIES"]);
    for version in versions {
        let keys = version.entry_keys.as_ref().map(|keys| keys.join(", "));
        table.add_row([
            text(version.id.as_ref()),
            text(Some(version.state.as_str())),
            text(version.created_at),
            text(version.not_before),
            text(version.expires_at),
            text(keys),
        ]);
    }
    table.trim_fmt()
}

/// One line a field that is told.
pub(crate) fn secret(info: &SecretInfo) -> String {
    let mut lines = Lines::default();
    lines.add("name", info.name.as_ref());
    lines.add("id", Some(&info.id));
    lines.add("state", Some(info.state.as_str()));
    lines.add("description", info.description.as_ref());
    lines.add("labels", info.labels.as_ref().map(labels));
    lines.add("created", info.created_at);
    lines.add("updated", info.updated_at);
    let protected = info.deletion_protection.map(yes_or_no);
    lines.add("deletion protection", protected);
    lines.add("managed", Some(yes_or_no(info.managed)));
    if let Some(version) = &info.current {
        lines.add("current version", version.id.as_ref());
        lines.add("current state", Some(version.state.as_str()));
        lines.add("content type", version.content_type.as_ref());
        lines.add("not before", version.not_before);
        lines.add("expires", version.expires_at);
        let keys = version.entry_keys.as_ref().map(|keys| keys.join(", "));
        lines.add("entries", keys);
    }
    lines.0.join("\n")
}

#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    fn add(&mut self, name: &str, value: Option<impl ToString>) {
        if value.is_some() {
            self.0.push(format!("{name}: {}", text(value)));
        }
    }
}

fn with_header(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(titles);
    table
}

/// A cell; `-` for what is not told. What a service tells may hold anything:
/// nothing of it may steer the terminal.
fn text(told: Option<impl ToString>) -> String {
    let Some(told) = told else {
        return "-".to_owned();
    };
    let mut shown = String::new();
    for character in told.to_string().chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(", ")
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use polyvault::SecretId;

    use super::*;

    #[test]
    fn what_a_service_tells_does_not_steer_the_terminal() {
        let mut info = SecretInfo::new(SecretId::new("x").unwrap());
        info.description = Some("a\u{1b}[2Jb\nname: forged".into());

        let shown = secret(&info);

        assert!(
            shown.contains(r"description: a\u{1b}[2Jb\nname: forged"),
            "{shown}"
        );
    }
}
