//! rustdoc's JSON of every library of the workspace, made once a run.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustdoc_types::{Crate, FORMAT_VERSION, Id, Item, ItemEnum};
use serde_json::Value;

/// One library as rustdoc sees it.
pub(crate) struct Library {
    pub(crate) json: PathBuf,
    pub(crate) krate: Crate,
}

/// The libraries by package name, in the order of the names.
pub(crate) type Libraries = BTreeMap<String, Library>;

/// With every feature.
pub(crate) fn all() -> &'static Libraries {
    static ALL: OnceLock<Libraries> = OnceLock::new();
    ALL.get_or_init(|| {
        make(
            "all",
            &["--workspace", "--all-features"],
            library_packages(),
        )
    })
}

/// With no feature: the core and the adapters. The facade and the testkit ask the core for its
/// HTTP client themselves, and would turn it on for the others.
pub(crate) fn none() -> &'static Libraries {
    static NONE: OnceLock<Libraries> = OnceLock::new();
    NONE.get_or_init(|| {
        // One cargo at a time: both wait for the same lock.
        all();
        let mut names = library_packages();
        names.retain(|name| name != "polyvault" && name != "polyvault-testkit");
        let mut arguments = vec!["--no-default-features"];
        for name in &names {
            arguments.extend(["-p", name]);
        }
        make("none", &arguments, names.clone())
    })
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().to_path_buf()
}

/// What `cargo metadata` tells of the workspace's packages.
pub(crate) fn packages() -> Vec<Value> {
    let mut metadata = cargo();
    metadata.args(["metadata", "--no-deps", "--locked", "--format-version=1"]);
    let output = metadata.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = parse(&output.stdout);
    metadata["packages"].as_array().unwrap().clone()
}

/// Every item that `impls` of a type or trait name and that this library wrote itself.
pub(crate) fn written<'a>(krate: &'a Crate, ids: &'a [Id]) -> impl Iterator<Item = &'a Item> {
    ids.iter()
        .filter_map(|id| krate.index.get(id))
        .filter(|item| item.crate_id == 0)
        .filter(|item| match &item.inner {
            ItemEnum::Impl(one) => !one.is_synthetic && one.blanket_impl.is_none(),
            _ => true,
        })
}

fn library_packages() -> Vec<String> {
    let is_library = |package: &Value| {
        let targets = package["targets"].as_array().unwrap();
        targets.iter().any(|target| target["kind"][0] == "lib")
    };
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    packages()
        .iter()
        .filter(|package| is_library(package))
        .map(name)
        .collect()
}

fn make(folder: &str, arguments: &[&str], names: Vec<String>) -> Libraries {
    // The build goes on in the workspace's own folder, so that the dependencies are checked
    // once for this, for `cargo clippy` and for `cargo doc`; only what is made stands apart.
    let build = root().join("target");
    let target = build.join("api").join(folder);
    let mut doc = cargo();
    doc.args(["doc", "--quiet", "--locked", "--no-deps", "--target-dir"])
        .arg(&target)
        .args(arguments)
        .env("CARGO_BUILD_BUILD_DIR", &build)
        .env("RUSTDOC", root().join("api/rustdoc.sh"))
        .env(
            "RUSTDOCFLAGS",
            "-Z unstable-options --output-format json --cap-lints allow",
        );
    let output = doc.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let read = |name: String| {
        let file = format!("doc/{}.json", name.replace('-', "_"));
        let json = target.join(file);
        let text = std::fs::read(&json).unwrap();
        let head: HashMap<String, Value> = parse(&text);
        assert_eq!(
            head["format_version"], FORMAT_VERSION,
            "this toolchain's rustdoc writes another format: take the public-api and \
             rustdoc-types that read it (api/Cargo.toml)"
        );
        let krate = parse(&text);
        (name, Library { json, krate })
    };
    names.into_iter().map(read).collect()
}

/// The cargo of this run, without what it tells its tests: build scripts look at some of it,
/// and would run again.
fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root());
    #[expect(
        clippy::disallowed_methods,
        reason = "handed on to cargo, or kept from it"
    )]
    let variables = std::env::vars_os();
    for (name, _) in variables {
        let told = name.to_string_lossy();
        let package = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if package.iter().any(|prefix| told.starts_with(prefix)) || told == "LD_LIBRARY_PATH" {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[expect(
    clippy::disallowed_methods,
    reason = "what cargo and rustdoc say holds no secret"
)]
fn parse<T: serde::de::DeserializeOwned>(text: &[u8]) -> T {
    serde_json::from_slice(text).unwrap()
}
