//! Settings of a wait that has begun: each takes effect at once.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use lro::{
    AtDeadline, Cancellation, Code, Operation, Origin, Pacing, Tolerance, Wait,
    pacing::{Finish, Moment, PacingPolicy, Schedule},
    poll_until_done,
};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

use super::common::{
    self, Jobs, busy, cancelled, forty_two, millis, name, refused, running, script, seconds, succeeded,
};

#[tokio::test(start_paused = true)]
async fn take_effect_after_the_first_snapshot() {
    // SPEC 62
    let jobs = Jobs::new().gets([running(), running(), running(), succeeded()]);
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(seconds(10)));
    wait.next().await.unwrap().unwrap();
    let mut wait = wait.pacing(Pacing::fixed(seconds(2)));
    wait.next().await.unwrap().unwrap();
    let mut wait = wait.not_before(seconds(7));
    wait.next().await.unwrap().unwrap();
    assert_eq!(wait.kind("jobs").await.unwrap(), forty_two());
    assert_eq!(jobs.times(&common::Call::Get), [0, 2, 7, 9].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn give_the_old_schedule_notice_and_the_new_one_the_age_of_the_wait() {
    // SPEC 62
    let (old, new) = (Noted::default(), Noted::default());
    let transport = script([running(), running(), running(), succeeded()]);
    let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(old.clone()));
    wait.next().await.unwrap().unwrap();
    wait.next().await.unwrap().unwrap();
    wait.pacing(Pacing::custom(new.clone())).await.unwrap();
    let note = |elapsed, polls| Note::Delay(seconds(elapsed), polls);
    assert_eq!(old.notes(), [note(0, 0), note(0, 1), note(1, 2), Note::Finished(None)]);
    assert_eq!(new.notes(), [note(0, 0), note(1, 2), note(2, 3), Note::Finished(Some(seconds(3)))]);
}

#[tokio::test(start_paused = true)]
async fn change_the_deadline_and_what_becomes_of_the_work() {
    // SPEC 35, 62
    let jobs = Jobs::new().cancels([Ok(())]).gets([running(), running(), cancelled()]);
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(seconds(100)));
    wait.next().await.unwrap().unwrap();
    let status =
        wait.deadline(seconds(5)).at_deadline(AtDeadline::CancelAndWait(seconds(60))).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, Code::Cancelled));
    assert_eq!(jobs.times(&common::Call::Cancel), [seconds(5)]);

    let transport = script([running(), running(), running(), succeeded()]);
    let mut wait =
        poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(4))).deadline(seconds(6));
    wait.next().await.unwrap().unwrap();
    assert_eq!(wait.deadline(None).await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn change_what_is_survived_and_how_long_a_call_may_take() {
    // SPEC 27, 62
    let transport = script([running(), busy(), succeeded()]);
    let mut wait = poll_until_done::<Value>(&transport, name());
    wait.next().await.unwrap().unwrap();
    let status = wait.tolerance(Tolerance::none()).await.unwrap_err();
    assert_eq!(status.origin(), Origin::CallFailed);

    let transport = common::slow_script([(seconds(0), running()), (seconds(9), succeeded())]);
    let mut wait = poll_until_done::<Value>(&transport, name()).tolerance(Tolerance::none());
    wait.next().await.unwrap().unwrap();
    let began = Instant::now();
    let status = wait.attempt_timeout(seconds(1)).await.unwrap_err();
    assert_eq!((status.code(), began.elapsed()), (Code::DeadlineExceeded, millis(1_250)));
}

#[tokio::test(start_paused = true)]
async fn seed_the_delays_from_then_on() {
    // SPEC 62
    let times = async |seed: u64| {
        let transport = script([running(), busy(), busy(), succeeded()]);
        let mut wait = poll_until_done::<Value>(&transport, name()).seed(1);
        wait.next().await.unwrap().unwrap();
        wait.seed(seed).await.unwrap();
        transport.times()
    };
    assert_eq!(times(7).await, times(7).await);
    assert_ne!(times(7).await, times(8).await);
}

#[tokio::test(start_paused = true)]
async fn pace_a_cancellation_by_the_pacing_that_was_set_last() {
    // SPEC 39, 62
    let jobs = Jobs::new().cancels([Ok(())]).gets([running(), running(), running(), cancelled()]);
    let mut wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(seconds(50)));
    wait.next().await.unwrap().unwrap();
    let mut wait = wait.pacing(Pacing::fixed(seconds(3)));
    assert!(matches!(wait.cancel_and_wait().await.unwrap(), Cancellation::Cancelled(_)));
    assert_eq!(jobs.times(&common::Call::Get), [0, 0, 3, 6].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn of_an_operation_that_was_just_started_come_before_its_first_poll() {
    // SPEC 34: the starting call has just answered that it is running.
    for (pacing, first) in [
        (Pacing::default(), millis(250)),
        (Pacing::fixed(seconds(9)), seconds(9)),
        (Pacing::exponential(seconds(1), 2.0, seconds(60)), seconds(1)),
    ] {
        let transport = script([succeeded()]);
        let started = Wait::<Value>::started(&transport, Operation::running("operations/1"));
        assert_eq!(started.pacing(pacing).await.unwrap(), forty_two());
        assert_eq!(transport.times(), [first]);
    }
    // A wait by name asks at once, whoever started the operation.
    let transport = script([succeeded()]);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    assert_eq!(transport.times(), [Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn that_panic_end_the_wait_and_say_whose_they_are() {
    // SPEC 61
    #[derive(Clone, Debug)]
    struct Panics;
    impl PacingPolicy for Panics {
        fn schedule(&self) -> Box<dyn Schedule> {
            panic!("no schedule today")
        }
    }
    let ends = async |wait: Wait<'_, Value>, message: &str| {
        let status = wait.await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::Internal));
        assert_eq!(status.message(), message);
        assert!(status.may_be_running());
        assert_eq!(status.report().unwrap().name, Some(name()));
    };
    let transport = script([]);
    let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(Panics));
    ends(wait, "stopped asking: the pacing panicked: no schedule today").await;

    let transport = script([refused(Code::Unavailable)]);
    let tolerance = Tolerance::default().survive_if(|status| panic!("what is {}?", status.code()));
    let wait = poll_until_done::<Value>(&transport, name()).tolerance(tolerance);
    ends(wait, "stopped asking: the predicate of the tolerance panicked: what is UNAVAILABLE?").await;

    let transport = script([Ok(Operation::running("operations/1").with_metadata(common::any("{}")))]);
    let mut wait = poll_until_done::<Value>(&transport, name())
        .with_metadata::<Value>()
        .pace_by_progress(|metadata| metadata["share"].as_f64().unwrap().into());
    let status = wait.outcome().await.unwrap_err();
    assert!(status.message().starts_with("stopped asking: the progress closure panicked: "), "{status}");
    // The wait has ended, and stays so.
    assert_eq!(wait.outcome().await.unwrap_err(), status);
}

#[test]
fn run_no_code_of_the_caller_while_a_thread_unwinds() {
    // SPEC 61: a second panic would abort the process.
    let noted = Noted::default();
    let policy = noted.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let transport = script([running(), running()]);
            let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(policy));
            wait.next().await.unwrap().unwrap();
            panic!("the caller's own");
        });
    });
    assert!(thread.join().is_err());
    assert!(!noted.notes().contains(&Note::Finished(None)), "{:?}", noted.notes());
}

