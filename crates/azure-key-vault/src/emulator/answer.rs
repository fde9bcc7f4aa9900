//! One request in, one answer out.

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::arm::{ARM_VERSIONS, arm_route, is_arm};
use super::body::{Parameters, read_blob};
use super::list::{API_VERSIONS, Query};
use super::reply::{Refusal, Reply, bare, template};
use super::route::{Operation, Route, route};
use super::shape::Recovery;
use super::state::{Phase, Secret, Side, Vault, Version, key, random_id};

impl Vault {
    /// Carries a request out and gives its answer.
    pub(super) fn answer(&mut self, request: &Request) -> ResponseTemplate {
        self.catch_up();
        if let Some(status) = self.knobs.failures.pop_front() {
            return bare(status);
        }
        let outcome = self.carry_out(request);
        template(request, outcome)
    }

    /// Whether this request or the answer to it is to be lost.
    pub(super) fn drops(&self, request: &Request) -> bool {
        let knobs = &self.knobs;
        let reaches_the_vault = knobs.failures.is_empty()
            && knobs.throttled == 0
            && !knobs.permission_is_away(self.now());
        let operation = match is_arm(request) {
            true => arm_route(request).map(|route| route.operation),
            false => route(request).map(|route| route.operation),
        };
        let writes = operation.is_ok_and(|one| one.writes() && knobs.permit(one).is_ok());
        let any = knobs.lost > 0 || knobs.drops > 0;
        any && writes && reaches_the_vault && knobs.admit(request).is_ok()
    }

    /// Loses the request, or carries it out and loses the answer.
    pub(super) fn drop_one(&mut self, request: &Request) {
        match self.knobs.lost.checked_sub(1) {
            Some(left) => self.knobs.lost = left,
            None => {
                self.knobs.drops = self.knobs.drops.saturating_sub(1);
                self.answer(request);
            }
        }
    }

    fn carry_out(&mut self, request: &Request) -> Result<Reply, Refusal> {
        self.knobs.throttle_one()?;
        self.knobs.admit(request)?;
        let query = Query::of(request);
        if is_arm(request) {
            let route = arm_route(request)?;
            query.api_version(&ARM_VERSIONS)?;
            self.knobs.await_permission(self.now())?;
            self.knobs.permit(route.operation)?;
            return self.carry_out_arm(&route, request, &query);
        }
        let route = route(request)?;
        // `recoverableDays` came with version 7.1, `previousVersion` with the first date after 7.6.
        let recovery = match query.api_version(&API_VERSIONS)? {
            "2016-10-01" | "7.0" => Recovery::Level,
            numbered if numbered.starts_with("7.") => Recovery::Full,
            _ => Recovery::Newest,
        };
        let now = self.now();
        self.knobs.await_permission(now)?;
        self.knobs.permit(route.operation)?;

        match route.operation {
            Operation::SetSecret => self.set(&route, Parameters::read(request)?, recovery),
            Operation::GetSecret => self.get(&route, &query, recovery),
            Operation::UpdateSecret => self.update(&route, Parameters::read(request)?, recovery),
            Operation::GetSecrets => self.list(request, &query),
            Operation::GetSecretVersions => self.list_versions(&route.name, request, &query),
            Operation::DeleteSecret => self.delete(&route.name, recovery),
            Operation::GetDeletedSecret => self.get_deleted(&route.name, recovery),
            Operation::GetDeletedSecrets => self.list_deleted(request, &query),
            Operation::RecoverDeletedSecret => self.recover(&route.name, recovery),
            Operation::PurgeDeletedSecret => self.purge(&route.name),
            Operation::BackupSecret => self.backup(&route),
            Operation::RestoreSecret => self.restore(&read_blob(request)?, recovery),
            _ => Err(Refusal::no_resource()),
        }
    }

