//! Writes the first inputs of each target to `corpus/`, out of the fixtures.

use std::error::Error;
use std::fs;
use std::path::Path;

use polyvault_fuzz::STATUSES;
use polyvault_testkit::fixture;

fn main() -> Result<(), Box<dyn Error>> {
    for (target, provider, prefix) in [
        ("azure_response", "azure-key-vault", ""),
        ("azure_arm_response", "azure-key-vault", "arm-"),
        ("wix_response", "wix-secrets", ""),
        ("lockbox_response", "yandex-lockbox", ""),
    ] {
        for fixture in fixture::load(provider)? {
            let status = STATUSES
                .iter()
                .position(|known| *known == fixture.response.status);
            let (Some(status), Some(body)) = (status, &fixture.response.body) else {
                continue;
            };
            if fixture.name.starts_with(prefix) {
                let mut seed = vec![u8::try_from(status)?];
                seed.extend(body.to_string().bytes());
                write(target, &fixture.name, &seed)?;
            }
        }
    }
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/azure-key-vault/events");
    for entry in fs::read_dir(events)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        write("azure_event", &name, &fs::read(entry.path())?)?;
    }
    for (target, texts) in TEXTS {
        for (at, text) in texts.iter().enumerate() {
            write(target, &at.to_string(), text.as_bytes())?;
        }
    }
    Ok(())
}

fn write(target: &str, name: &str, seed: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), seed)?)
}

/// What has no fixture of its own.
const TEXTS: [(&str, &[&str]); 7] = [
    (
        "azure_challenge",
        &[
            r#"Bearer authorization="https://login.windows.net/t", resource="https://vault.cloud.example""#,
            "Bearer resource=https://vault.cloud.example, authorization_uri=https://login.windows.net/t",
            r#"PoP nonce="n", Bearer authorization="https://l.example/t", scope="https://vault.cloud.example/.default""#,
            r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
        ],
    ),
    (
        "azure_identifier",
        &[
            "https://my-vault.vault.azure.net/secrets/db/0123456789abcdef0123456789abcdef",
            "https://my-vault.vault.azure.net:443/deletedsecrets/db",
            "application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8\n{\"uri\":\"https://my-vault.vault.azure.net/secrets/db\"}",
        ],
    ),
    (
        "wix_event",
        &[
            "1{\"data\":\"{\\\"data\\\":\\\"{\\\\\\\"entityId\\\\\\\":\\\\\\\"x\\\\\\\",\\\\\\\"slug\\\\\\\":\\\\\\\"created\\\\\\\",\\\\\\\"createdEvent\\\\\\\":{\\\\\\\"entityAsJson\\\\\\\":\\\\\\\"{}\\\\\\\"}}\\\",\\\"instanceId\\\":\\\"4a8a3d5e-0000-4000-8000-000000000001\\\",\\\"eventType\\\":\\\"wix.velo.secrets_vault.v1.secret_created\\\"}\",\"iat\":1795341600,\"exp\":1795345200}",
            "\0eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA",
        ],
    ),
    (
        "encoding",
        &[
            "application/vnd.polyvault.payload+json;version=1;type=\"text/plain\"\n{\"polyvault\":1,\"crc32\":\"badc26fd\",\"entries\":[{\"key\":\"user\",\"text\":\"scott\"},{\"key\":\"blob\",\"base64\":\"AAEC\"}]}",
            "text/plain\na text [polyvault payload; version=1]",
        ],
    ),
    (
        "json_text",
        &[
            r#""\"\\\/\b\f\n\r\té\u00E9\ud834\uDD1E""#,
            r#""_-8""#,
            r#""AAEC""#,
        ],
    ),
    (
        "store_url",
        &[
            "azure-key-vault://my-vault?endpoint=http://127.0.0.1:1&cloud=china&timeout=1m30s&verify_challenge=false",
            "azure-key-vault-arm://a/b/c?resource=https://management.azure.com",
            "yandex-lockbox://b1gfolder?names=get_ex&name_cache=30s&proxy=none",
            "wix-secrets://site?names=dashboard&payloads=encoded&token_endpoint=https://a.b/c",
            "memory://x",
            "https://my-vault.vault.azure.net/secrets/db",
        ],
    ),
    (
        "server_wait",
        &[
            "7",
            "1500",
            "Sun, 22 Nov 2026 10:00:30 GMT",
            "-1",
            "99999999999999999999",
        ],
    ),
];
