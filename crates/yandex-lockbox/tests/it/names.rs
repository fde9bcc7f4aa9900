//! Finding a secret by its name: by list, by payload, and by what was listed before.

use std::sync::Arc;
use std::time::Duration;

use polyvault_core::clock::{Clock, ManualClock};
use polyvault_core::provider::{OpenOptions, StoreUrl};
use polyvault_core::transport::ClientOptions;
use polyvault_core::{Environment, ErrorKind, InfoPatch, SecretStore, SecretStoreExt, Timestamp};
use polyvault_testkit::script::{Script, answer};
use polyvault_yandex_lockbox::emulator::Emulator;
use polyvault_yandex_lockbox::{Names, PROVIDER, YandexLockbox};
use serde_json::json;

const LIFE: Duration = Duration::from_secs(30);

async fn start() -> (Emulator, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let emulator = Emulator::builder().clock(Arc::clone(&clock) as _);
    let emulator = emulator.start().await;
    for name in ["db", "api", "twin", "twin"] {
        seed(&emulator, name, name);
    }
    (emulator, clock)
}

fn seed(emulator: &Emulator, name: &str, text: &str) -> String {
    let entries = [json!({"key": "value", "textValue": text})];
    let secret = json!({"name": name, "versions": [{"entries": entries}]});
    emulator.seed(&secret).unwrap()
}

fn store(
    emulator: &Emulator,
    clock: &Arc<ManualClock>,
    names: Names,
    life: Duration,
) -> YandexLockbox {
    YandexLockbox::builder("b1gemulatorfolder001")
        .endpoint(emulator.url())
        .token("t1.made-up.token".into())
        .names(names)
        .name_cache(life)
        .client_options(ClientOptions {
            clock: Arc::clone(clock) as _,
            ..ClientOptions::default()
        })
        .build()
        .unwrap()
}

/// The one value of a secret.
async fn text(store: &YandexLockbox, name: &str) -> String {
    let read = store.get_with(name, Default::default()).await.unwrap();
    let value = read.payload.single().unwrap().expose_text().unwrap();
    value.to_owned()
}

/// How many lists of the folder there were.
async fn lists(emulator: &Emulator) -> usize {
    let all = emulator.server().received_requests().await.unwrap();
    let lists = all.iter().filter(|request| {
        request.url.path() == "/lockbox/v1/secrets" && request.method.as_str() == "GET"
    });
    lists.count()
}

#[tokio::test]
async fn a_reader_of_payloads_alone_reads_by_name() {
    let (emulator, clock) = start().await;
    for method in ["Secret.List", "Secret.Get", "Payload.Get"] {
        emulator.forbid(method).unwrap();
    }
    let store = store(&emulator, &clock, Names::ByPayload, Duration::ZERO);

    assert_eq!(text(&store, "db").await, "db");

    let all = emulator.server().received_requests().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0].url.query(),
        Some("folderAndName.folderId=b1gemulatorfolder001&folderAndName.secretName=db")
    );
}

#[tokio::test]
async fn a_payload_by_name_tells_the_secret_and_the_version_and_text_where_it_can_be() {
    let body = json!({"secretId": "e6qs", "versionId": "e6qv", "entries": {
        "cert": "//79Pg==", "empty": "", "user": "0L/QsNGA0L7Qu9GM",
    }});
    let script = Script::new([answer(200, body.to_string())]);
    let store = YandexLockbox::builder("b1gfolder00000000001")
        .token("t1.made-up.token".into())
        .names(Names::ByPayload)
        .client_options(script.options())
        .build()
        .unwrap();

    let read = store
        .get(&"db & co".try_into().unwrap(), Default::default())
        .await
        .unwrap();

    assert_eq!(read.id.unwrap().as_str(), "e6qs");
    assert_eq!(read.version.unwrap().as_str(), "e6qv");
    assert_eq!(read.name.unwrap().as_str(), "db & co");
    let value = |key| read.payload.get(key).unwrap();
    assert_eq!(value("user").expose_text().unwrap(), "пароль");
    assert!(!value("cert").is_text() && value("empty").is_empty());
    let host = "https://payload.lockbox.api.cloud.yandex.net/lockbox/v1/secrets:getEx";
    let query =
        "folderAndName.folderId=b1gfolder00000000001&folderAndName.secretName=db%20%26%20co";
    assert_eq!(script.lines(), [format!("GET {host}?{query}")]);
}

#[tokio::test]
async fn what_is_forbidden_names_the_role_of_the_strategy() {
    let (emulator, clock) = start().await;
    emulator.forbid("all").unwrap();
    for (names, roles) in [
        (Names::ByList, ["lockbox.viewer", "`names=get_ex`"]),
        (
            Names::ByPayload,
            ["lockbox.payloadViewer", "(`names=get_ex`)"],
        ),
    ] {
        let store = store(&emulator, &clock, names, Duration::ZERO);

        let error = store.get_text("db").await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Forbidden);
        for role in roles {
            assert!(error.help().contains(role), "{}", error.help());
        }
    }
}

