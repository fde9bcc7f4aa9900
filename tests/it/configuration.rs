//! The page of parameters and variables comes from the code, and the code does what it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use polyvault::provider::Provider;
use polyvault::yandex_lockbox::emulator::Emulator;
use polyvault::{
    CONTROL_PLANES, Environment, Error, ErrorKind, PROVIDERS, PageRequest, StoreConfig,
};

use crate::open::rich;

const BEGIN: &str = "<!-- parameters and variables: made by tests/it/configuration.rs -->\n";
const END: &str = "<!-- end of parameters and variables -->";

type Row = (&'static str, &'static str, &'static str);

/// What the HTTP client reads by itself. The page says so for the versions in Cargo.lock.
const TRANSPORT: &[Row] = &[
    (
        "HTTPS_PROXY",
        "none",
        "the proxy for https; never for loopback and metadata addresses",
    ),
    (
        "ALL_PROXY",
        "none",
        "the same, where `HTTPS_PROXY` is not set",
    ),
    (
        "NO_PROXY",
        "none",
        "hosts, domains and networks that are reached without the proxy, with commas between",
    ),
    (
        "SSL_CERT_FILE",
        "the system's CAs",
        "a PEM file of CAs, in place of the system's; not on macOS and Windows",
    ),
    (
        "SSL_CERT_DIR",
        "the system's CAs",
        "folders of CAs, in place of the system's or beside `SSL_CERT_FILE`; not on macOS and Windows",
    ),
];

/// What the command line reads.
const COMMAND_LINE: &[Row] = &[(
    "POLYVAULT_CONFIG",
    "none",
    "the file of stores, where `--config` is not given",
)];

/// A default is code, but for words about it.
fn default(text: &str) -> String {
    match text.contains(' ') || text == "none" {
        true => text.to_owned(),
        false => format!("`{text}`"),
    }
}

fn table(what: &str, rows: impl IntoIterator<Item = Row>) -> String {
    let head = format!("| {what} | default | what |\n|---|---|---|\n");
    rows.into_iter().fold(head, |table, (name, is, what)| {
        format!("{table}| `{name}` | {} | {what} |\n", default(is))
    })
}

fn parameters(provider: &Provider) -> impl Iterator<Item = Row> {
    let parameters = provider.parameters.iter();
    parameters.map(|parameter| (parameter.name, parameter.default, parameter.what))
}

fn variables(provider: &Provider) -> impl Iterator<Item = Row> {
    let variables = provider.variables.iter();
    variables.map(|variable| (variable.name, variable.default, variable.what))
}

fn made() -> String {
    let mut page = String::new();
    for provider in PROVIDERS.iter().chain(CONTROL_PLANES) {
        page += &format!("\n## {}, `{}://`\n\n", provider.title, provider.scheme);
        page += &match provider.parameters {
            [] => "No parameters.\n".to_owned(),
            _ => table("parameter", parameters(provider)),
        };
        page += &match provider.variables {
            [] => "\nNo variables.\n".to_owned(),
            _ => format!("\n{}", table("variable", variables(provider))),
        };
    }
    page += "\n## Every provider's HTTP client\n\n";
    page += &table("variable", TRANSPORT.iter().copied());
    page += "\n## The command line\n\n";
    page += &table("variable", COMMAND_LINE.iter().copied());
    page + "\n"
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_page_is_what_the_code_says() {
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let between = page
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .map(|(tables, _)| tables);

    let made = made();

    assert!(
        between == Some(&made),
        "put this between the marks of docs/configuration.md:\n{made}"
    );
}

fn open(config: &StoreConfig) -> Result<String, Error> {
    config.open_in(&rich()).map(|store| format!("{store:?}"))
}

#[test]
fn every_parameter_on_the_page_is_taken_and_its_value_is_read() {
    for provider in PROVIDERS {
        let config = StoreConfig::new(provider.scheme, "my-store");
        let plain = open(&config).unwrap();
        for parameter in provider.parameters {
            let name = parameter.name;
            // No parameter can hold this: who reads it refuses it, or keeps it.
            let told = open(&config.clone().with(name, "\n")).map_err(|error| {
                assert_eq!(error.kind(), ErrorKind::Config, "{name}");
                error.message().to_owned()
            });
            let read = match &told {
                Err(message) => message.contains(name),
                Ok(shown) => *shown != plain,
            };
            assert!(read, "{}: `{name}`: {told:?}", provider.scheme);
        }
    }
}

#[test]
fn a_default_on_the_page_is_the_default() {
    for provider in PROVIDERS {
        let config = StoreConfig::new(provider.scheme, "my-store");
        let plain = open(&config).unwrap();
        for parameter in provider.parameters {
            let default = parameter.default.replace("VAULT", "my-store");
            let a_variables = TRANSPORT.iter().any(|row| row.0 == default);
            if default.contains(' ') || default == "none" || a_variables {
                continue;
            }
            // A Lockbox endpoint is the default of the other two, so all of them are given.
            let others = provider.parameters.iter().filter_map(|other| {
                let (_, url) = other.default.split_once("else ")?;
                Some((other.name, url))
            });
            let given = others.fold(config.clone(), |config, (name, url)| config.with(name, url));
            let shown = open(&given.with(parameter.name, default)).unwrap();
            assert_eq!(shown, plain, "{}: {}", provider.scheme, parameter.name);
        }
    }
}

#[test]
fn a_parameter_that_is_not_on_the_page_is_refused() {
    let all: BTreeSet<&str> = PROVIDERS
        .iter()
        .flat_map(parameters)
        .map(|row| row.0)
        .chain(["no_such_parameter"])
        .collect();
    for provider in PROVIDERS {
        let own: BTreeSet<&str> = parameters(provider).map(|row| row.0).collect();
        for name in all.difference(&own) {
            let error = open(&StoreConfig::new(provider.scheme, "x").with(*name, "x")).unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Config, "{name}");
            assert!(error.message().contains(name), "{error}");
        }
    }
}

/// By itself each opens the store, is refused, or is missed no longer; the path of programs and
/// the login alone show only where something else is there to use them.
#[test]
fn every_variable_on_the_page_is_read() {
    const USED_LATER: [&str; 2] = ["PATH", "AZURE_AUTHORITY_HOST"];
    for provider in PROVIDERS {
        let config = StoreConfig::new(provider.scheme, "my-store");
        let outcome = |environment: &Environment| {
            let opened = config.open_in(environment);
            opened.map(drop).map_err(|error| error.to_string())
        };
        let without = outcome(&Environment::empty());
        for variable in provider.variables {
            let with = outcome(&Environment::empty().with(variable.name, "made-up"));

            let read = with.is_ok() || with != without || USED_LATER.contains(&variable.name);
            assert!(read, "{}", variable.name);
        }
    }
}

#[tokio::test]
async fn the_first_variable_that_is_set_wins() {
    let emulator = Emulator::builder().token("right").start().await;
    let config = StoreConfig::new("yandex-lockbox", "b1gtest").with("endpoint", emulator.url());

    for (first, second, goes) in [
        ("right", "wrong", true),
        ("wrong", "right", false),
        ("", "right", true),
    ] {
        let environment = Environment::empty()
            .with("YC_IAM_TOKEN", first)
            .with("YC_TOKEN", second);
        let store = config.open_in(&environment).unwrap();

        let listed = store.list_page(PageRequest::default()).await;

        assert_eq!(listed.is_ok(), goes, "{first:?}, {second:?}");
    }
}

#[test]
fn the_readmes_of_the_adapters_lead_to_the_page() {
    for provider in PROVIDERS.iter().filter(|p| !p.variables.is_empty()) {
        let path = format!("crates/{}/README.md", provider.scheme);
        let readme = fs::read_to_string(root().join(&path)).unwrap();

        assert!(readme.contains("/docs/configuration.md)"), "{path}");
        assert!(
            !readme.contains("| parameter |"),
            "{path} has a table of its own"
        );
    }
}

/// Only sources that name `Environment` can read one: clippy bans every other way.
#[test]
fn every_variable_that_the_sources_read_is_on_the_page_and_back() {
    let ours = PROVIDERS.iter().flat_map(variables);
    let ours: BTreeSet<&str> = ours
        .chain(COMMAND_LINE.iter().copied())
        .map(|row| row.0)
        .collect();
    let the_clients: BTreeSet<&str> = TRANSPORT.iter().map(|row| row.0).collect();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("crates"), &mut files);

    let files = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let files: Vec<String> = files
        .filter(|source| source.contains("Environment"))
        .collect();
    let read: BTreeSet<&str> = files.iter().flat_map(|source| names(source)).collect();

    let of_the_client: BTreeSet<&str> = read.difference(&ours).copied().collect();
    assert!(of_the_client.is_subset(&the_clients), "{of_the_client:?}");
    assert_eq!(ours.difference(&read).next(), None);
}

/// Texts of a source that have the form of a variable's name, not those of comments.
fn names(source: &str) -> impl Iterator<Item = &str> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let texts = code.flat_map(|line| line.split('"').skip(1).step_by(2));
    texts.filter(|text| {
        let form = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        (text.contains('_') || *text == "PATH")
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(form)
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let ours = !path.ends_with("tests") && !path.ends_with("examples");
        if path.is_dir() && ours {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}
