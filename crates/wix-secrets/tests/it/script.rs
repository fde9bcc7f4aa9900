//! Stores that speak to a script.

use std::sync::Arc;

use polyvault_core::transport::{ClientOptions, RetryPolicy};
use polyvault_testkit::script::Script;
use polyvault_wix_secrets::WixSecrets;

pub(crate) const SITE: &str = "11111111-2222-4333-8444-555555555555";
pub(crate) const KEY: &str = "IST.fixture-key";

/// A store at `endpoint`, the service's own where there is none.
pub(crate) fn store_on(
    script: &Arc<Script>,
    endpoint: Option<&str>,
    max_repeats: usize,
) -> WixSecrets {
    let mut builder = WixSecrets::builder(SITE).api_key(KEY.into());
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint(endpoint);
    }
    let options = ClientOptions {
        retry: RetryPolicy {
            max_repeats,
            ..RetryPolicy::default()
        },
        ..script.options()
    };
    builder.client_options(options).build().unwrap()
}

/// The verbs that were sent.
pub(crate) fn verbs(script: &Script) -> Vec<String> {
    let sent = script.sent();
    sent.iter().map(|r| r.method().to_string()).collect()
}
