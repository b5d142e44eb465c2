//! Code of the caller that panics for one of fifty operations. SPEC 61

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use lro::{
    Any, Capabilities, Code, LroTransport, Operation, OperationName, Status, Tolerance, async_trait,
    transport_fn,
};
use lro_fleet::{Completion, Fleet, FleetBuilder, Rate, Registration};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    name,
    nasty::{Kinds, Last, Nasty, Point},
    secs,
};

const CULPRIT: usize = 7;
const ALL: usize = 50;

fn is_culprit(name: &OperationName) -> bool {
    *name == self::name(CULPRIT)
}

/// Operations that run for five seconds.
fn jobs() -> impl LroTransport + 'static {
    let began = Instant::now();
    transport_fn(move |name: OperationName| async move {
        sleep(Duration::from_millis(20)).await;
        Ok(reply(&name, began.elapsed()))
    })
}

fn reply(name: &OperationName, now: Duration) -> Operation {
    let metadata = Any::from_value(&json!({"at": now.as_secs()})).unwrap();
    let operation = if now < secs(5) {
        Operation::running(name.as_str())
    } else {
        Operation::succeeded(name.as_str(), Any::from_value(&json!({})).unwrap()).unwrap()
    };
    operation.with_metadata(metadata)
}

/// What became of the culprit. Asserts that the others complete.
async fn culprit_among(builder: FleetBuilder, of_culprit: Registration) -> Result<Completion, Status> {
    let fleet = builder.start();
    let mut refused = None;
    for number in 0..ALL {
        if number == CULPRIT {
            refused = fleet.register_with(of_culprit.clone()).err();
        } else {
            fleet.register(name(number)).unwrap();
        }
    }
    drop(of_culprit);
    fleet.drain();
    let completions: Vec<_> = timeout(secs(200), fleet.completions().collect()).await.expect("all end");
    let (culprits, others): (Vec<_>, Vec<_>) =
        completions.into_iter().partition(|completion| is_culprit(completion.name()));
    assert_eq!(others.iter().filter(|other| other.outcome().is_ok()).count(), ALL - 1, "{others:?}");
    assert_eq!(culprits.len(), usize::from(refused.is_none()));
    let metrics = fleet.metrics();
    assert_eq!((metrics.pending, metrics.in_flight, metrics.due), (0, 0, 0));
    refused.map_or_else(|| Ok(culprits.into_iter().next().unwrap()), Err)
}

fn assert_panicked(what: &str, ended: Result<Completion, Status>) {
    let status = ended.and_then(Completion::into_outcome).expect_err(what);
    assert!(status.to_string().contains("panicked"), "{what}: {status}");
    assert_eq!(status.code(), Code::Internal, "{what}");
}

fn assert_done(what: &str, ended: Result<Completion, Status>) {
    assert!(ended.and_then(Completion::into_outcome).is_ok(), "{what}");
}

const ENDS: [&[Point]; 7] = [
    &[Point::Schedule],
    &[Point::First],
    &[Point::Later],
    &[Point::First, Point::DropSchedule],
    &[Point::Later, Point::DropSchedule],
    &[Point::Schedule, Point::DropPolicy],
    &[Point::Later, Point::DropSchedule, Point::DropPolicy, Point::Finished],
];

const CHANGES_NOTHING: [&[Point]; 5] = [
    &[Point::Finished],
    &[Point::DropSchedule],
    &[Point::Finished, Point::DropSchedule],
    &[Point::DropPolicy],
    &[Point::DropSchedule, Point::DropPolicy, Point::DropKinds],
];

