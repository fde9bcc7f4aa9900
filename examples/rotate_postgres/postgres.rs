//! A role of a server of PostgreSQL.

use async_trait::async_trait;
use polyvault::rotation::{Change, Target};
use polyvault::{Error, ErrorKind, Payload, Result};
use postgres_protocol::password::scram_sha_256;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

/// Signs in as the role itself, which may change its own password.
pub(crate) struct Role {
    name: String,
    /// Where the server is; without user and password.
    server: Config,
}

/// What stands behind `--postgres`: where the server is, and who may make roles there.
pub(crate) fn connection_of(mut arguments: impl Iterator<Item = String>) -> Result<Option<Config>> {
    if !arguments.any(|argument| argument == "--postgres") {
        return Ok(None);
    }
    // The parser's error may quote a password.
    let told = arguments.next().and_then(|text| text.parse().ok());
    told.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            "--postgres: not a connection to PostgreSQL",
        )
    })
}

impl Role {
    /// Makes the role if need be, and gives it this password.
    pub(crate) async fn made(name: &str, admin: &Config, password: &Payload) -> Result<Self> {
        let client = connect(admin).await.map_err(failed)?;
        let statement = format!("CREATE ROLE {} LOGIN", quoted(name));
        match client.batch_execute(&statement).await {
            Err(error) if error.code() != Some(&SqlState::DUPLICATE_OBJECT) => {
                return Err(failed(error));
            }
            _ => {}
        }
        set_password(&client, name, password).await?;
        let mut server = Config::new();
        for host in admin.get_hosts() {
            match host {
                tokio_postgres::config::Host::Tcp(host) => server.host(host),
                #[cfg(unix)]
                tokio_postgres::config::Host::Unix(path) => server.host_path(path),
            };
        }
        for port in admin.get_ports() {
            server.port(*port);
        }
        server.dbname(admin.get_dbname().unwrap_or("postgres"));
        Ok(Self {
            name: name.to_owned(),
            server,
        })
    }

    async fn sign_in(&self, password: &Payload) -> Result<Client, SignIn> {
        let mut config = self.server.clone();
        let password = password.single().map_err(SignIn::Failed)?;
        config.user(&self.name).password(password.expose_bytes());
        connect(&config).await.map_err(|error| match error.code() {
            Some(code) if *code == SqlState::INVALID_PASSWORD => SignIn::Refused,
            _ => SignIn::Failed(failed(error)),
        })
    }
}

enum SignIn {
    Refused,
    Failed(Error),
}

#[async_trait]
impl Target for Role {
    async fn works(&self, _set: Option<&str>, value: &Payload) -> Result<bool> {
        match self.sign_in(value).await {
            Ok(_) => Ok(true),
            Err(SignIn::Refused) => Ok(false),
            Err(SignIn::Failed(error)) => Err(error),
        }
    }

    async fn change(&self, change: Change<'_>) -> Result<()> {
        let client = self
            .sign_in(change.current)
            .await
            .map_err(|why| match why {
                SignIn::Failed(error) => error,
                SignIn::Refused => Error::new(
                    ErrorKind::FailedPrecondition,
                    "the role takes neither the password that the store holds nor the next one",
                ),
            })?;
        set_password(&client, &self.name, change.next).await
    }
}

/// Only a verifier of the password goes into the statement, which servers write to their logs.
async fn set_password(client: &Client, name: &str, password: &Payload) -> Result<()> {
    let verifier = scram_sha_256(password.single()?.expose_bytes());
    let statement = format!("ALTER ROLE {} PASSWORD '{verifier}'", quoted(name));
    client.batch_execute(&statement).await.map_err(failed)
}

async fn connect(config: &Config) -> std::result::Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

/// The server's code alone: its texts may quote statements.
fn failed(error: tokio_postgres::Error) -> Error {
    let code = error.code().map(|code| code.code().to_owned());
    let failed = Error::new(ErrorKind::Unavailable, "PostgreSQL did not do it");
    match code {
        Some(code) => failed.with_code(code),
        None => failed,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
