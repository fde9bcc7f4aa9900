//! Certificates and keys in PEM: they are taken, or refused and not quoted.

use std::sync::LazyLock;

use polyvault_core::transport::ReqwestTransport;
use proptest::collection::vec;
use proptest::sample::{Index, select};

use super::*;

/// Two certificates, each with its key behind it.
static PEM: LazyLock<[String; 4]> = LazyLock::new(|| {
    let made =
        [(), ()].map(|()| rcgen::generate_simple_self_signed(["vault.test".to_owned()]).unwrap());
    let [first, second] = made.map(|made| [made.cert.pem(), made.signing_key.serialize_pem()]);
    let ([one, two], [three, four]) = (first, second);
    [one, two, three, four]
});

const OTHERS: &[&str] = &[
    "hunter2\n",
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\nhunter2!\n-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "-----BEGIN",
    "\u{0}\r\n\u{e9}",
];

fn authorities(pem: &[u8]) -> Option<Error> {
    ReqwestTransport::builder().ca_pem(pem).err()
}

fn identity(pem: &str) -> Option<Error> {
    let builder = ReqwestTransport::builder();
    builder.client_certificate_pem(&pem.to_owned().into()).err()
}

/// It shows no line of a key.
fn is_typed(error: Option<Error>) -> Result<(), TestCaseError> {
    let Some(error) = error else {
        return Ok(());
    };
    quotes_nothing(&error, ErrorKind::Config)?;
    let shown = format!("{error:?}");
    for line in PEM
        .iter()
        .flat_map(|pem| pem.lines())
        .filter(|line| !line.starts_with('-'))
    {
        prop_assert!(!shown.contains(line), "{}", shown);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..config() })]

    #[test]
    fn authorities_are_certificates_all_of_them(
        which in vec(select(vec![0, 2]), 0..4), keys in any::<bool>(), comment in any::<bool>(),
        broken in proptest::option::of((3..5_usize, any::<Index>())),
    ) {
        let comment = if comment { "Subject: CN=vault.test\n" } else { "" };
        let key = if keys { PEM[1].as_str() } else { "" };
        let mut parts: Vec<String> = which.iter().map(|at| format!("{comment}{}{key}", PEM[*at])).collect();
        if let Some((broken, at)) = broken {
            parts.insert(at.index(parts.len() + 1), OTHERS[broken].to_owned());
        }

        let error = authorities(parts.concat().as_bytes());

        prop_assert_eq!(error.is_none(), !which.is_empty() && broken.is_none(), "{:?}", error);
        is_typed(error)?;
    }

    #[test]
    fn an_identity_is_a_certificate_and_its_own_key(
        (certificate, key) in (proptest::option::of(select(vec![0, 2])), proptest::option::of(select(vec![1, 3]))),
        turned in any::<bool>(),
    ) {
        let part = |at: Option<usize>| at.map_or("", |at| PEM[at].as_str());
        let mut parts = [part(certificate), part(key)];
        if turned {
            parts.reverse();
        }

        let error = identity(&parts.concat());

        let fits = certificate.zip(key).is_some_and(|(certificate, key)| certificate + 1 == key);
        prop_assert_eq!(error.is_none(), fits, "{:?}", error);
        is_typed(error)?;
    }

    #[test]
    fn any_text_is_taken_or_refused(
        parts in vec(prop_oneof![0..OTHERS.len(), OTHERS.len()..OTHERS.len() + 4], 0..5),
        changes in vec((any::<Index>(), any::<char>()), 0..4),
        cut in proptest::option::weighted(0.2, any::<Index>()),
        bytes in proptest::option::weighted(0.1, any::<Vec<u8>>()),
    ) {
        let part = |at: usize| match at.checked_sub(OTHERS.len()) {
            Some(at) => PEM[at].as_str(),
            None => OTHERS[at],
        };
        let mut text: Vec<char> = parts.iter().flat_map(|at| part(*at).chars()).collect();
        for (at, other) in changes.into_iter().filter(|_| !parts.is_empty()) {
            *at.get_mut(&mut text) = other;
        }
        if let Some(cut) = cut {
            text.truncate(cut.index(text.len() + 1));
        }
        let text: String = text.into_iter().collect();

        is_typed(authorities(text.as_bytes()))?;
        is_typed(authorities(&bytes.unwrap_or_default()))?;
        is_typed(identity(&text))?;
    }
}
