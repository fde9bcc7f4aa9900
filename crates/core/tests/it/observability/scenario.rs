//! What happens to a store, one case each.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use polyvault_core::{
    DeleteOptions, ErrorKind, Retry, SecretName, SecretStore, SecretStoreExt, WaitPolicy,
};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::script::{Answer, answer, lost};

use super::capture::{Capture, Recorder};
use super::remote::Setup;

/// What came out of a scenario.
pub(super) struct Run {
    pub(super) capture: Capture,
    pub(super) events: Vec<String>,
    /// Stands in the value and in the token.
    pub(super) mark: Mark,
}

impl Run {
    async fn of(setup: Setup, scenario: impl AsyncFnOnce(&Setup)) -> Self {
        let recorder = Arc::new(Recorder::default());
        let (capture, _guard) = Capture::start();
        let setup = setup.metrics(Arc::clone(&recorder) as _);
        scenario(&setup).await;
        Self {
            capture,
            events: recorder.lines(),
            mark: setup.mark,
        }
    }

    pub(super) fn tells(&self, tree: &str, events: &[&str]) {
        let lines = tree.lines().filter(|line| !line.trim().is_empty());
        let tree: Vec<_> = lines.map(|line| line.get(8..).unwrap()).collect();
        assert_eq!(self.capture.tree().trim_end(), tree.join("\n"));
        assert_eq!(self.events, events);
    }
}

pub(super) type Scenario = fn() -> Pin<Box<dyn Future<Output = Run>>>;

pub(super) const ALL: [Scenario; 10] = [
    || Box::pin(read()),
    || Box::pin(throttled()),
    || Box::pin(renewed()),
    || Box::pin(lost_put()),
    || Box::pin(deleted()),
    || Box::pin(never_deleted()),
    || Box::pin(queued()),
    || Box::pin(held()),
    || Box::pin(without_token()),
    || Box::pin(kept_token()),
];

pub(super) fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    let headers = answer.as_mut().unwrap().headers_mut();
    headers.insert(name, value.parse().unwrap());
    answer
}

/// Reads `db` through these answers and then one with the marked value.
async fn reads(answers: impl IntoIterator<Item = Answer>, id: Option<&str>) -> Run {
    let mark = Mark::new();
    let mut last = answer(200, mark.text());
    if let Some(id) = id {
        last = with(last, "x-request-id", id);
    }
    let setup = Setup::new(mark, answers.into_iter().chain([last]));
    Run::of(setup, async |setup| {
        setup.store().get_text("db").await.unwrap();
    })
    .await
}

pub(super) async fn read() -> Run {
    reads([], Some("r-1")).await
}

pub(super) async fn throttled() -> Run {
    let slower = with(answer(429, "slow"), "retry-after", "2");
    let slower = with(slower, "x-request-id", "r-1");
    reads([slower, answer(503, "")], None).await
}

pub(super) async fn renewed() -> Run {
    reads([answer(401, "")], None).await
}

pub(super) async fn lost_put() -> Run {
    Run::of(Setup::new(Mark::new(), [lost()]), async |setup| {
        let put = setup.store().put("db", setup.mark.text()).await;
        assert_eq!(put.unwrap_err().retry(), Retry::OutcomeUnknown);
    })
    .await
}

pub(super) async fn deleted() -> Run {
    let answers = [202, 200, 404].map(|status| answer(status, ""));
    Run::of(Setup::new(Mark::new(), answers), async |setup| {
        setup.store().delete("db").await.unwrap();
    })
    .await
}

pub(super) async fn never_deleted() -> Run {
    let answers = [202, 200, 200].map(|status| answer(status, ""));
    Run::of(Setup::new(Mark::new(), answers), async |setup| {
        let store = setup.store();
        let secret = SecretName::new("db").unwrap().into();
        let begun = store.begin_delete(&secret, DeleteOptions::default()).await;
        let policy = WaitPolicy {
            deadline: Duration::from_secs(2),
            ..WaitPolicy::default()
        };
        let error = begun.unwrap().wait(policy).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    })
    .await
}

/// Two reads where one may be under way.
pub(super) async fn queued() -> Run {
    let mark = Mark::new();
    let mut setup = Setup::new(mark.clone(), [1, 2].map(|_| answer(200, mark.text())));
    setup.options.max_in_flight = 1;
    Run::of(setup, async |setup| {
        let store = setup.store();
        let (one, other) = tokio::join!(store.get_text("db"), store.get_text("db"));
        assert!(one.is_ok() && other.is_ok());
    })
    .await
}

/// A read while the service asks for a longer pause than is waited for.
pub(super) async fn held() -> Run {
    let away = with(answer(429, ""), "retry-after", "3600");
    Run::of(Setup::new(Mark::new(), [away]), async |setup| {
        let store = setup.store();
        store.get_text("db").await.unwrap_err();
        store.get_text("db").await.unwrap_err();
    })
    .await
}

pub(super) async fn without_token() -> Run {
    Run::of(Setup::new(Mark::new(), []), async |setup| {
        *setup.tokens.fails.lock().unwrap() = true;
        setup.store().get_text("db").await.unwrap_err();
    })
    .await
}

/// A token that can't be renewed early, and is used on.
pub(super) async fn kept_token() -> Run {
    let mark = Mark::new();
    let mut setup = Setup::new(mark.clone(), [1, 2].map(|_| answer(200, mark.text())));
    setup.tokens.life = Some(Duration::from_secs(3600));
    Run::of(setup, async |setup| {
        let store = setup.store();
        store.get_text("db").await.unwrap();
        setup.clock.advance(Duration::from_secs(3400));
        *setup.tokens.fails.lock().unwrap() = true;
        store.get_text("db").await.unwrap();
    })
    .await
}