    fn set(
        &mut self,
        route: &Route,
        given: Parameters,
        recovery: Recovery,
    ) -> Result<Reply, Refusal> {
        let attributes = given.attributes();
        let value = given.value.ok_or_else(Refusal::bad_property)?;
        self.let_overtake()?;
        self.free_for_set(&route.name)?;

        let now = self.now();
        self.entry(&route.name).versions.push(Version {
            id: random_id(),
            value,
            content_type: given.content_type,
            tags: given.tags,
            enabled: attributes.enabled.unwrap_or(true),
            nbf: attributes.nbf,
            exp: attributes.exp,
            created: Some(now),
            updated: Some(now),
            ..Version::default()
        });

        let secret = self.kept(&route.name)?;
        Ok(self.with_value(secret, secret.pick(None)?, recovery))
    }

    fn get(&mut self, route: &Route, query: &Query, recovery: Recovery) -> Result<Reply, Refusal> {
        match query.get("outContentType") {
            None | Some("application/x-pkcs12" | "application/x-pem-file") => {}
            Some(other) => {
                let message = format!("outContentType {other} is not supported");
                return Err(Refusal::bad(message));
            }
        }
        match self.step(&route.name, Side::Live) {
            Some(Phase::Live) => {}
            _ => return Err(Refusal::not_found(&route.name)),
        }
        let secret = self.kept(&route.name)?;
        let version = secret.pick(route.version.as_deref())?;
        if !version.enabled {
            return Err(Refusal::disabled());
        }
        Ok(self.with_value(secret, version, recovery))
    }

    /// Changes what is given. `nbf` and `exp` can't be taken away: null says nothing.
    fn update(
        &mut self,
        route: &Route,
        given: Parameters,
        recovery: Recovery,
    ) -> Result<Reply, Refusal> {
        let attributes = given.attributes();
        let (now, wanted) = (self.now(), route.version.as_deref());

        let version = self.writable(&route.name)?.pick_mut(wanted)?;
        version.content_type = given.content_type.or(version.content_type.take());
        version.tags = given.tags.or(version.tags.take());
        version.enabled = attributes.enabled.unwrap_or(version.enabled);
        version.nbf = attributes.nbf.or(version.nbf);
        version.exp = attributes.exp.or(version.exp);
        version.updated = Some(now);

        let secret = self.kept(&route.name)?;
        let version = secret.pick(wanted)?;
        Ok(Reply::Json(self.bundle(secret, version, recovery).into()))
    }

    pub(super) fn delete(&mut self, name: &str, recovery: Recovery) -> Result<Reply, Refusal> {
        let (now, left, soft) = (self.now(), self.knobs.delete_polls, self.knobs.soft_delete);
        let until = now + seconds(self.knobs.delays.deleting);
        let secret = self.writable(name)?;
        if soft {
            secret.phase = match left {
                0 if until <= now => Phase::Deleted { since: now },
                left => Phase::Deleting {
                    left,
                    since: now,
                    until,
                },
            };
        }
        let secret = self.kept(name)?;
        let bundle = self.deleted_bundle(secret, secret.pick(None)?, recovery);
        if !soft {
            self.secrets.remove(&key(name));
        }
        Ok(Reply::Json(bundle.into()))
    }

    fn get_deleted(&mut self, name: &str, recovery: Recovery) -> Result<Reply, Refusal> {
        match self.step(name, Side::Deleted) {
            Some(Phase::Deleted { .. }) => {}
            _ => return Err(Refusal::deleted_not_found(name)),
        }
        let secret = self.kept(name)?;
        let bundle = self.deleted_bundle(secret, secret.pick(None)?, recovery);
        Ok(Reply::Json(bundle.into()))
    }

