//! The control plane: the same secrets as resources of Azure Resource Manager.
//!
//! Where the service's behaviour is not known, this guesses: a PUT without a value keeps that of an
//! existing secret, a PATCH with one carries over what it does not mention, and a page has up to 25.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use wiremock::Request;
use wiremock::http::Method;

use super::body::{Attributes, Parameters, read};
use super::list::Query;
use super::reply::{Refusal, Reply};
use super::route::{Operation, is_name};
use super::state::{Phase, Secret, Side, Vault, Version, random_id};

/// A request below a vault's resource.
#[derive(Debug)]
pub(super) struct ArmRoute {
    pub(super) operation: Operation,
    /// The path of all secrets, as sent.
    secrets: String,
    /// Empty for the list.
    name: String,
}

/// Whether a request is for the control plane.
pub(super) fn is_arm(request: &Request) -> bool {
    request.url.path().starts_with("/subscriptions/")
}

/// Finds the operation, or refuses as a router does.
pub(super) fn arm_route(request: &Request) -> Result<ArmRoute, Refusal> {
    let path = request.url.path();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let (vault, rest) = match segments.as_slice() {
        [
            subscriptions,
            sub,
            groups,
            group,
            providers,
            provider,
            vaults,
            vault,
            secrets,
            rest @ ..,
        ] if same(subscriptions, "subscriptions")
            && same(groups, "resourceGroups")
            && same(providers, "providers")
            && same(provider, "Microsoft.KeyVault")
            && same(vaults, "vaults")
            && same(secrets, "secrets")
            && !sub.is_empty()
            && !group.is_empty() =>
        {
            (*vault, rest)
        }
        _ => return Err(Refusal::no_resource()),
    };
    let fits = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !(3..=24).contains(&vault.len()) || !fits(vault) {
        return Err(Refusal::bad("The vault name is invalid."));
    }
    let (operation, name) = match (&request.method, rest) {
        (&Method::GET, []) => (Operation::SecretsList, ""),
        (&Method::GET, [name]) => (Operation::SecretsGet, *name),
        (&Method::PUT, [name]) => (Operation::SecretsCreateOrUpdate, *name),
        (&Method::PATCH, [name]) => (Operation::SecretsUpdate, *name),
        _ => return Err(Refusal::no_resource()),
    };
    if operation != Operation::SecretsList && !is_name(name) {
        return Err(Refusal::bad("The secret name is invalid."));
    }
    let secrets = path.strip_suffix(name).unwrap_or(path);
    Ok(ArmRoute {
        operation,
        secrets: secrets.trim_end_matches('/').to_owned(),
        name: name.to_owned(),
    })
}

/// `SecretCreateOrUpdateParameters` and `SecretPatchParameters`.
#[derive(Deserialize)]
struct Given {
    tags: Option<BTreeMap<String, String>>,
    properties: Option<Parameters>,
}

impl Vault {
    pub(super) fn carry_out_arm(
        &mut self,
        route: &ArmRoute,
        request: &Request,
        query: &Query,
    ) -> Result<Reply, Refusal> {
        match route.operation {
            Operation::SecretsList => self.arm_list(route, request, query),
            Operation::SecretsGet => match self.step(&route.name, Side::Live) {
                Some(Phase::Live) => Ok(Reply::Json(self.resource(route, &route.name)?)),
                _ => Err(Refusal::not_found(&route.name)),
            },
            Operation::SecretsCreateOrUpdate => self.arm_put(route, read(request)?),
            _ => self.arm_patch(route, read(request)?),
        }
    }

    fn arm_put(&mut self, route: &ArmRoute, given: Given) -> Result<Reply, Refusal> {
        let properties = given.properties.ok_or_else(Refusal::bad_property)?;
        let properties = properties.checked(given.tags)?;
        self.let_overtake()?;
        let exists = self.free_for_set(&route.name)?;
        let kept = self.versions(&route.name).pop().filter(|_| exists);
        let value = properties.value.clone();
        let value = value.or(kept.map(|version| version.value));
        let attributes = properties.attributes();
        let now = self.now();
        self.entry(&route.name).versions.push(Version {
            id: random_id(),
            value: value.ok_or_else(Refusal::bad_property)?,
            content_type: properties.content_type,
            tags: properties.tags,
            enabled: attributes.enabled.unwrap_or(true),
            nbf: attributes.nbf,
            exp: attributes.exp,
            created: Some(now),
            updated: Some(now),
            ..Version::default()
        });
        let resource = self.resource(route, &route.name)?;
        Ok(match exists {
            true => Reply::Json(resource),
            false => Reply::Created(resource),
        })
    }

