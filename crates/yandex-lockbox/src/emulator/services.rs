//! The services behind the hosts, and where they are.

use serde_json::{Value, json};

use super::state::State;
use super::status::Status;

pub(super) const LOCKBOX: &str = "lockbox";
pub(super) const PAYLOAD: &str = "lockbox-payload";
pub(super) const OPERATION: &str = "operation";
pub(super) const IAM: &str = "iam";
const ENDPOINT: &str = "endpoint";

/// Those that may have ports of their own, by their ids in the list of endpoints.
pub(super) const SERVICES: [&str; 4] = [LOCKBOX, PAYLOAD, OPERATION, IAM];

/// The service of a method. The list of endpoints is served where the secrets are.
pub(super) fn service(method: &str) -> &'static str {
    match method.split('.').next() {
        Some("Payload") => PAYLOAD,
        Some("Operation") => OPERATION,
        Some("IamToken") => IAM,
        _ => LOCKBOX,
    }
}

impl State {
    /// ApiEndpoint.List: addresses have a port and no scheme.
    pub(super) fn endpoints(&self) -> Value {
        let mut endpoints: Vec<Value> = SERVICES.iter().map(|id| self.told(id)).collect();
        endpoints.push(self.told(ENDPOINT));
        json!({ "endpoints": endpoints })
    }

    pub(super) fn endpoint(&self, id: &str) -> Result<Value, Status> {
        match SERVICES.contains(&id) || id == ENDPOINT {
            true => Ok(self.told(id)),
            false => Err(Status::not_found("ApiEndpoint")),
        }
    }

    fn told(&self, id: &str) -> Value {
        let url = self.url_of(if id == ENDPOINT { LOCKBOX } else { id });
        let address = url.split_once("://").map_or(url, |(_, address)| address);
        json!({"id": id, "address": address})
    }

    pub(super) fn url_of(&self, service: &str) -> &str {
        let own = self.urls.iter().find(|(id, _)| *id == service);
        let first = || self.urls.first();
        own.or_else(first).map_or("", |(_, url)| url)
    }
}
