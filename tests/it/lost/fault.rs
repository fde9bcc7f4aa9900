//! A connection that dies at one request of a call.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, Request, Response};
use polyvault::transport::{
    Body, ClientOptions, ReqwestTransport, SendError, SendErrorKind, Transport,
};
use tokio::sync::Notify;

/// How it dies, and what the service has done by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No connection comes about.
    NotSent,
    /// It ends before the service has done anything.
    LostBefore,
    /// The service has done it, and nothing of its answer comes.
    LostAfter,
    /// The service has done it, and half of its answer comes.
    HalfAnswer,
    /// The service has done it, and a gateway answers 503.
    GatewayAfter,
    /// The service has done it, and from then on nothing gets through.
    GoneAfter,
    /// The token has run out: nothing is done.
    Expired,
    /// The future is dropped before the service has done anything.
    DroppedBefore,
    /// The future is dropped when the service has done it.
    DroppedAfter,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::NotSent,
        Self::LostBefore,
        Self::LostAfter,
        Self::HalfAnswer,
        Self::GatewayAfter,
        Self::Expired,
        Self::DroppedBefore,
        Self::DroppedAfter,
        Self::GoneAfter,
    ];
}

/// Passes requests on, but for the one at which the connection dies.
#[derive(Debug)]
pub(crate) struct Dying {
    inner: Arc<ReqwestTransport>,
    at: usize,
    fault: Fault,
    seen: AtomicUsize,
    lines: Mutex<Vec<(Method, String)>>,
    dropped: Notify,
}

impl Dying {
    pub(crate) fn at(inner: &Arc<ReqwestTransport>, at: usize, fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            at,
            fault,
            seen: AtomicUsize::new(0),
            lines: Mutex::default(),
            dropped: Notify::new(),
        })
    }

    pub(crate) fn options(self: &Arc<Self>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::clone(self) as _),
            ..ClientOptions::default()
        }
    }

    /// Verb and path of all requests so far.
    pub(crate) fn lines(&self) -> Vec<(Method, String)> {
        self.lines.lock().unwrap().clone()
    }

    /// Until the call is at the point where it is to be dropped.
    pub(crate) async fn dropped(&self) {
        self.dropped.notified().await;
    }

    async fn die(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let error = |kind| Err(SendError::new(kind, "made up"));
        let done = async {
            let answer = self.inner.send(request, timeout).await;
            answer.expect("the emulator answers")
        };
        match self.fault {
            Fault::NotSent => error(SendErrorKind::NotSent),
            Fault::LostBefore => error(SendErrorKind::AnswerLost),
            Fault::LostAfter | Fault::GoneAfter => {
                done.await;
                error(SendErrorKind::AnswerLost)
            }
            Fault::HalfAnswer => Ok(done.await.map(|body| {
                let half = body.as_bytes().len() / 2;
                Body::from_wiped(body.as_bytes()[..half].to_vec().into())
            })),
            Fault::GatewayAfter => {
                done.await;
                Ok(status(503))
            }
            Fault::Expired => Ok(status(401)),
            Fault::DroppedBefore | Fault::DroppedAfter => {
                if self.fault == Fault::DroppedAfter {
                    done.await;
                }
                self.dropped.notify_one();
                pending().await
            }
        }
    }
}

#[async_trait]
impl Transport for Dying {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let line = (request.method().clone(), request.uri().path().to_owned());
        self.lines.lock().unwrap().push(line);
        let at = self.seen.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            _ if at == self.at => self.die(request, timeout).await,
            Fault::GoneAfter if at > self.at => {
                Err(SendError::new(SendErrorKind::NotSent, "made up"))
            }
            _ => self.inner.send(request, timeout).await,
        }
    }
}

fn status(status: u16) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status.try_into().unwrap();
    answer
}
