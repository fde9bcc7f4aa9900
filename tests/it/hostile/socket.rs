//! A service on a real socket that never comes to an end, or to a beginning: the default transport holds
//! every store to its bounds of bytes and of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use polyvault::transport::{ClientOptions, ReqwestTransport, RetryPolicy, Transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What the two buffers of a socket on loopback hold at the most, and the client's own.
const BUFFERS: u64 = 8 * 1024 * 1024;

/// What is sent to whoever asks.
#[derive(Clone, Copy)]
struct Talk {
    /// Once.
    first: &'static str,
    /// Again and again, until the client hangs up; nothing is a silence that long.
    again: &'static str,
    /// One byte a segment.
    drips: bool,
    /// Hangs up after `first`.
    ends: bool,
}

fn silent_after(first: &'static str) -> Talk {
    endless(first, "")
}

fn endless(first: &'static str, again: &'static str) -> Talk {
    Talk {
        first,
        again,
        drips: false,
        ends: false,
    }
}

fn ended_after(first: &'static str) -> Talk {
    Talk {
        ends: true,
        ..endless(first, "")
    }
}

/// A service on a port of its own.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    /// Bytes that went out, to the client or into the buffers before it.
    sent: Arc<AtomicU64>,
}

impl Server {
    async fn start(talk: Talk) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, sent) = (Arc::<AtomicUsize>::default(), Arc::<AtomicU64>::default());
        let (count, bytes) = (Arc::clone(&asked), Arc::clone(&sent));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(speak(stream, talk, Arc::clone(&bytes)));
            }
        });
        Self { url, asked, sent }
    }
}

/// Until the other side hangs up, which is an error here.
async fn speak(mut stream: TcpStream, talk: Talk, sent: Arc<AtomicU64>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(talk.first.as_bytes()).await?;
    let lump = match talk.drips {
        true => talk.again.as_bytes().to_vec(),
        false => talk
            .again
            .repeat(64 * 1024 / talk.again.len().max(1) + 1)
            .into_bytes(),
    };
    while !talk.again.is_empty() {
        let size = stream.write(&lump).await?;
        sent.fetch_add(size.try_into().unwrap(), Ordering::Relaxed);
        if talk.drips {
            tokio::task::yield_now().await;
        }
    }
    if !talk.ends {
        stream.read_to_end(&mut head).await?;
    }
    Ok(())
}

fn open_at(
    url: &str,
    server: &Server,
    max_answer_bytes: Option<usize>,
    attempt: Duration,
) -> Arc<dyn SecretStore> {
    let small = |bytes| ReqwestTransport::builder().max_answer_bytes(bytes).build();
    let transport = max_answer_bytes.map(|bytes| Arc::new(small(bytes)) as Arc<dyn Transport>);
    let client = ClientOptions {
        transport,
        retry: RetryPolicy {
            max_repeats: 1,
            first_delay: Duration::from_millis(1),
            attempt,
            ..RetryPolicy::default()
        },
        ..ClientOptions::default()
    };
    let options = OpenOptions {
        environment: environment(),
        client,
    };
    polyvault::open_with(&format!("{url}?endpoint={}", server.url), options).unwrap()
}

/// What a service that talks so is to its stores.
struct Expected {
    kind: ErrorKind,
    /// The most that is read of one answer.
    bytes: u64,
    max_answer_bytes: Option<usize>,
    /// The most time that an answer has.
    attempt: Duration,
}

