//! When it is asked: the classic pacings tick for tick, and pacings of one's own.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{
    Code, Origin, Pacing, Status, Tolerance,
    pacing::{CompactState, Finish, Moment, PacingByKind, PacingPolicy, Schedule},
    poll_until_done,
};
use serde_json::Value;

use super::common::{
    Script, always, busy, failed, millis, name, never, refused, running, script, seconds, slow_script,
    succeeded,
};

#[tokio::test(start_paused = true)]
async fn asks_after_a_tenth_of_the_elapsed_time() {
    // SPEC 34
    let transport = running_for(200);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    let times = transport.times();
    assert_eq!(times[0], seconds(0));
    for pair in times.windows(2) {
        let pause = (pair[0] / 10).clamp(millis(250), seconds(45));
        assert_eq!(in_millis(pair[1] - pair[0]), in_millis(pause), "at {:?}", pair[0]);
    }
    // The lower bound holds until 2.5 s, the upper one from 7.5 min.
    assert_eq!(times[..11], [0, 250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000, 2_250, 2_500].map(millis));
    assert_eq!(times[200] - times[199], seconds(45));
}

#[test]
fn is_a_tenth_of_the_elapsed_time_by_default() {
    // SPEC 34
    let mut schedule = Pacing::default().schedule();
    for (elapsed, delay) in [
        (millis(0), millis(250)),
        (millis(2_499), millis(250)),
        (millis(2_500), millis(250)),
        (seconds(3), millis(300)),
        (seconds(60), seconds(6)),
        (seconds(449), millis(44_900)),
        (seconds(450), seconds(45)),
        (seconds(3_600), seconds(45)),
        (Duration::MAX, seconds(45)),
    ] {
        assert_eq!(schedule.delay(&Moment::new(elapsed, 1)), Some(delay), "{elapsed:?}");
    }
    // The first poll is made at once.
    assert_eq!(schedule.delay(&Moment::new(Duration::ZERO, 0)), Some(Duration::ZERO));
    assert_eq!(Pacing::default(), Pacing::proportional(0.1));
}

#[tokio::test(start_paused = true)]
async fn ticks_as_the_classic_exponential_does() {
    let transport = running_for(9);
    poll_until_done::<Value>(&transport, name()).pacing(Pacing::classic_exponential()).await.unwrap();
    assert_eq!(transport.times(), [0, 1, 3, 7, 15, 31, 63, 123, 183, 243].map(seconds));
}

#[tokio::test(start_paused = true)]
async fn ticks_as_the_caller_says() {
    let transport = running_for(5);
    let pacing = Pacing::exponential(seconds(2), 1.5, seconds(5));
    poll_until_done::<Value>(&transport, name()).pacing(pacing).await.unwrap();
    assert_eq!(transport.pauses(), [2_000, 3_000, 4_500, 5_000, 5_000].map(millis));

    let transport = running_for(3);
    poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(9))).await.unwrap();
    assert_eq!(transport.times(), [0, 9, 18, 27].map(seconds));
}

#[test]
fn keeps_within_the_bounds_that_are_set() {
    let mut proportional = Pacing::proportional(0.5).at_least(seconds(1)).at_most(seconds(10)).schedule();
    for (elapsed, delay) in [(0, 1), (2, 1), (6, 3), (20, 10), (1_000, 10)] {
        assert_eq!(proportional.delay(&Moment::new(seconds(elapsed), 1)), Some(seconds(delay)));
    }
    let mut exponential = Pacing::classic_exponential().at_least(seconds(3)).at_most(seconds(10)).schedule();
    for (polls, delay) in [(1, 3), (2, 6), (3, 10), (u32::MAX, 10)] {
        assert_eq!(exponential.delay(&Moment::new(seconds(0), polls)), Some(seconds(delay)));
    }
}

#[test]
fn takes_odd_numbers_for_the_nearest_sense() {
    for share in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut schedule = Pacing::proportional(share).schedule();
        assert_eq!(schedule.delay(&Moment::new(seconds(1_000), 5)), Some(millis(250)), "{share}");
    }
    for factor in [1.0, 0.5, 0.0, -2.0, f64::NAN, f64::INFINITY] {
        let mut schedule = Pacing::exponential(seconds(2), factor, seconds(60)).schedule();
        assert_eq!(schedule.delay(&Moment::new(seconds(1_000), 5)), Some(seconds(2)), "{factor}");
    }
    let mut never = Pacing::exponential(Duration::MAX, f64::MAX, Duration::MAX).schedule();
    assert_eq!(never.delay(&Moment::new(Duration::MAX, u32::MAX)), Some(Duration::MAX));
    let mut late = Pacing::proportional(f64::MAX).at_most(Duration::MAX).schedule();
    assert_eq!(late.delay(&Moment::new(Duration::MAX, 1)), Some(Duration::MAX));
}

