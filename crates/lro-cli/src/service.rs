//! The transports to services of the catalogue, and to others.

use std::sync::Arc;

use lro::{Capabilities, LroTransport, OperationName, Service, Status};
use lro_grpc::GrpcTransport;
use lro_http::{Binding, HttpClient, HttpClientBuilder, HttpTransport, NameTemplate};
use lro_services::{Entry, find, find_grpc};

use crate::{
    args::{Access, Connection},
    credentials,
    exit::Failure,
    explain::explained,
};

pub(crate) type Transport = Arc<dyn LroTransport>;

/// A service, and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    known: Known,
    access: Access,
}

#[derive(Clone, Debug)]
enum Known {
    /// A service of the catalogue.
    Entry(Entry),
    /// A service that has the standard paths under an endpoint.
    Other { service: Service, template: NameTemplate },
}

impl Target {
    pub(crate) fn of(connection: &Connection) -> Result<Self, Failure> {
        let Connection { service, template, access } = connection;
        match service {
            Some(service) => Self::named(service, template, access),
            None => {
                let service =
                    Service::owned(host_of(access.endpoint.as_deref().unwrap_or_default()), VERSION);
                Self::other(service, template, access)
            }
        }
    }

    /// Finds a service by its name and perhaps its version. With an endpoint, another host is accepted.
    pub(crate) fn named(service: &str, template: &str, access: &Access) -> Result<Self, Failure> {
        let (name, version) = split(service);
        match found(name, version, access.grpc) {
            Ok(entry) => Ok(Self { known: Known::Entry(entry), access: access.clone() }),
            Err(_) if access.endpoint.is_some() && is_other_host(name) => {
                Self::other(other_service(name, version), template, access)
            }
            Err(status) => Err(not_found(name, access.endpoint.is_some(), &status)),
        }
    }

    /// Finds the service of a saved handle. With an endpoint, it need not be in the catalogue.
    pub(crate) fn of_handle(service: &Service, template: &str, access: &Access) -> Result<Self, Failure> {
        match found(service.key(), Some(service.version()), access.grpc) {
            Ok(entry) => Ok(Self { known: Known::Entry(entry), access: access.clone() }),
            Err(_) if access.endpoint.is_some() => Self::other(service.clone(), template, access),
            Err(_) => Err(Failure::usage(format!(
                "the handle belongs to {service}, which is not in the catalogue: give the URL of the service by --endpoint"
            ))),
        }
    }

    fn other(service: Service, template: &str, access: &Access) -> Result<Self, Failure> {
        let template = NameTemplate::parse(template)?;
        Ok(Self { known: Known::Other { service, template }, access: access.clone() })
    }

    pub(crate) fn service(&self) -> Service {
        match &self.known {
            Known::Entry(entry) => entry.service(),
            Known::Other { service, .. } => service.clone(),
        }
    }

    /// Returns the host that an operation is at. Operations at one host share a transport.
    pub(crate) fn host_for(&self, name: &OperationName) -> String {
        match &self.known {
            Known::Entry(entry) if self.access.endpoint.is_none() && self.access.location.is_none() => {
                entry.host_for(name)
            }
            _ => String::new(),
        }
    }

    /// Connects to the service, at the host of an operation if there is one.
    pub(crate) fn connect(&self, name: Option<&OperationName>) -> Result<Transport, Failure> {
        let Access { grpc, location, .. } = &self.access;
        match &self.known {
            Known::Entry(entry) => {
                let scopes: Vec<String> = entry.scopes().collect();
                match (grpc, location, name) {
                    (true, Some(location), _) => self.built(entry.connect_grpc_in(location)?, &scopes),
                    (true, None, Some(name)) => self.built(entry.connect_grpc_for(name)?, &scopes),
                    (true, None, None) => self.built(entry.connect_grpc()?, &scopes),
                    (false, Some(location), _) => self.built(entry.connect_in(location)?, &scopes),
                    (false, None, Some(name)) => self.built(entry.connect_for(name)?, &scopes),
                    (false, None, None) => self.built(entry.connect()?, &scopes),
                }
            }
            Known::Other { service, template } => {
                let (service, template) = (service.clone(), template.clone());
                if *grpc {
                    let builder = HttpClient::builder("").http2_only();
                    return self.built(
                        builder.map(move |client| GrpcTransport::new(client, service).names([template])),
                        &[],
                    );
                }
                let capabilities = Capabilities::ALL.wait(false);
                let builder = HttpClient::builder("").map(move |client| {
                    let binding = Binding::new(service, template).capabilities(capabilities);
                    HttpTransport::new(client, binding)
                });
                self.built(builder, &[])
            }
        }
    }

