use std::{collections::BTreeSet, time::Duration};

use lro::{Code, ListOperationsRequest, OperationPage};

use super::{
    Verdict,
    subject::{Subject, accepted, failed},
    verbs::REFUSAL,
};
use crate::{reply::Reply, script::Script};

pub(super) async fn list(subject: &Subject<'_>) -> Verdict {
    if !subject.transport.capabilities().list {
        return Ok(());
    }
    let running = Script::new().runs_for(Duration::MAX);
    let mut expected = BTreeSet::new();
    for id in ["contract-list-1", "contract-list-2", "contract-list-3"] {
        expected.insert(subject.start(id, running.clone())?.to_string());
    }
    let done = subject.start("contract-list-done", Script::new().runs_for(Duration::ZERO))?.to_string();

    // SPEC 41
    subject.emulator.pages([1, 0]);
    let request = parent(subject).filter("done=false").page_size(2);
    let pages = pages(subject, request).await?;
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    ensure_eq!(sizes.get(..2), Some(&[1, 0][..]), "the sizes of the first pages");
    ensure!(sizes.iter().all(|size| *size <= 2), "the size of a page is not passed on: {sizes:?}");
    let found: Vec<String> = pages.concat();
    let ours: BTreeSet<String> = found.iter().filter(|name| expected.contains(*name)).cloned().collect();
    ensure_eq!(ours, expected, "the operations in the list");
    let distinct = found.iter().collect::<BTreeSet<_>>().len();
    ensure_eq!(found.len(), distinct, "the number of operations in the list, each once");
    ensure!(!found.contains(&done), "the filter is not passed on");
    Ok(())
}

pub(super) async fn pages_are_read(subject: &Subject<'_>) -> Verdict {
    if !subject.transport.capabilities().list {
        return Ok(());
    }
    let list = async |body: &'static str| {
        subject.emulator.reply_next(1, Reply::status(200).body(body));
        subject.transport.list_operations(&parent(subject)).await
    };
    // SPEC 46
    let empty = accepted("to list nothing", list("{}").await)?;
    ensure_eq!(empty, OperationPage::default(), "an empty page");

    let page = accepted("to list", list(r#"{"unreachable": ["projects/p/locations/l"]}"#).await)?;
    ensure_eq!(page.unreachable, ["projects/p/locations/l"], "the collections that cannot be reached");

    let refused = failed("to list what is refused", list(REFUSAL).await)?;
    ensure_eq!(refused.code(), Code::PermissionDenied, "the code of a list that is refused");
    Ok(())
}

/// Returns the request to list the collection of the subject.
pub(super) fn parent(subject: &Subject<'_>) -> ListOperationsRequest {
    let parent = subject.collection.rsplit_once('/').map_or("", |(parent, _)| parent);
    ListOperationsRequest::new(parent.to_owned())
}

/// Returns the names on every page.
async fn pages(
    subject: &Subject<'_>,
    mut request: ListOperationsRequest,
) -> Result<Vec<Vec<String>>, String> {
    let mut pages = Vec::new();
    loop {
        let page = accepted("to list", subject.transport.list_operations(&request).await)?;
        pages.push(page.operations.into_iter().map(|operation| operation.name).collect());
        ensure!(pages.len() < 1_000, "the token of a page is not passed on, or the list has no end");
        if page.next_page_token.is_empty() {
            return Ok(pages);
        }
        request.page_token = page.next_page_token;
    }
}
