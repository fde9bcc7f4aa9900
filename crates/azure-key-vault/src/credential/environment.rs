//! What the environment holds.

use std::path::{Path, PathBuf};

use polyvault_core::provider::Variable;
use polyvault_core::transport::{Endpoint, ReadyToken, TokenSource};
use polyvault_core::{Environment, Error, ErrorKind, Result};

use super::{
    Chain, ClientCertificate, ClientSecret, Credential, DeveloperTool, ManagedIdentity,
    WorkloadIdentity,
};
use crate::config::SCHEME;

const TOKEN: &str = "POLYVAULT_AZURE_TOKEN";
const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const FEDERATED: &str = "AZURE_FEDERATED_TOKEN_FILE";
const IDENTITY_URL: &str = "IDENTITY_ENDPOINT";
const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
const METADATA_URL: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
const CHOICE: &str = "AZURE_TOKEN_CREDENTIALS";
pub(crate) const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
const PATH: &str = "PATH";

pub(crate) const VARIABLES: &[Variable] = &[
    variable(
        TOKEN,
        "none",
        "a ready bearer token for the vault; with it, none of the following is read",
    ),
    variable(
        TENANT,
        "none",
        "the tenant of the application: its id or domain",
    ),
    variable(
        CLIENT,
        "none",
        "the id of the application, or of the managed identity",
    ),
    variable(SECRET, "none", "the application's secret"),
    variable(
        CERTIFICATE,
        "none",
        "a PEM file of the application's certificate and its RSA key, read again for each token",
    ),
    variable(
        FEDERATED,
        "none",
        "a file with the token of another issuer, as Kubernetes makes, read again for each token",
    ),
    variable(
        IDENTITY_URL,
        "none",
        "where App Service and Container Apps give out tokens of the managed identity",
    ),
    variable(IDENTITY_HEADER, "none", "the secret that is sent there"),
    variable(
        METADATA_URL,
        "the metadata address",
        "the URL that stands in for the machine's metadata service, http://169.254.169.254",
    ),
    variable(
        CHOICE,
        "all but the machine's identity",
        "`prod`, `dev`, or the vendor's name of one credential, such as `ManagedIdentityCredential`",
    ),
    variable(
        AUTHORITY,
        "the cloud's",
        "the URL of the login, such as https://login.microsoftonline.com",
    ),
    variable(
        PATH,
        "none",
        "the folders in which `az` and `azd` are looked for",
    ),
];

const fn variable(name: &'static str, default: &'static str, what: &'static str) -> Variable {
    Variable {
        name,
        default,
        what,
    }
}

/// Who signs in.
#[derive(Debug)]
pub(crate) enum Found {
    /// A ready token, to be sent at once.
    Ready(Box<dyn TokenSource>),
    /// A credential that obtains them.
    Credential(Box<dyn Credential>),
}

/// The credential that the environment holds.
pub(crate) fn from_environment(environment: &Environment) -> Result<Found> {
    if let Some(token) = environment.secret(TOKEN) {
        return Ok(Found::Ready(Box::new(ReadyToken::new(token))));
    }
    match Chain::from_environment(environment) {
        Ok(chain) => Ok(Found::Credential(Box::new(chain))),
        Err(error) => {
            let message = format!("{TOKEN} is not set, and {}", error.message());
            Err(Error::new(error.kind(), message)
                .with_provider(SCHEME)
                .with_help(error.help().to_owned()))
        }
    }
}

type Link = std::result::Result<Box<dyn Credential>, String>;

/// A credential's name in errors, its group and its name at the vendor's, and how it is made.
type Kind = (
    &'static str,
    Group,
    &'static str,
    fn(&Environment, Choice) -> Result<Link>,
);

/// Each credential, or what it lacks.
pub(super) fn links(environment: &Environment) -> Result<Vec<(&'static str, Link)>> {
    let choice = Choice::read(environment)?;
    let all: [Kind; 6] = [
        (
            "client secret",
            Group::Production,
            "environmentcredential",
            client_secret,
        ),
        (
            "client certificate",
            Group::Production,
            "environmentcredential",
            client_certificate,
        ),
        (
            "workload identity",
            Group::Production,
            "workloadidentitycredential",
            workload_identity,
        ),
        (
            "managed identity",
            Group::Production,
            "managedidentitycredential",
            managed_identity,
        ),
        (
            "az",
            Group::Development,
            "azureclicredential",
            |environment, _| Ok(tool(environment, "az", DeveloperTool::azure_cli)),
        ),
        (
            "azd",
            Group::Development,
            "azuredeveloperclicredential",
            |environment, _| Ok(tool(environment, "azd", DeveloperTool::azure_developer_cli)),
        ),
    ];
    let mut found = Vec::new();
    for (name, group, vendors, make) in all {
        let link = match choice.allows(group, vendors) {
            true => make(environment, choice)?,
            false => Err(format!("left out by {CHOICE}")),
        };
        found.push((name, link));
    }
    Ok(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Production,
    Development,
}

/// What `AZURE_TOKEN_CREDENTIALS` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Unsaid,
    Group(Group),
    One(&'static str),
}

impl Choice {
    fn read(environment: &Environment) -> Result<Self> {
        let Some(text) = environment.text(CHOICE) else {
            return Ok(Self::Unsaid);
        };
        let names = [
            "environmentcredential",
            "workloadidentitycredential",
            "managedidentitycredential",
            "azureclicredential",
            "azuredeveloperclicredential",
        ];
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "prod" => return Ok(Self::Group(Group::Production)),
            "dev" => return Ok(Self::Group(Group::Development)),
            _ => {}
        }
        let one = names.into_iter().find(|name| *name == text);
        one.map(Self::One).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!(
                    "variable `{CHOICE}`: one of prod, dev, EnvironmentCredential, \
                     WorkloadIdentityCredential, ManagedIdentityCredential, AzureCliCredential and \
                     AzureDeveloperCliCredential"
                ),
            )
            .with_provider(SCHEME)
        })
    }

    fn allows(self, group: Group, name: &str) -> bool {
        match self {
            Self::Unsaid => true,
            Self::Group(said) => said == group,
            Self::One(said) => said == name,
        }
    }
}

