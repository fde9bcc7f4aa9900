//! How a service sees what its store does: spans for its log, counters for its dashboard.
//!
//! A vault on this machine turns one request away for the rate and fails at another one.
//! Nothing waits, since the store has a manual clock.

#![expect(clippy::print_stdout, reason = "a program")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polyvault::azure_key_vault::emulator::Emulator;
use polyvault::clock::{Clock, ManualClock, SystemClock};
use polyvault::observability::{Event, Metrics};
use polyvault::provider::OpenOptions;
use polyvault::transport::ClientOptions;
use polyvault::{Environment, SecretStoreExt};
use tracing::Metadata;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

/// Counters as Prometheus scrapes them; a service has them in its registry.
#[derive(Debug, Default)]
struct Counters(Mutex<BTreeMap<String, u64>>);

impl Counters {
    fn lines(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(name, count): (&String, &u64)| format!("{name} {count}");
        all.iter().map(line).collect()
    }

    fn add(&self, name: String, more: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(name).or_default() += more;
    }
}

impl Metrics for Counters {
    fn record(&self, event: &Event) {
        match *event {
            Event::Attempt {
                operation,
                status,
                sent,
                received,
                ..
            } => {
                let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
                let of = format!("operation=\"{operation}\",status=\"{status}\"");
                self.add(format!("secrets_attempts_total{{{of}}}"), 1);
                self.add("secrets_sent_bytes_total".into(), sent);
                self.add("secrets_received_bytes_total".into(), received);
            }
            Event::Retry { error, .. } => {
                self.add(format!("secrets_retries_total{{error=\"{error}\"}}"), 1);
            }
            Event::Throttled { .. } => self.add("secrets_throttled_total".into(), 1),
            Event::Queued { waited, .. } => {
                let millis = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                self.add("secrets_queued_milliseconds_total".into(), millis);
            }
            Event::Token { error, .. } => {
                let failed = error.is_some();
                self.add(
                    format!("secrets_token_fetches_total{{failed=\"{failed}\"}}"),
                    1,
                );
            }
            // What a later version tells of.
            _ => {}
        }
    }
}

/// What the run below comes to.
const EXPECTED: [&str; 11] = [
    r#"secrets_attempts_total{operation="delete",status="200"} 2"#,
    r#"secrets_attempts_total{operation="get",status="200"} 2"#,
    r#"secrets_attempts_total{operation="get",status="429"} 1"#,
    r#"secrets_attempts_total{operation="get",status="503"} 1"#,
    r#"secrets_attempts_total{operation="put",status="200"} 1"#,
    r#"secrets_attempts_total{operation="put",status="404"} 1"#,
    r#"secrets_retries_total{error="RateLimited"} 1"#,
    r#"secrets_retries_total{error="Unavailable"} 1"#,
    r#"secrets_sent_bytes_total 18"#,
    r#"secrets_throttled_total 1"#,
    r#"secrets_token_fetches_total{failed="false"} 1"#,
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Each span is a line when it ends. A log that wants the calls only says INFO.
    let lines = tracing_subscriber::fmt::layer()
        .without_time()
        .with_target(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(std::io::stdout);
    let spans = |metadata: &Metadata<'_>| metadata.target() == "polyvault" && metadata.is_span();
    tracing_subscriber::registry()
        .with(lines.with_filter(filter_fn(spans)))
        .init();

    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let vault = Emulator::builder()
        .clock(Arc::clone(&clock) as _)
        .start()
        .await;
    vault.seed("db-password", ["s3cret"])?;
    let counters = Arc::new(Counters::default());
    let store = polyvault::open_with(
        &format!("azure-key-vault://test?endpoint={}", vault.url()),
        OpenOptions {
            environment: Environment::empty().with("POLYVAULT_AZURE_TOKEN", "made-up"),
            client: ClientOptions {
                clock,
                metrics: Some(Arc::clone(&counters) as _),
                ..ClientOptions::default()
            },
        },
    )?;

    println!("-- a read that is throttled");
    vault.throttle(1, Some(Duration::from_secs(2)));
    store.get_text("db-password").await?;

    println!("-- a read that fails at first");
    vault.fail_next(503);
    store.get_text("db-password").await?;

    println!("-- a put, which looks first");
    store.put("api-key", "s3cret").await?;

    println!("-- a delete, which the vault goes on with");
    store.delete("db-password").await?;

    println!("-- what was counted");
    let mut counted = counters.lines();
    println!("{}", counted.join("\n"));
    // The vault's answers hold its address, which differs; after a refusal the pace depends on the time.
    counted.retain(|line| {
        !line.starts_with("secrets_received_bytes_total")
            && !line.starts_with("secrets_queued_milliseconds_total")
    });
    assert_eq!(counted, EXPECTED);
    Ok(())
}
