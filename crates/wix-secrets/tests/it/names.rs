//! No name reaches another route or another secret.

use polyvault_core::{
    ErrorKind, GetOptions, InfoPatch, SecretId, SecretName, SecretRef, SecretStore, SecretStoreExt,
};
use polyvault_wix_secrets::emulator::Emulator;
use polyvault_wix_secrets::{Names, WixSecrets};

use super::script::{KEY, SITE};

async fn text(store: &WixSecrets, secret: SecretRef) -> Result<String, ErrorKind> {
    let read = store.get(&secret, GetOptions::default()).await;
    let payload = read.map_err(|error| error.kind())?.payload;
    Ok(payload.single().unwrap().expose_text().unwrap().to_owned())
}

fn named(name: &str) -> SecretRef {
    SecretName::new(name).unwrap().into()
}

#[tokio::test]
async fn a_name_with_a_hash_is_its_own_secret_beside_what_stands_before_it() {
    let site = Emulator::start().await;
    site.seed("a", "of a");
    site.seed("a#b", "of a#b");
    let store = site.store();

    assert_eq!(text(&store, named("a#b")).await.unwrap(), "of a#b");
    store.put("a#b", "new").await.unwrap();
    assert_eq!(text(&store, named("a")).await.unwrap(), "of a");
    store.delete("a#b").await.unwrap();
    assert_eq!(text(&store, named("a#b")).await, Err(ErrorKind::NotFound));
    assert_eq!(text(&store, named("a")).await.unwrap(), "of a");
}

#[tokio::test]
async fn a_secret_that_is_named_as_the_id_of_another_is_never_taken_for_it() {
    let site = Emulator::start().await;
    let id = site.seed("db", "of the id");
    site.seed(&id, "of the name");
    let store = site.store();
    let by_id = || SecretRef::from(SecretId::new(id.clone()).unwrap());

    assert_eq!(text(&store, by_id()).await.unwrap(), "of the id");
    assert_eq!(text(&store, named(&id)).await.unwrap(), "of the name");
    store.put(named(&id), "new").await.unwrap();
    assert_eq!(text(&store, by_id()).await.unwrap(), "of the id");
    let renamed = InfoPatch {
        name: Some("db-2".parse().unwrap()),
        ..InfoPatch::default()
    };
    store.update(by_id(), renamed).await.unwrap();
    assert_eq!(text(&store, named("db-2")).await.unwrap(), "of the id");
    store.delete(by_id()).await.unwrap();
    assert_eq!(text(&store, named(&id)).await.unwrap(), "new");
}

#[tokio::test]
async fn what_would_reach_another_route_is_refused_before_any_request() {
    let site = Emulator::start().await;
    site.seed("aA", "of aA");
    let store = site.store();
    for name in [
        "..", ".", "a/b", "a?b", "%41", "a%41", "a b", "é", "wix-db", "WIXdb",
    ] {
        let read = text(&store, named(name)).await;
        let put = store.put(named(name), "x").await.map(drop);
        let delete = store.delete(named(name)).await;
        let patch = InfoPatch {
            name: Some(SecretName::new(name).unwrap()),
            ..InfoPatch::default()
        };
        let rename = store.update("aA", patch).await.map(drop);

        assert_eq!(read, Err(ErrorKind::InvalidInput), "{name}");
        for outcome in [put, delete, rename] {
            assert_eq!(
                outcome.unwrap_err().kind(),
                ErrorKind::InvalidInput,
                "{name}"
            );
        }
    }
    assert!(SecretName::new("").is_err());
    assert_eq!(site.request_count(), 0);
}

#[tokio::test]
async fn the_dashboards_rule_is_narrower_where_it_is_asked_for() {
    let site = Emulator::start().await;
    let store = |names| {
        let builder = WixSecrets::builder(SITE).endpoint(site.endpoint());
        builder.api_key(KEY.into()).names(names).build().unwrap()
    };
    let (long, longer) = ("n".repeat(40), "n".repeat(41));
    for (name, dashboard) in [
        ("db_1-a", true),
        (long.as_str(), true),
        (longer.as_str(), false),
        ("a#b", false),
        ("a+b", false),
        ("a=b", false),
        ("a@b", false),
        ("a$b", false),
    ] {
        assert!(store(Names::Api).put(name, "x").await.is_ok(), "{name}");
        let put = store(Names::Dashboard).put(name, "x").await;
        assert_eq!(put.is_ok(), dashboard, "{name}");
    }
}
