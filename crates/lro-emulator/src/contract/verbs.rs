use std::{collections::BTreeSet, time::Duration};

use lro::{Code, ListOperationsRequest, Outcome, Status};

use super::subject::{Subject, failed};
use crate::script::Script;

/// A call that the service does not have is UNIMPLEMENTED, without a request.
pub async fn missing_verbs_are_refused_without_a_call(subject: &Subject<'_>) {
    let transport = subject.transport;
    let name = subject.start("contract-missing-verbs", Script::new().runs_for(Duration::MAX));
    let calls = subject.emulator.call_count();
    let has = transport.capabilities();
    let mut refused: Vec<(&str, Status)> = Vec::new();
    if !has.cancel {
        refused.push(("cancel", failed("to cancel", transport.cancel_operation(&name).await)));
    }
    if !has.delete {
        refused.push(("delete", failed("to delete", transport.delete_operation(&name).await)));
    }
    if !has.list {
        refused.push(("list", failed("to list", transport.list_operations(&parent(subject)).await)));
    }
    if !has.wait {
        refused.push(("wait", failed("to wait", transport.wait_operation(&name, None).await)));
    }
    for (verb, status) in refused {
        // SPEC 38
        assert_eq!(status.code(), Code::Unimplemented, "of {verb}: {status:?}");
    }
    assert_eq!(subject.emulator.call_count(), calls, "a call that the service does not have was made");
}

/// A cancelled operation ends with CANCELLED if the service grants the cancellation.
pub async fn cancel(subject: &Subject<'_>) {
    let transport = subject.transport;
    if !transport.capabilities().cancel {
        return;
    }
    let name = subject.start("contract-cancel", Script::new().runs_for(Duration::MAX));
    accepted("to cancel", transport.cancel_operation(&name).await);
    let outcome = subject.get(&name).await.outcome;
    assert!(
        matches!(&outcome, Some(Outcome::Error(error)) if error.code() == Code::Cancelled),
        "a cancelled operation is done with CANCELLED, not {outcome:?}"
    );

    // SPEC 39
    let script = Script::new().runs_for(Duration::MAX).ignores_cancel();
    let name = subject.start("contract-cancel-ignored", script);
    accepted("to cancel what goes on", transport.cancel_operation(&name).await);
    assert!(!subject.get(&name).await.is_done());

    let unknown = transport.cancel_operation(&subject.name("contract-unknown")).await;
    assert_eq!(failed("to cancel what is not there", unknown).code(), Code::NotFound);
}

/// A deleted operation does not exist.
pub async fn delete(subject: &Subject<'_>) {
    let transport = subject.transport;
    if !transport.capabilities().delete {
        return;
    }
    let name = subject.start("contract-delete", Script::new().runs_for(Duration::MAX));
    accepted("to delete", transport.delete_operation(&name).await);
    assert_eq!(subject.fail(&name).await.code(), Code::NotFound);
    let again = failed("to delete again", transport.delete_operation(&name).await);
    assert_eq!(again.code(), Code::NotFound);
}

/// A list has pages, and passes on filter, size and token. An empty page need not be the last.
pub async fn list(subject: &Subject<'_>) {
    if !subject.transport.capabilities().list {
        return;
    }
    let running = Script::new().runs_for(Duration::MAX);
    let mut expected = BTreeSet::new();
    for id in ["contract-list-1", "contract-list-2", "contract-list-3"] {
        expected.insert(subject.start(id, running.clone()).to_string());
    }
    let done = subject.start("contract-list-done", Script::new().runs_for(Duration::ZERO)).to_string();

    // SPEC 41
    subject.emulator.pages([1, 0]);
    let request = parent(subject).filter("done=false").page_size(2);
    let pages = pages(subject, request).await;
    assert_eq!(
        pages.iter().take(2).map(Vec::len).collect::<Vec<_>>(),
        [1, 0],
        "an empty page is not the end"
    );
    assert!(pages.iter().all(|page| page.len() <= 2), "the size of a page is passed on: {pages:?}");
    let found: Vec<String> = pages.concat();
    let ours: BTreeSet<String> = found.iter().filter(|name| expected.contains(*name)).cloned().collect();
    assert_eq!(ours, expected, "every operation is listed");
    assert_eq!(found.len(), found.iter().collect::<BTreeSet<_>>().len(), "each is listed once: {found:?}");
    assert!(!found.contains(&done), "the filter is passed on");
}

/// A wait returns when the operation is done, or when the timeout has passed.
pub async fn wait(subject: &Subject<'_>) {
    let transport = subject.transport;
    if !transport.capabilities().wait {
        return;
    }
    let name = subject.start("contract-wait", Script::new().runs_for(Duration::from_millis(100)));
    let waited = transport.wait_operation(&name, Some(Duration::from_secs(10))).await;
    assert!(accepted("to wait", waited).is_done(), "the wait ends with the operation");

    // SPEC 40
    let name = subject.start("contract-wait-in-vain", Script::new().runs_for(Duration::MAX));
    let waited = transport.wait_operation(&name, Some(Duration::from_millis(10))).await;
    assert!(!accepted("to wait in vain", waited).is_done(), "the timeout is passed on");
}

/// The names on every page.
async fn pages(subject: &Subject<'_>, mut request: ListOperationsRequest) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let page = accepted("to list", subject.transport.list_operations(&request).await);
        pages.push(page.operations.into_iter().map(|operation| operation.name).collect());
        assert!(pages.len() < 1_000, "the token of a page is passed on, or the list has no end");
        if page.next_page_token.is_empty() {
            return pages;
        }
        request.page_token = page.next_page_token;
    }
}

/// The request to list the collection of the subject.
fn parent(subject: &Subject<'_>) -> ListOperationsRequest {
    let parent = subject.collection.rsplit_once('/').map_or("", |(parent, _)| parent);
    ListOperationsRequest::new(parent.to_owned())
}

fn accepted<T>(call: &str, result: Result<T, Status>) -> T {
    result.unwrap_or_else(|error| panic!("the call {call} must work: {error}"))
}
