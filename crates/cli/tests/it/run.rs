//! Runs the program, with nothing of the tests' own environment.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use polyvault::azure_key_vault::emulator::Emulator;
use polyvault::yandex_lockbox::emulator::Emulator as LockboxEmulator;
use serde_json::Value;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Run {
    /// Stdout of a run that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Vec<u8> {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self.out
    }

    /// Stdout of a run that went well, as one line of JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = String::from_utf8(self.ok()).unwrap();
        let line = out.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        serde_json::from_str(line).unwrap()
    }

    /// What stderr tells of a run that failed with `code` and wrote nothing else.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!((self.code, self.out.len()), (code, 0), "{self:?}");
        self.err
    }

    /// The `error` object of a run with `--json` that failed with `code`.
    #[track_caller]
    pub(crate) fn error(self, code: i32) -> Value {
        let mut error: Value = serde_json::from_str(&self.refused(code)).unwrap();
        error["error"].take()
    }

    /// Everything that was written.
    pub(crate) fn everything(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.out), self.err)
    }
}

pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polyvault"));
    command
        .args(arguments)
        .env_clear()
        .env("POLYVAULT_AZURE_TOKEN", "made-up-token")
        .env("YC_IAM_TOKEN", "made-up-token")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    finish(command(arguments), b"")
}

pub(crate) fn finish(mut command: Command, stdin: &[u8]) -> Run {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A vault, and the program's calls on it.
pub(crate) struct Vault {
    pub(crate) emulator: Emulator,
    pub(crate) url: String,
}

impl Vault {
    pub(crate) async fn start() -> Self {
        let emulator = Emulator::start().await;
        let endpoint = emulator.url();
        let url = format!("azure-key-vault://test?endpoint={endpoint}&verify_challenge=false");
        Self { emulator, url }
    }

    /// `polyvault COMMAND STORE ARGUMENTS`, with nothing on stdin.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Run {
        self.run_with(command, arguments, b"")
    }

    /// The same with these bytes on stdin.
    pub(crate) fn run_with(&self, name: &str, arguments: &[&str], stdin: &[u8]) -> Run {
        on(&self.url, name, arguments, stdin)
    }
}

/// A Lockbox folder, which holds many entries and binary values, and the program's calls on it.
pub(crate) struct Folder {
    _emulator: LockboxEmulator,
    url: String,
}

impl Folder {
    pub(crate) async fn start() -> Self {
        let emulator = LockboxEmulator::start().await;
        let url = format!("yandex-lockbox://b1gtest?endpoint={}", emulator.url());
        Self {
            _emulator: emulator,
            url,
        }
    }

    /// `polyvault COMMAND STORE ARGUMENTS`, with nothing on stdin.
    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Run {
        self.run_with(command, arguments, b"")
    }

    /// The same with these bytes on stdin.
    pub(crate) fn run_with(&self, name: &str, arguments: &[&str], stdin: &[u8]) -> Run {
        on(&self.url, name, arguments, stdin)
    }
}

fn on(store: &str, name: &str, arguments: &[&str], stdin: &[u8]) -> Run {
    let all = [name, store].into_iter();
    finish(command(all.chain(arguments.iter().copied())), stdin)
}
