//! What happens when two write at once, when an answer is lost, and who does the work.

use polyvault_core::capabilities::{CreateStrength, Generate, LostPut};
use polyvault_core::{
    Error, ErrorKind, IdempotencyKey, InfoPatch, PasswordSpec, Payload, PutMode, PutOptions, Retry,
    SecretName, SecretRef, SecretStore, SecretStoreExt, Written,
};

use super::super::tools::{fail, fresh, hooked, named, refused};
use super::super::{Harness, Hook, Stop};
use super::{comes_back, offered};

pub(super) async fn provider(h: &dyn Harness) -> Result<&'static str, Stop> {
    let described = h.second().describe(&fresh(h, "provider")?).await;
    let error = refused(described, ErrorKind::NotFound, "describe of what never was")?;
    error
        .provider()
        .ok_or_else(|| fail("an error must tell the provider"))
}

pub(super) async fn create(h: &dyn Harness) -> Result<CreateStrength, Stop> {
    let store = h.store();
    let make = |name: SecretRef| {
        let store = &store;
        async move { store.put_with(&name, "mine", PutMode::Create.into()).await }
    };
    if offered(make(fresh(h, "create")?).await)?.is_none() {
        return Ok(CreateStrength::None);
    }
    let name = fresh(h, "overtaken")?;
    hooked(
        h.overtake_next_put(name.as_str()).await,
        "overtake_next_put",
    )?;
    match make(name).await {
        Ok(_) => Ok(CreateStrength::Checked),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(CreateStrength::Atomic),
        Err(error) => Err(fail(format!(
            "AlreadyExists is due, or success, not {error}"
        ))),
    }
}

pub(super) async fn lost_put(h: &dyn Harness) -> Result<LostPut, Stop> {
    let name = fresh(h, "lost")?;
    let key = IdempotencyKey::random();
    put(h, &name, "one", IdempotencyKey::random()).await?;
    let first = put(h, &name, "two", key).await?;
    let kept = h.versions_kept(name.as_str());
    let again = put(h, &name, "two", key).await?;
    let grown = h.versions_kept(name.as_str()) > kept;
    if first.secret == again.secret && first.version.id == again.version.id && !grown {
        return after_a_lost_request(h, &name)
            .await
            .map(|()| LostPut::Idempotent);
    }
    hooked(h.lose_next_answer().await, "lose_next_answer")?;
    match put(h, &name, "three", IdempotencyKey::random()).await {
        Ok(_) => comes_back(h, &name, &Payload::text("three")).await?,
        Err(error) if unknown(&error) => return Ok(LostPut::Unknown),
        Err(error) => return Err(fail(format!("the put took place, and {error} is told"))),
    }
    // Looking must not only confirm: it must also see that nothing took place.
    if h.lose_next_request().await == Hook::Done {
        match put(h, &name, "four", IdempotencyKey::random()).await {
            Err(error) if unknown(&error) => {}
            Ok(_) => {
                return Err(fail(
                    "a put is said to be done, or repeated, that may be made twice",
                ));
            }
            Err(error) => return Err(fail(format!("OutcomeUnknown is due, not {error}"))),
        }
    }
    Ok(LostPut::Confirmed)
}

/// Where a repeat is the same put, one whose request was lost takes place all the same:
/// the store repeats it, or the caller does.
async fn after_a_lost_request(h: &dyn Harness, name: &SecretRef) -> Result<(), Stop> {
    if h.lose_next_request().await == Hook::Missing {
        return Ok(());
    }
    let key = IdempotencyKey::random();
    if let Err(error) = put(h, name, "three", key).await {
        if !unknown(&error) {
            return Err(fail(format!(
                "OutcomeUnknown is due, or success, not {error}"
            )));
        }
        put(h, name, "three", key).await?;
    }
    comes_back(h, name, &Payload::text("three")).await
}

async fn put(
    h: &dyn Harness,
    name: &SecretRef,
    text: &str,
    key: IdempotencyKey,
) -> Result<Written, Error> {
    let options = PutOptions {
        idempotency_key: Some(key),
        ..PutOptions::default()
    };
    h.store().put_with(name, text, options).await
}

fn unknown(error: &Error) -> bool {
    error.retry() == Retry::OutcomeUnknown
}

pub(super) async fn generate(h: &dyn Harness) -> Result<Generate, Stop> {
    let name = fresh(h, "generate")?;
    let before = h.generated();
    h.store().put(&name, PasswordSpec::default()).await?;
    match (before, h.generated()) {
        (Some(before), Some(after)) if after > before => Ok(Generate::Service),
        (Some(_), Some(_)) => Ok(Generate::Client),
        _ => Err(Stop::Skip("the harness has no hook `generated`".to_owned())),
    }
}

pub(super) async fn twins(h: &dyn Harness) -> Result<bool, Stop> {
    let name = fresh(h, "twins")?;
    if h.overtake_next_put(name.as_str()).await == Hook::Done {
        // Whatever the put came to: what counts is what the service let happen.
        let _outcome = h.store().put(&name, "mine").await;
        return Ok(named(&h.second(), &name).await?.len() > 1);
    }
    h.store().put(&name, "value").await?;
    let other = fresh(h, "twin")?;
    h.store().put(&other, "value").await?;
    let patch = InfoPatch {
        name: Some(SecretName::new(name.as_str())?),
        ..InfoPatch::default()
    };
    match h.store().update(&other, patch).await {
        Ok(_) => Ok(named(&h.second(), &name).await?.len() > 1),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            hooked(Hook::Missing, "overtake_next_put").map(|()| false)
        }
        Err(error) => Err(fail(format!(
            "AlreadyExists is due, or success, not {error}"
        ))),
    }
}
