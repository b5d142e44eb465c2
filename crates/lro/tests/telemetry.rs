//! The events of waits, and what an observer is called with.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Any, AtDeadline, Cancellation, Capabilities, Code, Handle, LroTransport, Operation, OperationName,
    Outcome, Pacing, Service, Status, Tolerance, Wait, async_trait,
    pacing::{PacingPolicy, Schedule},
    poll_until_done,
    rules::Rules,
    stored::{Driver, Registration, Step, StoredWait},
    telemetry::{About, Observer},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

type Lines = Arc<Mutex<Vec<String>>>;

/// Writes each event as a line: its level, its message, and its fields but the times.
struct Log {
    lines: Lines,
    most: Level,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            "lro.elapsed_ms" => {}
            name => self.0.push_str(&format!(" {name}={value:?}")),
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most && metadata.target().starts_with("lro")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(String::new());
        span.record(&mut line);
        let (level, name) = (span.metadata().level(), span.metadata().name());
        self.lines.lock().unwrap().push(format!("{level} span {name}{}", line.0));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.lines.lock().unwrap().push(format!("{} {}", event.metadata().level(), line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Clone, Debug, Default)]
struct Notes(Lines);

impl Notes {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Notes {
    fn on_poll(&self, about: &About<'_>, pause: Option<Duration>) {
        self.note(format!("{} poll {} {pause:?}", about.operation, about.polls));
    }

    fn on_failure(&self, about: &About<'_>, failure: &Status, pause: Option<Duration>) {
        self.note(format!("{} failure {} {pause:?}", about.operation, failure.code().name()));
    }

    fn on_outcome(&self, about: &About<'_>, outcome: Result<&Outcome, &Status>) {
        let outcome = match outcome {
            Ok(Outcome::Response(_)) => "response".to_owned(),
            Ok(outcome) => format!("{outcome:?}"),
            Err(status) => format!("{:?}", status.origin()),
        };
        self.note(format!("{} outcome {outcome} after {} polls", about.service, about.polls));
    }
}

/// Replies by a script. A call beyond it has no answer.
#[derive(Debug)]
struct Jobs(Mutex<Vec<Result<Operation, Status>>>);

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        let reply = self.0.lock().unwrap().pop();
        match reply {
            Some(reply) => reply,
            None => std::future::pending().await,
        }
    }

    async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
        Err(Status::new(Code::PermissionDenied, "not you"))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true)
    }

    fn service(&self) -> Service {
        Service::new("jobs.example.com", "v1")
    }
}

fn jobs(replies: impl IntoIterator<Item = Result<Operation, Status>>) -> Jobs {
    let mut replies: Vec<_> = replies.into_iter().collect();
    replies.reverse();
    Jobs(Mutex::new(replies))
}

fn running() -> Result<Operation, Status> {
    Ok(Operation::running(NAME))
}

fn name() -> OperationName {
    OperationName::parse(NAME).unwrap()
}

/// Subscribes on this thread until the guard is dropped.
fn log(most: Level) -> (Notes, tracing::subscriber::DefaultGuard) {
    let notes = Notes::default();
    let guard = lro_testkit::events::subscribe(Log { lines: notes.0.clone(), most });
    (notes, guard)
}

const NAME: &str = "operations/1";
const ABOUT: &str = r#"lro.operation="operations/1" lro.service="jobs.example.com""#;

