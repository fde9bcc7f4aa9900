//! `polyvault put`

use std::path::Path;

use polyvault::{Error, ErrorKind, Labels, Payload, PutOptions, Result, SecretStoreExt, Timestamp};

use crate::args::Put;
use crate::stores::Stores;
use crate::{input, json, output};

pub(crate) async fn run(args: &Put, stores: &Stores, json: bool) -> Result<()> {
    let (store, secret) = args.target.open(stores)?;
    let options = options(args)?;
    let payload = payload(args)?;

    let written = store.put_with(&secret, payload, options).await?;

    if json {
        return output::line(json::written(&written));
    }
    let what = if written.created { "created" } else { "stored" };
    match &written.version.id {
        Some(version) => output::line(format_args!("{what} {secret}, version {version}")),
        None => output::line(format_args!("{what} {secret}")),
    }
}

fn options(args: &Put) -> Result<PutOptions> {
    Ok(PutOptions {
        mode: args.mode.into(),
        labels: labels(&args.label)?,
        content_type: args.content_type.clone(),
        description: args.description.clone(),
        expires_at: time("--expires", args.expires.as_deref())?,
        not_before: time("--not-before", args.not_before.as_deref())?,
        enabled: args.disabled.then_some(false),
        ..PutOptions::default()
    })
}

fn payload(args: &Put) -> Result<Payload> {
    if let Some(path) = &args.value_file {
        return input::file("--value-file", path).map(Payload::of);
    }
    if args.entry.is_empty() {
        return input::stdin().map(Payload::of);
    }
    let mut entries = Vec::with_capacity(args.entry.len());
    for entry in &args.entry {
        let (key, file) = entry
            .split_once('=')
            .and_then(|(key, file)| Some((key, file.strip_prefix('@')?)))
            .ok_or_else(|| {
                refuse("--entry", "of the form KEY=@FILE; a value is never an argument")
                    .with_help("Write the value to a file that only you can read, and name the file after the @.")
            })?;
        entries.push((key, input::file("--entry", Path::new(file))?));
    }
    Payload::from_entries(entries).map_err(|error| refuse("--entry", error.message()))
}

fn labels(given: &[String]) -> Result<Option<Labels>> {
    let mut labels = Labels::new();
    for label in given {
        let (key, value) = label
            .split_once('=')
            .ok_or_else(|| refuse("--label", "of the form KEY=VALUE"))?;
        if labels.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(refuse("--label", "each key once"));
        }
    }
    Ok((!given.is_empty()).then_some(labels))
}

fn time(field: &str, given: Option<&str>) -> Result<Option<Timestamp>> {
    let Some(text) = given else { return Ok(None) };
    // The error of the parser quotes the text.
    match text.parse() {
        Ok(time) => Ok(Some(time)),
        Err(_) => Err(refuse(
            field,
            "a time of RFC 3339, such as 2030-01-31T12:00:00Z",
        )),
    }
}

/// Names the field and the rule, never what was given: it may be a value in the wrong place.
fn refuse(field: &str, rule: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("field `{field}`: {rule}")).with_operation("put")
}
