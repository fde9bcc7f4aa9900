//! A site whose reads are late, and the mark that makes them wait.

use polyvault_core::{GetOptions, SecretStoreExt};
use polyvault_wix_secrets::WixSecrets;
use polyvault_wix_secrets::emulator::Emulator;

async fn reads(store: &WixSecrets, name: &str, due: &str) {
    let read = store.get_with(name, GetOptions::default()).await.unwrap();
    let text = read.payload.single().unwrap().expose_text().unwrap();
    assert_eq!(text, due);
}

#[tokio::test]
async fn who_writes_reads_it_back_where_reads_are_late() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "old");
    emulator.stale_reads(true);
    let writer = emulator.store();

    for value in ["two", "three"] {
        writer.put("db", value).await.unwrap();
        reads(&writer, "db", value).await;
    }
}

#[tokio::test]
async fn who_has_no_mark_yet_reads_what_was_before_the_last_write() {
    let emulator = Emulator::start().await;
    emulator.seed("db", "old");
    emulator.stale_reads(true);
    reads(&emulator.store(), "db", "old").await;
    emulator.store().put("db", "new").await.unwrap();

    let other = emulator.store();
    reads(&other, "db", "old").await;
    // The late answer carried the newest mark.
    reads(&other, "db", "new").await;
}
