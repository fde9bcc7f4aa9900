//! Lists and their pages.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wiremock::Request;

use super::reply::{Refusal, Reply};
use super::state::{Phase, Side, Vault, key};

/// The query of a request.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn of(request: &Request) -> Self {
        Self(request.url.query_pairs().into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The version of the API that was asked for.
    pub(super) fn api_version(&self, known: &[&str]) -> Result<&str, Refusal> {
        let version = self
            .get("api-version")
            .ok_or_else(|| Refusal::bad("api-version must be specified"))?;
        if known.contains(&version) {
            Ok(version)
        } else {
            Err(Refusal::bad(format!(
                "The specified version ({version}) is not recognized"
            )))
        }
    }

    fn max_results(&self) -> Result<Option<usize>, Refusal> {
        let Some((name, text)) = self.size() else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if (1..=PAGE_SIZE).contains(&number) => Ok(Some(number)),
            _ => Err(Refusal::bad(format!("{name} is not between 1 and 25"))),
        }
    }

    /// The parameter that bounds a page, and its value: `$top` is the control plane's.
    fn size(&self) -> Option<(&'static str, &str)> {
        let given = |name| self.get(name).map(|value| (name, value));
        given("maxresults").or_else(|| given("$top"))
    }
}

impl Vault {
    pub(super) fn list(&self, request: &Request, query: &Query) -> Result<Reply, Refusal> {
        let rows = self
            .live()
            .filter_map(|(key, secret)| {
                let current = secret.versions.last()?;
                Some((key.clone(), self.item(secret, current)))
            })
            .collect();
        self.page(rows, request, query)
    }

    /// Sorted by id, which is random: the service keeps no order of versions.
    pub(super) fn list_versions(
        &mut self,
        name: &str,
        request: &Request,
        query: &Query,
    ) -> Result<Reply, Refusal> {
        let live = matches!(self.step(name, Side::Live), Some(Phase::Live));
        let secret = self.secrets.get(&key(name)).filter(|_| live);
        let mut rows: Vec<(String, Value)> = secret
            .iter()
            .flat_map(|secret| {
                let row = |version| self.version_item(secret, version);
                secret.versions.iter().map(move |v| (v.id.clone(), row(v)))
            })
            .collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.page(rows, request, query)
    }

    pub(super) fn list_deleted(&self, request: &Request, query: &Query) -> Result<Reply, Refusal> {
        let rows = self
            .secrets
            .iter()
            .filter(|(_, secret)| matches!(secret.phase, Phase::Deleted { .. }))
            .filter_map(|(key, secret)| {
                let current = secret.versions.last()?;
                Some((key.clone(), self.deleted_item(secret, current)))
            })
            .collect();
        self.page(rows, request, query)
    }

    /// Cuts one page out of sorted rows. A link names the row it goes on with, so
    /// that rows which come or go between two pages shift nothing.
    pub(super) fn page(
        &self,
        rows: Vec<(String, Value)>,
        request: &Request,
        query: &Query,
    ) -> Result<Reply, Refusal> {
        let asked = query.max_results()?.unwrap_or(PAGE_SIZE);
        let size = asked.min(self.knobs.page_size);
        let mark = query.get("$skiptoken").map(Mark::decode).transpose()?;

        let mut items = Vec::new();
        let mut next = None;
        match &mark {
            Some(Mark::Empty(from)) => next = Some(Mark::Rows(from.clone())),
            None | Some(Mark::Rows(_)) => {
                let from = mark.as_ref().map_or("", Mark::from);
                for (key, item) in rows.into_iter().filter(|(key, _)| key.as_str() >= from) {
                    if items.len() == size {
                        next = Some(Mark::Rows(key));
                        break;
                    }
                    items.push(item);
                }
                if mark.is_none() && self.knobs.empty_page {
                    let from = next.map_or_else(|| BEHIND_ALL.to_owned(), Mark::into_from);
                    next = Some(Mark::Empty(from));
                }
            }
        }

        let link = next.map(|mark| self.link(&mark, request, query));
        Ok(Reply::Json(json!({ "value": items, "nextLink": link })))
    }

    fn link(&self, mark: &Mark, request: &Request, query: &Query) -> String {
        let mut link = format!(
            "{}{}?api-version={}&$skiptoken={}",
            self.base,
            request.url.path(),
            query.get("api-version").unwrap_or_default(),
            mark.encode(),
        );
        if let Some((name, asked)) = query.size() {
            link.push_str(&format!("&{name}={asked}"));
        }
        link
    }
}

/// What a `$skiptoken` says: the row that the next page begins with, and whether
/// an empty page comes before it.
enum Mark {
    Rows(String),
    Empty(String),
}

impl Mark {
    fn from(&self) -> &str {
        let (Self::Rows(from) | Self::Empty(from)) = self;
        from
    }

    fn into_from(self) -> String {
        let (Self::Rows(from) | Self::Empty(from)) = self;
        from
    }

    fn encode(&self) -> String {
        let kind = match self {
            Self::Rows(_) => 'r',
            Self::Empty(_) => 'e',
        };
        URL_SAFE_NO_PAD.encode(format!("{kind}{}", self.from()))
    }

    fn decode(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::bad("The skip token is not valid");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let text = String::from_utf8(bytes).map_err(|_| bad())?;
        if let Some(from) = text.strip_prefix('r') {
            Ok(Self::Rows(from.to_owned()))
        } else if let Some(from) = text.strip_prefix('e') {
            Ok(Self::Empty(from.to_owned()))
        } else {
            Err(bad())
        }
    }
}

/// The largest page of the service.
pub(super) const PAGE_SIZE: usize = 25;

/// Sorts behind every name and version.
const BEHIND_ALL: &str = "~";

pub(super) const API_VERSIONS: [&str; 16] = [
    "2016-10-01",
    "7.0",
    "7.1",
    "7.2",
    "7.3",
    "7.4",
    "7.5",
    "7.6-preview.2",
    "7.6",
    "2025-06-01-preview",
    "2025-07-01",
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-04-01",
    "2026-05-01-preview",
    "2026-07-01-preview",
];