#[test]
fn has_no_delay_that_nothing_multiplied_gives() {
    // `delay = first * factor^(polls - 1)`, and zero stays zero.
    let mut schedule = Pacing::exponential(Duration::ZERO, 2.0, seconds(60)).schedule();
    for polls in [1, 2, 1_000, 2_000, u32::MAX] {
        assert_eq!(schedule.delay(&Moment::new(seconds(1), polls)), Some(Duration::ZERO), "{polls}");
    }
}

#[test]
fn is_one_schedule_for_many_operations_where_the_moment_decides() {
    for pacing in [Pacing::default(), Pacing::classic_exponential(), Pacing::fixed(seconds(3))] {
        let (compact, mut alone) = (pacing.compact().unwrap(), pacing.schedule());
        let mut state = [0; 16];
        for polls in 0..20 {
            let moment = Moment::new(seconds(7 * u64::from(polls)), polls);
            assert_eq!(compact.delay(&mut state, &moment), alone.delay(&moment), "{pacing:?} at {moment:?}");
        }
        assert_eq!(state, [0; 16]);
        assert!(compact.ranking().is_none());
    }
    assert!(Pacing::custom(Recorded::new(seconds(1))).compact().is_none(), "it does not offer any");
}

#[test]
fn is_the_pacing_of_every_kind() {
    let by_kind: Arc<dyn PacingByKind> = Arc::new(Pacing::fixed(seconds(3)));
    for kind in ["", "jobs.example.com/Print"] {
        assert_eq!(PacingByKind::pacing(&by_kind, kind), Pacing::fixed(seconds(3)));
    }
}

#[test]
fn is_compared_as_data() {
    assert_eq!(Pacing::fixed(seconds(1)), Pacing::fixed(seconds(1)));
    assert_ne!(Pacing::fixed(seconds(1)), Pacing::fixed(seconds(2)));
    assert_ne!(Pacing::default(), Pacing::classic_exponential());
    let custom = Pacing::custom(Recorded::new(seconds(1)));
    assert_eq!(custom, custom.clone());
    assert_ne!(custom, Pacing::custom(Recorded::new(seconds(1))));
    assert!(format!("{:?} {custom:?}", Pacing::default()).contains("Recorded"));
}

#[tokio::test(start_paused = true)]
async fn is_ones_own_if_one_wants() {
    let pace = Recorded::new(seconds(7));
    let transport =
        slow_script([(seconds(1), running()), (seconds(2), running()), (seconds(0), succeeded())]);
    poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(pace.clone())).await.unwrap();
    assert_eq!(transport.times(), [7, 15, 24].map(seconds));
    let moments = pace.moments();
    let [first, second] = [Moment::new(seconds(8), 1), Moment::new(seconds(17), 2)];
    let told = [first.with_round_trip(seconds(1)), second.with_round_trip(seconds(2))];
    assert_eq!(moments, [Moment::new(seconds(0), 0), told[0], told[1]]);
}

