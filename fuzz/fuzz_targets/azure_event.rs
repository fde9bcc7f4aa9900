#![no_main]
//! Events of Event Grid, and what its deliveries are.

use libfuzzer_sys::fuzz_target;
use polyvault::azure_key_vault::events::{Receiver, parse};

fuzz_target!(|body: &[u8]| {
    let _ = parse(body).is_ok();
    let receiver = Receiver::authenticated_elsewhere().subscription("s");
    for kind in [
        "SubscriptionValidation",
        "Notification",
        "SubscriptionDeletion",
    ] {
        let request = http::Request::post("/events").header("aeg-event-type", kind);
        let request = request.header("aeg-subscription-name", "s").body(body);
        let _ = receiver.receive(&request.expect("a request")).is_ok();
    }
});
