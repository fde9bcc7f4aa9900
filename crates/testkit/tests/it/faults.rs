//! The proxy of faults, byte by byte: what goes to the service, and what comes back.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use polyvault::clock::{Clock as _, ManualClock};
use polyvault::wix_secrets::emulator::Emulator;
use polyvault_testkit::faults::{Fault, FaultPlan, FaultProxy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const SECRETS: &str = "/api/v1/secrets";

struct Site {
    emulator: Emulator,
    proxy: FaultProxy,
}

impl Site {
    async fn start(plan: FaultPlan) -> Self {
        let emulator = Emulator::start().await;
        emulator.seed("db", "s3cret");
        let proxy = FaultProxy::before(&emulator.url(), plan).await.unwrap();
        Self { emulator, proxy }
    }

    async fn connect(&self) -> TcpStream {
        let address = self.proxy.url().replace("http://", "");
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends what stands there and reads to the end.
    async fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8(answer).unwrap())
    }

    /// As a client that takes the proxy for the service.
    async fn get(&self, path: &str) -> std::io::Result<String> {
        let host = self.proxy.url().replace("http://", "");
        self.exchange(&get(path, &host)).await
    }
}

fn get(target: &str, host: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nhost: {host}\r\nauthorization: IST.made-up-key\r\n\
         wix-site-id: 11111111-2222-4333-8444-555555555555\r\n\r\n"
    )
}

/// The head, what it tells of the length, and the body.
fn parts(answer: &str) -> (&str, Option<usize>, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let told = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    (head, told.map(|told| told.parse().unwrap()), body)
}

async fn value(plan: FaultPlan) -> std::io::Result<String> {
    let site = Site::start(plan).await;
    site.get(&format!("{SECRETS}/name/db")).await
}

#[tokio::test]
async fn a_request_of_any_form_reaches_its_service_and_no_other_machine() {
    let site = Site::start(FaultPlan::new(0)).await;
    let host = site.emulator.url().replace("http://", "");
    let path = format!("{SECRETS}/name/db");

    let origin = site.get(&path).await.unwrap();
    let absolute = get(&format!("{}{path}", site.emulator.url()), "ignored.example");
    let absolute = site.exchange(&absolute).await.unwrap();
    let by_host = site.exchange(&get(&path, &host)).await.unwrap();
    let elsewhere = site.exchange(&get(&path, "vault.example")).await.unwrap();

    for answer in [origin, absolute, by_host] {
        let (head, told, body) = parts(&answer);
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!((told, body), (Some(18), r#"{"value":"s3cret"}"#));
    }
    assert!(elsewhere.starts_with("HTTP/1.1 502"), "{elsewhere}");
    assert_eq!(site.emulator.request_count(), 3);
    assert_eq!(site.proxy.trace().len(), 4);
}

#[tokio::test]
async fn a_service_elsewhere_is_refused_at_the_start() {
    for origin in [
        "https://vault.example",
        "http://127.0.0.1.example:80",
        "",
        "127.0.0.1",
        "/",
    ] {
        let error = FaultProxy::before(origin, FaultPlan::new(0)).await.err();
        let kind = error.map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::InvalidInput), "{origin}");
    }
}

/// Ends every connection as soon as it is there.
async fn deaf() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    format!("http://{address}")
}

#[tokio::test]
async fn a_fault_that_no_answer_could_show_is_left_to_a_later_request() {
    let plan = || FaultPlan::new(0).on("GET", "").once(Fault::EmptyBody);
    let site = Site::start(plan()).await;
    let elsewhere = get(SECRETS, "vault.example");
    let elsewhere = site.exchange(&elsewhere).await.unwrap();
    assert!(elsewhere.starts_with("HTTP/1.1 502"), "{elsewhere}");

    let shown = site.get(SECRETS).await.unwrap();

    assert_eq!(parts(&shown).1, Some(0));
    let fits: Vec<_> = site.proxy.trace().iter().map(|one| one.fits).collect();
    assert_eq!(fits, [false, true]);

    let proxy = FaultProxy::before(&deaf().await, plan()).await.unwrap();
    let emulator = Emulator::start().await;
    let site = Site { emulator, proxy };
    site.get(SECRETS).await.unwrap_err();
    assert!(!site.proxy.trace().first().unwrap().fits);
}

