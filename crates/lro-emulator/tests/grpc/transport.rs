//! A small transport over gRPC.

use std::time::Duration;

use lro::{
    Capabilities, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage, Status,
    async_trait,
};
use lro_grpc_wire::{
    frame::{Decoder, Encoding, encode},
    messages::{
        self, CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, Method,
        WaitOperationRequest,
    },
    status,
};

use super::client::{Client, Reply};

#[derive(Debug)]
pub(crate) struct Transport(pub(crate) Client);

impl Transport {
    async fn call<M: Method>(&self, message: &M) -> Result<(M::Reply, Reply), Status> {
        let reply = self.0.exchange(M::PATH, encode(message)?).await;
        let reply = reply.map_err(|error| Status::unavailable("the connection broke").with_source(error))?;
        match status::read(reply.trailers.as_ref().unwrap_or(&reply.headers)) {
            Some(result) => result?,
            None => {
                let status = Status::from_http(reply.status, &reply.headers, &reply.body);
                return Err(status::by_http(reply.status, status));
            }
        }
        let mut decoder = Decoder::new(Encoding::of(&reply.headers), 1 << 22);
        decoder.push(reply.body.clone())?;
        Ok((decoder.finish()?, reply))
    }

    async fn operation<M: Method<Reply = messages::Operation>>(
        &self,
        message: &M,
    ) -> Result<Operation, Status> {
        let (operation, reply) = self.call(message).await?;
        Ok(Operation { retry_after: lro::retry_after(&reply.headers), ..operation.try_into()? })
    }
}

#[async_trait]
impl LroTransport for Transport {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.operation(&GetOperationRequest { name: name.to_string() }).await
    }

    async fn cancel_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.call(&CancelOperationRequest { name: name.to_string() }).await.map(|_| ())
    }

    async fn delete_operation(&self, name: &OperationName) -> Result<(), Status> {
        self.call(&DeleteOperationRequest { name: name.to_string() }).await.map(|_| ())
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        self.call(&messages::ListOperationsRequest::from(request)).await?.0.try_into()
    }

    async fn wait_operation(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
    ) -> Result<Operation, Status> {
        self.operation(&WaitOperationRequest { name: name.to_string(), timeout: timeout.map(Into::into) })
            .await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }
}
