use lro::{LroTransport, Operation, OperationName, Origin, Status};

use crate::{emulator::Emulator, script::Script};

/// A transport, the emulator that it calls, and the collection of its names.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub(super) emulator: &'a Emulator,
    pub(super) transport: &'a dyn LroTransport,
    pub(super) collection: &'a str,
}

impl<'a> Subject<'a> {
    /// A transport for operations of this collection, such as `operations` or `projects/p/locations/l/operations`.
    pub fn new(emulator: &'a Emulator, transport: &'a dyn LroTransport, collection: &'a str) -> Self {
        Self { emulator, transport, collection }
    }

    /// Starts an operation and returns its name.
    pub(super) fn start(&self, id: &str, script: Script) -> OperationName {
        let name = self.name(id);
        self.emulator.operation(name.as_str(), script);
        name
    }

    /// The name of an operation in the collection.
    pub(super) fn name(&self, id: &str) -> OperationName {
        let name = format!("{}/{id}", self.collection);
        OperationName::parse(&name).unwrap_or_else(|error| panic!("the collection makes no names: {error}"))
    }

    /// Gets an operation. The call must work.
    pub(super) async fn get(&self, name: &OperationName) -> Operation {
        let got = self.transport.get_operation(name).await;
        got.unwrap_or_else(|error| panic!("cannot get {name}: {error}"))
    }

    /// Gets an operation. The call must fail.
    pub(super) async fn fail(&self, name: &OperationName) -> Status {
        failed(&format!("to get {name}"), self.transport.get_operation(name).await)
    }
}

/// The status of a call that must fail.
pub(super) fn failed<T: std::fmt::Debug>(call: &str, result: Result<T, Status>) -> Status {
    let status = match result {
        Ok(value) => panic!("the call {call} must fail, but returned {value:?}"),
        Err(status) => status,
    };
    // SPEC 20
    assert_eq!(status.origin(), Origin::CallFailed, "the call {call} failed: {status:?}");
    status
}
