//! A client of tonic to compare with, and a loopback server to poll.

use hyper::http::uri::PathAndQuery;
use lro::{Any, Operation};
use lro_grpc_wire::messages::{self, GetOperationRequest, Method};
use tonic::{client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::Fault;

/// Prints the endpoint, and replies with a running operation of the requested name and this metadata until the process ends.
///
/// # Errors
///
/// If the runtime cannot start.
pub fn serve(metadata: Any) -> std::io::Result<()> {
    let running = move |name: &str| Operation::running(name).with_metadata(metadata.clone());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        println!("{}", lro_testkit::grpc::serve(|_, _, _| Operation::running(""), running).await);
        std::future::pending().await
    })
}

/// A client of tonic. It uses only the messages of `lro`.
#[derive(Clone, Debug)]
pub struct Tonic(Grpc<Channel>);

impl Tonic {
    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn open(endpoint: &str) -> Result<Self, Fault> {
        Ok(Self(Grpc::new(Channel::from_shared(endpoint.to_owned())?.connect().await?)))
    }

    /// Calls `GetOperation`, and decodes the reply.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn poll(&mut self, name: &str) -> Result<messages::Operation, Fault> {
        self.0.ready().await?;
        let request = tonic::Request::new(GetOperationRequest { name: name.to_owned() });
        let path = PathAndQuery::from_static(GetOperationRequest::PATH);
        let codec = ProstCodec::<GetOperationRequest, messages::Operation>::default();
        Ok(self.0.unary(request, path, codec).await?.into_inner())
    }
}
