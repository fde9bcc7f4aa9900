//! Faults of refusals, and of what is shown.

use polyvault_core::*;

use super::bug::{Bug, bug, but, retold, rows};
use super::plain::Plain;

rows![
    ErrorTellsNoProvider,
    ErrorTellsAnotherOperation,
    ErrorTellsAnotherSecret,
    ForbiddenIsToBeRepeated,
    UnsupportedSendsARequest,
    UnsupportedIsAnotherKind,
    UnfitNameIsSent,
    LongNamesAreCut,
    LabelWithoutAKeyIsSent,
    LargeValueIsSent,
    UpdateOfNothingIsDone,
    DebugShowsTheLastValue,
    DisplayShowsTheLastValue,
    TheAnswerEchoesTheValue,
    ErrorQuotesTheValue,
    ErrorHoldsTheBody,
    ShowsNoProvider,
];

bug!(
    ErrorTellsNoProvider,
    an_error_names_provider_operation_and_secret,
    describe,
    async |plain, secret| {
        let told = plain.describe(secret).await;
        told.map_err(|error| {
            Error::new(error.kind(), error.message().to_owned()).with_secret(secret)
        })
    }
);

bug!(
    ErrorTellsAnotherOperation,
    an_error_names_provider_operation_and_secret,
    begin_delete,
    async |plain, secret, options| {
        plain.describe(secret).await?;
        plain.begin_delete(secret, options).await
    }
);

// The name of the first call is kept for all that follow.
bug!(
    ErrorTellsAnotherSecret,
    an_error_names_provider_operation_and_secret,
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options).await;
        read.map_err(|error| {
            let other = Error::new(error.kind(), error.message().to_owned());
            let other = other.with_secret("somebody");
            retold(&error, other.with_retry(error.retry()))
        })
    }
);

bug!(
    ForbiddenIsToBeRepeated,
    a_refusal_for_good_is_not_to_be_repeated,
    get,
    async |plain, secret, options| {
        let read = plain.get(secret, options).await;
        read.map_err(|error| match error.kind() {
            ErrorKind::Forbidden => error.with_retry(Retry::After(None)),
            _ => error,
        })
    }
);

bug!(
    UnsupportedSendsARequest,
    what_the_capabilities_deny_is_unsupported_and_sends_nothing,
    resume,
    async |plain, id| {
        plain.sent();
        plain.resume(id).await
    }
);

bug!(
    UnsupportedIsAnotherKind,
    what_the_capabilities_deny_is_unsupported_and_sends_nothing,
    resume,
    async |plain, id| {
        let resumed = plain.resume(id).await;
        resumed.map_err(|error| Error::new(ErrorKind::NotFound, error.message().to_owned()))
    }
);

bug!(
    UnfitNameIsSent,
    an_unfit_name_is_refused_and_sends_nothing,
    describe,
    async |plain, secret| {
        let rule = plain.capabilities().limits.name;
        if let SecretRef::Name(name) = secret
            && rule.check(name.as_str()).is_err()
        {
            plain.sent();
        }
        plain.describe(secret).await
    }
);

bug!(
    LongNamesAreCut,
    an_unfit_name_is_refused_and_sends_nothing,
    begin_put,
    async |plain, secret, value, options| match secret {
        SecretRef::Name(name) => {
            let most = plain.capabilities().limits.name.max_chars;
            let cut: String = name.as_str().chars().take(most).collect();
            let cut = SecretRef::try_from(cut)?;
            plain.begin_put(&cut, value, options).await
        }
        SecretRef::Id(_) => plain.begin_put(secret, value, options).await,
    }
);

bug!(
    LabelWithoutAKeyIsSent,
    an_unfit_value_or_label_is_refused_and_sends_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let labels = options.labels.as_ref();
        if labels.is_some_and(|labels| labels.contains_key("")) {
            plain.sent();
            return plain.memory.begin_put(secret, value, options).await;
        }
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    LargeValueIsSent,
    an_unfit_value_or_label_is_refused_and_sends_nothing,
    begin_put,
    async |plain, secret, value, options| {
        let put = plain.begin_put(secret, value, options).await;
        put.inspect_err(|error| {
            if error.kind() == ErrorKind::TooLarge {
                plain.sent();
            }
        })
    }
);

bug!(
    UpdateOfNothingIsDone,
    an_unfit_value_or_label_is_refused_and_sends_nothing,
    begin_update,
    async |plain, secret, patch| match patch == InfoPatch::default() {
        true => Ok(Operation::done(SecretInfo::new(SecretId::new("none")?))),
        false => plain.begin_update(secret, patch).await,
    }
);

/// Keeps the text that is put, as a `#[derive(Debug)]` on a request would.
fn keep(plain: &Plain, value: PutValue) -> Result<Payload> {
    let payload = value.into_payload()?;
    if let Some(text) = payload
        .iter()
        .find_map(|(_, value)| value.expose_text().ok())
    {
        plain.memo().insert("last".into(), text.to_owned());
    }
    Ok(payload)
}

fn last(plain: &Plain) -> String {
    plain.memo().get("last").cloned().unwrap_or_default()
}

bug!(
    DebugShowsTheLastValue,
    no_value_shows_in_what_a_store_gives,
    begin_put,
    async |plain, secret, value, options| {
        let payload = keep(plain, value)?;
        plain.begin_put(secret, payload.into(), options).await
    },
    debug,
    |plain, f| f.debug_tuple("Store").field(&last(plain)).finish()
);

bug!(
    DisplayShowsTheLastValue,
    no_value_shows_in_what_a_store_gives,
    begin_put,
    async |plain, secret, value, options| {
        let payload = keep(plain, value)?;
        plain.begin_put(secret, payload.into(), options).await
    },
    display,
    |plain, f| write!(f, "{plain}/{}", last(plain))
);

bug!(
    TheAnswerEchoesTheValue,
    no_value_shows_in_what_a_store_gives,
    begin_put,
    async |plain, secret, value, options| {
        let payload = keep(plain, value)?;
        let echo = Some(last(plain));
        let put = plain.begin_put(secret, payload.into(), options).await?;
        Ok(but(put, |mut written| {
            written.version.description = echo;
            written
        }))
    }
);

// `serde_json` and many services quote what they refuse.
bug!(
    ErrorQuotesTheValue,
    no_value_shows_in_an_error,
    begin_put,
    async |plain, secret, value, options| {
        let payload = keep(plain, value)?;
        let put = plain.begin_put(secret, payload.into(), options).await;
        put.map_err(|error| {
            let text = format!("{}: {:?}", error.message(), last(plain));
            retold(&error, Error::new(error.kind(), text)).with_retry(error.retry())
        })
    }
);

bug!(
    ErrorHoldsTheBody,
    no_value_shows_in_an_error,
    begin_put,
    async |plain, secret, value, options| {
        let payload = keep(plain, value)?;
        let put = plain.begin_put(secret, payload.into(), options).await;
        put.map_err(|error| error.with_help(format!("the body was {}", last(plain))))
    }
);

bug!(
    ShowsNoProvider,
    a_store_shows_as_a_url_of_its_provider,
    display,
    |_plain, f| f.write_str("a store")
);
