//! What takes its time at the service, on the vault's clock.

use std::sync::Arc;
use std::time::Duration;

use polyvault_azure_key_vault::AzureKeyVault;
use polyvault_azure_key_vault::emulator::{Delays, Emulator};
use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::{ErrorKind, PageRequest, SecretRef, SecretStore, SecretStoreExt};

use crate::manual_clock;

const NONE: Delays = Delays {
    deleting: Duration::ZERO,
    recovering: Duration::ZERO,
    unwritable: Duration::ZERO,
    purging: Duration::ZERO,
};

async fn vault(delays: Delays) -> (Emulator, AzureKeyVault, Arc<ManualClock>) {
    let clock = manual_clock();
    let vault = Emulator::builder().clock(Arc::clone(&clock) as _);
    let vault = vault.start().await;
    vault.seed("db", ["s3cret"]).unwrap();
    vault.delays(delays);
    let store = vault.store();
    (vault, store, clock)
}

fn waited(clock: &ManualClock) -> i64 {
    clock.now().as_second() - manual_clock().now().as_second()
}

#[tokio::test]
async fn a_delete_is_waited_for_until_it_shows() {
    let (_vault, store, clock) = vault(Delays {
        deleting: Duration::from_secs(15),
        ..NONE
    })
    .await;

    store.delete("db").await.unwrap();

    assert_eq!(waited(&clock), 16, "it looks every two seconds");
    let deleted = store.list_deleted_page(PageRequest::default()).await;
    assert_eq!(deleted.unwrap().items.len(), 1);
}

#[tokio::test]
async fn the_passing_of_time_alone_ends_a_delete_and_a_recovery() {
    let (_vault, store, clock) = vault(Delays {
        deleting: Duration::from_secs(15),
        recovering: Duration::from_secs(5),
        ..NONE
    })
    .await;
    let db = SecretRef::try_from("db").unwrap();
    let deleted = async || {
        let page = store.list_deleted_page(PageRequest::default()).await;
        page.unwrap().items.len()
    };
    let live = async || {
        store
            .list_page(PageRequest::default())
            .await
            .unwrap()
            .items
            .len()
    };

    let begun = store.begin_delete(&db, Default::default()).await.unwrap();
    assert_eq!((live().await, deleted().await), (0, 0));
    clock.advance(Duration::from_secs(15));
    assert_eq!((live().await, deleted().await), (0, 1));
    drop(begun);

    let begun = store.begin_recover(&db).await.unwrap();
    assert_eq!((live().await, deleted().await), (0, 0));
    clock.advance(Duration::from_secs(5));
    assert_eq!((live().await, deleted().await), (1, 0));
    drop(begun);
}

#[tokio::test]
async fn what_is_recovered_or_purged_is_written_once_it_can_be() {
    let delays = Delays {
        recovering: Duration::from_secs(6),
        unwritable: Duration::from_secs(10),
        purging: Duration::from_secs(20),
        ..NONE
    };
    let (_vault, store, clock) = vault(delays).await;
    store.delete("db").await.unwrap();

    store.recover("db").await.unwrap();
    assert_eq!(waited(&clock), 6);
    store.put("db", "next").await.unwrap();
    assert_eq!(
        waited(&clock),
        16,
        "six until it can be read, ten until it can be set"
    );

    store.delete("db").await.unwrap();
    store.purge("db").await.unwrap();
    store.put("db", "anew").await.unwrap();
    assert_eq!(waited(&clock), 36);
}

#[tokio::test]
async fn what_takes_longer_than_a_minute_is_in_transition() {
    let (_vault, store, clock) = vault(Delays {
        purging: Duration::from_secs(100),
        ..NONE
    })
    .await;
    store.delete("db").await.unwrap();
    store.purge("db").await.unwrap();

    let error = store.put("db", "anew").await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::InTransition);
    assert_eq!(waited(&clock), 60);
    clock.advance(Duration::from_secs(40));
    store.put("db", "anew").await.unwrap();
}

#[tokio::test]
async fn a_permission_that_is_not_there_yet_is_forbidden_until_it_is() {
    let (vault, store, clock) = vault(NONE).await;
    let read = async || {
        let read = store.get_text("db").await;
        read.map(drop)
            .map_err(|error| (error.kind(), error.code().map(str::to_owned)))
    };
    let forbidden = Err((ErrorKind::Forbidden, Some("ForbiddenByRbac".to_owned())));

    vault.permission_polls(2);
    assert_eq!(read().await, forbidden);
    assert_eq!(read().await, forbidden);
    assert_eq!(read().await, Ok(()));

    vault.permission_delay(Duration::from_secs(300));
    assert_eq!(read().await, forbidden);
    clock.advance(Duration::from_secs(299));
    assert_eq!(read().await, forbidden);
    clock.advance(Duration::from_secs(1));
    assert_eq!(read().await, Ok(()));
}

#[tokio::test]
async fn a_fixture_can_ask_for_each_delay() {
    let (vault, store, _clock) = vault(NONE).await;
    for step in [
        serde_json::json!({"knob": {"delays": {"deleting": 15}}}),
        serde_json::json!({"knob": {"permission_delay": 0}}),
        serde_json::json!({"knob": {"permission_polls": 1}}),
    ] {
        vault.given(&step).unwrap();
    }

    assert_eq!(
        store.delete("db").await.unwrap_err().kind(),
        ErrorKind::Forbidden
    );
    store.delete("db").await.unwrap();
    assert!(
        vault
            .given(&serde_json::json!({"knob": {"delays": {"dreaming": 1}}}))
            .is_err()
    );
}
