use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::set;

/// Which service, and how to reach it.
#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("where").args(["service", "endpoint"]).required(true).multiple(true)))]
pub(crate) struct Connection {
    /// The service by its short name or its host, such as run, run/v2 or workspace-events/v1beta. `lro services` lists them
    #[arg(long, value_name = "NAME[/VERSION]", env = set("LRO_SERVICE"))]
    pub(crate) service: Option<String>,
    /// The form of names of a service that is not in the catalogue, such as operations/**
    #[arg(long, default_value = "**")]
    pub(crate) template: String,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// How to reach a service.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Access {
    /// The URL of the service, in place of its usual one
    #[arg(long, value_name = "URL", env = set("LRO_ENDPOINT"))]
    pub(crate) endpoint: Option<String>,
    /// The location whose host is used. By default it is read from the names of the operations
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// Use gRPC in place of HTTP/JSON. Metadata and responses are then shown as {"@type": TYPE, "$lro.protobuf": BASE64}, where
    /// the latter is an encoded google.protobuf.Any
    #[arg(long)]
    pub(crate) grpc: bool,
    /// Accept an http:// endpoint that is not a loopback address. No credential is sent to it
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Which credentials are sent
    #[arg(long, value_enum, default_value_t = CredentialKind::Auto)]
    pub(crate) credentials: CredentialKind,
    /// A file with a bearer token. It is read again when the server refuses the token
    #[arg(long, value_name = "FILE", conflicts_with = "credentials")]
    pub(crate) token_file: Option<PathBuf>,
    /// An OAuth scope of application default credentials, in place of those of the service. May be repeated
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// The project whose quota is used
    #[arg(long, value_name = "PROJECT")]
    pub(crate) quota_project: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredentialKind {
    /// The token file, else LRO_TOKEN, else application default credentials for hosts of googleapis.com, else none
    Auto,
    /// Application default credentials
    ApplicationDefault,
    /// None
    None,
}
