//! What is sent back, and how: whole, in bytes, never, or for ever.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use polyvault_core::clock::Clock;
use tokio::sync::mpsc::UnboundedSender;

use super::Fault;
use super::fault::whole_seconds;

pub(super) type Reply = Response<Sent>;

type Sent = UnsyncBoxBody<Bytes, Infallible>;

/// What an endless body consists of: blanks, which JSON may begin with.
static BLANKS: [u8; 16 * 1024] = [b' '; 16 * 1024];

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Close,
    Reset,
}

/// Ends the connection that it belongs to; nothing comes of what waits for it.
#[derive(Clone, Debug)]
pub(super) struct Ending(pub(super) UnboundedSender<End>);

impl Ending {
    pub(super) async fn close<T>(self) -> T {
        self.now(End::Close).await
    }

    pub(super) async fn reset<T>(self) -> T {
        self.now(End::Reset).await
    }

    async fn now<T>(self, end: End) -> T {
        // Whoever would hear it drops this future then.
        let _ = self.0.send(end);
        pending().await
    }
}

/// The answer of a fault that the service behind does not hear of.
pub(super) fn before_commit(fault: Fault, endless: &Arc<AtomicU64>) -> Option<Reply> {
    Some(match fault {
        Fault::RateLimited(wait) => {
            let mut reply = empty(429);
            if let Some(wait) = wait {
                let seconds = HeaderValue::from(whole_seconds(wait));
                reply.headers_mut().insert(RETRY_AFTER, seconds);
            }
            reply
        }
        Fault::Status(status) => empty(status),
        Fault::HtmlPage => {
            let page = "<!doctype html><title>Sign in</title><h1>Who are you?</h1>\n";
            typed(plain(StatusCode::OK, page), "text/html; charset=utf-8")
        }
        Fault::EndlessBody => {
            let sent = Arc::clone(endless);
            let blanks = stream::repeat_with(move || {
                sent.fetch_add(BLANKS.len() as u64, Ordering::Relaxed);
                Bytes::from_static(&BLANKS)
            });
            typed(Response::new(streamed(blanks)), "application/json")
        }
        _ => return None,
    })
}

/// Whether a fault of the bytes fits this answer.
pub(super) fn fits_bytes(fault: Fault, status: StatusCode, body: &Bytes) -> bool {
    match fault {
        Fault::ResetAfterCommit | Fault::StatusAfterCommit(_) => true,
        Fault::EmptyBody => status.is_success() && !body.is_empty(),
        Fault::CutBody
        | Fault::TruncatedJson
        | Fault::WrongContentType
        | Fault::SlowBody(_)
        | Fault::StalledBody => !body.is_empty(),
        _ => false,
    }
}

/// The answer of the service, with what a fault makes of its bytes.
pub(super) fn changed(
    fault: Option<Fault>,
    mut head: Parts,
    body: Bytes,
    ending: Ending,
    clock: &Arc<dyn Clock>,
) -> Reply {
    let whole = HeaderValue::from(body.len());
    let half = body.slice(..body.len() / 2);
    let sent = match fault {
        Some(Fault::EmptyBody) => full(Bytes::new()),
        Some(Fault::TruncatedJson) => full(half),
        Some(Fault::WrongContentType) => {
            return typed(Response::from_parts(head, full(body)), "text/plain");
        }
        Some(Fault::SlowBody(pause)) => {
            head.headers.insert(CONTENT_LENGTH, whole);
            slow(body, pause, Arc::clone(clock))
        }
        Some(Fault::CutBody) => {
            head.headers.insert(CONTENT_LENGTH, whole);
            then(half, ending.close())
        }
        Some(Fault::StalledBody) => {
            head.headers.insert(CONTENT_LENGTH, whole);
            then(half, pending())
        }
        _ => full(body),
    };
    Response::from_parts(head, sent)
}

/// This status and nothing else; what is no status is a 500.
pub(super) fn empty(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    plain(status, "")
}

/// A text.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = Response::new(full(Bytes::from_static(text.as_bytes())));
    *reply.status_mut() = status;
    reply
}

fn typed(mut reply: Reply, content_type: &'static str) -> Reply {
    let content_type = HeaderValue::from_static(content_type);
    reply.headers_mut().insert(CONTENT_TYPE, content_type);
    reply
}

fn full(body: Bytes) -> Sent {
    Full::new(body).boxed_unsync()
}

fn streamed(chunks: impl Stream<Item = Bytes> + Send + 'static) -> Sent {
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}

fn then(half: Bytes, end: impl Future<Output = Bytes> + Send + 'static) -> Sent {
    streamed(stream::once(ready(half)).chain(stream::once(end)))
}

fn slow(body: Bytes, pause: Duration, clock: Arc<dyn Clock>) -> Sent {
    streamed(stream::unfold(body, move |mut left| {
        let clock = Arc::clone(&clock);
        async move {
            if left.is_empty() {
                return None;
            }
            clock.sleep(pause).await;
            Some((left.split_to(1), left))
        }
    }))
}
