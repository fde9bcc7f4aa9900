//! The ports that the services are on: one for all, or one each.

use std::net::TcpListener;

use polyvault_core::emulator::TlsFront;
use serde_json::Value;
use wiremock::MockServer;

use super::state::State;
use super::status::Status;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Lockbox,
    Payload,
    Operation,
    Iam,
}

impl Service {
    pub(super) const ALL: [Self; 4] = [Self::Lockbox, Self::Payload, Self::Operation, Self::Iam];
}

/// The base URL of each service.
pub(super) struct Addresses([String; 4]);

pub(super) struct Port {
    pub(super) server: MockServer,
    front: Option<TlsFront>,
}

/// The port of secrets, and those of the other three where they have their own.
pub(super) struct Ports {
    pub(super) first: Port,
    pub(super) others: Option<[Port; 3]>,
}

/// How a port is started.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    pub(super) https: bool,
    pub(super) record_requests: bool,
}

impl Ports {
    pub(super) async fn open(
        listener: Option<TcpListener>,
        four: bool,
        opening: Opening,
    ) -> std::io::Result<Self> {
        let first = Port::open(listener, None, opening).await?;
        let others = match four {
            false => None,
            true => Some([
                Port::open(None, first.front.as_ref(), opening).await?,
                Port::open(None, first.front.as_ref(), opening).await?,
                Port::open(None, first.front.as_ref(), opening).await?,
            ]),
        };
        Ok(Self { first, others })
    }

    pub(super) fn of(&self, service: Service) -> &Port {
        match (service, &self.others) {
            (Service::Lockbox, _) | (_, None) => &self.first,
            (Service::Payload, Some([port, _, _]))
            | (Service::Operation, Some([_, port, _]))
            | (Service::Iam, Some([_, _, port])) => port,
        }
    }

    /// Each port once, with the only service that it has.
    pub(super) fn each(&self) -> Vec<(Option<Service>, &Port)> {
        match self.others {
            None => vec![(None, &self.first)],
            Some(_) => {
                let each = Service::ALL.into_iter();
                each.map(|service| (Some(service), self.of(service)))
                    .collect()
            }
        }
    }

    pub(super) fn addresses(&self) -> Addresses {
        Addresses(Service::ALL.map(|service| self.of(service).url()))
    }

    pub(super) fn front(&self) -> Option<&TlsFront> {
        self.first.front.as_ref()
    }
}

impl Port {
    /// `front`: that of another port, whose CA this one is to have.
    async fn open(
        listener: Option<TcpListener>,
        front: Option<&TlsFront>,
        opening: Opening,
    ) -> std::io::Result<Self> {
        let (plain, secure) = match opening.https {
            true => (None, listener),
            false => (listener, None),
        };
        let mut server = MockServer::builder();
        if let Some(listener) = plain {
            server = server.listener(listener);
        }
        if !opening.record_requests {
            server = server.disable_request_recording();
        }
        let server = server.start().await;
        let front = match (opening.https, front) {
            (false, _) => None,
            (true, None) => Some(TlsFront::start(secure, *server.address())?),
            (true, Some(front)) => Some(front.beside(*server.address())?),
        };
        Ok(Self { server, front })
    }

    pub(super) fn url(&self) -> String {
        let front = self.front.as_ref().map(TlsFront::url);
        front.unwrap_or_else(|| self.server.uri())
    }
}

impl Addresses {
    pub(super) fn url(&self, service: Service) -> &str {
        let [lockbox, payload, operation, iam] = &self.0;
        match service {
            Service::Lockbox => lockbox,
            Service::Payload => payload,
            Service::Operation => operation,
            Service::Iam => iam,
        }
    }

    /// By its id in the list of endpoints: host and port.
    fn endpoint(&self, id: &str) -> Option<&str> {
        let service = match id {
            "lockbox" | "endpoint" => Service::Lockbox,
            "lockbox-payload" => Service::Payload,
            "operation" => Service::Operation,
            "iam" => Service::Iam,
            _ => return None,
        };
        self.url(service).split("//").last()
    }
}

impl State {
    /// ApiEndpoint.List and ApiEndpoint.Get.
    pub(super) fn endpoints(&self, method: &str, id: &str) -> Result<Value, Status> {
        let writer = self.writer();
        let endpoint = |id: &str| {
            let address = self.addresses.endpoint(id)?;
            Some(writer.object([("id", id.into()), ("address", address.into())]))
        };
        if method == "ApiEndpoint.Get" {
            return endpoint(id).ok_or_else(|| Status::not_found("Endpoint"));
        }
        let ids = ["endpoint", "iam", "lockbox", "lockbox-payload", "operation"];
        let all: Vec<Value> = ids.into_iter().filter_map(endpoint).collect();
        Ok(writer.object([("endpoints", all.into()), ("nextPageToken", "".into())]))
    }
}
