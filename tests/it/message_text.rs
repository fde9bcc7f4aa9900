//! Errors are told apart by status and code: no adapter looks into a text that is meant for people.
//!
//! A method that searches is found by what it searches for and in: a text in quotes anywhere in an
//! room of an adapter that sees answers, and anything at all in what is named like a message, in
//! every crate.

use std::fs;
use std::path::{Path, PathBuf};

/// Methods that search or compare text.
const SEARCHES: [&str; 16] = [
    "contains",
    "starts_with",
    "ends_with",
    "find",
    "rfind",
    "matches",
    "match_indices",
    "split_once",
    "rsplit_once",
    "split",
    "strip_prefix",
    "strip_suffix",
    "trim_start_matches",
    "trim_end_matches",
    "eq_ignore_ascii_case",
    "eq",
];

/// Rooms of an adapter that see what the user set, and no answer.
const OUTWARD: [&str; 3] = ["builder.rs", "config.rs", "request.rs"];

/// How what a service says to people is named here.
const MESSAGES: [&str; 9] = [
    "message",
    "message()",
    "theirs",
    "reason",
    "explanation",
    "error_description",
    "to_string()",
    "help()",
    "title",
];

/// What looks for a text in quotes and in no message: file, line, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "azure-key-vault/src/credential/certificate.rs",
        r#"line.contains("ENCRYPTED")"#,
        "the form of a PEM file",
    ),
    (
        "azure-key-vault/src/credential/certificate.rs",
        r#"line.trim_end().ends_with("PRIVATE KEY-----")"#,
        "the form of a PEM file",
    ),
    (
        "azure-key-vault/src/credential/certificate.rs",
        r#"text.match_indices("-----BEGIN")"#,
        "the form of a PEM file",
    ),
    (
        "azure-key-vault/src/credential/challenge.rs",
        r#"scheme.eq_ignore_ascii_case("bearer")"#,
        "the scheme of a challenge is a token of RFC 9110",
    ),
    (
        "azure-key-vault/src/credential/challenge.rs",
        r#"tenant.eq_ignore_ascii_case("adfs")"#,
        "the path of a login without tenants",
    ),
    (
        "azure-key-vault/src/credential/issuer.rs",
        r#"self.scope.strip_suffix("/.default")"#,
        "the form of a scope",
    ),
    (
        "azure-key-vault/src/identifier/mod.rs",
        r#"text.split_once("://")"#,
        "the form of an id",
    ),
    (
        "azure-key-vault/src/properties/recovery.rs",
        r#"self.as_str().contains("Purgeable")"#,
        "a level of recovery is made of words that the specification lists",
    ),
    (
        "azure-key-vault/src/properties/recovery.rs",
        r#"self.as_str().contains("Recoverable")"#,
        "a level of recovery is made of words that the specification lists",
    ),
    (
        "azure-key-vault/src/wire.rs",
        r#"url.split_once("://")"#,
        "the form of an id",
    ),
    (
        "azure-key-vault/src/wire.rs",
        r#"collection.eq_ignore_ascii_case("secrets")"#,
        "the form of an id",
    ),
    (
        "wix-secrets/src/events/statement.rs",
        r#"name.strip_prefix("wix.velo.secrets_vault.v1.")"#,
        "the name of a type",
    ),
    (
        "yandex-lockbox/src/credential/authorized_key.rs",
        r#"text.find("-----BEGIN")"#,
        "the form of a PEM file",
    ),
    (
        "yandex-lockbox/src/credential/authorized_key.rs",
        r#"text.split("\\n")"#,
        "a key as it is pasted into a variable",
    ),
    (
        "yandex-lockbox/src/credential/discovery.rs",
        r#"address.strip_suffix(":443")"#,
        "the form of an address",
    ),
    (
        "yandex-lockbox/src/credential/discovery.rs",
        r#"root.as_str().starts_with("http://")"#,
        "the scheme of a URL",
    ),
    (
        "yandex-lockbox/src/credential/environment.rs",
        r#"address.contains("://")"#,
        "the form of an address",
    ),
];

#[test]
fn no_error_is_told_by_the_text_of_a_message() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let adapters: Vec<&str> = polyvault::PROVIDERS.iter().map(|p| p.scheme).collect();
    let mut unused: Vec<_> = ALLOWED.to_vec();
    let mut found = Vec::new();
    for folder in fs::read_dir(&crates).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        // The kit is for tests, and looks into messages to see that they say enough.
        if name == "testkit" {
            continue;
        }
        let mut files = Vec::new();
        sources(&folder.path().join("src"), &mut files);
        for file in files {
            let shown = file.strip_prefix(&crates).unwrap().display().to_string();
            let text = fs::read_to_string(&file).unwrap();
            let outward = OUTWARD.iter().any(|room| shown.ends_with(room));
            for search in searches(&text, adapters.contains(&&*name) && !outward) {
                let before = unused.len();
                unused.retain(|(file, line, _)| (*file, *line) != (&*shown, &*search));
                let allowed = ALLOWED
                    .iter()
                    .any(|(f, l, _)| (*f, *l) == (&*shown, &*search));
                if before == unused.len() && !allowed {
                    found.push(format!("{shown}: {search}"));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "tell errors apart by status and code:\n{}",
        found.join("\n")
    );
    assert!(
        unused.is_empty(),
        "nothing is there to be allowed: {unused:?}"
    );
}

/// The sources under a folder, without tests and emulators.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "emulator" {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests" {
            found.push(path);
        }
    }
}

