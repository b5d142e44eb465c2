//! Conversions of operations, statuses and pages of lists.

use lro::{Any, ListOperationsRequest, OperationPage, Origin, Outcome, details::Details};

use crate::{any, messages};

impl TryFrom<messages::Operation> for lro::Operation {
    type Error = lro::Status;

    /// Reads a reply. Metadata and response stay encoded. Metadata that are no `Any` count as absent.
    ///
    /// An empty message is an operation that is running: a server may leave out the name.
    ///
    /// # Errors
    ///
    /// [`Origin::MalformedReply`] if it is done with both an error and a response, or if the response is no `Any`.
    fn try_from(message: messages::Operation) -> Result<Self, lro::Status> {
        let messages::Operation { name, metadata, done, error, response } = message;
        let mut running_error = None;
        let outcome = match (done, error, response) {
            (false, error, _) => {
                // An empty error says nothing.
                running_error =
                    error.filter(|error| error.code != 0 || !error.message.is_empty()).map(lro::Status::from);
                None
            }
            (true, None, None) => Some(Outcome::Neither),
            (true, Some(error), None) => {
                Some(Outcome::Error(lro::Status::from(error).with_origin(Origin::OperationFailed)))
            }
            (true, None, Some(response)) => Some(Outcome::Response(response_of(response)?)),
            (true, Some(_), Some(_)) => {
                let fault = "not an operation: it is done with both an error and a response";
                return Err(lro::Status::malformed(fault));
            }
        };
        let metadata = metadata.and_then(|metadata| Any::from_protobuf(metadata).ok());
        Ok(Self { name, metadata, outcome, running_error, retry_after: None })
    }
}

impl TryFrom<&lro::Operation> for messages::Operation {
    type Error = lro::Status;

    /// Writes an operation. `retry_after` is not part of the message.
    ///
    /// # Errors
    ///
    /// The errors of [`any::to_protobuf`].
    fn try_from(operation: &lro::Operation) -> Result<Self, lro::Status> {
        let (error, response) = match &operation.outcome {
            None => (operation.running_error.as_ref(), None),
            Some(Outcome::Neither) => (None, None),
            Some(Outcome::Error(error)) => (Some(error), None),
            Some(Outcome::Response(response)) => (None, Some(response)),
        };
        Ok(Self {
            name: operation.name.clone(),
            metadata: operation.metadata.as_ref().map(any::to_protobuf).transpose()?,
            done: operation.is_done(),
            error: error.map(messages::Status::try_from).transpose()?,
            response: response.map(any::to_protobuf).transpose()?,
        })
    }
}

impl From<messages::Status> for lro::Status {
    /// Reads the status of a failed call. The code keeps its number, and the details their order.
    ///
    /// Standard details and well-known types become JSON. Other details, and those that are large, stay encoded. What is no `Any`
    /// is left out, as is what follows the first [`Details::MOST`] details.
    fn from(status: messages::Status) -> Self {
        let details = status.details.into_iter().take(Details::MOST).filter_map(|encoded| {
            let is_small = encoded.len() <= LARGEST_CONVERTED;
            let detail = Any::from_protobuf(encoded).ok()?;
            Some(if is_small { any::to_json(&detail).unwrap_or(detail) } else { detail })
        });
        let details = details.collect();
        Self::from_number(status.code, status.message).with_details(details)
    }
}

impl TryFrom<&lro::Status> for messages::Status {
    type Error = lro::Status;

    /// Writes a status: its number, message and details.
    ///
    /// # Errors
    ///
    /// The errors of [`any::to_protobuf`].
    fn try_from(status: &lro::Status) -> Result<Self, lro::Status> {
        let details = status.details().as_slice().iter().map(any::to_protobuf).collect::<Result<_, _>>()?;
        Ok(Self { code: status.raw_code(), message: status.message().to_owned(), details })
    }
}

impl From<&ListOperationsRequest> for messages::ListOperationsRequest {
    /// Writes a request. A page size beyond the range of the field saturates.
    fn from(request: &ListOperationsRequest) -> Self {
        Self {
            name: request.name.clone(),
            filter: request.filter.clone(),
            page_size: request.page_size.try_into().unwrap_or(i32::MAX),
            page_token: request.page_token.clone(),
            return_partial_success: request.return_partial_success,
        }
    }
}

impl TryFrom<messages::ListOperationsResponse> for OperationPage {
    type Error = lro::Status;

    /// Reads a page. An empty message is an empty page.
    ///
    /// # Errors
    ///
    /// The errors of its operations.
    fn try_from(page: messages::ListOperationsResponse) -> Result<Self, lro::Status> {
        let operations =
            page.operations.into_iter().map(lro::Operation::try_from).collect::<Result<_, _>>()?;
        Ok(Self::new(operations).next_page_token(page.next_page_token).unreachable(page.unreachable))
    }
}

fn response_of(encoded: Vec<u8>) -> Result<Any, lro::Status> {
    Any::from_protobuf(encoded).map_err(|fault| {
        lro::Status::malformed(format!("the response of the operation is malformed: {}", fault.message()))
    })
}

/// Decoded, a detail of many small parts takes up to 60 times its length. The details in use have a few hundred bytes.
const LARGEST_CONVERTED: usize = 64 << 10;
