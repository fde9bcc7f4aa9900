//! Every operation of a store with one of its requests answered otherwise: the first, then the
//! second, and so on.

mod calls;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use polyvault_core::transport::{
    Body, ClientOptions, ReqwestTransport, RetryPolicy, SendError, Transport,
};
use polyvault_core::{ErrorKind, Payload, Result, SecretStore};

use self::calls::{prepare, run};
use crate::refusals;
use crate::script::Answer;

/// More requests than one call of a store makes.
const MOST: usize = 20;

/// A call of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// A read by name.
    Get,
    /// A read by id.
    GetById,
    /// A read of a version.
    GetVersion,
    /// Metadata.
    Describe,
    /// Metadata of what is switched off.
    DescribeDisabled,
    /// The whole list, in pages of one.
    List,
    /// All versions, in pages of one.
    ListVersions,
    /// A put of a new name.
    Create,
    /// A put of a name that is there.
    Upsert,
    /// A put that must find the name.
    AddVersion,
    /// A put that changes metadata too.
    PutMetadata,
    /// A put over a deleted one, which it is to recover.
    PutRecovering,
    /// A put over a deleted one, which it is to purge.
    PutPurging,
    /// A change of labels or description.
    Update,
    /// Switching off.
    Disable,
    /// A change of a version.
    UpdateVersion,
    /// A delete, to its end.
    Delete,
    /// All deleted ones, in pages of one.
    ListDeleted,
    /// A recovery, to its end.
    Recover,
    /// A purge, to its end.
    Purge,
    /// A delete that another process began, to its end.
    Resume,
}

impl Call {
    /// All calls.
    pub const ALL: &'static [Self] = &[
        Self::Get,
        Self::GetById,
        Self::GetVersion,
        Self::Describe,
        Self::DescribeDisabled,
        Self::List,
        Self::ListVersions,
        Self::Create,
        Self::Upsert,
        Self::AddVersion,
        Self::PutMetadata,
        Self::PutRecovering,
        Self::PutPurging,
        Self::Update,
        Self::Disable,
        Self::UpdateVersion,
        Self::Delete,
        Self::ListDeleted,
        Self::Recover,
        Self::Purge,
        Self::Resume,
    ];
}

/// What came of a call of which one request was answered otherwise.
#[derive(Debug)]
pub struct Interrupted {
    /// The call.
    pub call: Call,
    /// Verb and path of the request that got the answer, without the query.
    pub request: String,
    /// How many requests came before it.
    pub before: usize,
    /// What the store made of it.
    pub outcome: Result<()>,
}

/// What a request gets in place of the emulator's answer.
pub type Reply = Arc<dyn Fn(&Request<Body>) -> Answer + Send + Sync>;

/// Opens a store with these options; what it speaks to lives as long as the closure.
pub type Open = Box<dyn Fn(ClientOptions) -> Arc<dyn SecretStore> + Send + Sync>;

/// Makes every call as often as it has requests, each time at a fresh emulator of `start` and with
/// another request answered in place of the emulator, by `answers` in turn. Nothing is repeated.
///
/// Calls that the store's capabilities deny are left out.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault::wix_secrets::emulator::Emulator;
/// use polyvault_testkit::interrupt::{Open, interrupt_all};
/// use polyvault_testkit::script::lost;
///
/// async fn site() -> Open {
///     let site = Emulator::start().await;
///     Box::new(move |options| Arc::new(site.store_with(options)))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), String> {
/// for one in interrupt_all(site, &[lost()]).await? {
///     println!("{:?}, {} after {}: {:?}", one.call, one.request, one.before, one.outcome);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A text, if a call fails although no request was answered otherwise.
pub async fn interrupt_all(
    start: impl AsyncFn() -> Open,
    answers: &[Answer],
) -> Result<Vec<Interrupted>, String> {
    let fixed = answers.iter().cloned().map(|answer| {
        let reply: Reply = Arc::new(move |_: &Request<Body>| answer.clone());
        reply
    });
    let replies: Vec<_> = fixed.collect();
    let values = [Payload::text("present"), Payload::text("new")];
    interrupt_all_with(start, &replies, &values).await
}