/// Every search for a text in quotes, if `quoted`, and every search in a message, without blanks.
fn searches(source: &str, quoted: bool) -> Vec<String> {
    let code = bare(source);
    let mut found = Vec::new();
    for method in SEARCHES {
        let call = format!(".{method}(");
        for (at, _) in code.match_indices(&call) {
            let (receiver, rest) = code.split_at(at);
            let receiver = last_expression(receiver);
            let argument = first_argument(rest.strip_prefix(&*call).unwrap());
            let text = argument.trim_start_matches(['&', '[', '(']);
            let in_quotes =
                text.starts_with('"') || text.starts_with("r\"") || text.starts_with("r#");
            if receiver == "self" {
                continue;
            }
            if (quoted && in_quotes) || (of_a_message(receiver) && !over_items(argument)) {
                found.push(format!("{receiver}{call}{argument})"));
            }
        }
    }
    for compared in ["==\"", "!=\"", "==Some(\"", "!=Some(\""] {
        for (at, _) in code.match_indices(compared) {
            let receiver = last_expression(code.split_at(at).0);
            if of_a_message(receiver) {
                found.push(format!("{receiver}{compared}"));
            }
        }
    }
    for (at, _) in code.match_indices("match ") {
        let rest = code.split_at(at + "match ".len()).1;
        let Some((matched, arms)) = rest.split_once('{') else {
            continue;
        };
        // Whether there is a message may be asked; which words it has, may not.
        let words = ["\"=>", "\")=>", "\"|", "\")|", "\"if "];
        let arms = arms.split('}').next().unwrap();
        if of_a_message(matched) && words.iter().any(|word| arms.contains(word)) {
            found.push(format!("match {matched}"));
        }
    }
    found.extend(code.match_indices("Regex").map(|_| "Regex".to_owned()));
    found
}

/// Whether an expression ends in a message, behind whatever only changes how it is held.
fn of_a_message(expression: &str) -> bool {
    const HOLDS: [&str; 11] = [
        "as_str()",
        "as_deref()",
        "as_ref()",
        "clone()",
        "unwrap_or_default()",
        "unwrap_or(\"\")",
        "trim()",
        "to_lowercase()",
        "to_ascii_lowercase()",
        "into_owned()",
        "to_owned()",
    ];
    let mut rest = expression.trim_end_matches(['?', ' ']);
    while let Some(held) = HOLDS.iter().find_map(|hold| rest.strip_suffix(hold)) {
        rest = held.trim_end_matches(['.', '?']);
    }
    let ends = |name: &&str| {
        let before = rest.strip_suffix(*name);
        before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    MESSAGES.iter().any(ends)
}

/// A search by a condition, or for white space and the like: of characters or items, not of words.
fn over_items(argument: &str) -> bool {
    argument.starts_with(['|', '\'', '[']) || argument.starts_with("char::")
}

/// The code before the tests, without comments and with blanks only between words.
fn bare(source: &str) -> String {
    let code = source.split("\n#[cfg(test)]").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let joined = lines.collect::<Vec<_>>().join(" ");
    let mut bare = String::new();
    for word in joined.split_whitespace() {
        let word_like = |c: char| c.is_alphanumeric() || c == '_';
        if bare.ends_with(word_like) && word.starts_with(word_like) {
            bare.push(' ');
        }
        bare.push_str(word);
    }
    bare
}

/// What a method is called on: back to where an expression must begin.
fn last_expression(code: &str) -> &str {
    let mut depth = 0;
    for (at, c) in code.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth > 0 => depth -= 1,
            '(' | '[' | '{' | '}' | ';' | ',' | '=' | '!' | '&' | '|' | ' ' | '>' if depth == 0 => {
                return code.split_at(at + c.len_utf8()).1;
            }
            _ => {}
        }
    }
    code
}

fn first_argument(code: &str) -> &str {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' if depth > 0 => depth -= 1,
            ')' => return code.split_at(at).0,
            _ => {}
        }
    }
    code
}

#[test]
fn a_look_into_a_message_is_found_in_every_form() {
    for planted in [
        r#"if message.contains("not found") {"#,
        r#"let gone = error.message().contains(GONE);"#,
        r#"told.message.as_deref().unwrap_or_default().to_lowercase().starts_with(prefix)"#,
        "body\n    .message\n    .as_deref()\n    .is_some_and(|message| message.ends_with(\"gone\"))",
        r#"if error.to_string().contains("404") {"#,
        r#"if theirs == "gone" {"#,
        r#"if body.message.as_deref() == Some("gone") {"#,
        r#"match error.message() { "gone" => 1, _ => 2 }"#,
        r#"match body.message.as_deref() { None | Some("gone") => 1, _ => 2 }"#,
        r#"match theirs { "gone" | "away" => 1, _ => 2 }"#,
        r#"match theirs { "gone" if late => 1, _ => 2 }"#,
        r#"let text = words; text.split_once("is not")"#,
        r#"Regex::new("gone")"#,
    ] {
        assert_eq!(searches(planted, true).len(), 1, "{planted}");
    }
}

#[test]
fn a_search_for_a_code_or_a_character_is_none() {
    for code in [
        r#"self.find("update", secret)"#,
        r#"TABLE.iter().find(|row| row.1 == code)"#,
        r#"let fits = |c: char| "_-.".contains(c);"#,
        r#"code.contains(char::is_control)"#,
        r#"error.code() == Some("SecretDisabled")"#,
        r#"// message.contains("not found")"#,
        r#"match error.help() { Some(help) => told.with_help(help), None => told }"#,
        r#"theirs.split(|c: char| c.is_control())"#,
        "\n#[cfg(test)]\nmod tests { message.contains(\"x\") }",
    ] {
        assert_eq!(searches(code, true), [""; 0], "{code}");
    }
}
