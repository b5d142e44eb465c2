use std::time::Duration;

use lro::{Status, wkt};
use lro_grpc_wire::messages::{self, ListOperationsRequest, WaitOperationRequest};
use tokio::time::Instant;

use super::{
    message::Message,
    request::{Call, Request},
};
use crate::{
    api::error,
    reply::Lie,
    request::bearer_token,
    service::operations,
    store::{Store, view::View},
};

/// Replies to a call. A lie applies to an operation alone.
pub(super) async fn handle(store: &Store, request: Request, lie: Lie) -> Result<Message, Status> {
    let call = request.call?;
    let token = bearer_token(&request.headers);
    store.state().require_token(token).map_err(error::unauthenticated)?;
    let reported = |view: View| Message::operation(&lie.apply(view.read()));
    match call {
        Call::Get(get) => {
            let view = operations::get(&mut store.state(), None, &get.name)?;
            reported(view)
        }
        Call::List(list) => page(store, &list).map(Message::Page),
        Call::Cancel(cancel) => {
            operations::cancel(store, &cancel.name, no_such_call()).map(|()| Message::Empty)
        }
        Call::Delete(delete) => {
            operations::delete(store, &delete.name, no_such_call()).map(|()| Message::Empty)
        }
        Call::Wait(wait) => {
            let deadline = Instant::now() + timeout(&wait);
            // The shorter of both counts, as the protocol says.
            let deadline = request.deadline.map_or(deadline, |given| given.min(deadline));
            reported(operations::wait(store, &wait.name, deadline, no_such_call()).await?)
        }
    }
}

fn page(store: &Store, list: &ListOperationsRequest) -> Result<messages::ListOperationsResponse, Status> {
    let size = usize::try_from(list.page_size);
    let size = size.map_err(|_| error::bad_field("page_size", format!("{} is no size", list.page_size)))?;
    let (views, next_page_token) = {
        let mut state = store.state();
        let collection = collection(&list.name);
        if !state.operations.has_collection(&collection) {
            return Err(error::not_found(&list.name));
        }
        state.operations.list(&collection, &list.filter, size, &list.page_token)?
    };
    let operations = views.into_iter().map(|view| (&view.read()).try_into()).collect::<Result<_, _>>()?;
    Ok(messages::ListOperationsResponse { operations, next_page_token, unreachable: Vec::new() })
}

/// Returns the collection of a parent. Some clients name the collection itself.
fn collection(name: &str) -> String {
    match name {
        "" => OPERATIONS.to_owned(),
        OPERATIONS => name.to_owned(),
        _ if name.ends_with(&format!("/{OPERATIONS}")) => name.to_owned(),
        _ => format!("{name}/{OPERATIONS}"),
    }
}

/// Returns the time that a wait may take.
fn timeout(wait: &WaitOperationRequest) -> Duration {
    let timeout = wait.timeout.and_then(|timeout| wkt::Duration::try_from(timeout).ok());
    let timeout = timeout.and_then(|timeout| Duration::try_from(timeout).ok());
    timeout.unwrap_or(operations::LONGEST_WAIT).min(operations::LONGEST_WAIT)
}

/// Returns the error of a call that the operation of a service does not have: it has only get.
fn no_such_call() -> Status {
    Status::unimplemented("The service has no such call for this operation.")
}

const OPERATIONS: &str = "operations";
