//! Lists, their order and their pages.

use polyvault_azure_key_vault::emulator::{Emulator, Version};
use serde_json::Value;

use super::{Answer, get, send, set};

#[tokio::test]
async fn lists_go_over_three_pages_with_an_empty_one_in_the_middle() {
    let vault = Emulator::builder().page_size(2).start().await;
    for name in ["a", "b", "c"] {
        vault.seed(name, ["v"]).unwrap();
    }
    vault.empty_page(true);

    let first = get(&vault, "/secrets?maxresults=25").await;
    let second = follow(&first).await;
    let third = follow(&second).await;

    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(names(&second), [""; 0]);
    assert_eq!(names(&third), ["c"]);
    assert_eq!(third.body["nextLink"], Value::Null);
    let link = first.body["nextLink"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/secrets?api-version=2026-04-01&", vault.url())));
    assert!(link.ends_with("&maxresults=25"));
}

#[tokio::test]
async fn an_empty_page_comes_also_where_one_page_holds_everything() {
    let vault = Emulator::start().await;
    vault.seed("a", ["v"]).unwrap();
    vault.empty_page(true);

    let first = get(&vault, "/secrets").await;
    let second = follow(&first).await;
    let third = follow(&second).await;

    assert_eq!(names(&first), ["a"]);
    assert_eq!(names(&second), [""; 0]);
    assert_eq!(names(&third), [""; 0]);
    assert_eq!(third.body["nextLink"], Value::Null);
}

#[tokio::test]
async fn a_secret_set_between_two_pages_shifts_no_other() {
    let vault = Emulator::builder().page_size(1).start().await;
    vault.seed("b", ["v"]).unwrap();
    vault.seed("c", ["v"]).unwrap();

    let first = get(&vault, "/secrets").await;
    set(&vault, "a", "v").await;
    let second = follow(&first).await;

    assert_eq!(names(&first), ["b"]);
    assert_eq!(names(&second), ["c"]);
}

#[tokio::test]
async fn a_page_holds_25_items_at_most() {
    let vault = Emulator::start().await;
    for number in 0..26 {
        vault.seed(&format!("s{number:02}"), ["v"]).unwrap();
    }

    let first = get(&vault, "/secrets").await;
    let second = follow(&first).await;

    assert_eq!(names(&first).len(), 25);
    assert_eq!(names(&second), ["s25"]);
    let too_many = get(&vault, "/secrets?maxresults=26").await;
    assert_eq!(too_many.error(), (400, "BadParameter", None));
    let none = get(&vault, "/secrets?maxresults=0").await;
    assert_eq!(none.error(), (400, "BadParameter", None));
}

#[tokio::test]
async fn versions_are_sorted_by_id_and_current_is_the_last_one_set() {
    let vault = Emulator::start().await;
    let (high, low) = ("f".repeat(32), "0".repeat(32));
    let version = |id: &str, value: &str| Version {
        id: id.to_owned(),
        value: value.to_owned(),
        ..Version::default()
    };
    let versions = [version(&high, "first"), version(&low, "second")];
    vault.seed("db", versions).unwrap();

    let list = get(&vault, "/secrets/db/versions").await;
    let current = get(&vault, "/secrets/db").await;

    assert_eq!(names(&list), [low.as_str(), high.as_str()]);
    assert_eq!(current.body["value"], "second");
    assert!(list.body["value"][0].get("value").is_none());
}

#[tokio::test]
async fn the_versions_of_an_unknown_name_are_an_empty_list() {
    let vault = Emulator::start().await;

    let list = get(&vault, "/secrets/nobody/versions").await;

    assert_eq!(list.status, 200);
    assert_eq!(
        list.body,
        serde_json::json!({"value": [], "nextLink": null})
    );
}

#[tokio::test]
async fn ids_and_links_begin_with_the_public_url() {
    let builder = Emulator::builder().public_url("https://front.test:8443/");
    let vault = builder.page_size(1).start().await;
    vault.seed("a", ["v"]).unwrap();
    vault.seed("b", ["v"]).unwrap();

    let url = format!("{}/secrets?api-version=7.4", vault.server().uri());
    let list = send("GET", &url, Some("any"), None).await.unwrap();

    assert_eq!(vault.url(), "https://front.test:8443");
    let item = &list.body["value"][0];
    assert_eq!(item["id"], "https://front.test:8443/secrets/a");
    let link = list.body["nextLink"].as_str().unwrap();
    assert!(link.starts_with("https://front.test:8443/secrets?api-version=7.4&"));
}

async fn follow(page: &Answer) -> Answer {
    let link = page.body["nextLink"].as_str().unwrap();
    send("GET", link, Some("any"), None).await.unwrap()
}

/// The last segments of the items' ids.
fn names(page: &Answer) -> Vec<&str> {
    let items = page.body["value"].as_array().unwrap();
    let ids = items.iter().map(|item| item["id"].as_str().unwrap());
    ids.map(|id| id.rsplit('/').next().unwrap()).collect()
}
