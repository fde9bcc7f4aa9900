//! Limits of labels, each found where it lies.

use polyvault_core::capabilities::{Alphabet, LabelRule};
use polyvault_core::{Labels, PutOptions, SecretRef, SecretStore, SecretStoreExt};

use super::super::tools::{ensure, fresh, labels as label};
use super::super::{Harness, Stop};
use super::sizes::{LONG, boundary};
use super::{candidates, offered, taken, texts_of};

super::super::topic! {
    9 limit_labels_count,
    9 limit_labels_key_chars,
    9 limit_labels_value_chars,
    9 limit_labels_key_alphabet,
    9 limit_labels_value_alphabet,
}

/// How many labels a store without a limit must take.
const MANY: usize = 1000;

/// A secret to be labelled, and the claim; `None` where the store has no labels and claims no limit.
async fn labelled(h: &dyn Harness) -> Result<Option<(SecretRef, Option<LabelRule>)>, Stop> {
    let claimed = h.store().capabilities().limits.labels;
    let name = fresh(h, "label")?;
    let store = h.store();
    let put = store.put_with(&name, "value", with(label("team", "blue")));
    if offered(put.await)?.is_some() {
        return Ok(Some((name, claimed)));
    }
    ensure(
        claimed.is_none(),
        "a limit of labels is claimed, and there are none",
    )?;
    Ok(None)
}

fn with(labels: Labels) -> PutOptions {
    PutOptions {
        labels: Some(labels),
        ..PutOptions::default()
    }
}

/// Whether the store takes these labels; those that it takes must be told.
async fn takes(h: &dyn Harness, name: &SecretRef, labels: Labels) -> Result<bool, Stop> {
    let put = h
        .store()
        .put_with(name, "value", with(labels.clone()))
        .await;
    if taken(put)?.is_none() {
        return Ok(false);
    }
    let told = h.second().describe(name).await?.labels;
    ensure(
        told.as_ref() == Some(&labels),
        format!("{} labels were put, and others are told", labels.len()),
    )?;
    Ok(true)
}

async fn limit_labels_count(h: &dyn Harness) -> Result<(), Stop> {
    let Some((name, rule)) = labelled(h).await? else {
        return Ok(());
    };
    let most = rule.map(|rule| rule.max_count);
    let many = |count: usize| {
        (0..count)
            .map(|i| (format!("k{i}"), String::new()))
            .collect()
    };
    let size = most.unwrap_or(MANY);
    let takes_most = takes(h, &name, many(size)).await?;
    let takes_more = most.is_some() && takes(h, &name, many(size.saturating_add(1))).await?;
    boundary("labels", most, takes_most, takes_more)
}

async fn limit_labels_key_chars(h: &dyn Harness) -> Result<(), Stop> {
    chars(
        h,
        "label keys",
        |rule| rule.max_key_chars,
        |text| label(text, "v"),
    )
    .await
}

async fn limit_labels_value_chars(h: &dyn Harness) -> Result<(), Stop> {
    chars(
        h,
        "label values",
        |rule| rule.max_value_chars,
        |text| label("team", text),
    )
    .await
}

async fn chars(
    h: &dyn Harness,
    what: &str,
    most: impl Fn(LabelRule) -> usize,
    make: impl Fn(&str) -> Labels,
) -> Result<(), Stop> {
    let Some((name, rule)) = labelled(h).await? else {
        return Ok(());
    };
    let most = rule.map(most);
    let longest = "k".repeat(most.unwrap_or(LONG));
    let takes_longest = takes(h, &name, make(&longest)).await?;
    let takes_more = most.is_some() && takes(h, &name, make(&format!("{longest}k"))).await?;
    boundary(what, most, takes_longest, takes_more)
}

async fn limit_labels_key_alphabet(h: &dyn Harness) -> Result<(), Stop> {
    let begins_with_a_letter = |rule: LabelRule| matches!(rule.keys, Alphabet::LowercaseAnd(_));
    if let Some((name, Some(rule))) = labelled(h).await? {
        ensure(
            takes(h, &name, label("1k", "v")).await? != begins_with_a_letter(rule),
            format!(
                "a key that begins with a digit must be taken, unless keys are {}",
                rule.keys
            ),
        )?;
    }
    let of = |rule: LabelRule| (rule.keys, rule.max_key_chars);
    alphabet(h, "label keys", of, |text| label(&format!("k{text}k"), "v")).await
}

async fn limit_labels_value_alphabet(h: &dyn Harness) -> Result<(), Stop> {
    let of = |rule: LabelRule| (rule.values, rule.max_value_chars);
    alphabet(h, "label values", of, |text| {
        label("team", &format!("v{text}v"))
    })
    .await
}

async fn alphabet(
    h: &dyn Harness,
    what: &str,
    of: impl Fn(LabelRule) -> (Alphabet, usize),
    make: impl Fn(&str) -> Labels,
) -> Result<(), Stop> {
    let Some((name, rule)) = labelled(h).await? else {
        return Ok(());
    };
    let Some((alphabet, most)) = rule.map(of) else {
        let all: String = candidates().collect();
        return ensure(
            takes(h, &name, make(&all)).await?,
            format!("{what}: no rule is claimed, and a character is refused"),
        );
    };
    for text in texts_of(alphabet, most.saturating_sub(2)) {
        ensure(
            takes(h, &name, make(&text)).await?,
            format!("{what} of {alphabet} are claimed to be taken, and {text:?} is not"),
        )?;
    }
    for c in candidates().filter(|c| !alphabet.allows(*c)) {
        ensure(
            !takes(h, &name, make(&c.to_string())).await?,
            format!("{what} are claimed not to hold {c:?}, and one does"),
        )?;
    }
    Ok(())
}