#[tokio::test(start_paused = true)]
async fn each_call_is_an_event_and_so_is_the_outcome() {
    let (log, _guard) = log(Level::DEBUG);
    let replies = [running(), Err(Status::unavailable("busy\nnow")), Operation::succeeded(NAME, 7)];
    let pages: u32 = poll_until_done(jobs(replies), name()).kind("print").seed(1).await.unwrap();
    assert_eq!(pages, 7);
    let lines = log.take();
    assert_eq!(lines[0], r#"INFO span lro.wait lro.operation="operations/1""#);
    let about = format!(r#"{ABOUT} lro.kind="print""#);
    assert_eq!(
        lines[1],
        format!("DEBUG operation polled {about} lro.polls=1 lro.done=false lro.pause_ms=250")
    );
    assert!(
        lines[2].starts_with(&format!(r#"DEBUG poll failed {about} lro.polls=2 lro.code="UNAVAILABLE""#))
    );
    assert!(lines[2].contains(r"busy\nnow") && lines[2].contains("lro.pause_ms="), "{}", lines[2]);
    assert_eq!(lines[3], format!("DEBUG operation polled {about} lro.polls=3 lro.done=true"));
    assert_eq!(lines[4], format!("INFO operation succeeded {about} lro.polls=3"));
    assert_eq!(lines.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_failed_operation_and_a_wait_that_was_given_up_differ() {
    let (log, _guard) = log(Level::INFO);
    let failed = || Ok(Operation::failed(NAME, Status::new(Code::Aborted, "out of ink")));
    let _ = poll_until_done::<u32>(&jobs([failed()]), name()).await;
    let _ = poll_until_done::<u32>(&jobs([running()]), name()).deadline(Duration::ZERO).await;
    let lines = log.take();
    let spans = lines.iter().filter(|line| line.starts_with("INFO span")).count();
    let ends: Vec<_> = lines.iter().filter(|line| !line.contains(" span ")).collect();
    assert_eq!((spans, ends.len()), (2, 2));
    assert_eq!(
        *ends[0],
        format!(
            r#"INFO operation failed {ABOUT} lro.polls=1 lro.code="ABORTED" lro.error=ABORTED: out of ink"#
        )
    );
    assert!(ends[1].starts_with("WARN gave up waiting; the operation may still be running"), "{}", ends[1]);
    assert!(ends[1].contains(r#"lro.origin=StoppedAsking lro.code="DEADLINE_EXCEEDED""#), "{}", ends[1]);
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_what_the_events_say() {
    let notes = Notes::default();
    let replies = [running(), Err(Status::unavailable("busy")), Operation::succeeded(NAME, 7)];
    let _: u32 = poll_until_done(jobs(replies), name()).observe(notes.clone()).seed(1).await.unwrap();
    let seen = notes.take();
    assert_eq!(seen[0], "operations/1 poll 1 Some(250ms)");
    assert!(seen[1].starts_with("operations/1 failure UNAVAILABLE Some("), "{}", seen[1]);
    assert_eq!(seen[2..], ["jobs.example.com outcome response after 3 polls"]);

    // The events of a stored wait are the same.
    let replies = [running(), Err(Status::unavailable("busy")), Operation::succeeded(NAME, 7)];
    let driver = Driver::default().serve(jobs(replies)).observe(notes.clone());
    let registration = Registration::new(Handle::new(&Service::new("jobs.example.com", "v1"), name()));
    let mut wait = StoredWait::default();
    while let Step::After(_) = driver.poll(&registration, &mut wait, Duration::ZERO).await.unwrap() {}
    let stored = notes.take();
    assert_eq!((&stored[0], &stored[2]), (&seen[0], &seen[2]));
    assert!(stored[1].starts_with("operations/1 failure UNAVAILABLE Some("), "{}", stored[1]);
}

// SPEC 61: neither a panic of the observer nor one of the subscriber changes an outcome.
#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_changes_no_outcome() {
    #[derive(Debug)]
    struct Defect;

    impl Observer for Defect {
        fn on_poll(&self, _: &About<'_>, _: Option<Duration>) {
            panic!("a defect of the observer")
        }

        fn on_outcome(&self, _: &About<'_>, _: Result<&Outcome, &Status>) {
            panic!("another one")
        }
    }

    let (log, _guard) = log(Level::ERROR);
    let jobs = jobs([running(), Operation::succeeded(NAME, 7)]);
    assert_eq!(poll_until_done::<u32>(&jobs, name()).observe(Defect).await, Ok(7));
    let lost = log.take();
    assert_eq!(lost.len(), 2);
    assert!(
        lost[0].contains("an event is lost") && lost[0].contains("a defect of the observer"),
        "{}",
        lost[0]
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_to_cancel_is_an_event() {
    let (log, _guard) = log(Level::DEBUG);
    let jobs = jobs([running(), Operation::succeeded(NAME, 7)]);
    let mut wait = poll_until_done::<u32>(&jobs, name());
    assert!(wait.next().await.unwrap().is_ok());
    let cancellation = wait.cancel_and_wait().await;
    let lines = log.take();
    let requested = lines.iter().find(|line| line.contains("cancellation requested")).unwrap();
    assert!(requested.contains("lro.accepted=false") && requested.contains("not you"), "{requested}");
    assert!(matches!(cancellation, Ok(Cancellation::Finished(7))), "{cancellation:?}");
}

// Each event of a failed call has the failure of that call.
#[tokio::test(start_paused = true)]
async fn a_failure_is_reported_once() {
    let notes = Notes::default();
    let busy = || Err(Status::unavailable("busy"));
    let elsewhere = || Ok(Operation::running("operations/2"));
    let pacing = || Pacing::fixed(Duration::from_secs(5));

    let cut = jobs([busy(), running()]);
    let wait = poll_until_done::<u32>(&cut, name()).pacing(pacing()).observe(notes.clone());
    wait.deadline(Duration::from_secs(12)).await.unwrap_err();
    let seen = notes.take();
    assert_eq!(codes(&seen), ["UNAVAILABLE", "DEADLINE_EXCEEDED"], "{seen:?}");

    let other = jobs([busy(), running(), elsewhere()]);
    let status = poll_until_done::<u32>(&other, name()).observe(notes.clone()).await.unwrap_err();
    let seen = notes.take();
    assert_eq!(codes(&seen), ["UNAVAILABLE", status.code().name()], "{seen:?}");

    let registration = Registration::new(Handle::new(&Service::new("jobs.example.com", "v1"), name()));
    let driver = Driver::default().serve(jobs([busy(), running(), elsewhere()])).observe(notes.clone());
    let mut stored = StoredWait::default();
    while let Step::After(_) = driver.poll(&registration, &mut stored, Duration::ZERO).await.unwrap() {}
    assert_eq!(codes(&notes.take()), ["UNAVAILABLE", status.code().name()]);

    // So is the one that ends the wait.
    let refused = || jobs([Err(Status::new(Code::PermissionDenied, "no"))]);
    let _ =
        poll_until_done::<u32>(refused(), name()).tolerance(Tolerance::none()).observe(notes.clone()).await;
    assert_eq!(codes(&notes.take()), ["PERMISSION_DENIED"]);
    let rules = Rules { tolerance: Tolerance::none(), ..Rules::default() };
    let driver = Driver::default().serve(refused()).rules(rules).observe(notes.clone());
    let _ = driver.poll(&registration, &mut StoredWait::default(), Duration::ZERO).await;
    assert_eq!(codes(&notes.take()), ["PERMISSION_DENIED"]);
}

/// The codes of the failures.
fn codes(notes: &[String]) -> Vec<&str> {
    notes.iter().filter_map(|note| note.split_once(" failure ")?.1.split(' ').next()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_goes_on_after_its_deadline_has_a_next_poll() {
    let notes = Notes::default();
    let wait = poll_until_done::<u32>(jobs([running(), running(), Operation::succeeded(NAME, 7)]), name());
    let wait = wait.pacing(Pacing::fixed(Duration::from_secs(5))).deadline(Duration::from_secs(4));
    let wait = wait.at_deadline(AtDeadline::CancelAndWait(Duration::from_secs(60)));
    let _ = wait.observe(notes.clone()).await;
    let seen = notes.take();
    assert!(
        seen.iter().filter(|note| note.contains(" poll ")).all(|note| !note.ends_with("None")),
        "{seen:?}"
    );
}

#[derive(Debug)]
struct Defective;

impl PacingPolicy for Defective {
    fn schedule(&self) -> Box<dyn Schedule> {
        panic!("a defect of the pacing")
    }
}

// An observer that counts outcomes gets each of them once.
#[tokio::test(start_paused = true)]
async fn each_end_is_reported_once() {
    let notes = Notes::default();
    let wait = || poll_until_done::<u32>(jobs([]), name()).observe(notes.clone());
    let defective = || Pacing::custom(Defective);

    wait().pacing(defective()).await.unwrap_err();
    assert_eq!(notes.take(), ["jobs.example.com outcome StoppedAsking after 0 polls"]);

    let mut at_start =
        Wait::<u32>::started(jobs([]), Operation::succeeded(NAME, 7).unwrap()).observe(notes.clone());
    assert_eq!(at_start.outcome().await, Ok(7));
    assert_eq!(at_start.await, Ok(7));
    assert_eq!(notes.take(), ["jobs.example.com outcome response after 0 polls"]);

    let registration = Registration::new(Handle::new(&Service::new("jobs.example.com", "v1"), name()));
    let unserved = Driver::default().observe(notes.clone());
    let late = registration.deadline(Duration::from_secs(1));
    let step = unserved.poll(&late, &mut StoredWait::default(), Duration::from_secs(1)).await;
    assert!(matches!(step, Ok(Step::Ended(_))), "{step:?}");
    assert_eq!(notes.take(), ["jobs.example.com outcome StoppedAsking after 0 polls"]);
}

/// Panics in the method of this name.
struct Cursed(&'static str);

impl Cursed {
    fn panics_in(&self, what: &str) {
        assert!(self.0 != what, "a defect of the subscriber");
    }
}

impl Subscriber for Cursed {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "lro::telemetry"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.panics_in("span");
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.panics_in("event");
    }

    fn enter(&self, _: &Id) {
        self.panics_in("enter");
    }

    fn exit(&self, _: &Id) {
        self.panics_in("exit");
    }
}

// SPEC 61
#[tokio::test(start_paused = true)]
async fn a_subscriber_that_panics_changes_no_outcome() {
    for place in ["span", "enter", "event", "exit"] {
        let _guard = lro_testkit::events::subscribe(Cursed(place));
        let jobs = jobs([running(), Operation::succeeded(NAME, 7)]);
        assert_eq!(poll_until_done::<u32>(jobs, name()).await, Ok(7), "{place}");
    }
}

// SPEC 11
#[tokio::test(start_paused = true)]
async fn metadata_that_do_not_fit_are_logged_once() {
    #[derive(Debug, serde::Deserialize)]
    struct Pages {
        pages: u32,
    }
    let (log, _guard) = log(Level::WARN);
    for _ in 0..2 {
        let odd = Any::from_json(r#"{"@type": "t/a.B", "pages": "many"}"#).unwrap();
        let replies = [Ok(Operation::running(NAME).with_metadata(odd)), Operation::succeeded(NAME, 7)];
        let wait = poll_until_done::<u32>(jobs(replies), name()).with_metadata::<Pages>();
        let wait = wait.pace_by_progress(|progress| Some(f64::from(progress.pages) / 9.0));
        assert_eq!(wait.await, Ok(7));
    }
    let lines = log.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("cannot be read") && lines[0].contains("a.B at pages"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn an_observer_may_look_at_nothing() {
    #[derive(Debug)]
    struct Idle;
    impl Observer for Idle {}

    let replies = [running(), Err(Status::unavailable("busy")), Operation::succeeded(NAME, 7)];
    assert_eq!(poll_until_done::<u32>(jobs(replies), name()).observe(Idle).await, Ok(7));
}
