//! Settings and times at their bounds.

use std::{
    future::pending,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use futures::{StreamExt, executor::block_on, future::join_all};
use lro::{
    Any, Capabilities, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage, Origin,
    Status, Tolerance, async_trait, pacing::Pacing,
};
use lro_fleet::{Fleet, Rate, Registration};
use serde_json::{Value, json};
use tokio::{
    runtime::Builder,
    time::{Instant, sleep, timeout},
};

use crate::{
    name,
    nasty::{Kinds, Nasty, Point},
    secs,
};

/// Operations that are done at a time, and when they were asked about.
#[derive(Clone, Debug)]
struct Jobs {
    began: Instant,
    done_at: Duration,
    calls: Arc<Mutex<Vec<Duration>>>,
}

impl Jobs {
    fn done_at(done_at: Duration) -> Self {
        Self { began: Instant::now(), done_at, calls: Arc::default() }
    }

    fn answer(&self, name: &OperationName) -> Operation {
        let now = self.began.elapsed();
        self.calls.lock().unwrap().push(now);
        if now < self.done_at {
            return Operation::running(name.as_str());
        }
        Operation::succeeded(name.as_str(), Any::from_value(&json!({})).unwrap()).unwrap()
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        sleep(Duration::from_millis(20)).await;
        Ok(self.answer(name))
    }

    async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true)
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_a_minute_and_one_at_a_time() {
    let jobs = Jobs::done_at(secs(100));
    let fleet = Fleet::builder(jobs.clone()).rate(Rate::per_minute(1)).max_in_flight(1).start();
    let watches = join_all((0..5).map(|number| fleet.watch::<Value>(name(number))));
    let outcomes = timeout(secs(60 * 16), watches).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    fleet.cancel(&name(1)).await.unwrap();
    let calls = jobs.calls.lock().unwrap().clone();
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] >= secs(60)), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn deadlines_of_zero_end_all_waits() {
    for rate in [None, Some(Rate::per_second(10))] {
        let fleet = Fleet::builder(Jobs::done_at(secs(100))).rate(rate).deadline(Duration::ZERO).start();
        let watches = join_all((0..1_000).map(|number| fleet.watch::<Value>(name(number))));
        let outcomes = timeout(secs(5), watches).await.unwrap();
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().origin(), Origin::StoppedAsking);
        }
        let registration = Registration::started(Operation::running("operations/1")).unwrap();
        let started = fleet.watch_with::<Value>(registration.deadline(Duration::ZERO));
        assert!(timeout(secs(5), started).await.unwrap().is_err());
        assert_eq!(fleet.metrics().pending, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn durations_without_bound() {
    let jobs = Jobs::done_at(secs(100));
    let tolerance = || {
        let tolerance =
            Tolerance::default().not_found_for(Duration::MAX).permission_denied_for(Duration::MAX);
        tolerance.delay(Duration::MAX, Duration::MAX).longest_hint(Duration::MAX)
    };
    let fleet = Fleet::builder(jobs)
        .attempt_timeout(Duration::MAX)
        .deadline(Duration::MAX)
        .tick(Duration::MAX)
        .tolerance(tolerance())
        .start();
    let own = |number| Registration::new(name(number)).deadline(Duration::MAX).tolerance(tolerance());
    let never = fleet.watch_with::<Value>(own(1).pacing(Pacing::fixed(Duration::MAX)));
    let held = Operation::running("operations/2").with_retry_after(Duration::MAX);
    let started = fleet.started::<Value>(held).unwrap();
    assert!(timeout(secs(200), fleet.watch_with::<Value>(own(3))).await.unwrap().is_ok());
    assert_eq!(fleet.pending().len(), 2);
    assert!(fleet.pending().iter().all(|pending| !pending.to_string().is_empty()));
    // A request to cancel makes a poll due that would never be, unless the server has asked for that. SPEC 32
    fleet.cancel(&name(1)).await.unwrap();
    fleet.cancel(&name(2)).await.unwrap();
    assert!(timeout(secs(1), never).await.unwrap().is_ok());
    assert!(timeout(secs(1), started).await.is_err());
}

/// A pacing blocks beyond the deadline of an operation that is registered meanwhile.
#[test]
fn a_deadline_holds_that_passes_while_a_pacing_blocks() {
    let (enter, entered) = mpsc::channel();
    let (give, take) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let (enter, left) = (Mutex::new(enter), Mutex::new(left));
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
            let nasty = Nasty::new(true, move |point| {
                if point == Point::First {
                    let _ = enter.lock().unwrap().send(());
                    let _ = left.lock().unwrap().recv();
                }
            });
            let jobs = Jobs::done_at(secs(1_000));
            let fleet = Fleet::builder(jobs).pacing(Kinds(nasty)).start();
            fleet.register_with(Registration::new(name(1)).kind("nasty")).unwrap();
            give.send(fleet).unwrap();
            pending::<()>().await;
        });
    });
    let fleet: Fleet = take.recv().unwrap();
    entered.recv().unwrap();
    fleet.pause();
    let late = fleet.watch_with::<Value>(Registration::new(name(2)).deadline(Duration::ZERO));
    // Beyond the grace after the deadline.
    thread::sleep(Duration::from_millis(2_200));
    drop(leave);
    thread::spawn(move || done.send(block_on(late)).unwrap());
    let outcome = is_done.recv_timeout(secs(60)).expect("the deadline holds");
    assert_eq!(outcome.unwrap_err().origin(), Origin::StoppedAsking);
}

/// A list reports as done what is held back, what is not waited for, and what was just registered.
#[tokio::test(start_paused = true)]
async fn a_list_that_answers_anything() {
    #[derive(Debug)]
    struct Listed(Jobs);
    #[async_trait]
    impl LroTransport for Listed {
        async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
            self.0.get_operation(name).await
        }
        async fn list_operations(&self, _: &ListOperationsRequest) -> Result<OperationPage, Status> {
            sleep(secs(1)).await;
            let mut operations: Vec<_> = (0..300).map(|number| self.0.answer(&name(number))).collect();
            operations.extend((0..100).map(|number| self.0.answer(&name(number))));
            operations.push(Operation::running(""));
            operations.push(Operation::failed("of/another", Status::unavailable("")));
            Ok(OperationPage::new(operations).next_page_token("again"))
        }
        fn capabilities(&self) -> Capabilities {
            Capabilities::default().list(true)
        }
    }
    for most in [1, 5, 1_024] {
        let jobs = Jobs::done_at(secs(20));
        let fleet = Fleet::builder(Listed(jobs)).most_completions(most).max_in_flight(2).start();
        (0..100).for_each(|number| fleet.register(name(number)).unwrap());
        let watches: Vec<_> = (100..150).map(|number| fleet.watch::<Value>(name(number))).collect();
        for number in 150..200 {
            fleet.register(name(number)).unwrap();
            sleep(Duration::from_millis(170)).await;
            if number % 2 == 0 {
                fleet.forget(&name(number)).unwrap();
            }
        }
        fleet.drain();
        let completions: Vec<_> = timeout(secs(2_000), fleet.completions().collect()).await.unwrap();
        assert_eq!(completions.len(), 125, "{most}");
        assert!(completions.iter().all(|completion| completion.outcome().is_ok()));
        assert!(timeout(secs(60), join_all(watches)).await.unwrap().iter().all(Result::is_ok));
        assert!(fleet.metrics().sweeps > 0);
    }
}
