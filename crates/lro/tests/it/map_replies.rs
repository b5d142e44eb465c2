//! Replies that a closure maps before a driver judges them.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use futures::TryStreamExt;
use lro::{
    Any, Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationPage, Origin,
    Status, Wait, list_operations, map_replies, poll_until_done,
};
use serde_json::{Value, json};

use super::common::{Jobs, forty_two, name, running, succeeded};

#[tokio::test(start_paused = true)]
async fn end_an_operation_whose_metadata_says_that_it_is_over() {
    // SPEC 4, 10, 20: by get, for a server holds a wait call until the operation is done.
    for jobs in [Jobs::new(), Jobs::new().waits([running()])].map(|jobs| jobs.gets([running(), over()])) {
        let status = poll_until_done::<Value>(map_replies(jobs, ended), name()).await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, Code::Aborted));
        let metadata = status.report().unwrap().last_metadata.clone().unwrap();
        assert_eq!(metadata.decode::<Value>().unwrap(), json!({"state": "FAILED"}));
    }
    let jobs = Jobs::new().gets([running(), succeeded()]);
    assert_eq!(poll_until_done::<Value>(map_replies(jobs, ended), name()).await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn are_those_of_a_list_too() {
    let page = OperationPage::new(vec![running().unwrap(), over().unwrap()]);
    let jobs = map_replies(Jobs::new().lists([Ok(page)]), ended);
    let listed: Vec<Operation> =
        list_operations(&jobs, ListOperationsRequest::default()).operations().try_collect().await.unwrap();
    assert_eq!(listed.iter().map(Operation::is_done).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn may_be_that_of_a_starting_call() {
    let jobs = map_replies(Jobs::new(), ended);
    let started = jobs.mapped(over().unwrap()).unwrap();
    let status = Wait::<Value>::started(&jobs, started).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, Code::Aborted));
    let status = map_replies(Jobs::new(), |_| panic!("boom")).mapped(over().unwrap()).unwrap_err();
    assert_eq!(status.message(), "the closure of `map_replies` panicked: boom");
}

#[tokio::test(start_paused = true)]
async fn end_one_wait_where_the_closure_panics() {
    // SPEC 61
    let jobs = Jobs::new().gets([running()]);
    let jobs = map_replies(jobs, |_| panic!("boom"));
    let status = poll_until_done::<Value>(&jobs, name()).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Internal));
    assert_eq!(status.message(), "the closure of `map_replies` panicked: boom");
    assert_eq!(status.report().unwrap().polls, 1);
}

#[tokio::test(start_paused = true)]
async fn leave_the_other_calls_as_they_are() {
    let jobs = Jobs::new().gets([running()]).cancels([Ok(())]).waits([running()]);
    let jobs = map_replies(&jobs, ended);
    assert_eq!(jobs.capabilities(), Capabilities::default().cancel(true));
    assert_eq!(jobs.service().key(), "jobs.example.com");
    jobs.cancel_operation(&name()).await.unwrap();
    jobs.cancel_operation_within(&name(), &Attempt::default()).await.unwrap();
    for unsupported in [
        jobs.delete_operation(&name()).await.unwrap_err(),
        jobs.delete_operation_within(&name(), &Attempt::default()).await.unwrap_err(),
    ] {
        assert_eq!(unsupported.code(), Code::Unimplemented);
    }
}

/// An operation that is over, although it is not done.
fn over() -> Result<Operation, Status> {
    Ok(running()?.with_metadata(Any::from_value(&json!({"state": "FAILED"}))?))
}

fn ended(operation: Operation) -> Operation {
    let state = operation.metadata.as_ref().and_then(|metadata| metadata.decode::<Value>().ok());
    match state {
        Some(state) if state["state"] == "FAILED" => {
            operation.with_outcome(Err(Status::new(Code::Aborted, "the job failed")))
        }
        _ => operation,
    }
}
