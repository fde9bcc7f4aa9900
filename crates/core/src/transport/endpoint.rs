//! Where a service is, and URLs that can't leave it.

use std::fmt;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::{Error, ErrorKind, Result};

/// What stands unescaped in a path segment: the unreserved characters of RFC 3986,
/// and those that change no route and that vendors' own clients send raw.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'=')
    .remove(b'@')
    .remove(b'$');

const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The base URL of a service: https, or http on this machine; its path is kept.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Endpoint;
///
/// let endpoint = Endpoint::parse("endpoint", "https://example.com/prefix/")?;
/// let uri = endpoint.url().literal("/secrets").segment("a/b")?.query("v", "1").build()?;
/// assert_eq!(uri.to_string(), "https://example.com/prefix/secrets/a%2Fb?v=1");
///
/// assert_eq!((endpoint.as_str(), endpoint.host()), ("https://example.com/prefix", "example.com"));
/// assert!(endpoint.follow("/prefix/secrets?page=2").is_ok());
/// assert!(endpoint.follow("https://elsewhere.example/").is_err(), "the credential stays here");
/// let here = "https://example.com:443/".parse().expect("a URL");
/// assert!(endpoint.same_origin(&here));
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Without a slash at its end.
    base: String,
    parsed: Url,
}

impl Endpoint {
    /// Reads a base URL; `field` is the setting that errors name.
    ///
    /// # Errors
    ///
    /// `Config` if it is no URL, is neither https nor http on loopback or a metadata address, or
    /// holds a credential, a query or a fragment. The text of the URL is not quoted.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let refuse = |rule: &str| {
            Err(Error::new(
                ErrorKind::Config,
                format!("field `{field}`: {rule}"),
            ))
        };
        let Ok(parsed) = Url::parse(text) else {
            return refuse("not an absolute URL");
        };
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return refuse("a URL never holds a credential");
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return refuse("a base URL has no query and no fragment");
        }
        let Some(host) = parsed.host_str() else {
            return refuse("the URL has no host");
        };
        match parsed.scheme() {
            "https" => {}
            "http" if super::is_near(host) => {}
            _ => return refuse("https only, but for loopback and metadata addresses"),
        }
        Ok(Self {
            base: parsed.as_str().trim_end_matches('/').to_owned(),
            parsed,
        })
    }

    /// The base URL without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// The host, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        self.parsed.host_str().unwrap_or_default()
    }

    /// Starts a URL below the base.
    #[must_use]
    pub fn url(&self) -> UrlBuilder {
        UrlBuilder {
            text: self.base.clone(),
            queried: false,
        }
    }

    /// Whether `url` has this endpoint's scheme, host and port; `:443` is the same as none for https.
    #[must_use]
    pub fn same_origin(&self, url: &Url) -> bool {
        url.origin() == self.parsed.origin()
    }

    /// Resolves a link that the service gave, such as one to the next page.
    ///
    /// # Errors
    ///
    /// `Unexpected` if the link leaves this endpoint's origin, holds a credential, or is no link.
    pub fn follow(&self, link: &str) -> Result<Uri> {
        let refuse = |rule: &'static str| Error::new(ErrorKind::Unexpected, rule);
        let base = Url::parse(&format!("{}/", self.base))
            .map_err(|_| refuse("the endpoint is no base for links"))?;
        let url = base
            .join(link)
            .map_err(|_| refuse("the service gave a link that is none"))?;
        if !self.same_origin(&url) || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(
                "the service gave a link to another origin, and it was not followed",
            )
            .with_help("A credential goes to the store's own origin only; check the endpoint."));
        }
        url.as_str()
            .parse()
            .map_err(|_| refuse("the service gave a link that is none"))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.base)
    }
}

/// A URL in the making. Texts are escaped so that none can change the route.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Endpoint;
///
/// let endpoint = Endpoint::parse("endpoint", "https://example.com")?;
/// let url = endpoint.url().literal("/secrets").segment("a#b?c")?.query("size", "5").build()?;
/// assert_eq!(url.to_string(), "https://example.com/secrets/a%23b%3Fc?size=5");
/// assert!(endpoint.url().literal("/secrets").segment("..").is_err());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UrlBuilder {
    text: String,
    queried: bool,
}

impl UrlBuilder {
    /// Appends a part of the path that stands in the code, as it is.
    #[must_use]
    pub fn literal(mut self, path: &'static str) -> Self {
        self.text.push_str(path);
        self
    }