#[tokio::test(start_paused = true)]
async fn that_panic_are_dropped_when_the_thread_no_longer_unwinds() {
    // SPEC 61: a second panic, of the destructor, would abort the process.
    #[derive(Clone, Debug, Default)]
    struct Unwinding(Arc<Mutex<Vec<bool>>>, u32);
    impl PacingPolicy for Unwinding {
        fn schedule(&self) -> Box<dyn Schedule> {
            Box::new(Odd(self.clone()))
        }
    }
    #[derive(Debug)]
    struct Odd(Unwinding);
    impl Schedule for Odd {
        fn delay(&mut self, moment: &Moment) -> Option<Duration> {
            assert!(moment.polls < self.0.1, "enough");
            Some(seconds(1))
        }
    }
    impl Drop for Odd {
        fn drop(&mut self) {
            self.0.0.lock().unwrap().push(std::thread::panicking());
        }
    }
    for polls in 0..3 {
        let unwinding = Unwinding(Arc::default(), polls);
        let transport = script((0..3).map(|_| running()));
        let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(unwinding.clone()));
        assert_eq!(wait.await.unwrap_err().message(), "stopped asking: the pacing panicked: enough");
        assert_eq!(*unwinding.0.lock().unwrap(), [false], "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn that_panic_in_the_end_change_no_outcome() {
    // SPEC 61
    #[derive(Clone, Debug)]
    struct PanicsAtTheEnd;
    impl PacingPolicy for PanicsAtTheEnd {
        fn schedule(&self) -> Box<dyn Schedule> {
            Box::new(Self)
        }
    }
    impl Schedule for PanicsAtTheEnd {
        fn delay(&mut self, _: &Moment) -> Option<Duration> {
            Some(seconds(1))
        }
        fn finished(&mut self, _: &Finish) {
            panic!("too late")
        }
    }
    let transport = script([running(), succeeded()]);
    let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(PanicsAtTheEnd));
    assert_eq!(wait.await.unwrap(), forty_two());

    let transport = script([running(), running()]);
    let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(PanicsAtTheEnd));
    wait.next().await.unwrap().unwrap();
    drop(wait);
    sleep(seconds(1)).await;
}

/// A pacing of one second that notes what its schedule receives.
#[derive(Clone, Debug, Default)]
struct Noted(Arc<Mutex<Vec<Note>>>);

#[derive(Clone, Debug, PartialEq)]
enum Note {
    Delay(Duration, u32),
    Finished(Option<Duration>),
}

impl Noted {
    fn notes(&self) -> Vec<Note> {
        self.0.lock().unwrap().clone()
    }
}

impl PacingPolicy for Noted {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(self.clone())
    }
}

impl Schedule for Noted {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        self.0.lock().unwrap().push(Note::Delay(moment.elapsed, moment.polls));
        Some(if moment.polls == 0 { Duration::ZERO } else { seconds(1) })
    }

    fn finished(&mut self, finish: &Finish) {
        self.0.lock().unwrap().push(Note::Finished(finish.done));
    }
}
