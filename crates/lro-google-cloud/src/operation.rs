use google_cloud_longrunning::model;
use google_cloud_wkt as wkt;
use lro::{Any, Code, Operation, OperationPage, Status};
use serde::Serialize;

/// Converts an operation of a client.
///
/// An object that was not an operation, and an error in its place, are read as by
/// [`Operation::from_json`].
///
/// # Errors
///
/// As [`Operation::from_json`].
pub fn operation(operation: &model::Operation) -> Result<Operation, Status> {
    Operation::from_json(&json(operation)?)
}

/// Converts a message in an `Any` of a client. It keeps its type and all members.
///
/// # Errors
///
/// `INTERNAL` if the message does not serialize.
pub fn from_any(any: &wkt::Any) -> Result<Any, Status> {
    let json = serde_json::to_string(any).map_err(|error| unwritable(&error))?;
    Any::from_json(json)
}

/// Converts a message to an `Any` of the clients. It keeps its type and all members.
///
/// # Errors
///
/// `INTERNAL` if the message is not valid for the clients, such as one whose `@type` has no `/`.
pub fn to_any(any: &Any) -> Result<wkt::Any, Status> {
    serde_json::to_value(any).and_then(serde_json::from_value).map_err(|error| unwritable(&error))
}

/// Converts a page of a list.
pub(crate) fn page(page: &model::ListOperationsResponse) -> Result<OperationPage, Status> {
    let json = json(page)?;
    if let Some(error) = Status::in_reply(&json) {
        return Err(error);
    }
    let is_empty =
        page.operations.is_empty() && page.next_page_token.is_empty() && page.unreachable.is_empty();
    if is_empty && json != b"{}" {
        let fault =
            Operation::from_json(&json).err().unwrap_or_else(|| Status::malformed("it is an operation"));
        return Err(fault.in_context("the reply is not a list of operations"));
    }
    let operations = page.operations.iter().map(operation).collect::<Result<_, _>>()?;
    Ok(OperationPage::new(operations)
        .next_page_token(&page.next_page_token)
        .unreachable(page.unreachable.clone()))
}

fn json(message: &impl Serialize) -> Result<Vec<u8>, Status> {
    serde_json::to_vec(message).map_err(|error| unwritable(&error))
}

fn unwritable(error: &serde_json::Error) -> Status {
    Status::new(Code::Internal, format!("cannot convert a message: {error}"))
}