    /// Appends one segment of the path, escaped.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty segment and for `.` and `..`, which no escaping keeps in their place.
    pub fn segment(mut self, text: &str) -> Result<Self> {
        if matches!(text, "" | "." | "..") {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a name or id must not be empty, `.` or `..`",
            ));
        }
        self.text.push('/');
        self.text.extend(utf8_percent_encode(text, SEGMENT));
        Ok(self)
    }

    /// Appends a query parameter, escaped.
    #[must_use]
    pub fn query(mut self, key: &'static str, value: &str) -> Self {
        self.text.push(if self.queried { '&' } else { '?' });
        self.queried = true;
        self.text.push_str(key);
        self.text.push('=');
        self.text.extend(utf8_percent_encode(value, QUERY));
        self
    }

    /// The URL.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is too long for a URL.
    pub fn build(self) -> Result<Uri> {
        self.text
            .parse()
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "the request's URL is too long"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::parse("endpoint", "https://vault.example/base").unwrap()
    }

    #[test]
    fn no_segment_changes_the_route() {
        for (text, escaped) in [
            ("../deletedsecrets/x", "..%2Fdeletedsecrets%2Fx"),
            ("a#b", "a%23b"),
            ("a?b", "a%3Fb"),
            ("a%41", "a%2541"),
            ("id:activate", "id%3Aactivate"),
            ("a b", "a%20b"),
            ("a\\b", "a%5Cb"),
            ("é", "%C3%A9"),
            ("a+b=c@d$e-f_g", "a+b=c@d$e-f_g"),
        ] {
            let uri = endpoint().url().segment(text).unwrap().build().unwrap();
            assert_eq!(
                uri.to_string(),
                format!("https://vault.example/base/{escaped}")
            );
        }
        for text in ["", ".", ".."] {
            assert!(endpoint().url().segment(text).is_err());
        }
    }

    #[test]
    fn a_base_url_is_https_or_near_and_holds_no_credential() {
        for good in [
            "https://a.b",
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://localhost",
            "http://127.9.9.9",
            "http://169.254.169.254",
            "http://169.254.129.2:8081/msi/token",
            "http://127.1",
        ] {
            assert!(Endpoint::parse("endpoint", good).is_ok(), "{good}");
        }
        for bad in [
            "a.b",
            "http://a.b",
            "ftp://127.0.0.1",
            "https://user@a.b",
            "https://:hunter2@a.b",
            "https://hunter2:@a.b",
            "https://hunter2%40a.b@c.d",
            "https://a.b?",
            "http://localhost@a.b",
            "http://169.254.169.254.a.b",
            "http://169.255.0.1",
            "http://10.0.0.1",
            "http://[::ffff:1.2.3.4]",
            "https://",
            "https://a.b/?x=1",
            "https://a.b/#x",
            "http://127.0.0.1.a.b",
            "http://localhost.a.b",
        ] {
            let error = Endpoint::parse("endpoint", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_name_is_the_same_in_any_script_and_case() {
        let endpoint = Endpoint::parse("endpoint", "https://b\u{fc}cher.example").unwrap();

        assert_eq!(endpoint.host(), "xn--bcher-kva.example");
        assert!(endpoint.follow("https://XN--BCHER-KVA.example/x").is_ok());

        let v6 = Endpoint::parse("endpoint", "https://[2001:db8::1]:8443").unwrap();
        assert!(v6.follow("https://[2001:DB8:0::1]:8443/x").is_ok());
        assert!(v6.follow("https://[2001:db8::1]/x").is_err());
    }

    #[test]
    fn follows_links_of_its_own_origin_only() {
        let endpoint = endpoint();
        for (link, url) in [
            (
                "https://vault.example:443/secrets?x=1",
                "https://vault.example/secrets?x=1",
            ),
            (
                "/secrets?$skiptoken=a",
                "https://vault.example/secrets?$skiptoken=a",
            ),
            ("HTTPS://VAULT.EXAMPLE/s", "https://vault.example/s"),
            ("next?a={b}|c", "https://vault.example/base/next?a={b}|c"),
            ("/s#part", "https://vault.example/s"),
            (
                "https://vault.example\\@evil.example/",
                "https://vault.example/@evil.example/",
            ),
        ] {
            assert_eq!(endpoint.follow(link).unwrap().to_string(), url);
        }
        for link in [
            "https://evil.example/secrets",
            "//evil.example/secrets",
            "http://vault.example/secrets",
            "https://vault.example:8443/secrets",
            "https://vault.example@evil.example/",
            "https://a:b@vault.example/",
            "\\\\evil.example/x",
            "/\\evil.example/x",
            "/\t/evil.example/x",
            "https:\\\\evil.example/x",
            "https://vault.example.evil.example/",
            "https://vault.example./",
            "https://v\u{430}ult.example/",
            "https://[::1]/",
            "https://vault.example:0/",
            "data:text/plain,x",
            "javascript:x",
        ] {
            assert!(endpoint.follow(link).is_err(), "{link}");
        }
    }
}