#[tokio::test]
async fn twins_are_ambiguous_with_their_ids_either_way() {
    for names in [Names::ByList, Names::ByPayload] {
        for life in [Duration::ZERO, LIFE] {
            let (emulator, clock) = start().await;
            let third = seed(&emulator, "twin", "third");
            let store = store(&emulator, &clock, names, life);

            let error = store.get_text("twin").await.unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{names:?}");
            assert!(error.message().contains(&third), "{error}");
            assert!(error.message().contains("3 secrets"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_inactive_secret_is_disabled_by_payload_too() {
    let (emulator, clock) = start().await;
    let off = InfoPatch {
        enabled: Some(false),
        ..InfoPatch::default()
    };
    emulator.store().update("db", off).await.unwrap();
    let store = store(&emulator, &clock, Names::ByPayload, Duration::ZERO);

    let error = store.get_text("db").await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Disabled);
}

#[tokio::test]
async fn one_list_serves_the_reads_of_all_names_for_its_life() {
    let (emulator, clock) = start().await;
    let store = store(&emulator, &clock, Names::ByList, LIFE);

    let reads = (0..20).map(|at| {
        let (store, name) = (store.clone(), ["db", "api"][at % 2]);
        tokio::spawn(async move { text(&store, name).await })
    });
    let reads: Vec<_> = reads.collect();
    for (at, read) in reads.into_iter().enumerate() {
        assert_eq!(read.await.unwrap(), ["db", "api"][at % 2]);
    }
    store.describe(&"db".try_into().unwrap()).await.unwrap();
    store.history("api").await.unwrap();
    assert_eq!(lists(&emulator).await, 1);

    clock.sleep(LIFE).await;
    store.get_text("db").await.unwrap();
    assert_eq!(lists(&emulator).await, 2);
}

#[tokio::test]
async fn a_remembered_id_that_is_gone_is_looked_up_again() {
    let (emulator, clock) = start().await;
    let store = store(&emulator, &clock, Names::ByList, LIFE);
    store.get_text("db").await.unwrap();
    emulator.store().delete("db").await.unwrap();

    let gone = store.get_text("db").await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);

    emulator.store().put("db", "anew").await.unwrap();
    assert_eq!(text(&store, "db").await, "anew");
    emulator.store().delete("db").await.unwrap();
    emulator.store().put("db", "once more").await.unwrap();
    assert_eq!(text(&store, "db").await, "once more");
}

#[tokio::test]
async fn what_is_written_is_never_only_remembered() {
    let (emulator, clock) = start().await;
    let store = store(&emulator, &clock, Names::ByList, LIFE);
    store.get_text("db").await.unwrap();
    let other = InfoPatch {
        name: Some("was-db".parse().unwrap()),
        ..InfoPatch::default()
    };
    emulator.store().update("db", other.clone()).await.unwrap();

    // Somebody else renamed it: the read is of the life's age, the write is not.
    store.get_text("db").await.unwrap();
    let written = store.put("db", "new").await.unwrap();
    assert!(written.created);
    assert_eq!(text(&store, "db").await, "new");

    // And what the store itself renames or deletes it forgets at once.
    store.get_text("api").await.unwrap();
    let renamed = InfoPatch {
        name: Some("was-api".parse().unwrap()),
        ..InfoPatch::default()
    };
    store.update("api", renamed).await.unwrap();
    assert_eq!(
        store.get_text("api").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    store.delete("db").await.unwrap();
    assert_eq!(
        store.get_text("db").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn by_url_names_and_their_memory_are_set_and_checked() {
    let (emulator, clock) = start().await;
    let open = |query: &str| {
        let url = format!(
            "yandex-lockbox://b1gemulatorfolder001?endpoint={}&{query}",
            emulator.url()
        );
        let options = OpenOptions {
            environment: Environment::empty().with("YC_IAM_TOKEN", "t1.made-up.token"),
            client: ClientOptions {
                clock: Arc::clone(&clock) as _,
                ..ClientOptions::default()
            },
        };
        (PROVIDER.open)(&StoreUrl::parse(&url).unwrap(), options)
    };

    let remembering = open("name_cache=30s").unwrap();
    remembering.get_text("db").await.unwrap();
    remembering.get_text("api").await.unwrap();
    assert_eq!(lists(&emulator).await, 1);
    let by_payload = open("names=get_ex").unwrap();
    by_payload.get_text("db").await.unwrap();
    assert_eq!(lists(&emulator).await, 1);
    let by_list = open("names=list").unwrap();
    by_list.get_text("db").await.unwrap();
    assert_eq!(lists(&emulator).await, 2);

    for query in ["names=id", "names=", "name_cache=30", "name_cache=0s"] {
        assert_eq!(
            open(query).unwrap_err().kind(),
            ErrorKind::Config,
            "{query}"
        );
    }
}
