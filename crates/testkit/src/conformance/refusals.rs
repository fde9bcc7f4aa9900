//! Refusals by the service: twins, rights, and operations that fail later.

use polyvault_core::capabilities::{CreateStrength, Scope, Versions};
use polyvault_core::{
    Error, ErrorKind, GetOptions, InfoPatch, PageRequest, Payload, PutMode, SecretId, SecretRef,
    SecretStore, SecretStoreExt,
};

use super::tools::{ensure, fail, fresh, given, holds, hooked, labels, named, need, refused};
use super::{Harness, Hook, Stop};

super::topic! {
    4 a_name_of_two_secrets_is_ambiguous,
    4 names_differ_in_case_as_the_rule_says reads,
    7 forbidden_never_reads_as_missing reads,
    8 an_operation_that_fails_is_an_error_with_a_code,
}

async fn a_name_of_two_secrets_is_ambiguous(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let can = second.capabilities();
    let name = h.name("twins");
    hooked(h.make_twins(&name).await, "make_twins")?;
    let name = SecretRef::try_from(name)?;
    let ids: Vec<SecretId> = named(&second, &name)
        .await?
        .into_iter()
        .map(|info| info.id)
        .collect();
    ensure(ids.len() == 2, "the list must show both")?;

    let mut calls = vec![
        ("get", second.get(&name, GetOptions::default()).await.err()),
        ("describe", second.describe(&name).await.err()),
        ("put", store.put(&name, "more").await.err()),
    ];
    if can.delete {
        calls.push(("delete", store.delete(&name).await.err()));
    }
    if can.labels != Scope::None {
        let patch = InfoPatch {
            labels: Some(labels("team", "blue")),
            ..InfoPatch::default()
        };
        calls.push(("update", store.update(&name, patch).await.err()));
    }
    if can.versions != Versions::None {
        let page = second
            .list_versions_page(&name, PageRequest::default())
            .await;
        calls.push(("list_versions", page.err()));
    }

    for (call, error) in calls {
        let error = refused(error.map_or(Ok(()), Err), ErrorKind::Ambiguous, call)?;
        let text = format!("{error} {}", error.help());
        for id in &ids {
            ensure(
                text.contains(id.as_str()),
                format!("{call}: the error must list the id {id}: {text}"),
            )?;
        }
    }
    ensure(
        named(&second, &name).await?.len() == 2,
        "both must still be there",
    )?;
    for id in ids {
        holds(&second, &id.into(), None, &Payload::text("twin")).await?;
    }
    Ok(())
}

async fn names_differ_in_case_as_the_rule_says(h: &dyn Harness) -> Result<(), Stop> {
    let second = h.second();
    let rule = second.capabilities().limits.name;
    let small = h.name("case");
    let large = small.to_ascii_uppercase();
    need(rule.check(&large).is_ok(), "limits.name: capital letters")?;
    let (small, large) = (SecretRef::try_from(small)?, SecretRef::try_from(large)?);
    given(h, &small, "small").await?;

    if rule.case_sensitive {
        refused(
            second.describe(&large).await,
            ErrorKind::NotFound,
            "describe in capitals",
        )?;
        given(h, &large, "large").await?;
        holds(&second, &large, None, &Payload::text("large")).await?;
        holds(&second, &small, None, &Payload::text("small")).await
    } else {
        holds(&second, &large, None, &Payload::text("small")).await?;
        given(h, &large, "large").await?;
        holds(&second, &small, None, &Payload::text("large")).await
    }
}

async fn forbidden_never_reads_as_missing(h: &dyn Harness) -> Result<(), Stop> {
    let name = fresh(h, "forbidden")?;
    given(h, &name, "value").await?;
    let mut tried = 0;
    for operation in [
        "get",
        "describe",
        "list",
        "list_versions",
        "put",
        "update",
        "delete",
    ] {
        if denied(h.second().capabilities(), operation)
            || h.forbid(operation).await == Hook::Missing
        {
            continue;
        }
        let result = under_a_forbidden(h, operation, &name).await;
        h.allow_all().await;
        result?;
        tried += 1;
    }
    if tried == 0 {
        return Err(Stop::Skip("the harness has no hook `forbid`".to_owned()));
    }
    holds(&h.second(), &name, None, &Payload::text("value")).await?;
    ensure(
        named(&h.second(), &name).await?.len() == 1,
        "the name must still have one secret",
    )
}

fn denied(can: &polyvault_core::Capabilities, operation: &str) -> bool {
    match operation {
        "get" => !can.read_values,
        "put" => !can.put,
        "list_versions" => can.versions == Versions::None,
        "update" => can.labels == Scope::None && can.description == Scope::None,
        "delete" => !can.delete,
        _ => false,
    }
}

/// The operation itself is `Forbidden`, and no other call takes that for a missing secret.
async fn under_a_forbidden(h: &dyn Harness, operation: &str, name: &SecretRef) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    let called = match operation {
        "get" => store.get(name, GetOptions::default()).await.map(drop),
        "describe" => store.describe(name).await.map(drop),
        "list" => store.list_page(PageRequest::default()).await.map(drop),
        "list_versions" => store
            .list_versions_page(name, PageRequest::default())
            .await
            .map(drop),
        "put" => store.put(name, "other").await.map(drop),
        "update" => {
            let patch = InfoPatch {
                labels: (can.labels != Scope::None).then(|| labels("team", "blue")),
                description: (can.labels == Scope::None).then(|| "text".to_owned()),
                ..InfoPatch::default()
            };
            store.update(name, patch).await.map(drop)
        }
        _ => store.delete(name).await,
    };
    refused(called, ErrorKind::Forbidden, operation)?;

    let missing = |result: &Result<(), Error>| matches!(result, Err(error) if error.kind() == ErrorKind::NotFound);
    let get = store.get(name, GetOptions::default()).await.map(drop);
    ensure(
        !missing(&get),
        format!("with `{operation}` forbidden, get must not say NotFound"),
    )?;
    let describe = store.describe(name).await.map(drop);
    ensure(
        !missing(&describe),
        format!("with `{operation}` forbidden, describe must not say NotFound"),
    )?;
    if can.create != CreateStrength::None {
        let create = store.put_with(name, "value", PutMode::Create.into()).await;
        match create {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Forbidden | ErrorKind::AlreadyExists
                ) => {}
            Err(error) => {
                return Err(fail(format!(
                    "with `{operation}` forbidden, create is Forbidden or AlreadyExists, not {error}"
                )));
            }
            // That no create adds a version, another check sees to.
            Ok(written) => ensure(
                !written.created,
                format!("with `{operation}` forbidden, create made a second secret"),
            )?,
        }
    }
    Ok(())
}

async fn an_operation_that_fails_is_an_error_with_a_code(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let name = fresh(h, "fails")?;
    store.put(&name, "one").await?;
    hooked(h.fail_next_operation().await, "fail_next_operation")?;

    let put = store.put(&name, "two").await;

    match put {
        Err(error) if error.code().is_some() => {}
        Err(error) => return Err(fail(format!("the service's code is due: {error}"))),
        Ok(_) => return Err(fail("an operation that failed was taken for done")),
    }
    holds(&second, &name, None, &Payload::text("one")).await?;
    store.put(&name, "three").await?;
    holds(&second, &name, None, &Payload::text("three")).await
}