/// The calls of each store come to the kind, in time, and leave the rest of the answer where it is.
async fn come_to(expected: &Expected, talk: Talk) {
    let told = format!("{:?} {:?}", talk.first, talk.again);
    let store = async |url| {
        let server = Server::start(talk).await;
        let store = open_at(url, &server, expected.max_answer_bytes, expected.attempt);
        let errors = calls(&*store).await;
        assert!(errors.len() >= 2, "{told}: {errors:?}");
        for error in errors {
            expect(&error, expected.kind);
            assert!(!format!("{error:?}").contains("hunter2"), "{told}");
        }
        let asked = server.asked.load(Ordering::Relaxed);
        assert!(asked <= 3 * 2, "{told}: {asked} requests");
        let most = u64::try_from(asked).unwrap() * expected.bytes.saturating_add(BUFFERS);
        let sent = server.sent.load(Ordering::Relaxed);
        assert!(sent <= most, "{told}: {sent} bytes for {asked} requests");
    };
    let started = Instant::now();
    join_all(STORES.map(|(url, _, _)| store(url))).await;
    // Six attempts, on a machine that may be busy.
    let most = expected.attempt * 6 + Duration::from_secs(20);
    assert!(started.elapsed() < most, "{told}: {:?}", started.elapsed());
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const CHUNK: &str = "20\r\n                                \r\n";
const LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";

/// A secret whose labels never end, and a list whose items don't.
const LABELS: &str =
    "HTTP/1.1 200 OK\r\n\r\n{\"value\":[{\"id\":\"https://v/secrets/db\",\"tags\":{";
const ITEMS: &str = "HTTP/1.1 200 OK\r\n\r\n{\"secrets\":[";

/// A chunk of 4 GiB.
const LONG_CHUNK: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n";

#[tokio::test]
async fn a_body_without_end_is_given_up_at_the_bound() {
    let expected = Expected {
        kind: ErrorKind::Decode,
        bytes: 64 * 1024,
        max_answer_bytes: Some(64 * 1024),
        attempt: Duration::from_secs(30),
    };
    for talk in [
        endless(CHUNKED, CHUNK),
        endless("HTTP/1.1 200 OK\r\n\r\n", " "),
        endless(
            "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n",
            " ",
        ),
        endless(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
            "hunter2",
        ),
        endless("HTTP/1.1 401 Who\r\n\r\n", "hunter2"),
        endless(
            "HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n",
            CHUNK,
        ),
    ] {
        come_to(&expected, talk).await;
    }
}

#[tokio::test]
async fn a_body_without_end_is_given_up_at_8_mib_where_nobody_says_otherwise() {
    let expected = Expected {
        kind: ErrorKind::Decode,
        bytes: 8 * 1024 * 1024,
        max_answer_bytes: None,
        attempt: Duration::from_secs(30),
    };
    for talk in [
        endless("HTTP/1.1 200 OK\r\n\r\n", " "),
        endless(LABELS, r#""hunter2":"","#),
        endless(ITEMS, r#"{"id":"hunter2"},"#),
    ] {
        come_to(&expected, talk).await;
    }
}

#[tokio::test]
async fn a_head_that_is_none_or_has_no_end_is_no_answer() {
    let expected = Expected {
        kind: ErrorKind::Unavailable,
        bytes: 1024 * 1024,
        max_answer_bytes: None,
        attempt: Duration::from_secs(30),
    };
    for talk in [
        endless("HTTP/1.1 200 OK\r\n", "x-filler: hunter2\r\n"),
        endless("HTTP/1.1 200 OK\r\nx-filler: ", "hunter2"),
        endless("HTTP/1.1 200 ", "hunter2"),
        endless("<html><body>", "hunter2 "),
        endless("", "\0"),
        endless("", "\r\n"),
        endless(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;",
            "hunter2",
        ),
        endless(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "x-filler: hunter2\r\n",
        ),
        ended_after("<html>hunter2</html>"),
        ended_after("HTTP/9.9 200 OK\r\n\r\n"),
        ended_after("HTTP/1.1 99999 OK\r\n\r\n"),
        ended_after("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
        ended_after("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        ended_after(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n",
        ),
        ended_after(LONG),
        ended_after(LONG_CHUNK),
    ] {
        come_to(&expected, talk).await;
    }
}

#[tokio::test]
async fn a_service_that_is_silent_or_slow_or_never_comes_to_the_point_has_the_time_of_an_attempt() {
    let expected = Expected {
        kind: ErrorKind::Timeout,
        bytes: u64::MAX / 8,
        max_answer_bytes: None,
        attempt: Duration::from_millis(50),
    };
    for talk in [
        silent_after(""),
        silent_after("HTTP/1.1 200 OK\r\n"),
        silent_after(LONG),
        silent_after(CHUNKED),
        Talk {
            drips: true,
            ..endless(LONG_CHUNK, " ")
        },
        endless(CHUNKED, "0"),
        endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
        endless("", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
    ] {
        come_to(&expected, talk).await;
    }
}

#[tokio::test]
async fn a_server_that_sends_to_another_one_is_refused_and_that_one_is_not_asked() {
    let elsewhere = Server::start(ended_after(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    ))
    .await;
    for status in [
        "301 Gone on",
        "302 Found",
        "303 See",
        "307 For now",
        "308 For good",
    ] {
        let to = &elsewhere.url;
        let moved = format!(
            "HTTP/1.1 {status}\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        // For as long as the process runs, since that is how long servers do.
        let talk = ended_after(moved.leak());
        for (url, _, _) in STORES {
            let server = Server::start(talk).await;

            let errors = calls(&*open_at(url, &server, None, Duration::from_secs(30))).await;

            assert_eq!(errors.len(), 3, "{url} {status}: {errors:?}");
            for error in errors {
                let refused = [Some(status[..3].parse().unwrap()), None].contains(&error.status());
                assert!(refused && error.kind() != ErrorKind::NotFound, "{error}");
            }
            assert!(server.asked.load(Ordering::Relaxed) > 0, "{url}");
        }
    }
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 0);
}