#[tokio::test(start_paused = true)]
async fn is_told_of_answered_polls_only() {
    let pace = Recorded::new(seconds(7));
    let transport = script([busy(), running(), busy(), running(), succeeded()]);
    poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(pace.clone())).await.unwrap();
    assert_eq!(pace.moments().iter().map(|moment| moment.polls).collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn is_told_once_when_the_operation_finished() {
    for end in [succeeded(), failed()] {
        let pace = Recorded::new(seconds(7));
        let transport = script([running(), running(), end]);
        let pacing = Pacing::custom(pace.clone());
        let mut wait = poll_until_done::<Value>(&transport, name()).pacing(pacing).not_before(seconds(10));
        let _ = wait.outcome().await;
        assert_eq!(pace.finishes(), [(seconds(17), Some(seconds(24)), 3)]);
        drop(wait);
        assert_eq!(pace.finishes().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn is_told_of_the_middle_between_each_call_and_its_reply() {
    let pace = Recorded::new(seconds(7));
    let transport = slow_script([(seconds(2), running()), (seconds(3), succeeded())]);
    poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(pace.clone())).await.unwrap();
    assert_eq!(transport.times(), [7, 16].map(seconds));
    assert_eq!(pace.finishes(), [(seconds(8), Some(Duration::from_millis(17_500)), 2)]);
}

#[tokio::test(start_paused = true)]
async fn is_told_once_when_the_wait_was_given_up() {
    let ends: [fn() -> Script; 4] = [
        || script([running(), refused(Code::PermissionDenied)]),
        || script([running(), Ok(lro::Operation::running("operations/2"))]),
        || script([running(), Err(Status::malformed("odd"))]),
        || script([running(), running(), running()]),
    ];
    for transport in ends {
        let pace = Recorded::new(seconds(7));
        let pacing = Pacing::custom(pace.clone());
        let wait = poll_until_done::<Value>(transport(), name()).pacing(pacing).deadline(seconds(20));
        wait.await.unwrap_err();
        let finishes = pace.finishes();
        assert_eq!(finishes.len(), 1);
        assert_eq!(finishes[0].1, None);
    }
}

#[tokio::test(start_paused = true)]
async fn is_told_once_when_the_wait_was_dropped() {
    let pace = Recorded::new(seconds(7));
    let transport = always(running());
    let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(pace.clone()));
    wait.next().await.unwrap().unwrap();
    wait.next().await.unwrap().unwrap();
    assert_eq!(pace.finishes(), []);
    drop(wait);
    assert_eq!(pace.finishes(), [(seconds(14), None, 2)]);

    // In the middle of a call.
    let pace = Recorded::new(seconds(0));
    let wait = poll_until_done::<Value>(never(), name()).pacing(Pacing::custom(pace.clone()));
    assert!(tokio::time::timeout(seconds(1), wait.into_future()).await.is_err());
    assert_eq!(pace.finishes(), [(seconds(0), None, 0)]);

    // One that never began has no schedule.
    let pace = Recorded::new(seconds(0));
    drop(poll_until_done::<Value>(never(), name()).pacing(Pacing::custom(pace.clone())));
    assert_eq!((pace.finishes(), pace.moments()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn may_give_up() {
    // SPEC 20
    let pace = Recorded { gives_up_after: 3, ..Recorded::new(seconds(1)) };
    let transport = always(running());
    let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::custom(pace.clone()));
    let status = wait.await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert!(status.may_be_running());
    assert_eq!((transport.count(), pace.finishes().len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn has_a_schedule_for_each_operation() {
    let pacing = Pacing::classic_exponential();
    for _ in 0..2 {
        let transport = running_for(3);
        poll_until_done::<Value>(&transport, name()).pacing(pacing.clone()).await.unwrap();
        assert_eq!(transport.times(), [0, 1, 3, 7].map(seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn is_no_pace_for_failed_calls() {
    // SPEC 33
    let pace = Recorded::new(seconds(100));
    let transport = script([running(), busy(), succeeded()]);
    let pacing = Pacing::custom(pace);
    let tolerance = Tolerance::default().delay(seconds(2), seconds(2));
    poll_until_done::<Value>(&transport, name()).pacing(pacing).tolerance(tolerance).await.unwrap();
    assert!(transport.pauses()[1] <= millis(2_001), "{:?}", transport.pauses());
}

#[test]
fn a_compact_schedule_without_state_saves_nothing() {
    for pacing in [Pacing::default(), Pacing::classic_exponential()] {
        let (schedule, moment) = (pacing.compact().unwrap(), Moment::new(seconds(40), 3));
        let mut state = CompactState::default();
        let delay = schedule.delay(&mut state, &moment);
        assert!(schedule.save(&mut state).is_empty());
        for saved in [&[][..], &[7; 40]] {
            assert_eq!(schedule.delay(&mut schedule.restore(saved), &moment), delay);
        }
        assert_eq!(pacing.resume(2).delay(&moment), delay);
    }
    let pacing = Pacing::custom(Recorded::new(seconds(7)));
    assert_eq!(pacing.resume(2).delay(&Moment::new(seconds(40), 3)), Some(seconds(7)));
}

#[cfg(feature = "backoff")]
mod of_the_crate_backoff {
    use backoff::{
        ExponentialBackoff, ExponentialBackoffBuilder, backoff::Constant, backoff::Stop, backoff::Zero,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn is_taken() {
        let pacing = Pacing::backoff(exponential);
        for _ in 0..2 {
            let transport = running_for(5);
            poll_until_done::<Value>(&transport, name()).pacing(pacing.clone()).await.unwrap();
            assert_eq!(transport.times(), [0, 1, 4, 13, 23, 33].map(seconds));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn is_begun_anew_for_each_operation() {
        let pacing = Pacing::backoff(|| {
            let mut used = exponential();
            backoff::backoff::Backoff::next_backoff(&mut used);
            used
        });
        let transport = running_for(2);
        poll_until_done::<Value>(&transport, name()).pacing(pacing).await.unwrap();
        assert_eq!(transport.times(), [0, 1, 4].map(seconds));
    }

    #[tokio::test(start_paused = true)]
    async fn may_be_any_of_them() {
        let transport = running_for(2);
        let pacing = Pacing::backoff(|| Constant::new(seconds(3)));
        poll_until_done::<Value>(&transport, name()).pacing(pacing).await.unwrap();
        assert_eq!(transport.times(), [0, 3, 6].map(seconds));
        let boxed = Pacing::backoff(|| Box::new(Zero {}));
        poll_until_done::<Value>(running_for(2), name()).pacing(boxed).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn may_give_up() {
        let transport = always(running());
        let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::backoff(|| Stop {}));
        assert_eq!(wait.await.unwrap_err().origin(), Origin::StoppedAsking);
        assert_eq!(transport.count(), 1);
    }

    #[test]
    fn goes_on_where_another_process_stopped() {
        let pacing = Pacing::backoff(exponential);
        assert!(pacing.compact().is_none());
        let delays = |mut schedule: Box<dyn Schedule>, polls: std::ops::Range<u32>| {
            let moments = polls.map(|polls| Moment::new(seconds(polls.into()), polls));
            moments.map(|moment| schedule.delay(&moment)).collect::<Vec<_>>()
        };
        let alone = delays(pacing.schedule(), 0..9);
        assert_eq!(alone[..4], [0, 1, 3, 9].map(|delay| Some(seconds(delay))));
        for polls in 0..8 {
            assert_eq!(delays(pacing.resume(polls), polls + 1..9), alone[polls as usize + 1..]);
        }
        // Of any number, as a damaged store may return.
        assert_eq!(delays(pacing.resume(u32::MAX), 9..10), [Some(seconds(10))]);
        let ended = Pacing::backoff(|| Stop {}).resume(7).delay(&Moment::new(seconds(1), 8));
        assert_eq!(ended, None);
    }

    fn exponential() -> ExponentialBackoff {
        ExponentialBackoffBuilder::new()
            .with_initial_interval(seconds(1))
            .with_multiplier(3.0)
            .with_randomization_factor(0.0)
            .with_max_interval(seconds(10))
            .with_max_elapsed_time(None)
            .build()
    }
}

/// So many replies that the operation is running, then success.
fn running_for(polls: usize) -> Script {
    script((0..polls).map(|_| running()).chain([succeeded()]))
}

/// Tokio's timers count in milliseconds and fire late rather than early.
fn in_millis(pause: Duration) -> u128 {
    pause.as_micros().div_ceil(1_000)
}

/// Always the same delay, and everything it is told written down.
#[derive(Clone, Debug)]
struct Recorded {
    delay: Duration,
    gives_up_after: u32,
    told: Arc<Mutex<(Vec<Moment>, Vec<Finish>)>>,
}

impl Recorded {
    fn new(delay: Duration) -> Self {
        Self { delay, gives_up_after: u32::MAX, told: Arc::default() }
    }

    fn moments(&self) -> Vec<Moment> {
        self.told.lock().unwrap().0.clone()
    }

    fn finishes(&self) -> Vec<(Duration, Option<Duration>, u32)> {
        self.told.lock().unwrap().1.iter().map(|finish| (finish.running, finish.done, finish.polls)).collect()
    }
}

impl PacingPolicy for Recorded {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(self.clone())
    }
}

impl Schedule for Recorded {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        self.told.lock().unwrap().0.push(*moment);
        (moment.polls < self.gives_up_after).then_some(self.delay)
    }

    fn finished(&mut self, finish: &Finish) {
        self.told.lock().unwrap().1.push(*finish);
    }
}
