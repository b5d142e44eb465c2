//! Waits that are stored between two calls: each call gets the state as the one before has stored it.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use lro::{
    Any, Capabilities, Code, Handle, LroTransport, Operation, OperationName, Origin, Outcome, Pacing,
    Service, Status, async_trait,
    pacing::{CompactSchedule, CompactState, Moment, PacingPolicy, Schedule},
    rules::{Ending, Rules},
    stored::{Driver, Ended, Registration, Started, Step, StoredWait},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Replies by a script of one entry per poll. The last entry repeats.
#[derive(Debug, Default)]
struct Printer {
    script: Vec<Reaction>,
    polls: AtomicU32,
    cancels: Mutex<Vec<Result<(), Status>>>,
    cancelled: AtomicU32,
    cannot_cancel: bool,
    latency: Duration,
}

#[derive(Clone, Debug)]
enum Reaction {
    Replies(Result<Operation, Status>),
    Hangs,
    Panics,
}

use Reaction::{Hangs, Panics, Replies};

const SERVICE: Service = Service::new("print.example.com", "v1");
const NAME: &str = "operations/1";

#[async_trait]
impl LroTransport for Printer {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        let poll = self.polls.fetch_add(1, Relaxed) as usize;
        sleep(self.latency).await;
        match self.script.get(poll).or_else(|| self.script.last()).unwrap().clone() {
            Replies(reply) => reply,
            Hangs => pending().await,
            Panics => panic!("a defect of the transport"),
        }
    }

    async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
        self.cancelled.fetch_add(1, Relaxed);
        self.cancels.lock().unwrap().pop().unwrap_or(Ok(()))
    }

    fn service(&self) -> Service {
        SERVICE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(!self.cannot_cancel)
    }
}

fn running() -> Reaction {
    Replies(Ok(Operation::running(NAME)))
}

fn done() -> Reaction {
    Replies(Ok(Operation::succeeded(NAME, json!({"pages": 7})).unwrap()))
}

fn fails(status: Status) -> Reaction {
    Replies(Err(status))
}

fn serving(script: impl Into<Vec<Reaction>>) -> (Driver, Arc<Printer>) {
    serving_by(Printer { script: script.into(), ..Printer::default() })
}

fn serving_by(printer: Printer) -> (Driver, Arc<Printer>) {
    let printer = Arc::new(printer);
    (Driver::default().serve(printer.clone()), printer)
}

fn registration() -> Registration {
    Registration::new(Handle::new(&SERVICE, OperationName::parse(NAME).unwrap()))
}

fn canceling() -> StoredWait {
    let mut wait = StoredWait::default();
    wait.request_cancel();
    wait
}

/// A wait as an engine keeps it.
struct Engine {
    registration: Registration,
    wait: StoredWait,
    begun: Instant,
}

impl Engine {
    fn new(registration: Registration, wait: StoredWait) -> Self {
        Self { registration, wait, begun: Instant::now() }
    }

    /// Polls once. The state before and after is what is read from its stored form.
    async fn once(&mut self, driver: &Driver) -> Result<Duration, Ended> {
        let mut wait = stored(&self.wait);
        let registration = stored(&self.registration);
        let step = driver.poll(&registration, &mut wait, self.begun.elapsed()).await.unwrap();
        self.wait = stored(&wait);
        match stored(&step) {
            Step::After(delay) => Ok(delay),
            Step::Ended(ended) => Err(*ended),
        }
    }

    /// Polls to the end. Returns the delays in milliseconds.
    async fn run(mut self, driver: &Driver) -> (Ended, Vec<u128>) {
        let mut delays = Vec::new();
        loop {
            match self.once(driver).await {
                Ok(delay) => {
                    delays.push(delay.as_millis());
                    sleep(delay).await;
                }
                Err(ended) => return (ended, delays),
            }
        }
    }
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_slice(&serde_json::to_vec(value).unwrap()).unwrap()
}

async fn to_the_end(driver: &Driver, registration: Registration) -> (Ended, Vec<u128>) {
    Engine::new(registration, StoredWait::default()).run(driver).await
}

