#![no_main]
//! Ids of secrets, and references of App Configuration: what is read and written reads the same again.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use polyvault::azure_key_vault::identifier::{Hosts, SecretIdentifier};

static HOSTS: LazyLock<Hosts> = LazyLock::new(Hosts::clouds);

fuzz_target!(|text: &str| {
    if let Ok(id) = SecretIdentifier::parse(text, &HOSTS) {
        let again = SecretIdentifier::parse(&id.to_string(), &HOSTS);
        assert_eq!(again.as_ref().ok(), Some(&id));
    }
    let (content_type, value) = text.split_once('\n').unwrap_or(("", text));
    let _ = SecretIdentifier::from_app_configuration(content_type, value, &HOSTS).is_ok();
});
