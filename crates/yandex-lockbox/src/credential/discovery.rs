//! Where the services of an installation are.

use std::collections::BTreeMap;

use http::Method;
use polyvault_core::transport::{ClientOptions, Endpoint, Issuer, json, request};
use polyvault_core::{Error, ErrorKind, Page, PageToken, Pagination, Result};

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

/// Those that a store speaks to.
const SERVICES: [&str; 4] = ["lockbox", "lockbox-payload", "operation", "iam"];

pub(crate) async fn discover(root: &str, options: &ClientOptions) -> Result<Endpoints> {
    let root = Endpoint::parse("root", root).map_err(|error| error.with_provider(SCHEME))?;
    // Addresses have no scheme: plain http is for this machine alone, which the endpoints check again.
    let scheme = match root.as_str().starts_with("http://") {
        true => "http",
        false => "https",
    };
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut pagination = Pagination::within_a_call();
    let mut token: Option<PageToken> = None;
    loop {
        let url = root.url().literal("/endpoints");
        let url = match &token {
            Some(token) => url.query("pageToken", token.as_str()),
            None => url,
        };
        let request = request(Method::GET, url.build()?, None);
        let answer = ROOT.ask(&root, request, options).await?;
        let told: ApiEndpoints = json::decode(answer.body().as_bytes())?;
        let next = told.next_page_token.filter(|token| !token.is_empty());
        let page = Page {
            items: told.endpoints.unwrap_or_default(),
            next: next.map(PageToken::new),
        };
        token = pagination
            .after(&page)
            .map_err(|error| error.with_provider(SCHEME))?;
        let told = page.items.into_iter();
        let told = told.filter_map(|one| Some((one.id?, one.address?)));
        // Of other services nothing is kept, however many there are said to be.
        for (id, address) in told.filter(|(id, _)| SERVICES.contains(&id.as_str())) {
            found.entry(id).or_insert(address);
        }
        if token.is_none() {
            break;
        }
    }
    let base = |id: &'static str| {
        let known = found.get(id);
        let address = known.map(|address| address.trim_end_matches('/'));
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