    pub(super) fn recover(&mut self, name: &str, recovery: Recovery) -> Result<Reply, Refusal> {
        self.deleted(name)?;
        let (left, refused_sets) = (self.knobs.recover_polls, self.knobs.recover_conflicts);
        let (now, delays) = (self.now(), self.knobs.delays);
        let until = now + seconds(delays.recovering);
        let secret = self.entry(name);
        secret.refused_sets = refused_sets;
        secret.unwritable_until = until + seconds(delays.unwritable);
        secret.phase = match left {
            0 if until <= now => Phase::Live,
            left => Phase::Recovering { left, until },
        };
        let secret = self.kept(name)?;
        let bundle = self.bundle(secret, secret.pick(None)?, recovery);
        Ok(Reply::Json(bundle.into()))
    }

    pub(super) fn purge(&mut self, name: &str) -> Result<Reply, Refusal> {
        self.deleted(name)?;
        if self.knobs.purge_protection {
            return Err(Refusal::purge_protected());
        }
        self.secrets.remove(&key(name));
        let until = self.now() + seconds(self.knobs.delays.purging);
        self.purged
            .insert(key(name), (self.knobs.purge_conflicts, until));
        Ok(Reply::Nothing)
    }

    /// Somebody else's set, where a knob says that one comes before this.
    pub(super) fn let_overtake(&mut self) -> Result<(), Refusal> {
        match self.knobs.overtaker.take() {
            Some((name, version)) => self.seed(&name, vec![version]).map_err(Refusal::bad),
            None => Ok(()),
        }
    }

    /// A secret as the answers know it after they changed it.
    pub(super) fn kept(&self, name: &str) -> Result<&Secret, Refusal> {
        let found = self.secrets.get(&key(name));
        found.ok_or_else(|| Refusal::not_found(name))
    }

    /// A live secret, for requests other than a set.
    pub(super) fn writable(&mut self, name: &str) -> Result<&mut Secret, Refusal> {
        match self.step(name, Side::Live) {
            Some(Phase::Live) => {}
            Some(Phase::Recovering { .. }) => return Err(Refusal::being_recovered(name)),
            _ => return Err(Refusal::not_found(name)),
        }
        Ok(self.entry(name))
    }

    /// Refuses a set or a restore while something else holds the name; says
    /// whether a live secret has it.
    pub(super) fn free_for_set(&mut self, name: &str) -> Result<bool, Refusal> {
        let now = self.now();
        if let Some((left, until)) = self.purged.get_mut(&key(name)) {
            if *left > 0 || now < *until {
                *left = left.saturating_sub(1);
                return Err(Refusal::being_deleted());
            }
            self.purged.remove(&key(name));
        }
        match self.step(name, Side::Both) {
            None => return Ok(false),
            Some(Phase::Live) => {}
            Some(Phase::Recovering { .. }) => return Err(Refusal::being_recovered(name)),
            Some(Phase::Deleting { .. }) => return Err(Refusal::being_deleted()),
            Some(Phase::Deleted { .. }) => return Err(Refusal::deleted_but_recoverable(name)),
        }
        let secret = self.entry(name);
        if secret.refused_sets > 0 || now < secret.unwritable_until {
            secret.refused_sets = secret.refused_sets.saturating_sub(1);
            return Err(Refusal::being_recovered(name));
        }
        Ok(true)
    }

    fn deleted(&mut self, name: &str) -> Result<(), Refusal> {
        match self.step(name, Side::Deleted) {
            Some(Phase::Deleted { .. }) => Ok(()),
            Some(Phase::Deleting { .. }) => Err(Refusal::being_deleted()),
            _ => Err(Refusal::deleted_not_found(name)),
        }
    }

    fn with_value(&self, secret: &Secret, version: &Version, recovery: Recovery) -> Reply {
        let mut fields = self.bundle(secret, version, recovery);
        fields.insert("value".into(), json!(version.value));
        Reply::Json(Value::Object(fields))
    }
}

/// A delay in the whole seconds that the vault counts in.
fn seconds(delay: std::time::Duration) -> i64 {
    i64::try_from(delay.as_secs()).unwrap_or(i64::MAX / 2)
}