    fn arm_patch(&mut self, route: &ArmRoute, given: Given) -> Result<Reply, Refusal> {
        let properties = given.properties.unwrap_or_default().checked(given.tags)?;
        let attributes: Attributes = properties.attributes();
        let now = self.now();
        let secret = self.writable(&route.name)?;
        if let Some(value) = properties.value {
            let kept = secret.pick(None)?.clone();
            secret.versions.push(Version {
                id: random_id(),
                value,
                created: Some(now),
                ..kept
            });
        }
        let version = secret.pick_mut(None)?;
        version.content_type = properties.content_type.or(version.content_type.take());
        version.content_type = version.content_type.take().filter(|text| !text.is_empty());
        version.tags = properties.tags.or(version.tags.take());
        version.enabled = attributes.enabled.unwrap_or(version.enabled);
        version.nbf = attributes.nbf.or(version.nbf);
        version.exp = attributes.exp.or(version.exp);
        version.updated = Some(now);
        Ok(Reply::Json(self.resource(route, &route.name)?))
    }

    fn arm_list(
        &self,
        route: &ArmRoute,
        request: &Request,
        query: &Query,
    ) -> Result<Reply, Refusal> {
        let rows = self.live().map(|(key, secret)| {
            let resource = self.resource_of(route, secret, secret.pick(None)?);
            Ok((key.clone(), resource))
        });
        self.page(rows.collect::<Result<_, Refusal>>()?, request, query)
    }

    fn resource(&self, route: &ArmRoute, name: &str) -> Result<Value, Refusal> {
        let secret = self.kept(name)?;
        Ok(self.resource_of(route, secret, secret.pick(None)?))
    }

    /// A `Secret`, never with its value.
    fn resource_of(&self, route: &ArmRoute, secret: &Secret, version: &Version) -> Value {
        let mut attributes = Map::new();
        attributes.insert("enabled".into(), json!(version.enabled));
        for (name, time) in [
            ("nbf", version.nbf),
            ("exp", version.exp),
            ("created", version.created),
            ("updated", version.updated),
        ] {
            attributes.extend(time.map(|time| (name.to_owned(), json!(time))));
        }
        let uri = format!("{}/secrets/{}", self.base, secret.name);
        let mut properties = Map::new();
        properties.insert("attributes".into(), attributes.into());
        let content_type = version.content_type.as_ref();
        properties.extend(content_type.map(|text| ("contentType".to_owned(), json!(text))));
        properties.insert(
            "secretUriWithVersion".into(),
            json!(format!("{uri}/{}", version.id)),
        );
        properties.insert("secretUri".into(), json!(uri));
        let mut resource = Map::new();
        let id = format!("{}/{}", route.secrets, secret.name);
        resource.insert("id".into(), json!(id));
        resource.insert("name".into(), json!(secret.name));
        resource.insert("type".into(), json!("Microsoft.KeyVault/vaults/secrets"));
        resource.insert("location".into(), json!("westus"));
        resource.extend(
            version
                .tags
                .as_ref()
                .map(|tags| ("tags".to_owned(), json!(tags))),
        );
        resource.insert("properties".into(), properties.into());
        resource.into()
    }
}

/// Those that have the resource of a secret.
pub(super) const ARM_VERSIONS: [&str; 12] = [
    "2016-10-01",
    "2018-02-14",
    "2019-09-01",
    "2021-06-01-preview",
    "2021-10-01",
    "2023-02-01",
    "2023-07-01",
    "2024-11-01",
    "2025-05-01",
    "2026-02-01",
    "2026-03-01-preview",
    "2026-05-15",
];
