//! Certificates: whom to trust, who we are, and why TLS came to no agreement.

use std::error::Error as StdError;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{AlertDescription, CertificateError, RootCertStore};
use zeroize::Zeroizing;

use super::append_wiped;
use crate::transport::{SendError, SendErrorKind};
use crate::{Error, ErrorKind, Result};

/// More than the bundle of all public CAs.
const MAX_FILE: usize = 4 * 1024 * 1024;

/// The CAs of a PEM text, each checked to be one that can be trusted.
pub(super) fn authorities(origin: &Origin<'_>, pem: &[u8]) -> Result<Vec<reqwest::Certificate>> {
    let mut found = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem) {
        let der = der.map_err(|_| origin.refuse("no PEM of certificates"))?;
        let certificate = reqwest::Certificate::from_der(&der)
            .map_err(|_| origin.refuse("a certificate in it can't be read"))?;
        RootCertStore::empty()
            .add(der)
            .map_err(|_| origin.refuse("a certificate in it can't be read"))?;
        found.push(certificate);
    }
    match found.is_empty() {
        true => Err(origin.refuse("no PEM of certificates")),
        false => Ok(found),
    }
}

/// The certificate chain and the private key of a PEM text.
pub(super) fn identity(origin: &Origin<'_>, pem: &[u8]) -> Result<reqwest::Identity> {
    reqwest::Identity::from_pem(pem).map_err(|_| {
        origin.refuse("no PEM of a certificate, those between it and the CA, and its private key, unencrypted")
    })
}

/// Where a PEM text came from, for errors.
pub(super) struct Origin<'a> {
    pub(super) field: &'static str,
    pub(super) file: Option<&'a Path>,
}

impl Origin<'_> {
    pub(super) fn refuse(&self, rule: &str) -> Error {
        let place = match self.file {
            // What has line ends in it is no path but what should stand in the file.
            Some(path) if !path.to_string_lossy().contains(char::is_control) => {
                format!(", file {}", path.display())
            }
            _ => String::new(),
        };
        Error::new(
            ErrorKind::Config,
            format!("field `{}`{place}: {rule}", self.field),
        )
    }

    /// The text of the file; it may hold a private key.
    pub(super) fn read(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        let refuse = |error: io::Error| self.refuse(&format!("it can't be read: {}", error.kind()));
        let mut file = File::open(path).map_err(refuse)?;
        let mut chunk = Zeroizing::new([0; 8 * 1024]);
        let mut text = Zeroizing::new(Vec::new());
        loop {
            let size = file.read(&mut *chunk).map_err(refuse)?;
            let read = chunk.get(..size).unwrap_or_default();
            if read.is_empty() {
                return Ok(text);
            }
            if text.len() + size > MAX_FILE {
                return Err(self.refuse("it is larger than 4 MiB"));
            }
            append_wiped(&mut text, read);
        }
    }
}

/// What TLS has against the other side, if that is why there is no answer.
pub(super) fn refused(error: &reqwest::Error) -> Option<SendError> {
    use CertificateError as Bad;
    let (message, help) = match find(error)? {
        rustls::Error::InvalidCertificate(bad) => {
            let message = match bad {
                // A CA that was made anew keeps its name, and signs with another key.
                Bad::UnknownIssuer | Bad::BadSignature => {
                    "it is of no CA that is trusted here".to_owned()
                }
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                    "it is for another host name".to_owned()
                }
                Bad::Expired | Bad::ExpiredContext { .. } => "it has expired".to_owned(),
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                    "it is not valid yet".to_owned()
                }
                other => other.to_string(),
            };
            let help = "Name the file of the service's CA with `ca_file` if it is a private one; \
                        else check the endpoint's name, the certificate's dates and this machine's clock.";
            (
                format!("the service's certificate was not accepted: {message}"),
                help,
            )
        }
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure),
        ) => {
            let help = "If the service asks for a client certificate, name one that it accepts \
                        with `client_certificate_file`.";
            (format!("the service ended the handshake: {alert:?}"), help)
        }
        _ => return None,
    };
    Some(SendError::new(SendErrorKind::Untrusted, message).with_help(help))
}

fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // What an I/O error holds is not its source, but what stands in its place.
    let held = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match held {
        Some(held) => find(held),
        None => find(error.source()?),
    }
}
