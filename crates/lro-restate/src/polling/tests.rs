//! What the object decides, without an engine: each poll gets the state as it was stored by the one before.

use std::{
    future::pending,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use lro::{
    Any, Capabilities, Code, Handle, Operation, OperationName, Outcome, Pacing, async_trait,
    pacing::{CompactSchedule, CompactState, Moment, PacingPolicy, Schedule},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::*;
use crate::{Ended, Registration};

/// Replies by a script of one entry per poll. The last entry repeats.
#[derive(Debug, Default)]
struct Printer {
    script: Vec<Reaction>,
    polls: AtomicU32,
    cancels: Mutex<Vec<Result<(), Status>>>,
    cancelled: AtomicU32,
}

#[derive(Clone, Debug)]
enum Reaction {
    Replies(Result<Operation, Status>),
    Hangs,
}

use Reaction::{Hangs, Replies};

const SERVICE: Service = Service::new("print.example.com", "v1");
const NAME: &str = "operations/1";

#[async_trait]
impl LroTransport for Printer {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        let poll = self.polls.fetch_add(1, Relaxed) as usize;
        match self.script.get(poll).or_else(|| self.script.last()).unwrap().clone() {
            Replies(reply) => reply,
            Hangs => pending().await,
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
        Capabilities::default().cancel(true)
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

fn polling(script: impl Into<Vec<Reaction>>) -> (Polling, Arc<Printer>) {
    let printer = Arc::new(Printer { script: script.into(), ..Printer::default() });
    let transports = HashMap::from([(SERVICE, printer.clone() as Arc<dyn LroTransport>)]);
    (Polling { transports, ..Polling::default() }, printer)
}

fn registration() -> Registration {
    Registration::new(Handle::new(&SERVICE, OperationName::parse(NAME).unwrap()))
}

thread_local! {
    /// The begin of a test, which has a thread and a paused clock of its own.
    static BEGUN: Instant = Instant::now();
}

fn now() -> u64 {
    1_000_000 + u64::try_from(BEGUN.with(Instant::elapsed).as_millis()).unwrap()
}

fn begin(registration: Registration) -> Wait {
    Wait::new(registration, now(), 7)
}

/// Polls once, and returns the state as the next poll reads it, and the delay or the end.
async fn once(polling: &Polling, wait: Wait) -> (Wait, Result<Duration, Ended>) {
    let stored = serde_json::to_vec(&wait).unwrap();
    let polled = polling.poll(serde_json::from_slice(&stored).unwrap(), now()).await.unwrap();
    let journaled = serde_json::to_vec(&polled).unwrap();
    let Polled { wait, next } = serde_json::from_slice(&journaled).unwrap();
    match next {
        Next::After(delay) => (wait, Ok(delay)),
        Next::Ended(ending) => (wait.clone(), Err(Ended::new(wait.registration, ending, wait.saved))),
    }
}

/// Polls to the end. Returns the delays in milliseconds.
async fn to_the_end(polling: &Polling, mut wait: Wait) -> (Ended, Vec<u128>) {
    let mut delays = Vec::new();
    loop {
        let next;
        (wait, next) = once(polling, wait).await;
        match next {
            Ok(delay) => {
                delays.push(delay.as_millis());
                sleep(delay).await;
            }
            Err(ended) => return (ended, delays),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_outcome_is_that_of_the_service() {
    let (polling, _) = polling([running(), running(), done()]);
    let (ended, delays) = to_the_end(&polling, begin(registration())).await;
    assert_eq!(ended.decode::<Value>().unwrap(), json!({"pages": 7}));
    assert_eq!(delays, [250, 250]);

    let failed = Status::new(Code::Aborted, "out of ink");
    let (polling, _) = self::polling([running(), Replies(Ok(Operation::failed(NAME, failed)))]);
    let (ended, _) = to_the_end(&polling, begin(registration())).await;
    assert!(
        matches!(&ended.ending, Ending::Done(Outcome::Error(status)) if status.message() == "out of ink")
    );
    let status = ended.decode::<Value>().unwrap_err();
    assert_eq!(status.origin(), lro::Origin::OperationFailed);
    assert_eq!(status.report().unwrap().polls, 2);
}

// SPEC 27: the rules judge failed calls, and the engine repeats none of them.
#[tokio::test(start_paused = true)]
async fn failed_calls_are_judged_by_the_rules() {
    let hint = Status::unavailable("busy").with_retry_after(Duration::from_secs(7));
    let (polling, _) = polling([running(), fails(hint), done()]);
    let (ended, delays) = to_the_end(&polling, begin(registration())).await;
    assert!(ended.decode::<Value>().is_ok());
    assert_eq!(delays[1], 7_000);
    assert_eq!(ended.saved.trouble.unwrap().failed(), 1);

    let (polling, printer) = self::polling([fails(Status::new(Code::PermissionDenied, "no"))]);
    let (ended, _) = to_the_end(&polling, begin(registration())).await;
    assert_eq!(ended.decode::<Value>().unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(printer.polls.load(Relaxed), 1);

    let (polling, printer) = self::polling([fails(Status::unavailable("away"))]);
    let (ended, _) = to_the_end(&polling, begin(registration())).await;
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
        let (polling, _) = polling([fails(Status::new(Code::NotFound, "not yet"))]);
        let begun = Instant::now();
        let (ended, _) = to_the_end(&polling, begin(registration)).await;
        assert_eq!(ended.decode::<Value>().unwrap_err().code(), Code::NotFound);
        assert_eq!(begun.elapsed().as_secs(), seconds);
    }
}

// g30
#[tokio::test(start_paused = true)]
async fn a_poll_that_hangs_is_cut_and_made_again() {
    let (polling, printer) = polling([running(), Hangs, done()]);
    let begun = Instant::now();
    let (ended, _) = to_the_end(&polling, begin(registration())).await;
    assert!(ended.decode::<Value>().is_ok());
    assert_eq!(printer.polls.load(Relaxed), 3);
    assert!((30..33).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

// g30: the last poll is made at the deadline, so the error is that of the service.
#[tokio::test(start_paused = true)]
async fn an_operation_that_fails_at_its_deadline_keeps_its_error() {
    let failed = Replies(Ok(Operation::failed(NAME, Status::new(Code::Aborted, "out of ink"))));
    let (mut polling, _) = polling([running(), failed]);
    polling.pacing = Some(Arc::new(Pacing::fixed(Duration::from_secs(60))));
    let registration = registration().deadline(Duration::from_secs(10));
    let (ended, delays) = to_the_end(&polling, begin(registration)).await;
    assert_eq!(delays, [10_000]);
    assert_eq!(ended.decode::<Value>().unwrap_err().message(), "out of ink");
}

// g30
#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_with_the_last_failure() {
    for last in [running(), Hangs] {
        let (polling, _) = polling([running(), fails(Status::unavailable("busy")), last]);
        let registration = registration().deadline(Duration::from_secs(10));
        let begun = Instant::now();
        let (ended, _) = to_the_end(&polling, begin(registration)).await;
        let status = ended.decode::<Value>().unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::DeadlineExceeded, lro::Origin::StoppedAsking));
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
    let (mut polling, _) = polling([running(), running(), running(), running(), running(), done()]);
    let mut wait = begin(registration());
    let mut delays = Vec::new();
    let second = Duration::from_secs(1);
    let pacings =
        [Pacing::custom(Counting(second)), Pacing::custom(Counting(second)), Pacing::fixed(second * 9)];
    for pacing in pacings {
        polling.pacing = Some(Arc::new(pacing));
        let next;
        (wait, next) = once(&polling, wait).await;
        delays.push(next.unwrap().as_secs());
    }
    assert_eq!(delays, [1, 2, 9]);
    polling.pacing = Some(Arc::new(Pacing::custom(Counting(second))));
    let (ended, delays) = to_the_end(&polling, wait).await;
    assert_eq!(delays, [1_000, 2_000]);
    assert_eq!(ended.saved.tally.polls, 6);
    assert!(ended.decode::<Value>().is_ok());
}

// g20: the request is sent once, and the outcome is that of the service.
#[tokio::test(start_paused = true)]
async fn a_cancel_is_sent_once_and_the_polls_go_on() {
    let cancelled = Replies(Ok(Operation::failed(NAME, Status::new(Code::Cancelled, "by request"))));
    let (mut polling, printer) = polling([running(), running(), cancelled]);
    polling.pacing = Some(Arc::new(Pacing::fixed(Duration::from_secs(5))));
    let wait = Wait { cancel: Some(Cancel::Wanted), ..begin(registration()) };
    let (ended, delays) = to_the_end(&polling, wait).await;
    assert_eq!(delays, [250, 5_000, 5_000]);
    assert_eq!(printer.cancelled.load(Relaxed), 1);
    assert_eq!(ended.decode::<Value>().unwrap_err().message(), "by request");
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_fails_is_repeated_and_one_that_is_refused_is_not() {
    for (failure, cancels) in [(Status::unavailable("away"), 2), (Status::new(Code::Unimplemented, "no"), 1)]
    {
        let (mut polling, printer) = polling([running(), running(), running(), done()]);
        polling.pacing = Some(Arc::new(Pacing::fixed(Duration::from_secs(60))));
        printer.cancels.lock().unwrap().push(Err(failure));
        let wait = Wait { cancel: Some(Cancel::Wanted), ..begin(registration()) };
        let (ended, delays) = to_the_end(&polling, wait).await;
        assert_eq!(printer.cancelled.load(Relaxed), cancels);
        assert_eq!(delays[0], if cancels == 2 { 5_000 } else { 60_000 });
        assert!(ended.decode::<Value>().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn the_state_holds_neither_metadata_nor_a_response() {
    let metadata = Any::from_value(&"x".repeat(1 << 20)).unwrap();
    let big = Operation::running(NAME).with_metadata(metadata);
    let long = Status::unavailable("y".repeat(1 << 20));
    let (polling, _) = polling([Replies(Ok(big)), fails(long), running(), done()]);
    let mut wait = begin(registration());
    for _ in 0..3 {
        let next;
        (wait, next) = once(&polling, wait).await;
        assert!(next.is_ok());
        assert!(serde_json::to_vec(&wait).unwrap().len() < 2_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_the_transport_leaves_the_operation_to_another() {
    let (polling, _) = polling([done()]);
    let wait = begin(registration());
    let fault = Polling::default().poll(wait.clone(), now()).await.err().unwrap();
    assert_eq!(fault, "this worker has no transport for print.example.com v1");
    assert!(to_the_end(&polling, wait).await.0.decode::<Value>().is_ok());
}

// g25: a state of a later version is not misread. The engine repeats the poll until a worker reads it.
#[tokio::test(start_paused = true)]
async fn a_state_of_a_later_version_is_refused() {
    let mut stored = serde_json::to_value(begin(registration())).unwrap();
    assert!(serde_json::from_value::<Wait>(stored.clone()).is_ok());
    stored["saved"]["format"] = json!(2);
    assert!(serde_json::from_value::<Wait>(stored).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_behind_does_not_make_the_wait_younger() {
    let (polling, _) = polling([running()]);
    let wait = Wait::new(registration(), 1_000_000, 7);
    let Polled { wait, .. } = polling.poll(wait, 1_060_000).await.unwrap();
    assert_eq!(wait.age(1_000), Duration::from_secs(60));
    assert_eq!(wait.age(1_090_000), Duration::from_secs(90));
}

// g22
#[test]
fn an_outcome_beyond_the_limit_is_replaced_by_one_that_says_so() {
    let ending = |bytes| Ending::Done(Outcome::Response(Any::from_value(&"x".repeat(bytes)).unwrap()));
    let ended = |ending| Ended::new(registration(), storable(ending), Default::default());
    assert!(ended(ending(8_000_000)).decode::<String>().is_ok());
    let refused = Ending::GaveUp(Status::new(Code::PermissionDenied, "x".repeat(9_000_000)));
    assert_eq!(ended(refused).decode::<String>().unwrap_err().code(), Code::PermissionDenied);
    let status = ended(ending(9_000_000)).decode::<String>().unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("the limit is 8388608"), "{status}");
}

#[test]
fn a_registration_is_written_by_hand() {
    let text = r#"{"handle": {"service": "print.example.com", "version": "v1", "name": "operations/1"}}"#;
    let parsed: Registration = serde_json::from_str(text).unwrap();
    assert_eq!(parsed, registration());
    assert_eq!(parsed.key(), "print.example.com/v1/operations/1");
}
