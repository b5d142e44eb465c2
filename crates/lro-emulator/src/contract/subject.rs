use std::{borrow::Cow, fmt::Debug};

use lro::{Any, LroTransport, Operation, OperationName, Origin, Status};

use crate::{emulator::Emulator, script::Script};

/// A transport, the emulator that it calls, and the collection of its names.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub(super) emulator: &'a Emulator,
    pub(super) transport: &'a dyn LroTransport,
    pub(super) collection: &'a str,
    pub(super) is_grpc: bool,
}

impl<'a> Subject<'a> {
    /// Creates the subject of a transport for operations of this collection, such as `operations` or
    /// `projects/p/locations/l/operations`.
    pub fn new(emulator: &'a Emulator, transport: &'a dyn LroTransport, collection: &'a str) -> Self {
        Self { emulator, transport, collection, is_grpc: false }
    }

    /// Sets that the transport is over gRPC. Rules about JSON are skipped.
    #[cfg(feature = "grpc")]
    pub fn over_grpc(self) -> Self {
        Self { is_grpc: true, ..self }
    }

    /// Returns the message of a reply as its script has it. Over gRPC the emulator sends JSON as a `google.protobuf.Struct`.
    pub(super) fn as_scripted(&self, any: &Any) -> Any {
        #[cfg(feature = "grpc")]
        if let Some(json) = lro_grpc_wire::any::to_json(any)
            && let Some(scripted) =
                json.decode::<serde_json::Value>().and_then(|json| Any::from_value(&json)).ok()
        {
            return scripted;
        }
        any.clone()
    }

    /// Starts an operation and returns its name.
    pub(super) fn start(&self, id: &str, script: Script) -> Result<OperationName, String> {
        let name = self.name(id)?;
        self.emulator.operation(name.as_str(), script);
        Ok(name)
    }

    /// Returns the name of an operation in the collection.
    pub(super) fn name(&self, id: &str) -> Result<OperationName, String> {
        let name = format!("{}/{id}", self.collection);
        OperationName::parse(&name).map_err(|error| format!("the collection makes no names: {error}"))
    }

    /// Gets an operation. The call must work.
    pub(super) async fn get(&self, name: &OperationName) -> Result<Operation, String> {
        accepted(&format!("to get {name}"), self.transport.get_operation(name).await)
    }

    /// Gets an operation. The call must fail.
    pub(super) async fn fail(&self, name: &OperationName) -> Result<Status, String> {
        failed(&format!("to get {name}"), self.transport.get_operation(name).await)
    }
}

/// Returns the value of a call that must work.
pub(super) fn accepted<T>(call: &str, result: Result<T, Status>) -> Result<T, String> {
    result.map_err(|error| format!("the call {call} must work: {error}"))
}

/// Returns the status of a call that must fail.
pub(super) fn failed<T: Debug>(call: &str, result: Result<T, Status>) -> Result<Status, String> {
    let status = refused(call, result)?;
    // SPEC 20
    ensure_eq!(status.origin(), Origin::CallFailed, "the origin of the failed call {call}");
    Ok(status)
}

/// Returns the status of a call that must return an error of any origin.
pub(super) fn refused<T: Debug>(call: &str, result: Result<T, Status>) -> Result<Status, String> {
    match result {
        Ok(value) => Err(format!("the call {call} must fail, but returned {value:?}")),
        Err(status) => Ok(status),
    }
}

/// Returns the types of the details, in their order.
pub(super) fn types(status: &Status) -> Vec<Option<Cow<'_, str>>> {
    status.details().as_slice().iter().map(Any::type_name).collect()
}
