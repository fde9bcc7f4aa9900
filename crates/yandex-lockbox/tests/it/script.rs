//! Stores that speak to a script, and texts of what they tell.

use std::sync::Arc;

use polyvault_core::transport::{ClientOptions, RetryPolicy};
use polyvault_core::{Error, Labels, SecretInfo, VersionInfo, Written};
use polyvault_testkit::fixture::{self, Fixture};
use polyvault_testkit::script::Script;
use polyvault_yandex_lockbox::YandexLockbox;

pub(crate) const FOLDER: &str = "b1gfolder00000000001";

/// A store at the service's own endpoints.
pub(crate) fn store_on(script: &Arc<Script>, max_repeats: usize) -> YandexLockbox {
    let options = ClientOptions {
        retry: RetryPolicy {
            max_repeats,
            ..RetryPolicy::default()
        },
        ..script.options()
    };
    YandexLockbox::builder(FOLDER)
        .token("t1.emulator.token".into())
        .client_options(options)
        .build()
        .unwrap()
}

pub(crate) fn fixture(name: &str) -> Fixture {
    let all = fixture::load("yandex-lockbox").unwrap();
    all.into_iter()
        .find(|fixture| fixture.name == name)
        .unwrap_or_else(|| panic!("no fixture {name}"))
}

/// `ID NAME DESCRIPTION LABELS STATE CREATED PROTECTED [CURRENT]`, `-` for what is not told.
pub(crate) fn tell_secret(info: &SecretInfo) -> String {
    assert_eq!((info.updated_at, info.managed), (None, false));
    format!(
        "{} {} {} {} {} {} {} [{}]",
        info.id,
        or_dash(&info.name),
        or_dash(&info.description),
        info.labels.as_ref().map_or("-".into(), tell_labels),
        info.state.as_str(),
        or_dash(&info.created_at),
        or_dash(&info.deletion_protection),
        info.current.as_ref().map_or("-".into(), tell_version),
    )
}

/// `ID STATE CREATED DESTROYED DESCRIPTION KEYS`, `-` for what is not told.
pub(crate) fn tell_version(info: &VersionInfo) -> String {
    assert!(info.updated_at.is_none() && info.labels.is_none() && info.content_type.is_none());
    format!(
        "{} {} {} {} {} {}",
        or_dash(&info.id),
        info.state.as_str(),
        or_dash(&info.created_at),
        or_dash(&info.destroy_at),
        or_dash(&info.description),
        or_dash(&info.entry_keys.as_ref().map(|keys| keys.join(","))),
    )
}

/// `SECRET created|added VERSION`
pub(crate) fn tell_written(written: &Written) -> String {
    let how = if written.created { "created" } else { "added" };
    format!(
        "{} {how} {}",
        written.secret,
        tell_version(&written.version)
    )
}

/// `KIND CODE RETRY`
pub(crate) fn tell_error(error: &Error) -> String {
    let code = error.code().unwrap_or("-");
    format!("{} {code} {}", error.kind(), error.retry().as_str())
}

fn tell_labels(labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    format!("{{{}}}", labels.join(","))
}

fn or_dash<T: ToString>(told: &Option<T>) -> String {
    told.as_ref().map_or("-".into(), T::to_string)
}
