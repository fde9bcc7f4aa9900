//! Services on a thread of their own, and a transport to them without an HTTP stack on this one.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Request, Response};
use polyvault::transport::{Body, ClientOptions, ReqwestTransport, SendError, Transport};
use polyvault_testkit::script::Answer;
use tokio::sync::{mpsc, oneshot};

use super::recorder::unseen;
use super::services::Service;

type Asked = (
    Request<Body>,
    Duration,
    oneshot::Sender<Result<Response<Body>, SendError>>,
);

type Other = Box<dyn Fn(usize) -> Option<Answer> + Send>;

/// Copies each request to the other thread, so that all that polyvault made is freed on this one.
pub(crate) struct Across {
    asked: mpsc::UnboundedSender<Asked>,
    other: Mutex<Option<Other>>,
    sent: AtomicUsize,
}

impl Across {
    /// A service, and the URL of its store.
    pub(crate) fn start(which: &'static str) -> (Arc<Self>, String) {
        let (asked, mut requests) = mpsc::unbounded_channel::<Asked>();
        let (told, url) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async move {
                let service = Service::start(which).await;
                told.send(service.url.clone()).unwrap();
                let transport = ReqwestTransport::default();
                while let Some((request, timeout, answer)) = requests.recv().await {
                    let _ = answer.send(transport.send(request, timeout).await);
                }
            });
        });
        let across = Self {
            asked,
            other: Mutex::default(),
            sent: AtomicUsize::new(0),
        };
        (Arc::new(across), url.recv().unwrap())
    }

    pub(crate) fn options(self: &Arc<Self>) -> ClientOptions {
        let mut options = ClientOptions {
            transport: Some(Arc::clone(self) as _),
            ..ClientOptions::default()
        };
        options.retry.max_repeats = 1;
        options
    }

    /// How many requests there were since the last time this was asked.
    pub(crate) fn sent(&self) -> usize {
        self.sent.swap(0, Ordering::SeqCst)
    }

    /// Has requests answered by this, by their number, where it has an answer.
    pub(crate) fn answer_otherwise(
        &self,
        other: impl Fn(usize) -> Option<Answer> + Send + 'static,
    ) {
        *self.other.lock().unwrap() = Some(Box::new(other));
    }
}

impl fmt::Debug for Across {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Across").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Across {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        let other = unseen(|| {
            let other = self.other.lock().unwrap();
            other.as_ref().and_then(|other| other(number))
        });
        if let Some(answer) = other {
            return answer.map_err(|kind| SendError::new(kind, "lost"));
        }
        let (answer, answered) = oneshot::channel();
        self.asked
            .send((unseen(|| copy(&request)), timeout, answer))
            .unwrap();
        answered.await.unwrap()
    }
}

fn copy(request: &Request<Body>) -> Request<Body> {
    let bytes = request.body().as_bytes().to_vec();
    let mut copy = Request::new(Body::from_wiped(bytes.into()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().to_string().parse().unwrap();
    for (name, value) in request.headers() {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        copy.headers_mut().insert(name, value);
    }
    copy
}
