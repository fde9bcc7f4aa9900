#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{MemoryStore, SecretStore, Timestamp};

fn check(can: &Capabilities, patch: VersionPatch) -> Result<()> {
    let secret = SecretRef::try_from("a").unwrap();
    can.check_update_version(&secret, &VersionChange::Update(patch))
}

fn ends() -> [VersionPatch; 2] {
    [
        VersionPatch {
            not_before: Edit::Clear,
            ..VersionPatch::default()
        },
        VersionPatch {
            expires_at: Edit::Clear,
            ..VersionPatch::default()
        },
    ]
}

#[test]
fn a_clear_that_the_store_can_not_do_is_refused_with_the_way_out() {
    let mut can = MemoryStore::new().capabilities().clone();
    let beside = |patch| VersionPatch {
        enabled: Some(true),
        content_type: Some("text/plain".to_owned()),
        ..patch
    };
    for patch in ends().into_iter().chain(ends().map(beside)) {
        can.clear_validity = true;
        assert!(check(&can, patch.clone()).is_ok(), "{patch:?}");

        can.clear_validity = false;
        let error = check(&can, patch).unwrap_err();
        let due = Error::unsupported("memory", "clear_validity");
        assert_eq!(error.to_string(), due.to_string());
        assert_eq!(error.help(), CLEAR_BY_A_PUT);
    }
}

#[test]
fn a_set_needs_no_clear_and_a_patch_that_keeps_all_changes_nothing() {
    let mut can = MemoryStore::new().capabilities().clone();
    can.clear_validity = false;
    let set = VersionPatch {
        not_before: Timestamp::UNIX_EPOCH.into(),
        expires_at: Edit::Set(Timestamp::MAX),
        ..VersionPatch::default()
    };
    assert!(check(&can, set).is_ok());

    let keep = VersionPatch {
        not_before: Edit::Keep,
        expires_at: Edit::Keep,
        ..VersionPatch::default()
    };
    assert_eq!(
        check(&can, keep).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}
