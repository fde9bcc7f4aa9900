//! What every error tells, beside its kind.

use polyvault_core::capabilities::{CreateStrength, Versions};
use polyvault_core::{
    Error, ErrorKind, GetOptions, PageRequest, PutMode, Retry, SecretRef, SecretStore,
    SecretStoreExt,
};

use super::tools::{ensure, fresh, given, refused};
use super::{Harness, Hook, Stop};

super::topic! {
    0 an_error_names_provider_operation_and_secret reads,
    0 a_refusal_for_good_is_not_to_be_repeated reads,
}

/// What calls on a secret that is not there are refused with, by operation.
async fn refusals(
    store: &dyn SecretStore,
    missing: &SecretRef,
) -> Vec<(&'static str, Option<Error>)> {
    let can = store.capabilities();
    let mut refusals = vec![
        ("describe", store.describe(missing).await.err()),
        (
            "put",
            store
                .put_with(missing, "value", PutMode::AddVersion.into())
                .await
                .err(),
        ),
    ];
    if can.read_values {
        let get = store.get(missing, GetOptions::default()).await;
        refusals.push(("get", get.err()));
    }
    if can.versions != Versions::None {
        let page = PageRequest::default();
        let list = store.list_versions_page(missing, page).await;
        refusals.push(("list_versions", list.err()));
    }
    if can.delete {
        refusals.push(("delete", store.delete(missing).await.err()));
    }
    if can.recover {
        refusals.push(("recover", store.recover(missing).await.err()));
    }
    if can.purge {
        refusals.push(("purge", store.purge(missing).await.err()));
    }
    refusals
}

async fn an_error_names_provider_operation_and_secret(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let missing = fresh(h, "nobody")?;
    let due = Some(store.capabilities().provider);

    for (operation, error) in refusals(&store, &missing).await {
        // Whether it is refused at all, others check.
        let Some(error) = error else { continue };
        let told = (error.provider(), error.operation(), error.secret());
        ensure(
            told == (due, Some(operation), Some(missing.as_str())),
            format!("{operation} of {missing:?}: the error tells {told:?}"),
        )?;
    }
    Ok(())
}

async fn a_refusal_for_good_is_not_to_be_repeated(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let (name, missing) = (fresh(h, "final")?, fresh(h, "nobody")?);
    given(h, &name, "value").await?;
    let told = refusals(&store, &missing).await;
    let mut errors: Vec<Error> = told.into_iter().filter_map(|(_, error)| error).collect();
    if store.capabilities().create != CreateStrength::None {
        let create = store.put_with(&name, "other", PutMode::Create.into()).await;
        errors.extend(create.err());
    }
    if h.forbid("get").await == Hook::Done {
        let get = store.get(&name, GetOptions::default()).await;
        h.allow_all().await;
        errors.push(refused(get, ErrorKind::Forbidden, "get")?);
    }

    for error in errors {
        ensure(
            error.retry() == Retry::Never,
            format!(
                "the same call will be refused again, not {:?}: {error}",
                error.retry()
            ),
        )?;
        ensure(!error.help().is_empty(), format!("no help: {error}"))?;
    }
    Ok(())
}