#[tokio::test(start_paused = true)]
async fn a_pacing_of_its_own() {
    for points in ENDS {
        let own = Registration::new(name(CULPRIT)).pacing(Nasty::panics(false, points).pacing());
        assert_panicked(&format!("{points:?}"), culprit_among(Fleet::builder(jobs()), own).await);
    }
    for points in CHANGES_NOTHING {
        let own = Registration::new(name(CULPRIT)).pacing(Nasty::panics(false, points).pacing());
        assert_done(&format!("{points:?}"), culprit_among(Fleet::builder(jobs()), own).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pacing_of_its_kind() {
    for is_compact in [true, false] {
        let ranks = if is_compact { 2 } else { 64 };
        for points in ENDS.iter().chain(&[
            &[Point::Pacing] as &[_],
            &[Point::Compact],
            &[Point::Compact, Point::DropPolicy],
        ]) {
            if is_compact && points.contains(&Point::Schedule) {
                continue;
            }
            let builder = Fleet::builder(jobs()).pacing(Kinds(Nasty::panics(is_compact, points)));
            let ended =
                culprit_among(builder.max_in_flight(ranks), Registration::new(name(CULPRIT)).kind("nasty"))
                    .await;
            assert_panicked(&format!("{is_compact} {points:?}"), ended);
        }
        let of_ranking: [&[Point]; 3] =
            [&[Point::Ranking], &[Point::Worth, Point::DropRanking], &[Point::DropRanking]];
        for points in CHANGES_NOTHING.iter().chain(&of_ranking) {
            let builder = Fleet::builder(jobs()).pacing(Kinds(Nasty::panics(is_compact, points)));
            let ended =
                culprit_among(builder.max_in_flight(ranks), Registration::new(name(CULPRIT)).kind("nasty"))
                    .await;
            assert_done(&format!("{is_compact} {points:?}"), ended);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_closures_of_the_builder() {
    let by_name = |name: &OperationName| {
        assert!(!is_culprit(name), "no");
        "a".to_owned()
    };
    let own = || Registration::new(name(CULPRIT));
    assert_panicked("kind", culprit_among(Fleet::builder(jobs()).kind(by_name), own()).await);
    assert_panicked("quota key", culprit_among(Fleet::builder(jobs()).quota_key(by_name), own()).await);
    assert_done("its own kind", culprit_among(Fleet::builder(jobs()).kind(by_name), own().kind("a")).await);

    let fleet = Fleet::builder(jobs()).quota_key(by_name).kind(by_name).start();
    let status = timeout(secs(1), fleet.watch::<Value>(name(CULPRIT))).await.unwrap().unwrap_err();
    assert!(status.to_string().contains("panicked"), "{status}");
    assert!(fleet.cancel(&name(CULPRIT)).await.unwrap_err().to_string().contains("panicked"));
    assert_eq!(fleet.metrics().pending, 0);

    let transport = with_trouble(|name, now| {
        Ok(if is_culprit(name) { reply(name, now) } else { Operation { metadata: None, ..reply(name, now) } })
    });
    let builder = Fleet::builder(transport).pace_by_progress(|_: &Value| panic!("no"));
    assert_panicked("progress", culprit_among(builder, own()).await);
}

fn with_trouble(
    answer: impl Fn(&OperationName, Duration) -> Result<Operation, Status> + Clone + Send + Sync + 'static,
) -> impl LroTransport + 'static {
    let began = Instant::now();
    transport_fn(move |name: OperationName| {
        let answer = answer.clone();
        async move {
            sleep(Duration::from_millis(20)).await;
            answer(&name, began.elapsed())
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_predicate() {
    let busy = |name: &OperationName, now: Duration| match now.as_secs() {
        1..3 if is_culprit(name) => Err(Status::new(Code::Unavailable, "busy")),
        _ => Ok(reply(name, now)),
    };
    let tolerance = || Tolerance::default().survive_if(|_| panic!("no"));
    let own = Registration::new(name(CULPRIT));
    let builder = Fleet::builder(with_trouble(busy));
    assert_panicked("its own", culprit_among(builder, own.clone().tolerance(tolerance())).await);
    let builder = Fleet::builder(with_trouble(busy)).tolerance(tolerance());
    assert_panicked("of all", culprit_among(builder, own).await);
}

/// Panics at points of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Where {
    Call,
    Poll,
    Drop,
    PollAndDrop,
    /// In the destructor of a call that is cut.
    Cut,
}

#[derive(Debug)]
struct Faulty {
    began: Instant,
    at: Where,
}

struct FaultyCall<F>(Pin<Box<F>>, Where);

impl<F: Future> Future for FaultyCall<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.1 {
            Where::Poll | Where::PollAndDrop => panic!("in a call"),
            Where::Cut => Poll::Pending,
            _ => self.0.poll_unpin(context),
        }
    }
}

impl<F> Drop for FaultyCall<F> {
    fn drop(&mut self) {
        assert!(!matches!(self.1, Where::Drop | Where::PollAndDrop | Where::Cut), "in a destructor");
    }
}

#[async_trait]
impl LroTransport for Faulty {
    fn get_operation<'a, 'b, 'c>(
        &'a self,
        name: &'b OperationName,
    ) -> Pin<Box<dyn Future<Output = Result<Operation, Status>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        let call = async move {
            sleep(Duration::from_millis(20)).await;
            Ok(reply(name, self.began.elapsed()))
        };
        if !is_culprit(name) {
            return Box::pin(call);
        }
        assert!(self.at != Where::Call, "before a call");
        Box::pin(FaultyCall(Box::pin(call), self.at))
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        panic!("in the destructor of the transport");
    }
}

/// A destructor that panics must not end the process, nor a wait. That of the transport runs at the end.
#[tokio::test(start_paused = true)]
async fn a_transport() {
    for at in [Where::Call, Where::Poll, Where::Drop, Where::PollAndDrop, Where::Cut] {
        let builder = Fleet::builder(Faulty { began: Instant::now(), at }).attempt_timeout(secs(3));
        let own = Registration::new(name(CULPRIT)).deadline(secs(20));
        let ended = culprit_among(builder, own).await;
        match at {
            Where::Call | Where::Poll | Where::PollAndDrop => {
                assert_panicked(&format!("{at:?}"), ended);
            }
            Where::Drop => assert_done(&format!("{at:?}"), ended),
            Where::Cut => assert!(ended.unwrap().outcome().is_err()),
        }
    }
    sleep(secs(1)).await;
}

/// An error that a transport has wrapped may panic in its destructor. It is dropped when the next reply is good.
#[tokio::test(start_paused = true)]
async fn the_source_of_an_error() {
    let busy = |name: &OperationName, now: Duration| {
        let source = Last(Arc::new(|_| panic!("in the destructor of an error")));
        match now.as_secs() {
            1..4 if is_culprit(name) => Err(Status::new(Code::Unavailable, "busy").with_source(source)),
            _ => {
                std::mem::forget(source);
                Ok(reply(name, now))
            }
        }
    };
    let ended = culprit_among(Fleet::builder(with_trouble(busy)), Registration::new(name(CULPRIT))).await;
    drop(ended.map(std::mem::forget));
}

/// Two errors of one operation, and those of many at the end of the fleet.
#[tokio::test(start_paused = true)]
async fn the_sources_of_several_errors() {
    let broken = || {
        let source = Last(Arc::new(|_| panic!("in the destructor of an error")));
        Status::new(Code::Unavailable, "busy").with_source(source)
    };
    let ends = move |name: &OperationName, now: Duration| match now.as_millis() {
        0..100 => Err(broken()),
        _ => Ok(Operation::failed(name.as_str(), broken())),
    };
    let fleet = Fleet::builder(with_trouble(ends)).start();
    let watch = fleet.watch::<Value>(name(1));
    for number in 2..5 {
        fleet.register(name(number)).unwrap();
    }
    sleep(secs(60)).await;
    assert_eq!(fleet.metrics().finished, 4);
    drop(watch);
    drop(fleet);
    sleep(secs(1)).await;
}

/// A waker that panics when it is woken, and when it is dropped.
struct Cursed {
    in_drop: bool,
}

impl Wake for Cursed {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

impl Drop for Cursed {
    fn drop(&mut self) {
        assert!(!self.in_drop, "dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_waker() {
    for in_drop in [false, true] {
        let fleet = Fleet::builder(jobs()).start();
        let (mut cursed, mut sound) = (Vec::new(), Vec::new());
        for number in 0..ALL {
            sound.push(tokio::spawn(fleet.watch::<Value>(name(number))));
            let mut watch = Box::pin(fleet.watch::<Value>(name(number)));
            let waker = Waker::from(Arc::new(Cursed { in_drop }));
            assert!(watch.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            let mut completions = fleet.completions();
            assert!(completions.poll_next_unpin(&mut Context::from_waker(&waker)).is_pending());
            std::mem::forget(waker);
            cursed.push((watch, completions));
            fleet.register(name(number)).unwrap();
        }
        for sound in sound {
            assert!(timeout(secs(60), sound).await.unwrap().unwrap().is_ok());
        }
        assert_eq!(fleet.completions().take(ALL).count().await, ALL);
        for (watch, _) in &mut cursed {
            assert!(watch.as_mut().now_or_never().unwrap().is_ok());
        }
    }
}

/// A subscriber of the caller panics at each event.
#[tokio::test(start_paused = true)]
async fn a_subscriber() {
    let _guard = lro_testkit::events::on_event(|_| panic!("in a subscriber"));
    let ended = culprit_among(Fleet::builder(jobs()), Registration::new(name(CULPRIT))).await;
    assert_done("a subscriber", ended);
    // The metrics are an event too.
    let fleet = Fleet::builder(jobs()).rate(Rate::per_second(100)).start();
    sleep(secs(130)).await;
    assert!(fleet.watch::<Value>(name(1)).await.is_ok());
}

/// Decoding runs in the task of the caller that asks for it, and ends nothing else.
#[tokio::test(start_paused = true)]
async fn a_deserializer() {
    #[derive(Debug)]
    struct Cursed;
    impl<'de> serde::Deserialize<'de> for Cursed {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("in a deserializer");
        }
    }
    let fleet = Fleet::builder(jobs()).start();
    let others: Vec<_> = (0..ALL).map(|number| fleet.watch::<Value>(name(number))).collect();
    let cursed = tokio::spawn(fleet.watch::<Cursed>(name(CULPRIT)));
    fleet.register(name(CULPRIT)).unwrap();
    fleet.register(name(0)).unwrap();
    assert!(timeout(secs(60), cursed).await.unwrap().unwrap_err().is_panic());
    assert!(futures::future::join_all(others).await.iter().all(Result::is_ok));
    let completions: Vec<_> = fleet.completions().take(2).collect().await;
    let decoded = std::panic::AssertUnwindSafe(async { completions[0].decode::<Cursed>() });
    assert!(decoded.catch_unwind().await.is_err());
    assert!(completions.iter().all(|completion| completion.decode::<Value>().is_ok()));
}

/// A request to cancel fails, and the wait goes on.
#[tokio::test(start_paused = true)]
async fn a_request_to_cancel() {
    #[derive(Debug)]
    struct NoCancel(Faulty);
    #[async_trait]
    impl LroTransport for NoCancel {
        async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
            Ok(reply(name, self.0.began.elapsed()))
        }
        async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
            panic!("in a request");
        }
        fn capabilities(&self) -> Capabilities {
            Capabilities::default().cancel(true)
        }
    }
    let fleet = Fleet::builder(NoCancel(Faulty { began: Instant::now(), at: Where::Cut })).start();
    let watch = fleet.watch::<Value>(name(1));
    let status = fleet.cancel(&name(1)).await.unwrap_err();
    assert!(status.to_string().contains("panicked"), "{status}");
    assert!(watch.await.is_ok());
}