/// The variables that are missing, in words.
fn lacks(environment: &Environment, names: &[&str]) -> Option<String> {
    let missing = names.iter().filter(|name| environment.text(name).is_none());
    let missing: Vec<&str> = missing.copied().collect();
    match missing.as_slice() {
        [] => None,
        [one] => Some(format!("{one} is not set")),
        several => Some(format!("{} are not set", several.join(", "))),
    }
}

fn text(environment: &Environment, name: &str) -> String {
    environment.text(name).unwrap_or_default()
}

fn client_secret(environment: &Environment, _: Choice) -> Result<Link> {
    let missing = lacks(environment, &[TENANT, CLIENT, SECRET]);
    Ok(match (missing, environment.secret(SECRET)) {
        (None, Some(secret)) => Ok(Box::new(ClientSecret::new(
            text(environment, TENANT),
            text(environment, CLIENT),
            secret,
        ))),
        (missing, _) => Err(missing.unwrap_or_default()),
    })
}

fn client_certificate(environment: &Environment, _: Choice) -> Result<Link> {
    Ok(match lacks(environment, &[TENANT, CLIENT, CERTIFICATE]) {
        None => Ok(Box::new(ClientCertificate::new(
            text(environment, TENANT),
            text(environment, CLIENT),
            text(environment, CERTIFICATE),
        ))),
        Some(missing) => Err(missing),
    })
}

fn workload_identity(environment: &Environment, _: Choice) -> Result<Link> {
    Ok(match lacks(environment, &[TENANT, CLIENT, FEDERATED]) {
        None => Ok(Box::new(WorkloadIdentity::new(
            text(environment, TENANT),
            text(environment, CLIENT),
            text(environment, FEDERATED),
        ))),
        Some(missing) => Err(missing),
    })
}

fn managed_identity(environment: &Environment, choice: Choice) -> Result<Link> {
    let url = |name: &str| {
        environment
            .text(name)
            .map(|url| endpoint(name, &url))
            .transpose()
    };
    let identity = match (url(IDENTITY_URL)?, environment.secret(IDENTITY_HEADER)) {
        (Some(url), Some(secret)) => ManagedIdentity::on_app_service(url, secret),
        (Some(_), None) => return Ok(Err(format!("{IDENTITY_HEADER} is not set"))),
        (None, _) => match (url(METADATA_URL)?, choice) {
            (Some(url), _) => ManagedIdentity::on_machine().at(url),
            (None, Choice::Unsaid) => {
                let missing = lacks(environment, &[IDENTITY_URL, IDENTITY_HEADER]);
                return Ok(Err(format!(
                    "{}, and the machine's own is asked only where {CHOICE} says so",
                    missing.unwrap_or_default()
                )));
            }
            (None, _) => ManagedIdentity::on_machine(),
        },
    };
    Ok(Ok(Box::new(match environment.text(CLIENT) {
        Some(client) => identity.of_client(client),
        None => identity,
    })))
}

fn endpoint(name: &str, url: &str) -> Result<Endpoint> {
    Endpoint::parse(name, url).map_err(|error| error.with_provider(SCHEME))
}

fn tool(environment: &Environment, program: &str, make: fn(PathBuf) -> DeveloperTool) -> Link {
    let folders = text(environment, PATH);
    let names = match cfg!(windows) {
        true => vec![format!("{program}.cmd"), format!("{program}.exe")],
        false => vec![program.to_owned()],
    };
    let places = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
    let mut files = places.flat_map(|folder| {
        names
            .iter()
            .map(move |name| folder.join(name))
            .collect::<Vec<_>>()
    });
    match files.find(|file| Path::is_file(file)) {
        Some(file) => Ok(Box::new(make(file))),
        None => Err(format!("no `{program}` in the folders of {PATH}")),
    }
}
