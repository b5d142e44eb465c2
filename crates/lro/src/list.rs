use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::time::{sleep, timeout};

use crate::{
    Attempt, ListOperationsRequest, LroTransport, Operation, OperationPage, Status, Tolerance,
    chance::Chance,
    rules::{Call, FailedCall, Retry, Rules, Trouble},
};

/// A list of the operations of a service, from [`list_operations`]. It is a builder for a stream.
#[must_use = "a list makes no call until its stream is polled"]
pub struct Pages<'a> {
    transport: Arc<dyn LroTransport + 'a>,
    request: ListOperationsRequest,
    rules: Rules,
}

/// Lists the operations of a service that has a list call.
///
/// The stream requests a page when it is polled for it. An empty page may have a next page.
/// A transient failure is retried as in a wait ([`Tolerance`]). Any other failure ends the stream.
/// Dropping the stream stops the requests.
///
/// ```
/// # use futures::TryStreamExt;
/// # use lro::{ListOperationsRequest, LroTransport, Status, list_operations};
/// # async fn example(jobs: impl LroTransport) -> Result<(), Status> {
/// let mut running = list_operations(&jobs, ListOperationsRequest::default().filter("done=false"))
///     .operations();
/// while let Some(operation) = running.try_next().await? {
///     println!("{}", operation.name);
/// }
/// # Ok(()) }
/// ```
pub fn list_operations<'a>(transport: impl LroTransport + 'a, request: ListOperationsRequest) -> Pages<'a> {
    Pages { transport: Arc::new(transport), request, rules: Rules::default() }
}

impl<'a> Pages<'a> {
    /// Sets which failed calls are retried. Default: [`Tolerance::default`].
    ///
    /// The window for `NOT_FOUND` does not apply to lists.
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.rules.tolerance = tolerance;
        self
    }

    /// Sets the longest time for one call. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.rules.attempt_timeout = timeout;
        self
    }

    /// Returns a stream of the pages.
    ///
    /// # Errors
    ///
    /// - `UNIMPLEMENTED`, without a request, if the transport has no list call.
    /// - A failed call that is not retried, or that exhausts the budget of failures.
    /// - [`Origin::MalformedReply`](crate::Origin::MalformedReply) if the token of a next page equals its own token.
    pub fn pages(self) -> Pin<Box<dyn Stream<Item = Result<OperationPage, Status>> + Send + 'a>> {
        Box::pin(stream::try_unfold(Some(self), |pages| async {
            let Some(mut pages) = pages else {
                return Ok(None);
            };
            let page = pages.page().await?;
            let is_last = page.next_page_token.is_empty();
            if !is_last && page.next_page_token == pages.request.page_token {
                return Err(Status::malformed("a page of the list of operations leads to itself"));
            }
            pages.request.page_token.clone_from(&page.next_page_token);
            Ok(Some((page, (!is_last).then_some(pages))))
        }))
    }

    /// Returns a stream of the operations of all pages.
    ///
    /// # Errors
    ///
    /// As [`pages`](Self::pages).
    pub fn operations(self) -> Pin<Box<dyn Stream<Item = Result<Operation, Status>> + Send + 'a>> {
        let operations = |page: OperationPage| stream::iter(page.operations).map(Ok);
        Box::pin(self.pages().map_ok(operations).try_flatten())
    }

    /// Requests the current page until it arrives, or until a failure is final.
    async fn page(&self) -> Result<OperationPage, Status> {
        let mut chance = Chance::drawn();
        let mut trouble = Trouble::default();
        loop {
            let attempt = Attempt::within(self.rules.attempt_timeout);
            let call = self.transport.list_operations_within(&self.request, &attempt);
            let status = match timeout(self.rules.attempt_timeout, call).await {
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(status)) => status,
                Err(_) => Status::unanswered(self.rules.attempt_timeout),
            };
            // A collection needs no time to appear, so NOT_FOUND has no window.
            let failed =
                FailedCall { status, call: Call::new(Duration::MAX, Duration::MAX), had_reply: false };
            match self.rules.retry(&mut trouble, failed, chance.next()) {
                Retry::After(delay) => sleep(delay).await,
                Retry::Exhausted(status) | Retry::Final(status) => return Err(status),
            }
        }
    }
}

impl fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("transport", &self.transport)
            .field("name", &self.request.name)
            .field("filter", &self.request.filter)
            .finish_non_exhaustive()
    }
}
