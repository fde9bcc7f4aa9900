//! The file of a certificate and its key: it signs, or nobody is asked and nothing of it is shown.

use std::fs;
use std::sync::LazyLock;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::credential::ClientCertificate;
use polyvault_core::{ErrorKind, PageRequest, SecretStore};
use polyvault_testkit::web::{Web, json};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const LOGIN: &str = "login.microsoftonline.com";

/// A certificate, and its key.
static PEM: LazyLock<[String; 2]> = LazyLock::new(|| {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["app".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    [certificate.pem(), key.serialize_pem()]
});

/// What stands in a file: 0 is the certificate, 1 the key.
const OTHERS: [&str; 9] = [
    "Bag Attributes: hunter2\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "-----BEGIN EC PARAMETERS-----\naHVudGVyMg==\n-----END EC PARAMETERS-----\n",
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\naHVudGVyMg==\n-----END RSA PRIVATE KEY-----\n",
    "-----BEGIN",
    "\u{0}\r\n\u{e9}hunter2",
];

/// The kind of the error, and how many were asked, where the file holds this.
async fn sign_in(file: &[u8]) -> (ErrorKind, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.pem");
    fs::write(&path, file).unwrap();
    let web = Web::new();
    web.answer(
        LOGIN,
        json(400, serde_json::json!({"error": "invalid_client"})),
    );
    let store = AzureKeyVault::builder("my-vault")
        .credential(ClientCertificate::new("my-tenant", "my-client", &path))
        .client_options(web.options())
        .build()
        .unwrap();

    let error = store.list_page(PageRequest::default()).await.unwrap_err();

    let shown = format!("{error} {error:?} {}", error.help());
    assert!(!shown.contains("hunter2"), "{shown}");
    for line in PEM[1].lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(line), "{shown}");
    }
    (error.kind(), web.lines().len())
}

fn run(file: &[u8]) -> (ErrorKind, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(sign_in(file))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_file_without_a_part_asks_nobody_and_one_with_both_signs(
        before in vec(0..3_usize, 0..3), between in vec(0..3_usize, 0..3), key_first in any::<bool>(),
        lacks in proptest::option::of(0..2_usize),
    ) {
        let others = |which: &[usize]| which.iter().map(|at| OTHERS[*at]).collect::<String>();
        let mut parts = PEM.clone();
        if let Some(lacks) = lacks {
            parts[lacks].clear();
        }
        if key_first {
            parts.reverse();
        }
        let file = [others(&before), parts[0].clone(), others(&between), parts[1].clone()].concat();

        let expected = match lacks {
            Some(_) => (ErrorKind::Config, 0),
            None => (ErrorKind::Unauthenticated, 1),
        };
        prop_assert_eq!(run(file.as_bytes()), expected, "{:?} {:?} {:?}", before, between, lacks);
    }

    #[test]
    fn any_file_signs_or_asks_nobody(
        parts in vec(prop_oneof![0..OTHERS.len(), OTHERS.len()..OTHERS.len() + 2], 0..5),
        changes in vec((any::<Index>(), any::<u8>()), 0..4),
        cut in proptest::option::weighted(0.2, any::<Index>()),
    ) {
        let part = |at: usize| match at.checked_sub(OTHERS.len()) {
            Some(at) => PEM[at].as_str(),
            None => OTHERS[at],
        };
        let mut file: Vec<u8> = parts.iter().flat_map(|at| part(*at).bytes()).collect();
        for (at, byte) in changes.into_iter().filter(|_| !parts.is_empty()) {
            *at.get_mut(&mut file) = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len() + 1));
        }

        let outcome = run(&file);

        let known = [(ErrorKind::Config, 0), (ErrorKind::Unauthenticated, 1)];
        prop_assert!(known.contains(&outcome), "{outcome:?}");
    }
}
