//! Where the services of an installation are.

use http::Method;
use polyvault_core::transport::{ClientOptions, Endpoint, Issuer, json, request};
use polyvault_core::{Error, ErrorKind, Result};

use crate::config::SCHEME;
use crate::error;
use crate::wire::ApiEndpoints;

/// The base URLs of an installation's services.
#[derive(Debug)]
pub(crate) struct Endpoints {
    pub(crate) lockbox: String,
    pub(crate) payload: String,
    pub(crate) operation: String,
    pub(crate) iam: String,
}

/// Spoken to without a credential, as those who give out tokens are.
const ROOT: Issuer = Issuer {
    refusal: error::from_refusal,
    ..error::ISSUER
};

/// More pages than any installation has services.
const MOST_PAGES: usize = 100;

pub(crate) async fn discover(root: &str, options: &ClientOptions) -> Result<Endpoints> {
    let root = Endpoint::parse("root", root).map_err(|error| error.with_provider(SCHEME))?;
    // Addresses have no scheme: plain http is for this machine alone, which the endpoints check again.
    let scheme = match root.as_str().starts_with("http://") {
        true => "http",
        false => "https",
    };
    let mut found: Vec<(String, String)> = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let url = root.url().literal("/endpoints");
        let url = match &token {
            Some(token) => url.query("pageToken", token),
            None => url,
        };
        let request = request(Method::GET, url.build()?, None);
        let answer = ROOT.ask(&root, request, options).await?;
        let page: ApiEndpoints = json::decode(answer.body().as_bytes())?;
        let told = page.endpoints.unwrap_or_default().into_iter();
        found.extend(told.filter_map(|one| Some((one.id?, one.address?))));
        token = page.next_page_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    let base = |id: &'static str| {
        let known = found.iter().find(|(known, _)| known == id);
        let address = known.map(|(_, address)| address.trim_end_matches('/'));
        let address = address.filter(|address| !address.is_empty());
        address.map(|address| {
            let address = match scheme {
                "https" => address.strip_suffix(":443").unwrap_or(address),
                _ => address,
            };
            format!("{scheme}://{address}")
        })
    };
    let missing = |id: &str| {
        Error::new(
            ErrorKind::Config,
            format!("field `root`: the installation tells no address of `{id}`"),
        )
        .with_provider(SCHEME)
        .with_help("Check that it is the root of an installation; else set each endpoint.")
    };
    let need = |id: &'static str| base(id).ok_or_else(|| missing(id));
    Ok(Endpoints {
        lockbox: need("lockbox")?,
        payload: need("lockbox-payload")?,
        operation: need("operation")?,
        iam: need("iam")?,
    })
}
