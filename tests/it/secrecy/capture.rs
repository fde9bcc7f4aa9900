//! All that a program's own ears hear while a store works: spans, events, log lines, metrics, requests, panics.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use log::{LevelFilter, Log, Metadata, Record};
use polyvault::observability::{Event, Metrics};
use polyvault::transport::{Body, ClientOptions, ReqwestTransport, SendError, Transport};
use polyvault_testkit::interrupt::Reply;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::told::Told;

/// The channels, each with what it heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Heard {
    pub(crate) fn push(&self, channel: &'static str, text: String) {
        self.0.lock().unwrap().push((channel, text));
    }

    /// Moves what was heard.
    pub(crate) fn tell(&self, told: &mut Told) {
        for (channel, text) in self.0.lock().unwrap().drain(..) {
            told.text(channel, text);
        }
    }

    /// How much a channel heard.
    pub(crate) fn count(&self, channel: &str) -> usize {
        let all = self.0.lock().unwrap();
        all.iter().filter(|(one, _)| *one == channel).count()
    }

    /// Listens on this thread while `work` runs.
    pub(crate) async fn while_in<T>(&self, work: impl Future<Output = T>) -> T {
        // Else tracing would ask one subscriber for all threads.
        let _other = Dispatch::new(NoSubscriber::default());
        let lines = self.clone();
        let format = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || Lines(lines.clone()));
        let compact = self.clone();
        let compact = tracing_subscriber::fmt::layer()
            .compact()
            .with_writer(move || Lines(compact.clone()));
        let subscriber = tracing_subscriber::registry()
            .with(tracing_subscriber::filter::LevelFilter::from_level(
                Level::TRACE,
            ))
            .with(format)
            .with(compact)
            .with(Json(self.clone()));
        let _guard = tracing::subscriber::set_default(subscriber);
        log_to(self);
        let made = work.await;
        HERE.take();
        made
    }

    /// Options of a store whose requests, answers and metrics are heard.
    pub(crate) fn options(&self) -> ClientOptions {
        self.options_with(Vec::new())
    }

    /// The same, where every third request gets one of these answers; what they hold is not ours.
    pub(crate) fn options_with(&self, replies: Vec<Reply>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::new(Wire {
                heard: self.clone(),
                inner: ReqwestTransport::default(),
                replies,
                sent: AtomicUsize::new(0),
            })),
            metrics: Some(Arc::new(self.clone())),
            ..ClientOptions::default()
        }
    }
}

/// What `fmt` writes.
struct Lines(Heard);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .push("fmt", String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Spans and events as exporters of JSON write them.
struct Json(Heard);

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

impl<S: Subscriber> Layer<S> for Json {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        self.0.push("json", Value::Object(fields.0).to_string());
    }

    fn on_record(&self, _: &Id, values: &tracing::span::Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.0.push("json", Value::Object(fields.0).to_string());
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.push("json", Value::Object(fields.0).to_string());
    }
}

impl Metrics for Heard {
    fn record(&self, event: &Event) {
        self.push("metrics", format!("{event:?} {event:#?}"));
    }
}

/// Requests as `Debug` shows them, and their URLs.
struct Wire {
    heard: Heard,
    inner: ReqwestTransport,
    replies: Vec<Reply>,
    sent: AtomicUsize,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        let heard = &self.heard;
        heard.push("url", format!("{} {}", request.method(), request.uri()));
        heard.push("request", format!("{request:?} {request:#?}"));
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        if let Some(turn) = (number % 3 == 2).then_some(number / 3)
            && let Some(reply) = self.replies.iter().cycle().take(turn + 1).last()
        {
            return reply(&request).map_err(|kind| SendError::new(kind, "lost"));
        }
        let answer = self.inner.send(request, timeout).await;
        heard.push("answer", format!("{answer:?} {answer:#?}"));
        answer
    }
}

thread_local! {
    static HERE: RefCell<Option<Heard>> = const { RefCell::new(None) };
    static PANICS: RefCell<Option<Heard>> = const { RefCell::new(None) };
}

/// The process's one logger, to which the HTTP stack writes.
struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let heard = HERE.with_borrow(Clone::clone);
        if let Some(heard) = heard {
            heard.push("log", format!("{} {}", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

fn log_to(heard: &Heard) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
    HERE.set(Some(heard.clone()));
}

/// What a panic tells: its message, as the hook of a program sees it.
pub(crate) fn panicked(heard: &Heard, work: impl FnOnce()) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match PANICS.take() {
            Some(heard) => {
                heard.push("panic", format!("{info} {info:?}"));
                let text = info.payload_as_str().unwrap_or_default();
                heard.push("panic", text.to_owned());
            }
            None => before(info),
        }));
    });
    PANICS.set(Some(heard.clone()));
    let caught = panic::catch_unwind(panic::AssertUnwindSafe(work));
    PANICS.take();
    assert!(caught.is_err(), "it was to panic");
}
