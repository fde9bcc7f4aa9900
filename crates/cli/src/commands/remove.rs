//! `polyvault delete` and `polyvault purge`

use std::io::{self, IsTerminal, Write};

use polyvault::{Error, ErrorKind, Result, SecretStoreExt};
use serde_json::json;

use crate::args::Remove;
use crate::output;
use crate::stores::Stores;

pub(crate) async fn delete(args: &Remove, stores: &Stores, json: bool) -> Result<()> {
    let (store, secret) = args.target.open(stores)?;
    let question = format!("Delete {secret} with all its versions from {store}?");
    confirm(args.yes, &question)
        .map_err(|error| error.with_operation("delete").with_secret(&secret))?;

    store.delete(&secret).await?;

    if json {
        return output::line(json!({}));
    }
    output::line(format_args!("deleted {secret}"))
}

pub(crate) async fn purge(args: &Remove, stores: &Stores, json: bool) -> Result<()> {
    let (store, secret) = args.target.open(stores)?;
    let question = format!("Purge {secret} from {store}? Nothing brings it back.");
    confirm(args.yes, &question)
        .map_err(|error| error.with_operation("purge").with_secret(&secret))?;

    store.purge(&secret).await?;

    if json {
        return output::line(json!({}));
    }
    output::line(format_args!("purged {secret}"))
}

fn confirm(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    let refuse = |rule: &'static str| {
        Error::new(ErrorKind::InvalidInput, rule).with_help("Say --yes if it is meant.")
    };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(refuse(
            "field `--yes`: needed where there is no terminal to ask on",
        ));
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "{question} [y/N] ");
    if asked
        .and_then(|()| io::stdin().read_line(&mut answer))
        .is_err()
    {
        return Err(refuse("the terminal gave no answer"));
    }
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(refuse("it was not confirmed; nothing was changed")),
    }
}
