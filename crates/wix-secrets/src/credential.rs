//! Who asks: an API key, or an app.

mod app;

use polyvault_core::provider::{Variable, no_credential};
use polyvault_core::transport::ReadyToken;
use polyvault_core::{Environment, Error, ErrorKind, Result};

pub use self::app::App;

pub(crate) use self::app::SignIn;

use crate::config::SCHEME;

const API_KEY: &str = "WIX_API_KEY";
const APP: &str = "WIX_APP_ID";
const SECRET: &str = "WIX_APP_SECRET";
const INSTANCE: &str = "WIX_INSTANCE_ID";

pub(crate) const VARIABLES: &[Variable] = &[
    variable(
        API_KEY,
        "an API key of the account that owns the site; with it, none of the following is read",
    ),
    variable(APP, "the id of an app that is installed on the site"),
    variable(SECRET, "the app's secret"),
    variable(
        INSTANCE,
        "the id of the app's instance, which tells the site",
    ),
];

const fn variable(name: &'static str, what: &'static str) -> Variable {
    Variable {
        name,
        default: "none",
        what,
    }
}

/// Who asks.
#[derive(Debug)]
pub(crate) enum Found {
    /// A key, beside which the site is told.
    ApiKey(ReadyToken),
    /// An app, whose instance tells the site.
    App(App),
}

/// The credential that the environment holds.
pub(crate) fn from_environment(environment: &Environment) -> Result<Found> {
    if let Some(key) = environment.secret(API_KEY) {
        return Ok(Found::ApiKey(ReadyToken::new(key)));
    }
    let (app, instance) = (environment.text(APP), environment.text(INSTANCE));
    match (app, environment.secret(SECRET), instance) {
        (Some(app), Some(secret), Some(instance)) => {
            Ok(Found::App(App::new(app, secret, instance)))
        }
        (None, None, None) => Err(no_credential(SCHEME, VARIABLES)),
        (app, secret, instance) => {
            let set = [app.is_some(), secret.is_some(), instance.is_some()];
            let names = [APP, SECRET, INSTANCE].into_iter().zip(set);
            let missing: Vec<&str> = names
                .filter_map(|(name, set)| (!set).then_some(name))
                .collect();
            let message = format!(
                "an app signs in with all three: {} is not set",
                missing.join(", ")
            );
            Err(Error::new(ErrorKind::Config, message).with_provider(SCHEME))
        }
    }
}
