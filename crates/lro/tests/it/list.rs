//! The list of operations, page by page.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use lro::{
    Code, ListOperationsRequest, Operation, OperationPage, Origin, Pages, Status, Tolerance, list_operations,
};
use tokio::time::{Instant, sleep, timeout};

use super::common::{Call, Jobs, millis, polled, seconds};

#[tokio::test(start_paused = true)]
async fn goes_on_over_empty_pages_to_the_last() {
    // SPEC 41
    let pages = [
        page(&["operations/1", "operations/2"], "a"),
        page(&[], "b"),
        page(&[], "c"),
        page(&["operations/3"], "d"),
        page(&[], ""),
    ];
    let jobs = Jobs::new().lists(pages.clone());
    let told: Vec<_> = all(&jobs).pages().try_collect().await.unwrap();
    assert_eq!(told, pages.map(Result::unwrap));
    assert_eq!(tokens(&jobs), ["", "a", "b", "c", "d"]);

    let jobs = Jobs::new().lists([page(&["operations/1"], "a"), page(&[], "b"), page(&["operations/2"], "")]);
    assert_eq!(names(all(&jobs)).await.unwrap(), ["operations/1", "operations/2"]);
    assert_eq!(tokens(&jobs), ["", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn may_be_empty() {
    // SPEC 41
    let jobs = Jobs::new().lists([page(&[], "")]);
    assert_eq!(names(all(&jobs)).await.unwrap(), [""; 0]);
    assert_eq!(all(&jobs).pages().count().await, 1);
    assert_eq!(jobs.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn sends_the_whole_request_with_every_page() {
    let request =
        ListOperationsRequest::new("projects/p").filter("done=false").page_size(7).page_token("begin");
    let jobs =
        Jobs::new().lists([page(&[], "a"), Err(Status::unavailable("busy")), page(&[], "b"), page(&[], "")]);
    let told: Vec<_> = list_operations(&jobs, request.clone()).pages().try_collect().await.unwrap();
    assert_eq!(told.len(), 3);
    let with = |token: &str| Call::List(request.clone().page_token(token));
    assert_eq!(jobs.verbs(), [with("begin"), with("a"), with("a"), with("b")]);
}

#[tokio::test(start_paused = true)]
async fn asks_for_a_page_when_the_stream_is_asked() {
    let jobs = Jobs::new().lists([page(&["operations/1"], "a"), page(&["operations/2"], "")]);
    let list = all(&jobs);
    assert_eq!(jobs.calls(), []);
    let mut pages = list.pages();
    sleep(seconds(1)).await;
    assert_eq!(jobs.calls(), []);
    pages.next().await.unwrap().unwrap();
    sleep(seconds(1)).await;
    assert_eq!(tokens(&jobs), [""]);
    pages.next().await.unwrap().unwrap();
    assert!(pages.next().await.is_none());
    assert_eq!(tokens(&jobs), ["", "a"]);
}

#[tokio::test(start_paused = true)]
async fn makes_no_call_where_the_transport_has_none() {
    // SPEC 38: nor is it asked again.
    let jobs = Jobs::new();
    let mut pages = list_operations(Undeclared(&jobs), request()).pages();
    let status = pages.next().await.unwrap().unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unimplemented));
    assert!(pages.next().await.is_none());
    assert_eq!(jobs.calls(), []);
}

#[tokio::test(start_paused = true)]
async fn is_malformed_where_a_page_leads_to_itself() {
    let jobs = Jobs::new().lists([page(&["operations/1"], "a"), page(&["operations/2"], "a")]);
    let mut pages = all(&jobs).pages();
    assert_eq!(pages.next().await.unwrap().unwrap().next_page_token, "a");
    let status = pages.next().await.unwrap().unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::MalformedReply, Code::Internal));
    assert!(pages.next().await.is_none());
    assert_eq!(tokens(&jobs), ["", "a"]);

    // What came before is told.
    let jobs = Jobs::new().lists([page(&["operations/1"], "a"), page(&["operations/2"], "a")]);
    let mut operations = all(&jobs).operations();
    assert_eq!(operations.next().await.unwrap().unwrap().name, "operations/1");
    assert_eq!(operations.next().await.unwrap().unwrap_err().origin(), Origin::MalformedReply);
    assert!(operations.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn outlives_failures_that_may_pass() {
    // SPEC 26, 27: every page has the whole budget.
    let busy = || (0..5).map(|_| Err(Status::unavailable("busy")));
    let replies =
        busy().chain([page(&["operations/1"], "a")]).chain(busy()).chain([page(&["operations/2"], "")]);
    let jobs = Jobs::new().lists(replies);
    assert_eq!(names(hasty(&jobs)).await.unwrap(), ["operations/1", "operations/2"]);
    assert_eq!(tokens(&jobs), [[""; 6], ["a"; 6]].concat());
}

#[tokio::test(start_paused = true)]
async fn outlives_no_more_failures_than_the_tolerance() {
    // SPEC 27
    for (tolerance, calls) in
        [(Tolerance::default(), 6), (Tolerance::default().failures(2), 3), (Tolerance::none(), 1)]
    {
        let jobs = Jobs::new().lists([Err(Status::unavailable("busy"))]);
        let mut pages = all(&jobs).tolerance(tolerance).pages();
        let status = pages.next().await.unwrap().unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
        assert!(pages.next().await.is_none());
        assert_eq!(jobs.calls().len(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn ends_with_a_failure_that_will_not_pass() {
    // SPEC 28: NOT_FOUND is one, for no operation is awaited that may not be known yet.
    for code in [Code::PermissionDenied, Code::InvalidArgument, Code::NotFound, Code::Unimplemented] {
        let jobs = Jobs::new().lists([page(&["operations/1"], "a"), Err(Status::new(code, "no"))]);
        let items: Vec<_> = all(&jobs).operations().collect().await;
        assert_eq!(items.len(), 2);
        assert_eq!(items[1].as_ref().unwrap_err().code(), code);
        assert_eq!(jobs.calls().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn is_asked_again_by_the_delay_of_the_tolerance_or_the_servers() {
    // SPEC 32, 33
    let busy = || Err(Status::unavailable("busy"));
    let later = |time| Err(Status::unavailable("busy").with_retry_after(time));
    let jobs = Jobs::new().lists([later(seconds(7)), later(Duration::MAX), busy(), page(&[], "")]);
    hasty(&jobs).pages().next().await.unwrap().unwrap();
    assert_eq!(times(&jobs), [0, 7, 607, 607].map(seconds));

    let jobs = Jobs::new().lists([busy(), busy(), page(&[], "")]);
    all(&jobs).pages().next().await.unwrap().unwrap();
    let times = times(&jobs);
    assert!((millis(500)..=millis(1_001)).contains(&(times[1] - times[0])), "{times:?}");
    assert!((millis(1_000)..=millis(2_001)).contains(&(times[2] - times[1])), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn refreshes_a_refused_credential_once_a_page() {
    // SPEC 30
    let denied = || Err(Status::new(Code::Unauthenticated, "expired"));
    let jobs = Jobs::new().lists([denied(), page(&[], "a"), denied(), page(&[], "")]);
    assert_eq!(names(all(&jobs)).await.unwrap(), [""; 0]);
    assert_eq!(times(&jobs), [seconds(0); 4]);

    let jobs = Jobs::new().lists([denied()]);
    assert_eq!(names(all(&jobs)).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(times(&jobs), [seconds(0); 2]);
}

#[tokio::test(start_paused = true)]
async fn bounds_each_attempt() {
    // SPEC 35
    let jobs = Jobs::new().lists([(Duration::MAX, page(&[], "")), (seconds(4), page(&["operations/1"], ""))]);
    let began = Instant::now();
    assert_eq!(names(hasty(&jobs).attempt_timeout(seconds(5))).await.unwrap(), ["operations/1"]);
    assert_eq!((times(&jobs), whole(began.elapsed())), ([0, 5].map(seconds).to_vec(), seconds(9)));

    let jobs = Jobs::new().lists([(Duration::MAX, page(&[], ""))]);
    let began = Instant::now();
    let status = names(all(&jobs).tolerance(Tolerance::none())).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::DeadlineExceeded));
    assert_eq!(whole(began.elapsed()), seconds(30));

    // SPEC 36
    let jobs = Jobs::new().lists([(seconds(100), page(&["operations/1"], ""))]);
    assert_eq!(names(all(&jobs).attempt_timeout(Duration::MAX)).await.unwrap(), ["operations/1"]);
}

#[tokio::test(start_paused = true)]
async fn takes_no_transports_word_that_an_operation_failed_or_that_we_stopped() {
    // SPEC 20
    for origin in [Origin::OperationFailed, Origin::StoppedAsking] {
        let busy = || Err(Status::unavailable("busy").with_origin(origin));
        let jobs = Jobs::new().lists([busy(), page(&["operations/1"], "")]);
        assert_eq!(names(hasty(&jobs)).await.unwrap(), ["operations/1"]);

        let jobs = Jobs::new().lists([busy()]);
        assert_eq!(names(hasty(&jobs)).await.unwrap_err().origin(), Origin::CallFailed);
    }
}

#[tokio::test(start_paused = true)]
async fn loses_nothing_where_the_next_of_its_stream_is_dropped() {
    // SPEC 37
    for drops_at in 1.. {
        let jobs = Jobs::new().lists([
            (millis(100), page(&["operations/1", "operations/2"], "a")),
            (millis(100), Err(Status::unavailable("busy"))),
            (millis(100), page(&[], "b")),
            (millis(100), page(&["operations/3"], "")),
        ]);
        let mut operations = all(&jobs).operations();
        let mut told = Vec::new();
        let reads = async {
            while let Some(operation) = operations.next().await {
                told.push(operation.unwrap().name);
            }
        };
        let is_over = polled(drops_at, reads).await.is_some();
        while let Some(operation) = operations.next().await {
            told.push(operation.unwrap().name);
        }
        assert_eq!(told, ["operations/1", "operations/2", "operations/3"], "{drops_at}");
        // Not even the call in flight.
        assert_eq!(tokens(&jobs), ["", "a", "a", "b"]);
        if is_over {
            assert!(drops_at > 5, "{drops_at}");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn stops_asking_when_it_is_dropped() {
    // SPEC 37
    let jobs = Jobs::new().lists([page(&[], "a"), page(&[], "b"), Err(Status::unavailable("busy"))]);
    let mut operations = all(&jobs).operations();
    assert!(timeout(millis(10), operations.next()).await.is_err());
    drop(operations);
    let calls = jobs.calls().len();
    sleep(seconds(1_000)).await;
    assert_eq!((calls, jobs.calls().len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn tells_its_request_in_debug_and_no_page() {
    let jobs = Jobs::new();
    let debug = format!("{:?}", list_operations(&jobs, request().filter("done=false".to_owned())));
    assert!(debug.contains("projects/p") && debug.contains("done=false"), "{debug}");
}

/// A transport that has get alone.
#[derive(Debug)]
struct Undeclared<'a>(&'a Jobs);

#[lro::async_trait]
impl lro::LroTransport for Undeclared<'_> {
    async fn get_operation(&self, name: &lro::OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }
}

fn all(jobs: &Jobs) -> Pages<'_> {
    list_operations(jobs, request())
}

/// Without a pause after a failed call, unless the server asks for one.
fn hasty(jobs: &Jobs) -> Pages<'_> {
    all(jobs).tolerance(Tolerance::default().delay(Duration::ZERO, Duration::ZERO))
}

fn request() -> ListOperationsRequest {
    ListOperationsRequest::new("projects/p".to_owned())
}

fn page(names: &[&str], next: &str) -> Result<OperationPage, Status> {
    let operations = names.iter().map(|name| Operation::running(*name)).collect();
    Ok(OperationPage::new(operations).next_page_token(next.to_owned()))
}

async fn names(list: Pages<'_>) -> Result<Vec<String>, Status> {
    list.operations().map_ok(|operation| operation.name).try_collect().await
}

fn tokens(jobs: &Jobs) -> Vec<String> {
    let token = |call| match call {
        Call::List(request) => request.page_token,
        other => panic!("{other:?}"),
    };
    jobs.verbs().into_iter().map(token).collect()
}

fn times(jobs: &Jobs) -> Vec<Duration> {
    jobs.calls().into_iter().map(|(time, _)| time).collect()
}

/// Tokio's timers count in milliseconds and fire late rather than early.
fn whole(time: Duration) -> Duration {
    millis(u64::try_from(time.as_millis()).unwrap())
}
