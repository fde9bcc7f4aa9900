//! Every list that a store over HTTP has: how much of one answer is read, where a list ends, and where its links lead.

use futures_util::future::BoxFuture;
use polyvault::yandex_lockbox::YandexLockbox;
use polyvault::{Labels, Result, SecretId, SecretRef};

use super::*;

/// The most items of a page and labels of a secret that are read.
const MOST: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Secrets,
    Versions,
    Deleted,
}

/// A list, and how its service writes a page of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// Its store among [`STORES`].
    store: usize,
    list: List,
    field: &'static str,
    item: fn(usize) -> String,
    /// What names the next page, with `NEXT` for what differs; empty where there are no pages.
    next: &'static str,
}

const AZURE_NEXT: &str = r#""nextLink":"https://my-vault.vault.azure.net/secrets?$skiptoken=NEXT""#;
const LOCKBOX_NEXT: &str = r#""nextPageToken":"NEXT""#;

pub(super) const LISTS: [Listed; 7] = [
    Listed {
        store: 0,
        list: List::Secrets,
        field: "value",
        item: |count| format!(r#"{{"id":"https://v/secrets/{count:x}"}}"#),
        next: AZURE_NEXT,
    },
    Listed {
        store: 0,
        list: List::Versions,
        field: "value",
        item: |count| format!(r#"{{"id":"https://v/secrets/db/{count:032x}"}}"#),
        next: AZURE_NEXT,
    },
    Listed {
        store: 0,
        list: List::Deleted,
        field: "value",
        item: |count| format!(r#"{{"id":"https://v/secrets/{count:x}"}}"#),
        next: AZURE_NEXT,
    },
    Listed {
        store: 1,
        list: List::Secrets,
        field: "value",
        item: |count| format!(r#"{{"name":"{count:x}"}}"#),
        next: r#""nextLink":"https://management.azure.com/subscriptions?$skiptoken=NEXT""#,
    },
    Listed {
        store: 2,
        list: List::Secrets,
        field: "secrets",
        item: |count| format!(r#"{{"id":"{count:x}"}}"#),
        next: LOCKBOX_NEXT,
    },
    Listed {
        store: 2,
        list: List::Versions,
        field: "versions",
        item: |count| format!(r#"{{"id":"{count:x}","status":"ACTIVE"}}"#),
        next: LOCKBOX_NEXT,
    },
    Listed {
        store: 3,
        list: List::Secrets,
        field: "secrets",
        item: |count| format!(r#"{{"id":"{count:x}"}}"#),
        next: "",
    },
];

impl Listed {
    pub(super) fn url(&self) -> &'static str {
        STORES[self.store].0
    }

    pub(super) fn host(&self) -> &'static str {
        STORES[self.store].1
    }

    pub(super) fn has_pages(&self) -> bool {
        !self.next.is_empty()
    }

    pub(super) fn has_links(&self) -> bool {
        self.next.contains("nextLink")
    }

    /// A page of so many items that says that another one follows.
    pub(super) fn page(&self, items: usize, next: &str) -> String {
        let (field, items) = (self.field, joined(items, self.item));
        let next = self.next.replace("NEXT", next);
        format!(r#"{{"{field}":[{items}],{next}}}"#)
    }

    /// A page of so many items, and the last one.
    pub(super) fn last(&self, items: usize) -> String {
        format!(r#"{{"{}":[{}]}}"#, self.field, joined(items, self.item))
    }

    /// A page whose next one is behind this link, which stands in the JSON as it is.
    pub(super) fn page_before(&self, link: &str) -> String {
        format!(r#"{{"{}":[],"nextLink":"{link}"}}"#, self.field)
    }

    /// How many items the first page has.
    async fn first(&self, store: &dyn SecretStore) -> Result<usize> {
        let page = PageRequest::default();
        Ok(match self.list {
            List::Secrets => store.list_page(page).await?.items.len(),
            List::Versions => {
                let secret = self.secret();
                store.list_versions_page(&secret, page).await?.items.len()
            }
            List::Deleted => store.list_deleted_page(page).await?.items.len(),
        })
    }

    /// How many items there are to the end.
    pub(super) async fn all(&self, store: &dyn SecretStore) -> Result<usize> {
        Ok(match self.list {
            List::Secrets => store.list().try_collect::<Vec<_>>().await?.len(),
            List::Versions => {
                let versions = store.list_versions(self.secret());
                versions.try_collect::<Vec<_>>().await?.len()
            }
            List::Deleted => store.list_deleted().try_collect::<Vec<_>>().await?.len(),
        })
    }

    /// By what the service finds it at once.
    fn secret(&self) -> SecretRef {
        match self.store {
            2 => SecretId::new("e6qs").unwrap().into(),
            _ => "db".try_into().unwrap(),
        }
    }
}

/// So many of them between commas.
fn joined(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn every_list_of_every_store_is_among_them() {
    for (at, (url, _, _)) in STORES.iter().enumerate() {
        for list in [List::Secrets, List::Versions, List::Deleted] {
            let known = LISTS
                .iter()
                .find(|known| (known.store, known.list) == (at, list));
            let other = Listed {
                store: at,
                list,
                ..LISTS[0]
            };
            let script = Script::always(answer(200, "{"));
            let error = known.unwrap_or(&other).first(&*open(url, &script)).await;
            let lacks = error.unwrap_err().kind() == ErrorKind::Unsupported;
            assert_eq!(lacks, known.is_none(), "{url} {list:?}");
        }
    }
}

#[tokio::test]
async fn a_page_of_a_hundred_thousand_items_is_read_and_one_of_one_more_is_refused() {
    for list in &LISTS {
        for (count, fits) in [(MOST, true), (MOST + 1, false)] {
            let script = Script::always(answer(200, list.last(count)));

            let read = list.first(&*open(list.url(), &script)).await;

            match read {
                Ok(read) => assert!(fits && read == count, "{list:?}: {read}"),
                Err(error) => {
                    assert!(!fits, "{list:?}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Decode, "{list:?}");
                }
            }
            assert_eq!(script.lines().len(), 1, "{list:?}");
        }
    }
}

type Native = fn(YandexLockbox, SecretRef) -> BoxFuture<'static, Result<usize>>;

#[tokio::test]
async fn so_it_is_with_the_lists_that_lockbox_alone_has() {
    let lists: [(&str, &str, Native); 2] = [
        ("operations", "id", |store, secret| {
            Box::pin(async move {
                let page = store.list_operations_page(&secret, PageRequest::default());
                Ok(page.await?.items.len())
            })
        }),
        ("accessBindings", "roleId", |store, secret| {
            Box::pin(async move {
                let page = store.list_access_bindings_page(&secret, PageRequest::default());
                Ok(page.await?.items.len())
            })
        }),
    ];
    for (field, key, list) in lists {
        for (count, fits) in [(MOST, true), (MOST + 1, false)] {
            let items = joined(count, |count| format!(r#"{{"{key}":"{count:x}"}}"#));
            let script = Script::always(answer(200, format!(r#"{{"{field}":[{items}]}}"#)));
            let store = YandexLockbox::builder("b1gfolder00000000001")
                .token("t1.made-up".into())
                .client_options(script.options())
                .build()
                .unwrap();

            let read = list(store, SecretId::new("e6qs").unwrap().into()).await;

            assert_eq!(read.as_ref().ok(), fits.then_some(&count), "{field}");
            assert!(
                read.err()
                    .is_none_or(|error| error.kind() == ErrorKind::Decode)
            );
        }
    }
}

#[tokio::test]
async fn a_hundred_thousand_labels_are_read_and_one_more_is_refused() {
    for (at, first, last) in [
        (
            0,
            r#"{"value":[{"id":"https://v/secrets/db","tags":{"#,
            "}}]}",
        ),
        (1, r#"{"value":[{"name":"db","tags":{"#, "}}]}"),
        (2, r#"{"secrets":[{"id":"e6q","labels":{"#, "}}]}"),
    ] {
        for (count, fits) in [(MOST, true), (MOST + 1, false), (10 * MOST, false)] {
            let labels = joined(count, |count| format!(r#""{count:x}":"""#));
            let script = Script::always(answer(200, [first, &labels, last].concat()));
            let (url, _, _) = STORES[at];

            let page = open(url, &script).list_page(PageRequest::default()).await;

            match page {
                Ok(mut page) => {
                    let info = page.items.remove(0);
                    let of_version = info.current.and_then(|current| current.labels);
                    let labels = info.labels.or(of_version).as_ref().map(Labels::len);
                    assert!(fits && labels == Some(count), "{url}: {labels:?}");
                }
                Err(error) => {
                    assert!(!fits, "{url}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Decode, "{url}");
                }
            }
        }
    }
}
