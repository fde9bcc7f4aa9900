//! Signing in: what proves who calls, and two tokens that come for it.

use std::sync::Arc;

use async_trait::async_trait;
use polyvault::azure_key_vault::{AzureKeyVault, credential::ClientSecret};
use polyvault::transport::{Token, TokenCache, TokenSource};
use polyvault::wix_secrets::{WixSecrets, credential::App};
use polyvault::yandex_lockbox::{YandexLockbox, credential::AuthorizedKey};
use polyvault::{Result, SecretStoreExt as _, SecretString, yandex_lockbox};
use polyvault_testkit::leak::Mark;
use polyvault_testkit::web::{Web, json, token};

use super::own::{run, wipes};

/// A value, what signs in, and two tokens that come for it.
fn marks() -> &'static [Mark] {
    Box::leak(Box::new([
        Mark::large(),
        Mark::new(),
        Mark::new(),
        Mark::new(),
    ]))
}

fn secret(mark: &Mark) -> SecretString {
    mark.text().into()
}

#[test]
fn a_client_secret_and_its_tokens_are_wiped() {
    let marks = marks();
    let web = Web::new();
    let mut challenge = json(401, serde_json::json!({}));
    let asks = r#"Bearer authorization="https://login.microsoftonline.com/my-tenant", resource="https://vault.azure.net""#;
    challenge
        .headers_mut()
        .insert("www-authenticate", asks.parse().unwrap());
    let value = serde_json::json!({"value": marks[0].text(), "id": "https://marked.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef"});
    // The first token is refused, and another one asked for.
    web.answer("login.microsoftonline.com", token(marks[2].text()))
        .answer("marked.vault.azure.net", challenge)
        .answer("login.microsoftonline.com", token(marks[3].text()))
        .answer("marked.vault.azure.net", json(200, value));

    wipes("a client secret", marks, async move {
        let credential = ClientSecret::new("my-tenant", "my-client", secret(&marks[1]));
        let builder = AzureKeyVault::builder("marked").credential(credential);
        let store = builder.client_options(web.options()).build().unwrap();
        drop(store.get_text("db").await.unwrap());
    });
}

#[test]
fn the_secret_of_an_app_and_its_token_are_wiped() {
    let marks = marks();
    let web = Web::new();
    web.answer("www.wixapis.com", token(marks[2].text()))
        .answer(
            "www.wixapis.com",
            json(200, serde_json::json!({"value": &marks[0].text()[..3_008]})),
        );

    wipes("an app", marks, async move {
        let app = App::new("my-app", secret(&marks[1]), "my-instance");
        let builder = WixSecrets::builder("site").app(app);
        let store = builder.client_options(web.options()).build().unwrap();
        drop(store.get_text("db").await.unwrap());
    });
}

#[test]
fn a_token_for_a_signed_statement_is_wiped() {
    let marks = marks();
    let key = run(async {
        yandex_lockbox::emulator::Emulator::start()
            .await
            .authorized_key()
    });
    let web = Web::new();
    let issued =
        serde_json::json!({"iamToken": marks[2].text(), "expiresAt": "2026-11-22T22:00:00Z"});
    let payload = serde_json::json!({"versionId": "e6qv", "entries": [
        {"key": "value", "textValue": marks[0].text()},
    ]});
    web.answer("iam.api.cloud.yandex.net", json(200, issued))
        .answer("payload.lockbox.api.cloud.yandex.net", json(200, payload));

    wipes("a key", marks, async move {
        let builder =
            YandexLockbox::builder("folder").credential(AuthorizedKey::from_json(key.into()));
        let store = builder.client_options(web.options()).build().unwrap();
        let id = polyvault::SecretRef::from(polyvault::SecretId::new("e6qs").unwrap());
        drop(store.get_text(id).await.unwrap());
    });
}

/// Gives one token after the other.
#[derive(Debug)]
struct Tokens(&'static [Mark]);

#[async_trait]
impl TokenSource for Tokens {
    async fn fetch(&self) -> Result<Token> {
        Ok(Token {
            secret: secret(&self.0[1]),
            expires_at: None,
        })
    }
}

#[test]
fn the_cache_wipes_the_tokens_that_it_gives_up() {
    let marks = marks();
    wipes("the cache", marks, async {
        let cache = TokenCache::new(Tokens(marks), Arc::new(polyvault::clock::SystemClock));
        let (generation, _) = cache.get().await.unwrap();
        cache.renew(generation).await.unwrap();
    });
}
