//! One port for all services, or one each.

use polyvault_core::SecretStoreExt;
use polyvault_core::transport::ReqwestTransport;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Value, json};

use crate::raw::{Answer, FOLDER, SECRETS, at, db, get, send_by};

/// A request of each service, and the place of the port that has it in `urls`.
fn requests() -> [(&'static str, String, usize); 6] {
    [
        ("GET", at(""), 0),
        ("GET", "/endpoints".into(), 0),
        ("GET", at("/payload"), 1),
        (
            "GET",
            format!("{SECRETS}:getEx?secretId=e6qsecret00000000001"),
            1,
        ),
        ("GET", "/operations/e6qoperation00000001".into(), 2),
        ("POST", "/iam/v1/tokens".into(), 3),
    ]
}

fn urls(emulator: &Emulator) -> [String; 4] {
    [
        emulator.url(),
        emulator.payload_url(),
        emulator.operation_url(),
        emulator.iam_url(),
    ]
}

async fn ask(transport: &ReqwestTransport, verb: &str, url: String) -> Answer {
    let request = http::Request::builder().method(verb).uri(url);
    let request = request.header("authorization", "Bearer t1.any.token");
    let body = (verb == "POST").then(|| json!({"jwt": "j"}));
    send_by(transport, request, body.as_ref()).await.unwrap()
}

#[tokio::test]
async fn each_of_four_ports_answers_its_own_methods_only() {
    let emulator = Emulator::builder().four_ports().start().await;
    emulator.seed(&db()).unwrap();
    let transport = ReqwestTransport::default();
    emulator
        .given(&json!({"ids": ["e6qoperation00000001"]}))
        .unwrap();
    let activate = json!({"method": "POST", "path": at(":activate")});
    emulator.given(&json!({"call": activate})).unwrap();
    let urls = urls(&emulator);

    for (verb, path, place) in requests() {
        for (index, url) in urls.iter().enumerate() {
            let answer = ask(&transport, verb, format!("{url}{path}")).await;
            let wanted = if index == place { 200 } else { 404 };
            assert_eq!(answer.status, wanted, "{path} at {index}");
            if index != place {
                assert_eq!(*answer.at("/code"), 5, "{path} at {index}");
            }
        }
    }
    assert_eq!(emulator.request_count(), 6 * 4);
}

#[tokio::test]
async fn one_port_answers_all_methods() {
    let emulator = Emulator::start().await;
    let [first, others @ ..] = urls(&emulator);

    assert!(others.iter().all(|other| *other == first));
    let [first, others @ ..] = emulator.servers();
    assert!(
        others
            .iter()
            .all(|other| other.address() == first.address())
    );
}

#[tokio::test]
async fn the_list_of_endpoints_tells_where_each_service_is_and_needs_no_token() {
    for emulator in [
        Emulator::start().await,
        Emulator::builder()
            .four_ports()
            .token("t1.only.this")
            .start()
            .await,
        Emulator::builder().four_ports().https().start().await,
    ] {
        let transport = trusting(&emulator);
        let bare = async |path: &str| {
            let url = format!("{}{path}", emulator.url());
            let request = http::Request::builder().method("GET").uri(url);
            send_by(&transport, request, None).await.unwrap()
        };
        let [lockbox, payload, operation, iam] =
            urls(&emulator).map(|url| url.split_once("://").unwrap().1.to_owned());
        let listed = bare("/endpoints").await;

        let mut listed: Vec<Value> = listed.at("/endpoints").as_array().unwrap().clone();
        listed.sort_by_key(Value::to_string);
        let mut wanted = [
            ("endpoint", &lockbox),
            ("iam", &iam),
            ("lockbox", &lockbox),
            ("lockbox-payload", &payload),
            ("operation", &operation),
        ]
        .map(|(id, address)| json!({"id": id, "address": address}));
        for endpoint in &wanted {
            let id = endpoint["id"].as_str().unwrap();
            assert_eq!(bare(&format!("/endpoints/{id}")).await.body, *endpoint);
        }
        wanted.sort_by_key(Value::to_string);
        assert_eq!(listed, wanted);
        assert_eq!(bare("/endpoints/compute").await.status, 404);
    }
}

#[tokio::test]
async fn a_store_finds_each_service_on_its_port_by_http_and_by_https() {
    for builder in [Emulator::builder(), Emulator::builder().https()] {
        let emulator = builder.four_ports().start().await;
        let store = emulator.store();

        store.put("db", "s3cret").await.unwrap();
        store.get_text("db").await.unwrap();

        for server in emulator.servers().into_iter().take(3) {
            assert!(!server.received_requests().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_fault_is_mounted_on_one_service() {
    let emulator = Emulator::builder().four_ports().start().await;
    emulator.seed(&db()).unwrap();
    let [_, payloads, ..] = emulator.servers();
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(503).set_body_string("{}"))
        .mount(payloads)
        .await;

    let payload = ask(
        &ReqwestTransport::default(),
        "GET",
        format!("{}{}", emulator.payload_url(), at("/payload")),
    )
    .await;
    let list = get(&emulator, &format!("{SECRETS}?folderId={FOLDER}")).await;

    assert_eq!((payload.status, list.status), (503, 200));
}

fn trusting(emulator: &Emulator) -> ReqwestTransport {
    let builder = ReqwestTransport::builder();
    match emulator.ca_pem() {
        Some(pem) => builder.ca_pem(pem).unwrap().build(),
        None => builder.build(),
    }
}
