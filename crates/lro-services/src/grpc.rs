use lro::{OperationName, Status};
use lro_grpc::{GrpcTransport, HttpClientBuilder};

use crate::{
    Entry,
    find::row,
    table::{Row, rows_of},
};

/// Finds a service as [`find`](crate::find) does, for a transport over gRPC. Also those are found that publish no call over HTTP to
/// get an operation.
///
/// Without a version, it is the newest stable version that speaks gRPC.
///
/// ```
/// let control = lro_services::find_grpc("storage", "v2")?;
/// let transport = control.connect_grpc()?.build()?;
/// # Ok::<(), lro::Status>(())
/// ```
///
/// # Errors
///
/// As [`find`](crate::find). `UNIMPLEMENTED` for a version that publishes no gRPC interface, with what is left.
pub fn find_grpc<'a>(service: &str, version: impl Into<Option<&'a str>>) -> Result<Entry, Status> {
    let row = row(service, version.into(), speaks_grpc)?;
    pollable(row)?;
    Ok(Entry::of(row))
}

impl Entry {
    /// Whether the service publishes the interface `google.longrunning.Operations` of gRPC.
    pub fn has_grpc(&self) -> bool {
        speaks_grpc(self.0)
    }

    /// Returns the builder of a transport over gRPC to the host of the service.
    ///
    /// The names and the calls are those over HTTP, where the service has both. Without HTTP, every name is accepted, and all
    /// calls but wait are assumed to exist.
    ///
    /// ```no_run
    /// # async fn example(token: lro_http::Token) -> Result<(), lro::Status> {
    /// let run = lro_services::find_grpc("run", "v2")?.connect_grpc()?.credentials(token).build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `UNIMPLEMENTED` if the service publishes no gRPC interface. The message says what is left.
    pub fn connect_grpc(&self) -> Result<HttpClientBuilder<GrpcTransport>, Status> {
        self.connect_grpc_to(self.host())
    }

    /// Returns the builder of a transport over gRPC to the host of the service in a location.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the service has no host there, and as [`connect_grpc`](Self::connect_grpc).
    pub fn connect_grpc_in(&self, location: &str) -> Result<HttpClientBuilder<GrpcTransport>, Status> {
        self.connect_grpc_to(&self.host_at(location)?)
    }

    /// Returns the builder of a transport over gRPC to the host in the location of the operation, or to the host of the
    /// service if the name has no location or the service has no host there.
    ///
    /// # Errors
    ///
    /// As [`connect_grpc`](Self::connect_grpc).
    pub fn connect_grpc_for(&self, name: &OperationName) -> Result<HttpClientBuilder<GrpcTransport>, Status> {
        self.connect_grpc_to(&self.host_for(name))
    }

    fn connect_grpc_to(&self, host: &str) -> Result<HttpClientBuilder<GrpcTransport>, Status> {
        pollable(self.0)?;
        let binding = if self.0.get.is_empty() { None } else { Some(self.binding()?) };
        let builder = GrpcTransport::builder(self.service()).endpoint(format!("https://{host}"));
        Ok(builder.map(|transport| match binding {
            Some(binding) => {
                transport.names(binding.name_templates()).with_capabilities(binding.capabilities)
            }
            None => transport,
        }))
    }
}

fn speaks_grpc(row: &Row) -> bool {
    row.is("grpc")
}

/// Refuses a row without a gRPC interface.
fn pollable(row: &Row) -> Result<(), Status> {
    if speaks_grpc(row) {
        return Ok(());
    }
    let others = rows_of(row.short).iter().filter(|row| speaks_grpc(row)).map(|row| row.version);
    let mut left: Vec<&str> = others.collect();
    if !row.get.is_empty() {
        left.push("HTTP by `find`");
    }
    let left = if left.is_empty() {
        "no other version does".to_owned()
    } else {
        format!("use {}", left.join(" or "))
    };
    let (host, version) = (row.host, row.version);
    Err(Status::unimplemented(format!(
        "{host} {version} publishes no gRPC interface to get an operation: {left}"
    )))
}
