//! Fixtures: one exchange on a service's wire a file.
//!
//! A file holds `{source, given, request, response}`, and `exempt` where no
//! state of an emulator can answer so. `given` is a list of instructions for
//! the emulator, which seed state or turn a knob.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use polyvault_core::transport::{Body, ReqwestTransport, Transport};
use serde_json::Value;
use zeroize::Zeroizing;

/// One exchange on the wire.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The file's name without `.json`.
    pub name: String,
    /// Where the exchange is known from.
    pub source: String,
    /// What the emulator must be told first.
    pub given: Vec<Value>,
    /// The request.
    pub request: Request,
    /// The answer.
    pub response: Response,
    /// Why no state of an emulator can give this answer; `None` if one can.
    pub exempt: Option<String>,
}

/// The request of a [`Fixture`].
#[derive(Clone, Debug)]
pub struct Request {
    /// The verb.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The headers that matter, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The JSON body, where there is one.
    pub body: Option<Value>,
}

/// The answer of a [`Fixture`].
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers that matter, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The JSON body, where there is one.
    pub body: Option<Value>,
    /// The body's text, where it is not JSON.
    pub text: Option<String>,
}

impl Fixture {
    /// The answer's body as bytes, as a client would receive it.
    #[must_use]
    pub fn response_bytes(&self) -> Vec<u8> {
        self.response.bytes()
    }

    /// The answer as a client's response parser takes it.
    ///
    /// # Example
    ///
    /// ```
    /// use polyvault_testkit::fixture::load;
    ///
    /// let fixtures = load("wix-secrets")?;
    /// let answer = fixtures[0].http_response()?;
    /// assert_eq!(answer.body().as_bytes(), fixtures[0].response_bytes());
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A text that names the header or status that is none.
    pub fn http_response(&self) -> Result<http::Response<Body>, String> {
        let made = self.response.http();
        made.map_err(|error| format!("{}: {error}", self.name))
    }
}

impl Response {
    fn bytes(&self) -> Vec<u8> {
        match (&self.body, &self.text) {
            (Some(json), _) => json.to_string().into_bytes(),
            (None, Some(text)) => text.clone().into_bytes(),
            (None, None) => Vec::new(),
        }
    }

    pub(crate) fn http(&self) -> Result<http::Response<Body>, String> {
        let mut builder = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let body = Body::from_wiped(Zeroizing::new(self.bytes()));
        builder.body(body).map_err(|error| error.to_string())
    }
}

/// The folder `fixtures/<provider>` of this workspace.
///
/// # Example
///
/// ```
/// use polyvault_testkit::fixture::folder;
///
/// assert!(folder("wix-secrets").join("README.md").is_file());
/// ```
#[must_use]
pub fn folder(provider: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(provider)
}

/// Reads all fixtures of a provider, by name.
///
/// # Example
///
/// ```
/// use polyvault_testkit::fixture::{folder, load};
///
/// assert!(folder("wix-secrets").is_dir());
/// for fixture in load("wix-secrets")? {
///     let answer = fixture.http_response()?;
///     assert_eq!(answer.body().as_bytes(), fixture.response_bytes());
/// }
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
///
/// A text that names the file and what is wrong with it: a missing `source`, an
/// unknown key, no status.
pub fn load(provider: &str) -> Result<Vec<Fixture>, String> {
    let folder = folder(provider);
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut fixtures = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            fixtures.push(read(&path).map_err(|e| format!("{}: {e}", path.display()))?);
        }
    }
    fixtures.sort_by(|a: &Fixture, b| a.name.cmp(&b.name));
    Ok(fixtures)
}

/// How many fixtures there are, how many an emulator answered as they say, and
/// which could not be asked.
#[derive(Debug, Default)]
pub struct Replay {
    /// Fixtures on disk.
    pub total: usize,
    /// Fixtures whose answer had the same status, error code and key paths.
    pub replayed: usize,
    /// Names and reasons of those that no emulator state can answer.
    pub exempt: Vec<(String, String)>,
    /// What differed, one line a fixture.
    pub failures: Vec<String>,
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "fixtures: {} on disk, {} replayed, {} exempt, {} differ",
            self.total,
            self.replayed,
            self.exempt.len(),
            self.failures.len()
        )?;
        for (name, why) in &self.exempt {
            write!(f, "\n  exempt {name}: {why}")?;
        }
        for failure in &self.failures {
            write!(f, "\n  differs {failure}")?;
        }
        Ok(())
    }
}

/// Sends every fixture's request raw to a fresh emulator each and compares the
/// answers' status, error codes and key paths.
///
/// `start` starts an emulator, tells it what is `given` and gives it with its base
/// URL; it lives until its fixture is done. `codes` are the JSON pointers of the
/// service's error codes.
///
/// # Example
///
/// ```
/// use polyvault::wix_secrets::emulator::Emulator;
/// use polyvault_testkit::fixture;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), String> {
/// let tally = fixture::replay("wix-secrets", &["/details/applicationError/code"], async |given| {
///     let emulator = Emulator::start().await;
///     for step in &given {
///         emulator.given(step)?;
///     }
///     let url = emulator.url();
///     Ok((emulator, url))
/// })
/// .await?;
/// assert!(tally.failures.is_empty(), "{tally}");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A text, if the fixtures can't be read.
pub async fn replay<E, F, Fut>(provider: &str, codes: &[&str], start: F) -> Result<Replay, String>
where
    F: Fn(Vec<Value>) -> Fut,
    Fut: Future<Output = Result<(E, String), String>>,
{
    let mut tally = Replay::default();
    let transport = ReqwestTransport::default();
    for fixture in load(provider)? {
        tally.total += 1;
        if let Some(why) = fixture.exempt {
            tally.exempt.push((fixture.name, why));
            continue;
        }
        let outcome = match start(fixture.given.clone()).await {
            Ok((_emulator, base)) => ask(&transport, &base, &fixture)
                .await
                .and_then(|answer| compare(&fixture, codes, &answer)),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => tally.replayed += 1,
            Err(why) => tally.failures.push(format!("{}: {why}", fixture.name)),
        }
    }
    Ok(tally)
}

