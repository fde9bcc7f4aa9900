//! What a subscriber and a hook see.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use polyvault_core::observability::{Event, Metrics};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// A span or an event.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) level: String,
    pub(super) target: String,
    pub(super) parent: Option<usize>,
    /// The fields it can have.
    pub(super) declared: Vec<String>,
    /// Those it has.
    pub(super) fields: BTreeMap<String, String>,
}

/// Keeps all spans and events of this thread, at every level.
#[derive(Clone, Debug, Default)]
pub(super) struct Capture(Arc<Mutex<Vec<Seen>>>);

/// Where a span is in the list.
struct Index(usize);

impl Capture {
    pub(super) fn start() -> (Self, DefaultGuard) {
        each_thread_for_itself();
        let capture = Self::default();
        let subscriber = tracing_subscriber::registry().with(capture.clone());
        (capture, tracing::subscriber::set_default(subscriber))
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&[Seen]) -> T) -> T {
        at(&self.0.lock().unwrap())
    }

    /// All as a tree, a line each, with the fields in the order of the alphabet.
    pub(super) fn tree(&self) -> String {
        self.look(|all| {
            let mut text = String::new();
            draw(all, None, 0, &mut text);
            text
        })
    }

    fn push(&self, metadata: &Metadata<'_>, parent: Option<usize>, mut fields: Fields) -> usize {
        let message = fields.0.remove("message");
        let declared = metadata.fields().iter().map(|field| field.name());
        let mut all = self.0.lock().unwrap();
        all.push(Seen {
            name: message.unwrap_or_else(|| metadata.name().to_owned()),
            level: metadata.level().to_string(),
            target: metadata.target().to_owned(),
            parent,
            declared: declared
                .filter(|name| *name != "message")
                .map(str::to_owned)
                .collect(),
            fields: fields.0,
        });
        all.len() - 1
    }
}

/// What one test's subscriber wants, tracing would take for the wish of all threads as
/// long as there is no other: with one that wants nothing it asks each time.
pub(super) fn each_thread_for_itself() {
    static OTHER: OnceLock<Dispatch> = OnceLock::new();
    OTHER.get_or_init(|| Dispatch::new(NoSubscriber::default()));
}

fn draw(all: &[Seen], parent: Option<usize>, depth: usize, text: &mut String) {
    for (index, seen) in all.iter().enumerate().filter(|(_, s)| s.parent == parent) {
        text.push_str(&"  ".repeat(depth));
        text.push_str(&format!("{} {}", seen.level, seen.name));
        for (name, value) in &seen.fields {
            text.push_str(&format!(" {name}={value}"));
        }
        text.push('\n');
        draw(all, Some(index), depth + 1, text);
    }
}

fn index<'a, S: LookupSpan<'a>>(span: Option<SpanRef<'a, S>>) -> Option<usize> {
    span.and_then(|span| span.extensions().get::<Index>().map(|index| index.0))
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let at = self.push(span.metadata(), index(span.parent()), fields);
        span.extensions_mut().insert(Index(at));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let at = index(context.span(id)).unwrap();
        let mut fields = Fields::default();
        values.record(&mut fields);
        let mut all = self.0.lock().unwrap();
        for (name, value) in fields.0 {
            let before = all[at].fields.insert(name.clone(), value);
            assert_eq!(before, None, "{name} is told twice: exporters show both");
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.push(event.metadata(), index(context.event_span(event)), fields);
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// Keeps all events, and panics at the first of a kind if it is told to.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) events: Mutex<Vec<String>>,
    pub(super) panic_at: Mutex<Option<&'static str>>,
}

impl Recorder {
    pub(super) fn lines(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }
}

impl Metrics for Recorder {
    fn record(&self, event: &Event) {
        let line = format!("{event:?}");
        let told = self
            .panic_at
            .lock()
            .unwrap()
            .take_if(|kind| line.starts_with(*kind));
        assert!(told.is_none(), "the hook's own fault");
        self.events.lock().unwrap().push(line);
    }
}
