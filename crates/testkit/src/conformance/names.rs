//! Which secret a name or an id means.

use polyvault_core::{ErrorKind, Payload, SecretRef, SecretStore, SecretStoreExt};

use super::tools::{ensure, fresh, given, holds, refused};
use super::{Harness, Stop};

super::topic! {
    0 an_id_means_the_secret_it_was_given_for,
    0 a_name_with_every_allowed_sign_is_its_own reads,
    0 a_store_shows_as_a_url_of_its_provider reads,
}

async fn an_id_means_the_secret_it_was_given_for(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let (name, other) = (fresh(h, "by-id")?, fresh(h, "by-id-other")?);
    let id = SecretRef::from(store.put(&name, "one").await?.secret);
    store.put(&other, "other").await?;

    let told = second.describe(&id).await?.name;
    ensure(
        told.is_some_and(|told| told.as_str() == name.as_str()),
        "describe by id tells the name",
    )?;
    let written = store.put(&id, "two").await?;
    ensure(
        !written.created && written.secret.as_str() == id.as_str(),
        "a put by id adds to the secret of that id",
    )?;
    holds(&second, &id, None, &Payload::text("two")).await?;
    holds(&second, &name, None, &Payload::text("two")).await?;
    if store.capabilities().delete {
        store.delete(&id).await?;
        refused(
            second.describe(&id).await,
            ErrorKind::NotFound,
            "describe by the id of what was deleted",
        )?;
    }
    holds(&second, &other, None, &Payload::text("other")).await
}

async fn a_name_with_every_allowed_sign_is_its_own(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let rule = store.capabilities().limits.name;
    let plain = h.name("signs");
    // Those that mean something in a URL, in JSON or to a shell.
    let mut odd = plain.clone();
    for sign in "-/?#%41&a=b+c@$.~_\\\"'< \u{e9}x".chars() {
        odd.push(sign);
        if rule.check(&odd).is_err() {
            odd.pop();
        }
    }
    let (plain, odd) = (SecretRef::try_from(plain)?, SecretRef::try_from(odd)?);

    given(h, &plain, "plain").await?;
    given(h, &odd, "odd").await?;

    let told = second.describe(&odd).await?.name;
    ensure(
        told.is_some_and(|told| told.as_str() == odd.as_str()),
        format!("describe tells another name than {odd:?}"),
    )?;
    holds(&second, &odd, None, &Payload::text("odd")).await?;
    holds(&second, &plain, None, &Payload::text("plain")).await
}

async fn a_store_shows_as_a_url_of_its_provider(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let (shown, provider) = (store.to_string(), store.capabilities().provider);
    ensure(
        // A store in memory that does what a service does still says that it is in memory.
        shown.starts_with(&format!("{provider}://")) || shown.starts_with("memory://"),
        format!("{provider}://\u{2026} is due, not {shown}"),
    )
}