#[tokio::test]
async fn a_body_in_chunks_is_read_to_its_end() {
    let site = Site::start(FaultPlan::new(0)).await;
    let request = get(SECRETS, "localhost").replace("GET", "POST").replace(
        "\r\n\r\n",
        "\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         1c\r\n{\"secret\":{\"name\":\"chunked\",\r\n12\r\n\"value\":\"s3cret\"}}\r\n0\r\n\r\n",
    );
    let host = site.emulator.url().replace("http://", "");

    let answer = site
        .exchange(&request.replace("localhost", &host))
        .await
        .unwrap();

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let read = site.get(&format!("{SECRETS}/name/chunked")).await.unwrap();
    assert_eq!(parts(&read).2, r#"{"value":"s3cret"}"#);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_a_cut_is_an_end() {
    for (fault, carried_out) in [(Fault::ResetBeforeCommit, 0), (Fault::ResetAfterCommit, 1)] {
        let site = Site::start(FaultPlan::new(0).at(0, fault)).await;
        let error = site.get(SECRETS).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault}");
        assert_eq!(site.emulator.request_count(), carried_out, "{fault}");
    }

    let cut = value(FaultPlan::new(0).at(0, Fault::CutBody))
        .await
        .unwrap();
    assert_eq!(parts(&cut).1, Some(18));
    assert_eq!(parts(&cut).2, r#"{"value":"#);
    let whole = value(FaultPlan::new(0).at(0, Fault::TruncatedJson))
        .await
        .unwrap();
    assert_eq!(parts(&whole).1, Some(9));
    assert_eq!(parts(&whole).2, r#"{"value":"#);
}

#[tokio::test]
async fn answers_before_the_commit_never_reach_the_service() {
    let wait = Duration::from_millis(6_001);
    for (fault, status, wait, body) in [
        (Fault::RateLimited(None), "429", None, ""),
        (
            Fault::RateLimited(Some(wait)),
            "429",
            Some("retry-after: 7"),
            "",
        ),
        (Fault::Status(500), "500", None, ""),
        (Fault::Status(503), "503", None, ""),
        (
            Fault::HtmlPage,
            "200",
            Some("content-type: text/html; charset=utf-8"),
            "<!doctype html>",
        ),
    ] {
        let site = Site::start(FaultPlan::new(0).at(0, fault)).await;
        let answer = site.get(SECRETS).await.unwrap();
        let (head, _, told) = parts(&answer);
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")),
            "{fault}: {answer}"
        );
        let header = head.lines().any(|line| Some(line) == wait);
        assert_eq!(header, wait.is_some(), "{fault}: {answer}");
        assert!(
            told.starts_with(body) && told.is_empty() == body.is_empty(),
            "{fault}: {answer}"
        );
        assert_eq!(site.emulator.request_count(), 0, "{fault}");
    }
}

#[tokio::test]
async fn the_answer_after_the_commit_is_another_one() {
    let plan = |fault| FaultPlan::new(0).at(0, fault);
    let refused = value(plan(Fault::StatusAfterCommit(502))).await.unwrap();
    assert!(refused.starts_with("HTTP/1.1 502"), "{refused}");
    let empty = value(plan(Fault::EmptyBody)).await.unwrap();
    assert!(empty.starts_with("HTTP/1.1 200"), "{empty}");
    assert_eq!(parts(&empty).1, Some(0));
    let text = value(plan(Fault::WrongContentType)).await.unwrap();
    assert!(text.contains("\r\ncontent-type: text/plain\r\n"), "{text}");
    assert_eq!(parts(&text).2, r#"{"value":"s3cret"}"#);
    let refused = value(plan(Fault::Unauthenticated)).await.unwrap();
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
}

#[tokio::test]
async fn a_slow_body_waits_on_the_clock_of_the_plan_before_each_byte() {
    let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
    let slow = Fault::SlowBody(Duration::from_secs(10));
    let plan = FaultPlan::new(0).at(0, slow).clock(Arc::clone(&clock) as _);

    let answer = value(plan).await.unwrap();

    assert_eq!(parts(&answer).2, r#"{"value":"s3cret"}"#);
    assert_eq!(clock.now().to_string(), "2026-01-01T00:03:00Z");
}

#[tokio::test]
async fn an_endless_body_ends_with_its_reader_and_a_stalled_one_too() {
    let site = Site::start(FaultPlan::new(0).at(0, Fault::EndlessBody)).await;
    let mut stream = site.connect().await;
    let request = get(SECRETS, &site.proxy.url().replace("http://", ""));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = vec![0; 1024 * 1024];
    stream.read_exact(&mut read).await.unwrap();
    drop(stream);

    let handed_out = site.proxy.endless_bytes();
    assert!(handed_out >= 1024 * 1024 - 64 * 1024, "{handed_out}");
    assert!(handed_out < 64 * 1024 * 1024, "{handed_out}");

    let site = Site::start(FaultPlan::new(0).at(0, Fault::StalledBody)).await;
    let mut stream = site.connect().await;
    let path = format!("{SECRETS}/name/db");
    let request = get(&path, &site.proxy.url().replace("http://", ""));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with(r#"{"value":"#) {
        answer.push(char::from(stream.read_u8().await.unwrap()));
    }
    assert_eq!(parts(&answer).1, Some(18));
    assert!(stream.try_read(&mut read).is_err(), "nothing more comes");
}

#[tokio::test]
async fn a_proxy_that_is_dropped_listens_no_more() {
    let Site { emulator, proxy } = Site::start(FaultPlan::new(0)).await;
    let address = proxy.url().replace("http://", "");
    let mut open = TcpStream::connect(&address).await.unwrap();
    drop(proxy);

    let mut tries = 0;
    while TcpStream::connect(&address).await.is_ok() {
        tries += 1;
        assert!(tries < 1000, "it still listens");
        tokio::task::yield_now().await;
    }
    let mut rest = Vec::new();
    let ended = open.read_to_end(&mut rest).await;
    assert!(ended.is_err() || rest.is_empty());
    assert_eq!(emulator.request_count(), 0);
}

#[tokio::test]
async fn rules_are_for_what_they_name_and_the_first_wins() {
    let plan = FaultPlan::new(0)
        .at(1, Fault::Status(500))
        .on("GET", "/name/")
        .once(Fault::Status(503))
        .on("GET", "")
        .once(Fault::EmptyPage)
        .one_in(0, Fault::ALL.iter().copied());
    let site = Site::start(plan).await;
    for path in ["/name/db", "/name/db", "/name/db", ""] {
        site.get(&format!("{SECRETS}{path}")).await.unwrap();
    }

    let told: Vec<_> = site.proxy.trace().iter().map(ToString::to_string).collect();

    assert_eq!(
        told,
        [
            "GET /api/v1/secrets/name/db: 503",
            "GET /api/v1/secrets/name/db: 500",
            "GET /api/v1/secrets/name/db: empty page (did not fit)",
            "GET /api/v1/secrets: empty page (did not fit)",
        ]
    );
}

#[tokio::test]
async fn chance_gives_as_many_faults_as_it_is_told_to() {
    let plan = FaultPlan::new(11).one_in(4, [Fault::Status(500), Fault::Status(503)]);
    let site = Site::start(plan).await;
    for number in 0..400 {
        site.get(&format!("/n{number}")).await.unwrap();
    }

    let trace = site.proxy.trace();
    let count = |fault| trace.iter().filter(|one| one.fault == Some(fault)).count();
    let (first, second) = (count(Fault::Status(500)), count(Fault::Status(503)));
    assert!(
        (70..=130).contains(&(first + second)),
        "{first} and {second}"
    );
    assert!(first.min(second) > 25, "{first} and {second}");
}