#[tokio::test(start_paused = true)]
async fn the_outcome_is_that_of_the_service() {
    let (driver, _) = serving([running(), running(), done()]);
    let (ended, delays) = to_the_end(&driver, registration()).await;
    assert_eq!(ended.decode::<Value>().unwrap(), json!({"pages": 7}));
    assert_eq!(delays, [250, 250]);

    let failed = Status::new(Code::Aborted, "out of ink");
    let (driver, _) = serving([running(), Replies(Ok(Operation::failed(NAME, failed)))]);
    let (ended, _) = to_the_end(&driver, registration()).await;
    assert!(
        matches!(&ended.ending, Ending::Done(Outcome::Error(status)) if status.message() == "out of ink")
    );
    let status = ended.decode::<Value>().unwrap_err();
    assert_eq!(status.origin(), Origin::OperationFailed);
    assert_eq!(status.report().unwrap().polls, 2);
}

// SPEC 27: the rules judge failed calls, and the engine repeats none of them.
#[tokio::test(start_paused = true)]
async fn failed_calls_are_judged_by_the_rules() {
    let hint = Status::unavailable("busy").with_retry_after(Duration::from_secs(7));
    let (driver, _) = serving([running(), fails(hint), done()]);
    let (ended, delays) = to_the_end(&driver, registration()).await;
    assert!(ended.decode::<Value>().is_ok());
    assert_eq!(delays[1], 7_000);
    assert_eq!(ended.saved.trouble.unwrap().failed(), 1);

    let (driver, printer) = serving([fails(Status::new(Code::PermissionDenied, "no"))]);
    let (ended, _) = to_the_end(&driver, registration()).await;
    assert_eq!(ended.decode::<Value>().unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(printer.polls.load(Relaxed), 1);

    let (driver, printer) = serving([fails(Status::unavailable("away"))]);
    let (ended, _) = to_the_end(&driver, registration()).await;
    assert_eq!(printer.polls.load(Relaxed), 6);
    let status = ended.decode::<Value>().unwrap_err();
    let report = status.report().unwrap();
    assert_eq!(report.name.as_ref().unwrap().as_str(), NAME);
    assert_eq!(report.last_failure.as_ref().unwrap().message(), "away");
}

// SPEC 31: the window is longer after a starting call.
#[tokio::test(start_paused = true)]
async fn an_operation_may_appear_late() {
    for (registration, seconds) in [(registration(), 5), (registration().started(), 30)] {
        let (driver, _) = serving([fails(Status::new(Code::NotFound, "not yet"))]);
        let begun = Instant::now();
        let (ended, _) = to_the_end(&driver, registration).await;
        assert_eq!(ended.decode::<Value>().unwrap_err().code(), Code::NotFound);
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

// g30
#[tokio::test(start_paused = true)]
async fn a_poll_that_hangs_is_cut_and_made_again() {
    let (driver, printer) = serving([running(), Hangs, done()]);
    let begun = Instant::now();
    let (ended, _) = to_the_end(&driver, registration()).await;
    assert!(ended.decode::<Value>().is_ok());
    assert_eq!(printer.polls.load(Relaxed), 3);
    assert!((30..33).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

// g30: the last poll is made at the deadline, so the error is that of the service.
#[tokio::test(start_paused = true)]
async fn an_operation_that_fails_at_its_deadline_keeps_its_error() {
    let failed = Replies(Ok(Operation::failed(NAME, Status::new(Code::Aborted, "out of ink"))));
    let (driver, _) = serving([running(), failed]);
    let driver = driver.pacing(Pacing::fixed(Duration::from_secs(60)));
    let registration = registration().deadline(Duration::from_secs(10));
    let (ended, delays) = to_the_end(&driver, registration).await;
    assert_eq!(delays, [10_000]);
    assert_eq!(ended.decode::<Value>().unwrap_err().message(), "out of ink");
}

// g30
#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_with_the_last_failure() {
    for last in [running(), Hangs] {
        let (driver, _) = serving([running(), fails(Status::unavailable("busy")), last]);
        let registration = registration().deadline(Duration::from_secs(10));
        let begun = Instant::now();
        let (ended, _) = to_the_end(&driver, registration).await;
        let status = ended.decode::<Value>().unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::DeadlineExceeded, Origin::StoppedAsking));
        assert_eq!(status.report().unwrap().last_failure.as_ref().unwrap().message(), "busy");
        assert!((10..=12).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    }
}

/// A pacing whose n-th delay is n times a unit, and which counts in its saved bytes.
#[derive(Clone, Copy, Debug)]
struct Counting(Duration);

impl PacingPolicy for Counting {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(FromZero)
    }

    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        Some(Arc::new(*self))
    }
}

impl CompactSchedule for Counting {
    fn delay(&self, state: &mut CompactState, moment: &Moment) -> Option<Duration> {
        state[0] += u8::from(moment.polls > 0);
        Some(self.0 * u32::from(state[0]))
    }

    fn save(&self, state: &mut CompactState) -> Vec<u8> {
        vec![b'c', state[0]]
    }

    fn restore(&self, saved: &[u8]) -> CompactState {
        let mut state = CompactState::default();
        if let [b'c', count] = saved {
            state[0] = *count;
        }
        state
    }
}

#[derive(Debug)]
struct FromZero;

impl Schedule for FromZero {
    fn delay(&mut self, _: &Moment) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

// g30: a worker with another pacing, or with another version of it, goes on with the stored state.
#[tokio::test(start_paused = true)]
async fn a_redeployed_worker_with_another_pacing_goes_on() {
    let (driver, _) = serving([running(), running(), running(), running(), running(), done()]);
    let mut engine = Engine::new(registration(), StoredWait::default());
    let mut delays = Vec::new();
    let second = Duration::from_secs(1);
    let counting = Pacing::custom(Counting(second));
    for pacing in [counting.clone(), counting.clone(), Pacing::fixed(second * 9)] {
        delays.push(engine.once(&driver.clone().pacing(pacing)).await.unwrap().as_secs());
    }
    assert_eq!(delays, [1, 2, 9]);
    let (ended, delays) = engine.run(&driver.pacing(counting)).await;
    assert_eq!(delays, [1_000, 2_000]);
    assert_eq!(ended.saved.tally.polls, 6);
    assert!(ended.decode::<Value>().is_ok());
}

// g20: the request is sent once, and the outcome is that of the service.
#[tokio::test(start_paused = true)]
async fn a_cancel_is_sent_once_and_the_polls_go_on() {
    let cancelled = Replies(Ok(Operation::failed(NAME, Status::new(Code::Cancelled, "by request"))));
    let (driver, printer) = serving([running(), running(), cancelled]);
    let driver = driver.pacing(Pacing::fixed(Duration::from_secs(5)));
    let (ended, delays) = Engine::new(registration(), canceling()).run(&driver).await;
    // A schedule of its own begins with the acceptance.
    assert_eq!(delays, [250, 250, 250]);
    assert_eq!(printer.cancelled.load(Relaxed), 1);
    assert_eq!(ended.decode::<Value>().unwrap_err().message(), "by request");
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_fails_is_repeated_and_one_that_is_refused_is_not() {
    for (failure, cancels) in [(Status::unavailable("away"), 2), (Status::new(Code::Unimplemented, "no"), 1)]
    {
        let (driver, printer) = serving([running(), running(), running(), done()]);
        let driver = driver.pacing(Pacing::fixed(Duration::from_secs(60)));
        printer.cancels.lock().unwrap().push(Err(failure));
        let (ended, delays) = Engine::new(registration(), canceling()).run(&driver).await;
        assert_eq!(printer.cancelled.load(Relaxed), cancels);
        assert_eq!(delays[0], if cancels == 2 { 5_000 } else { 60_000 });
        assert!(ended.decode::<Value>().is_ok());
    }
}

// SPEC 32: a request to cancel waits as long as the service asks, and polls go on.
#[tokio::test(start_paused = true)]
async fn a_cancel_that_is_to_wait_waits() {
    let (driver, printer) = serving([running(), done()]);
    let driver = driver.pacing(Pacing::fixed(Duration::from_secs(60)));
    let busy = || Err(Status::unavailable("busy").with_retry_after(Duration::from_secs(20)));
    printer.cancels.lock().unwrap().extend([busy(), busy(), busy()]);
    let (ended, delays) = Engine::new(registration(), canceling()).run(&driver).await;
    // A request, a poll, a request, a poll.
    assert_eq!(delays, [20_000, 5_000, 20_000]);
    assert_eq!((printer.cancelled.load(Relaxed), printer.polls.load(Relaxed)), (2, 2));
    let requests = ended.saved.requests.unwrap();
    assert_eq!((requests.trouble.failed(), requests.accepted), (2, None));
}

#[tokio::test(start_paused = true)]
async fn requests_to_cancel_that_fail_become_rare() {
    let (driver, printer) = serving([running()]);
    let driver = driver.pacing(Pacing::fixed(Duration::from_secs(3_600)));
    let failures = (0..1_000).map(|_| Err(Status::new(Code::Internal, "a defect").with_transient(true)));
    printer.cancels.lock().unwrap().extend(failures);
    let registration = registration().deadline(Duration::from_secs(86_400));
    let (ended, _) = Engine::new(registration, canceling()).run(&driver).await;
    assert_eq!(ended.decode::<Value>().unwrap_err().code(), Code::DeadlineExceeded);
    let cancelled = printer.cancelled.load(Relaxed);
    assert!(cancelled > 100 && cancelled < 3_000, "{cancelled}");
}

// A good poll between two refusals of the credential does not make the second one the first.
#[tokio::test(start_paused = true)]
async fn a_cancel_without_permission_ends_the_requests() {
    let (driver, printer) = serving([running(), running(), running(), done()]);
    let refusal = || Err(Status::new(Code::Unauthenticated, "who is it"));
    printer.cancels.lock().unwrap().extend([refusal(), refusal(), refusal()]);
    let (ended, _) = Engine::new(registration(), canceling()).run(&driver).await;
    assert_eq!(printer.cancelled.load(Relaxed), 2);
    let requests = stored(&ended).saved.requests.unwrap();
    assert_eq!(requests.trouble.last_failure().unwrap().code(), Code::Unauthenticated);
}

// SPEC 38, 39: a service that does not cancel is not asked, and the end of the wait says so.
#[tokio::test(start_paused = true)]
async fn a_cancel_that_the_service_does_not_have_is_reported() {
    let (driver, printer) =
        serving_by(Printer { script: vec![done()], cannot_cancel: true, ..Printer::default() });
    let (ended, _) = Engine::new(registration(), canceling()).run(&driver).await;
    assert_eq!(printer.cancelled.load(Relaxed), 0);
    let requests = ended.saved.requests.unwrap();
    assert_eq!(requests.trouble.last_failure().unwrap().code(), Code::Unimplemented);
}

// SPEC 10: the metadata of the last reply are part of the end.
#[tokio::test(start_paused = true)]
async fn the_last_metadata_are_kept_or_reported_as_dropped() {
    for (size, is_dropped) in [(10, false), (1 << 20, true)] {
        let failed = Operation::failed(NAME, Status::new(Code::Aborted, "out of ink"));
        let metadata = Any::from_value(&"x".repeat(size)).unwrap();
        let (driver, _) = serving([running(), Replies(Ok(failed.with_metadata(metadata)))]);
        let (ended, _) = to_the_end(&driver, registration()).await;
        let status = ended.decode::<Value>().unwrap_err();
        let report = status.report().unwrap();
        assert_eq!((report.last_metadata.is_none(), report.metadata_dropped), (is_dropped, is_dropped));
    }
}

// g30: the clock of the engine is ahead of that of the worker.
#[tokio::test(start_paused = true)]
async fn a_poll_just_before_the_deadline_is_a_last_call() {
    let latency = Duration::from_millis(100);
    let (driver, _) = serving_by(Printer { script: vec![done()], latency, ..Printer::default() });
    let registration = registration().deadline(Duration::from_secs(10));
    let mut wait = StoredWait::default();
    let step = driver.poll(&registration, &mut wait, Duration::from_millis(9_950)).await.unwrap();
    assert!(matches!(&step, Step::Ended(ended) if matches!(ended.ending, Ending::Done(_))), "{step:?}");
}

// SPEC 34
#[tokio::test(start_paused = true)]
async fn an_operation_that_was_just_started_is_polled_after_the_first_pause() {
    for (registration, delays) in [(registration(), vec![]), (registration().started(), vec![250])] {
        let (driver, _) = serving([done()]);
        let (_, waited) = to_the_end(&driver, registration).await;
        assert_eq!(waited, delays);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_wait_that_nothing_can_poll() {
    let registration = registration().deadline(Duration::from_secs(10));
    let (defect, _) = serving([Panics]);
    for driver in [Driver::default(), defect] {
        let poll = async |seconds| {
            driver.poll(&registration, &mut StoredWait::default(), Duration::from_secs(seconds)).await
        };
        assert!(poll(9).await.is_err());
        let Ok(Step::Ended(ended)) = poll(10).await else { panic!("it goes on") };
        let status = ended.decode::<Value>().unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::DeadlineExceeded, Origin::StoppedAsking));
    }
}

#[test]
fn no_two_operations_share_a_key() {
    let key = |service: &str, version: &str, name: &str| {
        let service = Service::owned(service, version);
        Registration::new(Handle::new(&service, OperationName::parse(name).unwrap())).key()
    };
    assert_ne!(key("a", "b/c", "d/e"), key("a", "b", "c/d/e"));
    assert_ne!(key("a/b", "c", "d/e"), key("a", "b/c", "d/e"));
    assert_ne!(key("a%2Fb", "c", "d/e"), key("a/b", "c", "d/e"));
}

#[test]
fn a_caller_joins_the_wait_for_the_same_registration_alone() {
    let joins = |key: &str, pending: Option<&Registration>| registration().check_joins(key, pending);
    let own = "print.example.com/v1/operations/1";
    assert_eq!((joins(own, None), joins(own, Some(&registration()))), (Ok(()), Ok(())));

    let other = joins("print.example.com/v1/operations/2", None).unwrap_err();
    assert_eq!(other.code(), Code::InvalidArgument);
    assert!(other.message().contains(own) && other.message().contains("operations/2"), "{other}");

    let conflict = joins(own, Some(&registration().deadline(Duration::from_secs(7)))).unwrap_err();
    assert_eq!(conflict.code(), Code::AlreadyExists);
    assert!(conflict.message().contains("Some(7s)") && conflict.message().contains("None"), "{conflict}");

    let name = OperationName::parse(NAME).unwrap();
    let keyless = Registration::new(Handle::new(&Service::new("", "v1"), name));
    assert_eq!(keyless.check_joins(&keyless.key(), None).unwrap_err().code(), Code::InvalidArgument);
}

#[test]
fn a_wait_that_takes_the_place_of_another_keeps_its_deadline() {
    let seconds = Duration::from_secs;
    let left = |registration: Registration, elapsed| registration.renewed_after(elapsed).deadline;
    assert_eq!(left(registration().deadline(seconds(60)), seconds(25)), Some(seconds(35)));
    assert_eq!(left(registration().deadline(seconds(60)), seconds(61)), Some(Duration::ZERO));
    assert_eq!(left(registration(), seconds(25)), None);
}

#[tokio::test(start_paused = true)]
async fn the_state_holds_neither_metadata_nor_a_response() {
    let metadata = Any::from_value(&"x".repeat(1 << 20)).unwrap();
    let big = Operation::running(NAME).with_metadata(metadata);
    let long = Status::unavailable("y".repeat(1 << 20));
    let (driver, _) = serving([Replies(Ok(big)), fails(long), running(), done()]);
    let mut engine = Engine::new(registration(), StoredWait::default());
    for _ in 0..3 {
        assert!(engine.once(&driver).await.is_ok());
        assert!(serde_json::to_vec(&engine.wait).unwrap().len() < 2_000);
    }
    // The end of a wait has the whole failure.
    let (ended, _) = engine.run(&driver).await;
    assert!(ended.decode::<Value>().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_process_without_the_transport_leaves_the_operation_to_another() {
    let (driver, _) = serving([done()]);
    let mut wait = StoredWait::default();
    let fault = Driver::default().poll(&registration(), &mut wait, Duration::ZERO).await.unwrap_err();
    assert_eq!(fault.message(), "this process has no transport for print.example.com v1");
    assert_eq!(wait, StoredWait::default());
    assert!(to_the_end(&driver, registration()).await.0.decode::<Value>().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_leaves_the_wait_as_it_was() {
    let (driver, printer) = serving([running(), Panics, done()]);
    let mut engine = Engine::new(registration(), StoredWait::default());
    assert!(engine.once(&driver).await.is_ok());
    let before = engine.wait.clone();
    let fault = driver.poll(&registration(), &mut engine.wait, Duration::ZERO).await.unwrap_err();
    assert!(fault.message().ends_with("the transport panicked: a defect of the transport"), "{fault}");
    assert_eq!(engine.wait, before);
    assert!(engine.run(&driver).await.0.decode::<Value>().is_ok());
    assert_eq!(printer.polls.load(Relaxed), 3);
}

// g25: a state of a later version is not misread.
#[test]
fn a_state_of_a_later_version_is_refused() {
    let mut stored = serde_json::to_value(StoredWait::default()).unwrap();
    assert!(serde_json::from_value::<StoredWait>(stored.clone()).is_ok());
    stored["saved"]["format"] = json!(2);
    assert!(serde_json::from_value::<StoredWait>(stored).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_behind_does_not_make_the_wait_younger() {
    let (driver, _) = serving([running()]);
    let driver = driver.pacing(Pacing::proportional(0.1));
    let mut wait = StoredWait::default();
    for (age, delay) in [(60, 6), (1, 6), (90, 9)] {
        let step = driver.poll(&registration(), &mut wait, Duration::from_secs(age)).await;
        assert_eq!(step, Ok(Step::After(Duration::from_secs(delay))));
    }
}

// g22: the message of the service is kept byte by byte.
#[tokio::test(start_paused = true)]
async fn an_outcome_is_stored_byte_by_byte() {
    let message = r#"{"@type":"t/example.v1.Job","z":1,"exact":12345678901234567890.10,"a":"\u0000"}"#;
    let response = Operation::running(NAME).with_outcome(Ok(Any::from_json(message).unwrap()));
    let (driver, _) = serving([Replies(Ok(response))]);
    let (ended, _) = to_the_end(&driver, registration()).await;
    let text = serde_json::to_string(&ended.ending).unwrap();
    assert!(text.contains(r#""z":1,"exact":12345678901234567890.10,"a":"\u0000""#), "{text}");
}

// g30: the time for a call is the smallest of the limits.
#[tokio::test(start_paused = true)]
async fn an_engine_limits_the_time_for_a_call() {
    for (rules, limit, own, seconds) in [
        (30, 240, None, 30),
        (600, 240, None, 240),
        (30, 7, None, 7),
        (30, 7, Some(3), 3),
        (30, 7, Some(9), 7),
    ] {
        let (driver, _) = serving([Hangs, done()]);
        let driver = driver.rules(Rules { attempt_timeout: Duration::from_secs(rules), ..Rules::default() });
        let driver = driver.attempt_timeout_at_most(Duration::from_secs(limit));
        let mut registration = registration();
        registration.attempt_timeout = own.map(Duration::from_secs);
        let mut engine = Engine::new(registration, StoredWait::default());
        assert!(engine.once(&driver).await.is_ok());
        assert_eq!(engine.begun.elapsed().as_secs(), seconds);
    }
}

// g22: the size is that of a string within JSON, where each quote takes two bytes.
#[tokio::test(start_paused = true)]
async fn an_outcome_that_the_engine_refuses_ends_the_wait() {
    for (quotes, is_stored) in [(1_000, true), (1_500, false)] {
        let (driver, _) = serving([Replies(Operation::succeeded(NAME, "\"".repeat(quotes)))]);
        let (ended, _) = to_the_end(&driver.outcome_at_most(5_000), registration()).await;
        let code = ended.decode::<String>().err().map(|status| status.code());
        assert_eq!(code, (!is_stored).then_some(Code::ResourceExhausted));
    }
}

// g30
#[tokio::test(start_paused = true)]
async fn no_delay_is_longer_than_a_century() {
    let (driver, _) = serving([running()]);
    let mut engine = Engine::new(registration(), StoredWait::default());
    let delay = engine.once(&driver.pacing(Pacing::fixed(Duration::MAX))).await.unwrap();
    assert!(delay <= Driver::LONGEST_DELAY, "{delay:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_cancelled_by_one_request() {
    let (driver, printer) = serving([running(), done()]);
    let mut engine = Engine::new(registration(), StoredWait::default());
    assert!(engine.wait.request_cancel());
    assert!(!engine.wait.request_cancel());
    assert!(engine.once(&driver).await.is_ok());
    assert!(!engine.wait.request_cancel());
    engine.run(&driver).await;
    assert_eq!(printer.cancelled.load(Relaxed), 1);

    let (driver, printer) = serving([running(), done()]);
    let (_, delays) = to_the_end(&driver, registration().cancel()).await;
    assert_eq!((printer.cancelled.load(Relaxed), delays), (1, vec![250, 250]));
}

#[test]
fn the_result_of_a_starting_call_is_restored() {
    let failed = Started::from(Err(Status::unavailable("away")));
    let nameless = Started::from(Ok(Operation::running("")));
    let done = Started::from(Operation::succeeded("", 42));
    assert!(matches!(&failed, Started::Ended(Ending::GaveUp(status)) if status.message() == "away"));
    assert!(matches!(&nameless, Started::Ended(Ending::GaveUp(_))));
    assert!(matches!(&done, Started::Ended(ending) if ending.decode::<u32>() == Ok(42)));
    for started in [failed, nameless, done, Started::Unresolved] {
        assert_eq!(stored(&started), started);
    }
}

#[test]
fn a_registration_is_written_by_hand() {
    let text = r#"{"handle": {"service": "print.example.com", "version": "v1", "name": "operations/1"}}"#;
    let parsed: Registration = serde_json::from_str(text).unwrap();
    assert_eq!(parsed, registration());
    assert_eq!(parsed.key(), "print.example.com/v1/operations/1");
}

// SPEC 37: an engine that was down over the deadline has the time of a last call.
#[tokio::test(start_paused = true)]
async fn a_last_poll_long_after_the_deadline_brings_the_outcome() {
    let printer =
        Printer { script: vec![done()], latency: Duration::from_millis(1_900), ..Printer::default() };
    let (driver, _) = serving_by(printer);
    let late = registration().deadline(Duration::from_secs(60));
    let step = driver.poll(&late, &mut StoredWait::default(), Duration::from_secs(65)).await.unwrap();
    assert!(matches!(&step, Step::Ended(ended) if matches!(ended.ending, Ending::Done(_))), "{step:?}");
}

// SPEC 32
#[tokio::test(start_paused = true)]
async fn no_poll_follows_a_cancel_before_the_server_wants_one() {
    let in_a_minute = || Replies(Ok(Operation::running(NAME).with_retry_after(Duration::from_secs(60))));
    let (driver, printer) = serving([in_a_minute(), done()]);
    let mut engine = Engine::new(registration(), StoredWait::default());
    assert_eq!(engine.once(&driver).await.unwrap().as_secs(), 60);
    sleep(Duration::from_secs(10)).await;
    assert!(engine.wait.request_cancel());
    assert_eq!(engine.once(&driver).await.unwrap().as_secs(), 50);
    assert_eq!((printer.cancelled.load(Relaxed), printer.polls.load(Relaxed)), (1, 1));
}

// SPEC 38: nobody waits for the first delay of the pacing to cancel what was just started.
#[tokio::test(start_paused = true)]
async fn a_started_operation_is_cancelled_before_its_first_poll() {
    let an_hour = Pacing::fixed(Duration::from_secs(3_600));
    let (driver, printer) = serving([done()]);
    let mut wait = canceling();
    let started = registration().started();
    let driver = driver.pacing(an_hour);
    let step = driver.poll(&started, &mut wait, Duration::from_secs(1)).await.unwrap();
    assert_eq!((printer.cancelled.load(Relaxed), printer.polls.load(Relaxed)), (1, 0));
    let Step::After(pause) = step else { panic!("{step:?}") };
    assert!(pause < Duration::from_secs(1), "{pause:?}");
    let step = driver.poll(&started, &mut wait, Duration::from_secs(2)).await.unwrap();
    assert!(matches!(&step, Step::Ended(ended) if matches!(ended.ending, Ending::Done(_))), "{step:?}");
}

#[test]
fn a_start_without_a_usable_name_is_malformed() {
    let refused = Status::new(Code::ResourceExhausted, "no paper");
    let started = |name: &str| {
        Started::from(Ok(Operation { running_error: Some(refused.clone()), ..Operation::running(name) }))
    };
    let Started::Ended(Ending::GaveUp(status)) = started("") else { panic!("a name") };
    assert_eq!(
        (status.code(), status.message()),
        (refused.code(), "the operation was not started: no paper")
    );
    let Started::Ended(Ending::GaveUp(status)) = started("operations/") else { panic!("a usable name") };
    assert_eq!(status.origin(), Origin::MalformedReply);
}
