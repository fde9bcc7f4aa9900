//! What only this service has.

mod limits;
mod methods;
mod operations;
mod repeats;
mod writes;

use polyvault_core::transport::json;
use polyvault_testkit::fixture;
use serde_json::Value;

/// All methods, messages and limits of the service.
pub(crate) fn schema() -> Value {
    let path = fixture::folder("yandex-lockbox").join("schema/schema.json");
    json::decode(&std::fs::read(path).unwrap()).unwrap()
}