/// The paths of all keys in a JSON value, arrays as `[]`.
///
/// # Example
///
/// ```
/// use polyvault_testkit::fixture::key_paths;
/// use serde_json::json;
///
/// let paths = key_paths(&json!({"secrets": [{"id": "a"}, {"id": "b"}]}));
/// assert!(paths.iter().eq(["/secrets", "/secrets/[]/id"]));
/// ```
#[must_use]
pub fn key_paths(value: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    collect_paths(value, "", &mut paths);
    paths
}

fn collect_paths(value: &Value, at: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let path = format!("{at}/{key}");
                paths.insert(path.clone());
                collect_paths(inner, &path, paths);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_paths(item, &format!("{at}/[]"), paths);
            }
        }
        _ => {}
    }
}

async fn ask(
    transport: &ReqwestTransport,
    base: &str,
    fixture: &Fixture,
) -> Result<http::Response<Body>, String> {
    let mut builder = http::Request::builder()
        .method(fixture.request.method.as_str())
        .uri(format!("{base}{}", fixture.request.path));
    for (name, value) in &fixture.request.headers {
        builder = builder.header(name, value);
    }
    let body = match &fixture.request.body {
        Some(json) => json.to_string().into_bytes(),
        None => Vec::new(),
    };
    let request = builder
        .body(Body::from_wiped(Zeroizing::new(body)))
        .map_err(|error| error.to_string())?;
    transport
        .send(request, Duration::from_secs(20))
        .await
        .map_err(|error| error.to_string())
}

fn compare(fixture: &Fixture, codes: &[&str], answer: &http::Response<Body>) -> Result<(), String> {
    let status = answer.status().as_u16();
    if status != fixture.response.status {
        return Err(format!("status {status}, not {}", fixture.response.status));
    }
    for (name, value) in &fixture.response.headers {
        let got = answer.headers().get(name).and_then(|v| v.to_str().ok());
        if got.is_none() {
            return Err(format!("no header {name}: {value}"));
        }
    }
    let bytes = answer.body().as_bytes();
    let Some(wanted) = &fixture.response.body else {
        return match bytes {
            [] => Ok(()),
            _ => Err(format!("a body of {} bytes where none is", bytes.len())),
        };
    };
    let got: Value = parse(bytes).map_err(|error| format!("the answer is no JSON: {error}"))?;
    for code in codes {
        if wanted.pointer(code) != got.pointer(code) {
            return Err(format!(
                "{code} is {:?}, not {:?}",
                got.pointer(code),
                wanted.pointer(code)
            ));
        }
    }
    let (wanted, got) = (key_paths(wanted), key_paths(&got));
    if wanted == got {
        return Ok(());
    }
    let missing: Vec<_> = wanted.difference(&got).collect();
    let extra: Vec<_> = got.difference(&wanted).collect();
    Err(format!("keys missing {missing:?}, keys too many {extra:?}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "fixtures and emulators hold made-up values only"
)]
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<Fixture, String> {
    let root = parse(&std::fs::read(path).map_err(|error| error.to_string())?)?;
    known_keys(&root, &["source", "given", "request", "response", "exempt"])?;
    let request = root.get("request").ok_or("no request")?;
    known_keys(request, &["method", "path", "headers", "body"])?;
    let response = root.get("response").ok_or("no response")?;
    known_keys(response, &["status", "headers", "body", "text"])?;
    Ok(Fixture {
        name: path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default(),
        source: text(&root, "source")?,
        given: match root.get("given") {
            Some(Value::Array(steps)) => steps.clone(),
            None => Vec::new(),
            Some(_) => return Err("given is no list".into()),
        },
        request: Request {
            method: text(request, "method")?,
            path: text(request, "path")?,
            headers: headers(request)?,
            body: request.get("body").cloned(),
        },
        response: self::response(response)?,
        exempt: root
            .get("exempt")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

pub(crate) fn response(value: &Value) -> Result<Response, String> {
    let status = value.get("status").and_then(Value::as_u64);
    let text = value.get("text").and_then(Value::as_str);
    Ok(Response {
        status: status
            .and_then(|status| u16::try_from(status).ok())
            .ok_or("no status")?,
        headers: headers(value)?,
        body: value.get("body").cloned(),
        text: text.map(str::to_owned),
    })
}

pub(crate) fn known_keys(value: &Value, known: &[&str]) -> Result<(), String> {
    let fields = value.as_object().ok_or("not an object")?;
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown key {key}")),
        None => Ok(()),
    }
}

fn text(value: &Value, key: &str) -> Result<String, String> {
    value
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| format!("no {key}"))
}

fn headers(value: &Value) -> Result<BTreeMap<String, String>, String> {
    let Some(headers) = value.get("headers") else {
        return Ok(BTreeMap::new());
    };
    let headers = headers.as_object().ok_or("headers is no object")?;
    headers
        .iter()
        .map(|(name, value)| match value.as_str() {
            Some(value) => Ok((name.to_ascii_lowercase(), value.to_owned())),
            None => Err(format!("header {name} is no text")),
        })
        .collect()
}
