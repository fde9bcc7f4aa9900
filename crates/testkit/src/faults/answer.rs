//! One request: what is decided, asked of the service, and given back.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TRANSFER_ENCODING,
};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use polyvault_core::transport::{Body, ReqwestTransport, Transport as _, is_near};
use sha2::{Digest as _, Sha256};

use super::edit::{Asked, Memory};
use super::plan::Progress;
use super::reply::{Ending, Reply, before_commit, changed, empty, fits_bytes, plain};
use super::trace::line;
use super::{Fault, FaultPlan, Traced};

/// How long the service behind may take: longer than any client waits.
const UPSTREAM: Duration = Duration::from_secs(600);

/// What belongs to one connection, and is made anew for the next.
const HOP_BY_HOP: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING];

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) plan: FaultPlan,
    pub(super) address: SocketAddr,
    /// The origin of the service for requests that name no other.
    pub(super) service: Option<String>,
    pub(super) upstream: ReqwestTransport,
    pub(super) state: Mutex<State>,
    pub(super) endless: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) trace: Vec<Traced>,
    progress: Progress,
    memory: Memory,
    /// Digests of credentials that have expired.
    expired: HashSet<Vec<u8>>,
}

/// A request as it stands in the trace, and what was decided for it.
struct Taken {
    at: usize,
    fault: Option<Fault>,
    rule: Option<usize>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer; where there is none the connection is ended, and this never returns.
    pub(super) async fn answer(&self, request: Request<Incoming>, ending: Ending) -> Reply {
        let (mut head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return ending.close().await;
        };
        let target = head.uri.path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        let page = self.state().memory.resolve(target);
        let held_back = page.is_some();
        let target = page.unwrap_or_else(|| target.to_owned());
        let taken = self.take(&head, &target);
        if let Some(reply) = taken.fault.and_then(|f| before_commit(f, &self.endless)) {
            return reply;
        }
        if taken.fault == Some(Fault::ResetBeforeCommit) {
            return ending.reset().await;
        }
        let Some(origin) = self.origin(&head) else {
            self.judge(&taken, None);
            return plain(
                StatusCode::BAD_GATEWAY,
                "no service on this machine is named\n",
            );
        };
        let reads = head.method == Method::GET;
        let unsigned = matches!(
            taken.fault,
            Some(Fault::Unauthenticated | Fault::ExpiredToken)
        ) && head.headers.remove(AUTHORIZATION).is_some();
        let answer = self.pass_on(head, &origin, &target, body.to_bytes()).await;
        // The service ended the connection, and so does the proxy.
        let Some(answer) = answer else {
            self.judge(&taken, None);
            return ending.reset().await;
        };
        let (mut head, body) = answer.into_parts();
        remove_hop_by_hop(&mut head.headers);
        let asked = Asked {
            reads,
            origin: &origin,
            held_back,
            target: &target,
        };
        let edited = self
            .state()
            .memory
            .edit(taken.fault, &asked, body.as_bytes());
        let (shown, body) = match edited {
            Some((fault, body)) => (Some(fault), Bytes::from(body)),
            None => (None, body.into_bytes()),
        };
        let fault = taken.fault.filter(|fault| {
            let fits = fits_bytes(*fault, head.status, &body);
            unsigned || shown == Some(*fault) || fits
        });
        self.judge(&taken, fault.or(shown));
        match fault {
            Some(Fault::ResetAfterCommit) => ending.reset().await,
            Some(Fault::StatusAfterCommit(status)) => empty(status),
            fault => changed(fault, head, body, ending, &self.plan.clock),
        }
    }

    /// Decides, and traces.
    fn take(&self, head: &Parts, target: &str) -> Taken {
        let verb = head.method.as_str();
        let path = target.split('?').next().unwrap_or_default();
        let request = line(verb, path);
        let credential = head.headers.get(AUTHORIZATION);
        let credential = credential.map(|credential| Sha256::digest(credential).to_vec());
        let mut state = self.state();
        let mut decided = state.progress.next(&self.plan, verb, path, &request);
        if let Some(credential) = credential {
            if state.expired.contains(&credential) {
                if let Some((_, rule)) = decided.take() {
                    state.progress.give_back(rule);
                }
                decided = Some((Fault::ExpiredToken, usize::MAX));
            } else if let Some((Fault::ExpiredToken, _)) = decided {
                state.expired.insert(credential);
            }
        }
        let (fault, rule) = decided.unzip();
        let at = state.trace.len();
        state.trace.push(Traced {
            request,
            fault,
            fits: fault.is_some(),
        });
        Taken { at, fault, rule }
    }

    /// Traces what the answer shows, and leaves a fault that did not fit to a later request.
    fn judge(&self, taken: &Taken, shown: Option<Fault>) {
        let mut state = self.state();
        if let Some(traced) = state.trace.get_mut(taken.at) {
            traced.fits = shown.is_some();
            traced.fault = shown.or(taken.fault);
        }
        if let (true, Some(rule)) = (shown != taken.fault, taken.rule) {
            state.progress.give_back(rule);
        }
    }

    /// Where a request goes: to this machine alone, since it may hold a credential.
    fn origin(&self, head: &Parts) -> Option<String> {
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let named = match head.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => host,
        };
        match named {
            Some(named) if named != self.address.to_string() => {
                Some(format!("http://{named}")).filter(|origin| is_here(origin))
            }
            _ => self.service.clone(),
        }
    }

    async fn pass_on(
        &self,
        head: Parts,
        origin: &str,
        target: &str,
        body: Bytes,
    ) -> Option<Response<Body>> {
        let mut request = Request::new(Body::from_wiped(body.to_vec().into()));
        *request.method_mut() = head.method;
        *request.uri_mut() = format!("{origin}{target}").parse().ok()?;
        *request.headers_mut() = head.headers;
        remove_hop_by_hop(request.headers_mut());
        self.upstream.send(request, UPSTREAM).await.ok()
    }
}

/// Whether the service is on this machine.
pub(super) fn is_here(origin: &str) -> bool {
    let uri: Result<Uri, _> = origin.parse();
    uri.is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some_and(is_near))
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
