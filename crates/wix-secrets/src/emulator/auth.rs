//! Who asks: API keys, app tokens, and the endpoint that issues those.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::answer::{no_token, ok, refused};
use super::route::Call;
use super::rules;
use super::state::State;

/// How long an app token lives; the service always says so.
const LIFETIME: SignedDuration = SignedDuration::from_secs(14_400);

/// The refusal of a request whose credential is missing, wrong or ended, tells no site, or may not.
pub(super) fn refusal(state: &State, request: &Request, call: Call) -> Option<ResponseTemplate> {
    let credential = header(request, "authorization").unwrap_or_default();
    let site = header(request, "wix-site-id").filter(|site| !site.is_empty());

    // The service wants the credential as it is, also where a token's answer says `Bearer`.
    if credential.is_empty() || credential.starts_with("Bearer ") {
        return Some(unauthenticated("The request has no valid credential."));
    }
    if let Some(end) = state.tokens.get(credential) {
        if *end <= state.clock.now() {
            return Some(unauthenticated("The token has expired."));
        }
        // The instance tells the site; naming one beside it has been seen to lose both on PATCH.
        if site.is_some() && call == Call::Update {
            return Some(no_site());
        }
    } else {
        if differs(state.api_key.as_deref(), credential) {
            return Some(unauthenticated("The API key is not known."));
        }
        let Some(site) = site else {
            return Some(no_site());
        };
        if differs(state.site.as_deref(), site) {
            return Some(forbidden());
        }
    }
    state.forbidden.contains(&call).then(forbidden)
}

/// Answers `POST /oauth2/token`: JSON in, never a form.
pub(super) fn issue(state: &mut State, request: &Request) -> ResponseTemplate {
    let body = rules::json(&request.body).unwrap_or_default();
    let field = |key: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let (Some(grant), Some(_), Some(secret)) = (
        field("grant_type"),
        field("client_id"),
        field("client_secret"),
    ) else {
        return no_token(400, "invalid_request", "A field is missing.");
    };
    if grant != "client_credentials" {
        return no_token(400, "unsupported_grant_type", "This grant is not known.");
    }
    if field("instance_id").is_none() {
        return no_token(400, "invalid_request", "The instance_id is missing.");
    }
    if differs(state.app_secret.as_deref(), secret) {
        return no_token(401, "invalid_client", "The app's secret is wrong.");
    }

    let token = format!("OAUTH2.{}", uuid::Uuid::new_v4());
    let end = state.clock.now().saturating_add(LIFETIME);
    state
        .tokens
        .insert(token.clone(), end.unwrap_or(Timestamp::MAX));
    ok(&json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
    }))
}

/// Whether one thing is expected and another came.
fn differs(expected: Option<&str>, came: &str) -> bool {
    expected.is_some_and(|expected| expected != came)
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
}

fn unauthenticated(text: &str) -> ResponseTemplate {
    refused(401, "UNAUTHENTICATED", text)
}

fn no_site() -> ResponseTemplate {
    refused(401, "UNAUTHORIZED", "No Metasite Context in identity.")
}

fn forbidden() -> ResponseTemplate {
    refused(403, "PERMISSION_DENIED", "The caller lacks the permission.")
}
