//! What each command does.

mod get;
mod put;
mod remove;

use futures_util::TryStreamExt;
use polyvault::{Result, SecretStoreExt};

use crate::args::{Cli, Command, List, Target};
use crate::stores::Stores;
use crate::{emulate, json, output, table};

pub(crate) async fn run(cli: Cli) -> Result<()> {
    let json = cli.json;
    let stores = &Stores::new(cli.config);
    match cli.command {
        Command::Get(args) => get::run(&args, stores, json).await,
        Command::Put(args) => put::run(&args, stores, json).await,
        Command::List(args) if args.deleted => list_deleted(&args, stores, json).await,
        Command::List(args) => list(&args, stores, json).await,
        Command::Versions(args) => versions(&args, stores, json).await,
        Command::Describe(args) => describe(&args, stores, json).await,
        Command::Delete(args) => remove::delete(&args, stores, json).await,
        Command::Recover(args) => recover(&args, stores, json).await,
        Command::Purge(args) => remove::purge(&args, stores, json).await,
        Command::Emulate(args) => emulate::run(args).await,
    }
}

async fn list(args: &List, stores: &Stores, json: bool) -> Result<()> {
    let store = stores.open(&args.store)?;
    let secrets: Vec<_> = store.list().try_collect().await?;
    if json {
        return output::line(json::array(&secrets, json::secret_info));
    }
    output::line(table::secrets(&secrets))
}

async fn list_deleted(args: &List, stores: &Stores, json: bool) -> Result<()> {
    let store = stores.open(&args.store)?;
    let secrets: Vec<_> = store.list_deleted().try_collect().await?;
    if json {
        return output::line(json::array(&secrets, json::deleted_secret_info));
    }
    output::line(table::deleted_secrets(&secrets))
}

async fn versions(args: &Target, stores: &Stores, json: bool) -> Result<()> {
    let (store, secret) = args.open(stores)?;
    let versions: Vec<_> = store.list_versions(&secret).try_collect().await?;
    if json {
        return output::line(json::array(&versions, json::version_info));
    }
    output::line(table::versions(&versions))
}

async fn describe(args: &Target, stores: &Stores, json: bool) -> Result<()> {
    let (store, secret) = args.open(stores)?;
    let info = store.describe(&secret).await?;
    if json {
        return output::line(json::secret_info(&info));
    }
    output::line(table::secret(&info))
}

async fn recover(args: &Target, stores: &Stores, json: bool) -> Result<()> {
    let (store, secret) = args.open(stores)?;
    let info = store.recover(&secret).await?;
    if json {
        return output::line(json::secret_info(&info));
    }
    output::line(format_args!("recovered {secret}"))
}
