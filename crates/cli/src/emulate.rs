//! `polyvault emulate`: stand-ins for the services, for programs in any language.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use polyvault::azure_key_vault::emulator::Delays;
use polyvault::{Error, ErrorKind, Result, azure_key_vault, wix_secrets, yandex_lockbox};
use serde_json::{Map, Value};

use crate::args::Emulate;
use crate::output;

/// The emulators have one shape and no trait. Requests are not recorded: they hold values.
macro_rules! start {
    ($listener:expr, $provider:ident, $https:expr) => {
        match $listener {
            Some(listener) => {
                let builder = $provider::emulator::Emulator::builder();
                let builder = builder.listener(listener).record_requests(false);
                let builder = match $https {
                    true => builder.https(),
                    false => builder,
                };
                Some(builder.start().await)
            }
            None => None,
        }
    };
}

/// Serves until the process is told to end.
pub(crate) async fn run(args: Emulate) -> Result<()> {
    let all = args.azure.is_none() && args.lockbox.is_none() && args.wix.is_none();
    let azure = listen("--azure", args.azure, all)?;
    let lockbox = listen("--lockbox", args.lockbox, all)?;
    let wix = listen("--wix", args.wix, all)?;

    // From here on a signal ends it in order: whoever reads the line may send one at once.
    let told_to_end = told_to_end().map_err(|error| {
        let message = format!("signals can't be waited for: {error}");
        Error::new(ErrorKind::Unexpected, message)
    })?;

    let https = args.https.is_some();
    let azure = start!(azure, azure_key_vault, https);
    let lockbox = start!(lockbox, yandex_lockbox, https);
    let wix = start!(wix, wix_secrets, https);
    if let Some(file) = &args.https {
        let all = [
            azure.as_ref().and_then(|emulator| emulator.ca_pem()),
            lockbox.as_ref().and_then(|emulator| emulator.ca_pem()),
            wix.as_ref().and_then(|emulator| emulator.ca_pem()),
        ];
        let all: String = all.into_iter().flatten().collect();
        output::new_file("emulate", "--https", file, all.as_bytes())?;
    }
    if let (Some(emulator), Some(seconds)) = (&azure, args.azure_delays) {
        let delay = Duration::from_secs(seconds);
        emulator.delays(Delays {
            deleting: delay,
            recovering: delay,
            unwritable: delay,
            purging: delay,
        });
    }
    let urls: Map<String, Value> = [
        ("azure", azure.as_ref().map(|emulator| emulator.url())),
        ("lockbox", lockbox.as_ref().map(|emulator| emulator.url())),
        ("wix", wix.as_ref().map(|emulator| emulator.url())),
    ]
    .into_iter()
    .filter_map(|(name, url)| Some((name.to_owned(), Value::from(url?))))
    .collect();
    output::line(Value::Object(urls))?;

    told_to_end.await;
    Ok(())
}

fn listen(field: &str, address: Option<String>, all: bool) -> Result<Option<TcpListener>> {
    let address = match address {
        Some(address) => address,
        None if all => "127.0.0.1:0".to_owned(),
        None => return Ok(None),
    };
    TcpListener::bind(&address).map(Some).map_err(|error| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("field `{field}`: can't listen there: {error}"),
        )
        .with_operation("emulate")
        .with_help("Give an address and a port, such as 127.0.0.1:8080, or port 0 for a free one.")
    })
}

#[cfg(unix)]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
