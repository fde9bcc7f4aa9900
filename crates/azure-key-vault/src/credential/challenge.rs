//! What a vault asks for in the `WWW-Authenticate` headers of a 401.
//!
//! <https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses>

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use url::Url;

/// A challenge for a bearer token, as far as it can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The login URL.
    pub(crate) authority: Option<String>,
    /// The resource, as told.
    pub(crate) resource: Option<String>,
    /// The scope, where it is told itself.
    pub(crate) scope: Option<String>,
    /// What the token must claim, as JSON.
    pub(crate) claims: Option<String>,
}

impl Challenge {
    /// The first challenge that can be used.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).into_iter();
        texts
            .filter_map(|header| header.to_str().ok())
            .find_map(Self::parse)
    }

    /// Reads `Bearer key="value", key=value`: in any order, quoted or not, among other schemes.
    ///
    /// Without a login URL, or with a scope that is no URL, it is none; a challenge for claims
    /// needs neither.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut bearer = false;
        for part in split_unquoted(header) {
            let mut part = part.trim();
            let before = part.split_once('=').map_or(part, |(key, _)| key);
            if let Some((scheme, _)) = before.trim_end().split_once(char::is_whitespace) {
                if found != Self::default() {
                    break;
                }
                bearer = scheme.eq_ignore_ascii_case("bearer");
                part = part.get(scheme.len()..).unwrap_or_default();
            }
            if let (true, Some((key, value))) = (bearer, part.split_once('=')) {
                found.take(key.trim(), value.trim().trim_matches('"'));
            }
        }
        let is_url = found.scope().is_none_or(|scope| Url::parse(&scope).is_ok());
        let told = found.authority.is_some() && found.scope().is_some();
        (is_url && (told || found.claims.is_some())).then_some(found)
    }

    fn take(&mut self, key: &str, value: &str) {
        let field = match key.to_ascii_lowercase().as_str() {
            "authorization" | "authorization_uri" => &mut self.authority,
            "resource" => &mut self.resource,
            "scope" => &mut self.scope,
            "claims" => {
                self.claims = claims(value);
                return;
            }
            _ => return,
        };
        if !value.is_empty() {
            field.get_or_insert_with(|| value.to_owned());
        }
    }

    /// The scope to sign in for.
    pub(crate) fn scope(&self) -> Option<String> {
        let of_resource = |resource: &String| scope_of(resource);
        let told = self.scope.clone();
        told.or_else(|| self.resource.as_ref().map(of_resource))
    }

    /// The tenant in the login URL. `adfs` is a login without tenants.
    pub(crate) fn tenant(&self) -> Option<String> {
        let url = Url::parse(self.authority.as_deref()?).ok()?;
        let tenant = url.path_segments()?.next()?;
        (is_tenant(tenant) && !tenant.eq_ignore_ascii_case("adfs")).then(|| tenant.to_owned())
    }
}

/// The scope of all that a resource allows.
pub(crate) fn scope_of(resource: &str) -> String {
    format!("{}/.default", resource.trim_end_matches('/'))
}

/// Whether a text has the form of a tenant's id or domain: nothing that could lead to another path.
pub(crate) fn is_tenant(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    (1..=253).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.')
}

/// Claims come in base64 of either alphabet, padded or not.
fn claims(text: &str) -> Option<String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = match text.contains(['-', '_']) {
        true => &URL_SAFE,
        false => &STANDARD,
    };
    let bytes = GeneralPurpose::new(alphabet, config).decode(text).ok()?;
    let json = String::from_utf8(bytes).ok()?;
    json.trim_start().starts_with('{').then_some(json)
}

/// The parts between commas that stand outside quotes.
fn split_unquoted(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .filter(|part| !part.trim().is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = "https://login.windows.net/11111111-2222-3333-4444-555555555555";

    #[test]
    fn reads_challenges_in_every_order_and_quoting() {
        for header in [
            r#"Bearer authorization="LOGIN", resource="https://vault.azure.net""#,
            r#"bearer resource="https://vault.azure.net",authorization_uri="LOGIN""#,
            "BEARER authorization=LOGIN, resource=https://vault.azure.net",
            "Bearer  authorization = LOGIN ,resource= https://vault.azure.net/",
            r#"Bearer realm="a,b", scope="https://vault.azure.net/.default", Authorization="LOGIN""#,
            "Bearer resource=https://other.example, scope=https://vault.azure.net/.default, authorization=LOGIN",
            r#"PoP authorization="https://elsewhere.example/x", nonce="n", Bearer authorization="LOGIN", resource="https://vault.azure.net""#,
            r#"Bearer authorization="LOGIN", resource="https://vault.azure.net", PoP authorization="x", resource="y""#,
        ] {
            let challenge = Challenge::parse(&header.replace("LOGIN", LOGIN)).unwrap_or_default();

            let scope = challenge.scope();
            assert_eq!(
                scope.as_deref(),
                Some("https://vault.azure.net/.default"),
                "{header}"
            );
            let tenant = challenge.tenant();
            assert_eq!(
                tenant.as_deref(),
                Some("11111111-2222-3333-4444-555555555555"),
                "{header}"
            );
        }
    }

    #[test]
    fn what_is_no_usable_challenge_is_none() {
        for header in [
            "",
            "Bearer",
            "Basic realm=x",
            "Negotiate",
            "authorization=https://login.example/t,resource=https://vault.azure.net",
            "Bearer resource=https://vault.azure.net",
            "Bearer authorization=https://login.example/t",
            r#"Bearer authorization="https://login.example/t", resource="vault""#,
            r#"Bearer authorization="", resource="https://vault.azure.net""#,
            r#"Bearer error="insufficient_claims", claims="%%%""#,
        ] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
    }

    #[test]
    fn a_tenant_is_the_first_segment_and_nothing_that_leads_elsewhere() {
        for (authority, tenant) in [
            (
                "https://login.example/contoso.example/oauth2",
                Some("contoso.example"),
            ),
            ("https://login.example/adfs", None),
            ("https://login.example/ADFS/", None),
            ("https://login.example", None),
            ("https://login.example/", None),
            ("https://login.example/..", None),
            ("https://login.example/a%2fb", None),
            ("login.example/t", None),
        ] {
            let challenge = Challenge {
                authority: Some(authority.to_owned()),
                ..Challenge::default()
            };
            assert_eq!(challenge.tenant().as_deref(), tenant, "{authority}");
        }
    }

    #[test]
    fn a_challenge_for_claims_stands_alone_in_either_alphabet() {
        let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"??>~~"  }}}"#;
        for encoded in [
            "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiI/Pz5+fiIgIH19fQ==",
            "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiI/Pz5+fiIgIH19fQ",
            "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiI_Pz5-fiIgIH19fQ==",
            "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiI_Pz5-fiIgIH19fQ",
        ] {
            let header = format!(r#"Bearer error="insufficient_claims", claims="{encoded}""#);

            let challenge = Challenge::parse(&header).unwrap_or_default();

            assert_eq!(challenge.claims.as_deref(), Some(claims));
            assert_eq!(challenge.scope(), None);
        }
    }
}
