//! The events of waits, and what an observer is called with.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Cancellation, Capabilities, Code, Handle, LroTransport, Operation, OperationName, Outcome, Service,
    Status, async_trait, poll_until_done,
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

/// Replies by a script.
#[derive(Debug)]
struct Jobs(Mutex<Vec<Result<Operation, Status>>>);

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        self.0.lock().unwrap().pop().unwrap()
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