    fn built<C: LroTransport + 'static>(
        &self,
        builder: HttpClientBuilder<C>,
        scopes: &[String],
    ) -> Result<Transport, Failure> {
        Ok(Arc::new(configured(builder, &self.access, scopes)?.build()?))
    }
}

/// Returns the service of a name and perhaps a version, for which no transport is needed.
pub(crate) fn service_of(name: &str) -> Result<Service, Failure> {
    let (name, version) = split(name);
    match find(name, version).or_else(|fault| find_grpc(name, version).map_err(|_| fault)) {
        Ok(entry) => Ok(entry.service()),
        Err(_) if is_other_host(name) => Ok(other_service(name, version)),
        Err(status) => Err(not_found(name, false, &status)),
    }
}

/// Returns the failure to find a service in the catalogue, with what leads to another one.
fn not_found(name: &str, has_endpoint: bool, status: &Status) -> Failure {
    let advice = match has_endpoint {
        _ if find(name, None).or_else(|_| find_grpc(name, None)).is_ok() => return status.clone().into(),
        true => "`lro services` lists all; for another one leave out --service, or give its host",
        false => "`lro services` lists all; another one needs its URL by --endpoint",
    };
    Failure::usage(format!("{}; {advice}", explained(status)))
}

/// Sets what the command line says of endpoint, credentials and quota.
pub(crate) fn configured<C>(
    mut builder: HttpClientBuilder<C>,
    access: &Access,
    scopes: &[String],
) -> Result<HttpClientBuilder<C>, Failure> {
    builder = builder.user_agent(concat!("lro-cli/", env!("CARGO_PKG_VERSION")));
    if let Some(endpoint) = &access.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if access.plain_http {
        builder = builder.plain_http();
    }
    if let Some(project) = &access.quota_project {
        builder = builder.quota_project(project);
    }
    credentials::apply(builder, access, scopes)
}

/// Splits the version off the name of a service, which may be the URL of its host.
fn split(service: &str) -> (&str, Option<&str>) {
    let service = service.strip_prefix("https://").unwrap_or(service).trim_end_matches('/');
    service.split_once('/').map_or((service, None), |(name, version)| (name, Some(version)))
}

fn other_service(name: &str, version: Option<&str>) -> Service {
    Service::owned(name, version.unwrap_or(VERSION))
}

fn found(name: &str, version: Option<&str>, grpc: bool) -> Result<Entry, Status> {
    if grpc { find_grpc(name, version) } else { find(name, version) }
}

/// Returns whether a name is that of a host of its own, so that a misspelt short name is still an error.
fn is_other_host(name: &str) -> bool {
    (name.contains('.') || name == "localhost") && !name.ends_with(".googleapis.com")
}

/// Returns the host and the port of an endpoint, which is all that is known of its service.
fn host_of(endpoint: &str) -> &str {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The first segment of the paths of a service of which nothing is known.
const VERSION: &str = "v1";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn target(arguments: &str) -> Result<Target, Failure> {
        let line = format!("lro get a --credentials none {arguments}");
        match Cli::parse_from(line.split_whitespace()).command {
            Command::Get(named) => Target::of(&named.connection),
            command => panic!("{command:?}"),
        }
    }

    #[test]
    fn an_operation_is_at_the_host_of_its_location() {
        let name = OperationName::parse("projects/p/locations/europe-west1/operations/1").unwrap();
        let global = target("--service aiplatform").unwrap();
        assert_eq!(global.host_for(&name), "europe-west1-aiplatform.googleapis.com");
        for one_host in ["--location us-central1", "--endpoint http://127.0.0.1:8080"] {
            assert_eq!(target(&format!("--service aiplatform {one_host}")).unwrap().host_for(&name), "");
        }
    }

    #[test]
    fn a_service_is_one_of_the_catalogue_or_any_host_with_an_endpoint() {
        let service = |arguments: &str| target(arguments).map(|target| target.service().to_string());
        let endpoint = "--endpoint http://127.0.0.1:8080";
        assert_eq!(
            service("--service workspace-events/v1beta").unwrap(),
            "workspaceevents.googleapis.com v1beta"
        );
        assert_eq!(service(&format!("{endpoint}/base")).unwrap(), "127.0.0.1:8080 v1");
        assert_eq!(
            service(&format!("--service jobs.example.com/v7 {endpoint}")).unwrap(),
            "jobs.example.com v7"
        );
        assert_eq!(service_of("run/v1").unwrap().to_string(), "run.googleapis.com v1");
        assert_eq!(service_of("https://run.googleapis.com/").unwrap().to_string(), "run.googleapis.com v2");
        for unknown in ["--service jobs.example.com", &format!("--service spaner {endpoint}")] {
            assert_eq!(service(unknown).unwrap_err().exit, crate::exit::Exit::Usage);
        }
    }
}
