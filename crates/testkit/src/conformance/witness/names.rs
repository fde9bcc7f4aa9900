//! Limits of names, each found where it lies.

use polyvault_core::{ErrorKind, Payload, SecretRef, SecretStore};

use super::super::tools::{ensure, fail, fresh, given};
use super::super::{Harness, Stop};
use super::{candidates, comes_back, texts_of};

super::super::topic! {
    9 limit_name_max_chars reads,
    9 limit_name_alphabet reads,
    9 limit_name_prefix reads,
    9 limit_name_case reads,
}

/// Whether the store can hold such a name; asks for it, and writes nothing.
async fn fits(h: &dyn Harness, name: &str) -> Result<bool, Stop> {
    // What no store of this library can hold, this one can't.
    let Ok(secret) = SecretRef::try_from(name) else {
        return Ok(false);
    };
    match h.store().describe(&secret).await {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(fail(format!(
            "InvalidInput or NotFound is due, not {error}"
        ))),
        Ok(_) => Err(fail(format!("there is a secret {name:?} that nobody made"))),
    }
}

async fn holds(h: &dyn Harness, name: String) -> Result<(), Stop> {
    let secret = SecretRef::try_from(name)?;
    given(h, &secret, "value").await?;
    comes_back(h, &secret, &Payload::text("value")).await
}

async fn limit_name_max_chars(h: &dyn Harness) -> Result<(), Stop> {
    let most = h.store().capabilities().limits.name.max_chars;
    let name = h.name("long");
    let longest = |most: usize| {
        let rest = most.saturating_sub(name.chars().count());
        format!("{name}{}", "a".repeat(rest))
    };
    holds(h, longest(most)).await?;
    let longer = longest(most.saturating_add(1));
    ensure(
        !fits(h, &longer).await?,
        format!("a name of {most} characters is claimed to be the longest, and one more is taken"),
    )
}

async fn limit_name_alphabet(h: &dyn Harness) -> Result<(), Stop> {
    let rule = h.store().capabilities().limits.name;
    for c in candidates() {
        let (claim, seen) = (
            rule.alphabet.allows(c),
            fits(h, &format!("{}{c}a", h.name("a"))).await?,
        );
        ensure(
            claim == seen,
            format!("the character {c:?}: allowed is claimed to be {claim}, and {seen} was seen"),
        )?;
    }
    let room = rule.max_chars.saturating_sub(h.name("abc").chars().count());
    for text in texts_of(rule.alphabet, room) {
        // What a store may do about blanks at an end is no matter of the alphabet.
        holds(h, format!("{}{text}a", h.name("ab"))).await?;
    }
    Ok(())
}

async fn limit_name_prefix(h: &dyn Harness) -> Result<(), Stop> {
    let store = h.store();
    let can = store.capabilities();
    let claimed = can.limits.name.forbidden_prefix;
    // A service that keeps names back keeps back those with its own name.
    let words = can.provider.split('-').filter(|word| !word.is_empty());
    for prefix in words.chain(claimed) {
        for spelt in [prefix.to_owned(), prefix.to_ascii_uppercase()] {
            let starts = |with: &str| {
                let start = spelt.get(..with.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(with))
            };
            let (claim, name) = (!claimed.is_some_and(starts), h.name("pre"));
            if !can.limits.name.alphabet.allows('A') && spelt != prefix {
                continue;
            }
            let seen = fits(h, &format!("{spelt}{name}")).await?;
            ensure(
                claim == seen,
                format!(
                    "names that begin with {spelt}: allowed is claimed to be {claim}, and {seen} was seen"
                ),
            )?;
        }
    }
    Ok(())
}

async fn limit_name_case(h: &dyn Harness) -> Result<(), Stop> {
    let (store, second) = (h.store(), h.second());
    let claimed = store.capabilities().limits.name.case_sensitive;
    let small = fresh(h, "case")?;
    let large = small.as_str().to_ascii_uppercase();
    given(h, &small, "small").await?;
    let found = second.describe(&SecretRef::try_from(large)?).await;
    let seen = match found {
        Ok(_) => false,
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            return Err(Stop::Skip(
                "capability `limits.name`: capital letters".to_owned(),
            ));
        }
        Err(error) => return Err(error.into()),
    };
    super::agree("limits.name.case_sensitive", &claimed, &seen)
}