/// [`interrupt_all`] where the answer may depend on the request, and with the value that is there and the one that is
/// put.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault::wix_secrets::emulator::Emulator;
/// use polyvault_core::Payload;
/// use polyvault_testkit::interrupt::{Open, Reply, interrupt_all_with};
/// use polyvault_testkit::script::answer;
///
/// async fn site() -> Open {
///     let site = Emulator::start().await;
///     Box::new(move |options| Arc::new(site.store_with(options)))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), String> {
/// let echo: Reply = Arc::new(|request| answer(400, request.body().as_bytes()));
/// let values = ["s3cret", "newer s3cret"].map(Payload::text);
/// let all = interrupt_all_with(site, &[echo], &values).await?;
/// assert!(!format!("{all:?}").contains("s3cret"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`interrupt_all`].
pub async fn interrupt_all_with(
    start: impl AsyncFn() -> Open,
    replies: &[Reply],
    values: &[Payload; 2],
) -> Result<Vec<Interrupted>, String> {
    let [present, new] = values;
    let mut all = Vec::new();
    let mut turns = replies.iter().cycle();
    let inner = Arc::new(ReqwestTransport::default());
    for call in Call::ALL {
        for before in 0..MOST {
            let open = start().await;
            let answer = turns.next().ok_or("no answers")?;
            let plain = Interrupt::new(&inner, usize::MAX, answer);
            let clean = open(plain.options());
            let made = prepare(&*clean, *call, present).await;
            let made = made.map_err(|error| format!("{call:?}: {error}"))?;
            let interrupt = Interrupt::new(&inner, before, answer);
            let store = open(interrupt.options());
            let outcome = run(&*store, *call, made, new).await;
            match (interrupt.hit(), outcome) {
                (Some(request), outcome) => all.push(Interrupted {
                    call: *call,
                    request,
                    before,
                    outcome,
                }),
                (None, Ok(())) => break,
                (None, Err(error)) if error.kind() == ErrorKind::Unsupported => break,
                (None, Err(error)) => return Err(format!("{call:?}: {error}")),
            }
        }
    }
    Ok(all)
}

/// Requests whose answer the store is right to go on after: the calls, how the request begins
/// (verb and path), and why. It then succeeds, or fails with one of these kinds.
pub type Exception = (
    &'static [Call],
    &'static str,
    &'static [ErrorKind],
    &'static str,
);

/// Holds every call to giving an error of `kind` whichever of its requests gets one of `answers`, with a
/// help that says enough, but for the exceptions. Gives how many requests were tried.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use polyvault::wix_secrets::emulator::Emulator;
/// use polyvault_core::ErrorKind;
/// use polyvault_testkit::interrupt::{Open, check_kind};
/// use polyvault_testkit::script::answer;
///
/// async fn site() -> Open {
///     let site = Emulator::start().await;
///     Box::new(move |options| Arc::new(site.store_with(options)))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), String> {
/// let tried = check_kind(site, &[answer(403, "{}")], ErrorKind::Forbidden, &[]).await?;
/// assert!(tried > 5);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A text that says what came of which request instead, or which exception is none.
pub async fn check_kind(
    start: impl AsyncFn() -> Open,
    answers: &[Answer],
    kind: ErrorKind,
    exceptions: &[Exception],
) -> Result<usize, String> {
    let all = interrupt_all(start, answers).await?;
    let mut wrong = Vec::new();
    let mut used = vec![false; exceptions.len()];
    for one in &all {
        let fits = match &one.outcome {
            Err(error) if error.kind() == kind => refusals::check_help(error),
            other => Err(format!("{other:?}")),
        };
        let Err(why) = fits else { continue };
        let exception = exceptions.iter().position(|(calls, request, kinds, _)| {
            let may = match &one.outcome {
                Ok(()) => true,
                Err(error) => kinds.contains(&error.kind()),
            };
            may && calls.contains(&one.call) && one.request.starts_with(request)
        });
        match exception.and_then(|at| used.get_mut(at)) {
            Some(used) => *used = true,
            None => wrong.push(format!("{:?}, {}: {why}", one.call, one.request)),
        }
    }
    let idle = exceptions.iter().zip(used).filter(|(_, used)| !used);
    wrong.extend(idle.map(|(exception, _)| format!("no exception: {exception:?}")));
    match wrong.is_empty() {
        true => Ok(all.len()),
        false => Err(wrong.join("\n")),
    }
}

/// Hands every request on but one, which it answers itself.
struct Interrupt {
    inner: Arc<ReqwestTransport>,
    before: usize,
    reply: Reply,
    seen: AtomicUsize,
    hit: Mutex<Option<String>>,
}

impl Interrupt {
    fn new(inner: &Arc<ReqwestTransport>, before: usize, reply: &Reply) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            before,
            reply: Arc::clone(reply),
            seen: AtomicUsize::new(0),
            hit: Mutex::default(),
        })
    }

    fn options(self: &Arc<Self>) -> ClientOptions {
        ClientOptions {
            transport: Some(Arc::clone(self) as _),
            retry: RetryPolicy {
                max_repeats: 0,
                ..RetryPolicy::default()
            },
            ..ClientOptions::default()
        }
    }

    fn hit(&self) -> Option<String> {
        let mut hit = self.hit.lock().unwrap_or_else(PoisonError::into_inner);
        hit.take()
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Interrupt {
    async fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Result<Response<Body>, SendError> {
        if self.seen.fetch_add(1, Ordering::SeqCst) != self.before {
            return self.inner.send(request, timeout).await;
        }
        let line = format!("{} {}", request.method(), request.uri().path());
        *self.hit.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        (self.reply)(&request).map_err(|kind| SendError::new(kind, "interrupted"))
    }
}
