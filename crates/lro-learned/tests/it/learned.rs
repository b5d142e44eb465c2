//! The pacing that learns, with the real poller on a paused clock.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::time::Duration;

use lro::{
    Any, LroTransport, Operation, OperationName, Pacing, Status, async_trait,
    pacing::{Finish, Moment},
    poll_until_done,
};
use lro_learned::{History, Learned};
use proptest::prelude::*;
use serde_json::Value;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn begins_with_the_classic_backoff_tick_for_tick() {
    for seconds in [0.5, 10.0, 500.0] {
        let cold = run(&Learned::new().pacing("cold"), seconds, ROUND_TRIP).await;
        let times = classic(seconds, ROUND_TRIP);
        assert_eq!(cold.times.len(), times.len());
        for (time, expected) in cold.times.iter().zip(times) {
            // The granularity of the timer adds up.
            assert!((-1e-6..0.02).contains(&(time - expected)), "{time} of {expected}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn polls_where_the_end_is_likely() {
    let learned = Learned::new();
    let pacing = learned.pacing("report");
    let (mut polls, mut delay, mut classic_polls, mut classic_delay) = (0, 0.0, 0, 0.0);
    for k in 0..40 {
        // 60 s, give or take a tenth.
        let seconds = 60.0 + 6.0 * f64::from(k * 7 % 11 - 5) / 5.0;
        let run = run(&pacing, seconds, ROUND_TRIP).await;
        if k >= 10 {
            let classic = classic(seconds, ROUND_TRIP);
            polls += run.times.len();
            delay += run.noticed - seconds;
            classic_polls += classic.len();
            classic_delay += classic.last().unwrap() + ROUND_TRIP - seconds;
        }
    }
    assert!(polls <= classic_polls, "{polls} polls, {classic_polls} by the classic backoff");
    assert!(delay < 0.3 * classic_delay, "{delay} s late, {classic_delay} by the classic backoff");
}

#[tokio::test(start_paused = true)]
async fn spends_on_work_of_hours_what_the_classic_backoff_does() {
    let pacing = Learned::new().pacing("report");
    let (mut polls, mut delay, mut classic_polls, mut classic_delay) = (0, 0.0, 0, 0.0);
    for k in 0..60 {
        // From 2 to 8 hours, in no order.
        let seconds = 7200.0 * 4_f64.powf(f64::from(k * 7 % 31) / 30.0);
        let run = run(&pacing, seconds, ROUND_TRIP).await;
        if k >= 30 {
            let classic = classic(seconds, ROUND_TRIP);
            polls += run.times.len();
            delay += run.noticed - seconds;
            classic_polls += classic.len();
            classic_delay += classic.last().unwrap() + ROUND_TRIP - seconds;
        }
    }
    let (polls, delay) = (polls as f64 / classic_polls as f64, delay / classic_delay);
    assert!((0.95..=1.0).contains(&polls) && delay < 0.8, "{polls}x the polls, {delay}x the delay");
}

#[tokio::test(start_paused = true)]
async fn forgets_after_three_surprises() {
    let late = classic(40.0, ROUND_TRIP).last().unwrap() - 40.0;
    for restarts in [false, true] {
        let mut learned = Learned::new();
        let mut after = 0.0;
        for seconds in [[300.0; 20].as_slice(), &[40.0; 4]].concat() {
            after = run(&learned.pacing("report"), seconds, ROUND_TRIP).await.noticed - seconds;
            if restarts {
                // As a program does that waits for one operation.
                let saved = serde_json::to_string(&learned.history()).unwrap();
                learned = Learned::new();
                learned.remember(&serde_json::from_str(&saved).unwrap());
            }
        }
        assert!(after <= 0.35 * late, "{after} s late, {late} by the classic backoff; {restarts}");
    }
}

#[tokio::test(start_paused = true)]
async fn knows_from_an_expectation_or_a_saved_history() {
    let expected = Learned::new();
    expected.expect("report", Duration::from_secs(80));
    let saved = serde_json::to_string(&expected.history()).unwrap();
    let restored = Learned::new();
    restored.remember(&serde_json::from_str(&saved).unwrap());
    assert_eq!(restored.history(), expected.history());

    let [one, other] = [&expected, &restored].map(|learned| learned.pacing("report"));
    let (one, other) = (run(&one, 80.0, ROUND_TRIP).await, run(&other, 80.0, ROUND_TRIP).await);
    assert_eq!(one.times, other.times);
    let cold = run(&Learned::new().pacing("report"), 80.0, ROUND_TRIP).await;
    assert!(one.noticed < cold.noticed, "{} s, {} without", one.noticed, cold.noticed);
    // Another kind knows nothing of it.
    let stranger = run(&expected.pacing("other"), 80.0, ROUND_TRIP).await;
    assert_eq!(stranger.times, cold.times);
}

#[test]
fn leaves_no_hole_where_operations_took_equally_long() {
    for (usual, rare, rarely) in [(30, 3000, 4), (30, 900, 3), (60, 40_000, 2)] {
        let learned = Learned::new();
        (0..20).for_each(|_| learned.expect("jobs", Duration::from_secs(usual)));
        (0..rarely).for_each(|_| learned.expect("jobs", Duration::from_secs(rare)));
        let mut schedule = learned.pacing("jobs").schedule();
        let mut now = 0.0;
        for polls in 0..2000 {
            let moment = Moment::new(Duration::from_secs_f64(now), polls);
            let delay = schedule.delay(&moment).unwrap().as_secs_f64();
            assert!(delay < 100.0 + now / 20.0, "no poll for {delay} s after {now} s");
            now += delay;
        }
        assert!(now > 2.0 * rare as f64);
    }
}

#[test]
fn plans_running_waits_again_when_a_history_is_loaded() {
    let (learned, slow) = (Learned::new(), Learned::new());
    learned.expect("report", Duration::from_secs(100));
    slow.expect("report", Duration::from_secs(5000));
    let mut running = learned.pacing("report").schedule();
    running.delay(&Moment::new(Duration::ZERO, 0)).unwrap();

    learned.remember(&slow.history());
    // As many operations as it knew when the wait began.
    for learned in [&learned, &slow] {
        learned.expect("report", Duration::from_secs(5000));
    }
    let moment = Moment::new(Duration::from_secs(400), 1);
    let fresh = slow.pacing("report").schedule().delay(&moment).unwrap();
    let delay = running.delay(&moment).unwrap();
    assert!(delay.abs_diff(fresh) < Duration::from_secs(1), "{delay:?}, {fresh:?} by what is known now");
}

#[tokio::test(start_paused = true)]
async fn keeps_the_ledger_of_running_waits_when_a_history_is_loaded() {
    for remembers in [false, true] {
        let learned = Learned::new();
        learned.expect("report", Duration::from_secs(300));
        let before = tokens(&learned);
        let server = Server::new(400.0, ROUND_TRIP);
        let mut wait = poll_until_done::<Value>(&server, name()).pacing(learned.pacing("report"));
        let _ = wait.next().await;
        if remembers {
            learned.remember(&learned.history());
            assert_eq!(tokens(&learned), before, "the wait has not ended");
        }
        wait.await.unwrap();
        let own = server.calls.into_inner().unwrap().len();
        let saved = classic(400.0, ROUND_TRIP).len() as f64 - own as f64;
        assert_eq!(tokens(&learned), before + saved, "{remembers}");
        assert_ne!(saved, 0.0, "it would show nothing");
    }
}

/// What the ledger of the kind `report` has left.
fn tokens(learned: &Learned) -> f64 {
    serde_json::to_value(learned.history()).unwrap()["kinds"]["report"]["tokens"].as_f64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn survives_a_saved_history_of_nonsense() {
    for nonsense in [
        r#"{"kinds": {"report": {"intervals": [[1e30, -1e30], [0, null]], "tokens": -5, "surprises": 1000}}}"#,
        r#"{"kinds": {"report": {}}}"#,
        r#"{}"#,
    ] {
        let learned = Learned::new();
        let history: History = serde_json::from_str(nonsense).unwrap();
        learned.remember(&history);
        assert!(run(&learned.pacing("report"), 10.0, ROUND_TRIP).await.times.len() < 50);
    }
}

#[tokio::test(start_paused = true)]
async fn learns_from_a_wait_that_was_given_up_that_it_takes_longer() {
    let learned = Learned::new();
    for _ in 0..5 {
        let server = Server::new(1e9, ROUND_TRIP);
        let wait = poll_until_done::<Value>(&server, name()).pacing(learned.pacing("report"));
        assert!(wait.deadline(Duration::from_secs(100)).await.is_err());
    }
    let after = run(&learned.pacing("report"), 150.0, ROUND_TRIP).await;
    let early = after.times.iter().filter(|time| **time < 50.0).count();
    assert!(early < classic(50.0, ROUND_TRIP).len(), "{:?}", after.times);
}

#[tokio::test(start_paused = true)]
async fn remembers_the_kinds_that_were_used_last() {
    let learned = Learned::new().most_kinds(2);
    for kind in ["a", "b", "c"] {
        learned.expect(kind, Duration::from_secs(9));
    }
    assert_eq!(kinds(&learned), ["b", "c"]);
}

fn kinds(learned: &Learned) -> Vec<String> {
    let saved = serde_json::to_value(learned.history()).unwrap();
    saved["kinds"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn keeps_the_kinds_in_use() {
    let learned = Learned::new().most_kinds(2);
    let mut schedule = learned.pacing("a wait").schedule();
    let (compact, mut state) = (learned.pacing("a fleet").compact().unwrap(), [0; 16]);
    let expect = |kind| learned.expect(kind, Duration::from_secs(9));
    ["a wait", "a fleet", "x", "y", "z"].into_iter().for_each(expect);
    assert_eq!(kinds(&learned), ["a fleet", "a wait", "z"]);

    // They learn for the waits to come.
    let finish = Finish::new(Duration::from_secs(4_000), Some(Duration::from_secs(4_001)), 1);
    schedule.finished(&finish);
    compact.finished(&mut state, &finish);
    for kind in ["a wait", "a fleet"] {
        let saved = serde_json::to_value(learned.history()).unwrap();
        assert_eq!(saved["kinds"][kind]["intervals"].as_array().unwrap().len(), 2, "{kind}");
    }

    drop((schedule, compact));
    ["v", "w"].into_iter().for_each(expect);
    assert_eq!(kinds(&learned), ["v", "w"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The ledger.
    #[test]
    fn is_never_more_than_16_polls_ahead(
        durations in prop::collection::vec(prop_oneof![3 => -2.0..8.0_f64, 1 => 8.0..11.0_f64].prop_map(f64::exp), 1..60),
        round_trip in 0.001..0.5_f64,
        share in prop_oneof![Just(1.0), 0.3..3.0_f64],
        jitter in prop_oneof![Just(0.0), 0.0..0.5_f64],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let pacing = Learned::new().budget(share).jitter(jitter).pacing("any");
            let (mut own, mut classic_polls) = (0, 0);
            for seconds in durations {
                own += run(&pacing, seconds, round_trip).await.times.len();
                classic_polls += classic(seconds, round_trip).len();
                let most = share.max(1.0) * classic_polls as f64 + 16.0;
                assert!(own as f64 <= most + 0.01, "{own} polls, {classic_polls} by the classic backoff");
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn polls_more_often_with_a_larger_budget() {
    let cost = async |budget| {
        let pacing = Learned::new().budget(budget).pacing("report");
        let (mut polls, mut delay) = (0, 0.0);
        for k in 0..60 {
            // From 30 to 120 s, in no order.
            let seconds = 30.0 * 4_f64.powf(f64::from(k * 7 % 31) / 30.0);
            let run = run(&pacing, seconds, ROUND_TRIP).await;
            if k >= 30 {
                polls += run.times.len();
                delay += run.noticed - seconds;
            }
        }
        (polls as f64, delay)
    };
    let (once, thrice) = (cost(1.0).await, cost(3.0).await);
    assert!((2.5..=3.3).contains(&(thrice.0 / once.0)), "{thrice:?} instead of {once:?}");
    assert!(thrice.1 < 0.5 * once.1, "{thrice:?} instead of {once:?}");
}

#[test]
fn is_set_without_a_change_to_its_clones() {
    let learned = Learned::new();
    learned.expect("jobs", Duration::from_secs(9));
    let known = learned.history();
    for other in [
        learned.clone().budget(0.5),
        learned.clone().price(Duration::from_secs(1)),
        learned.clone().most_kinds(7),
        learned.clone().jitter(0.05),
        learned.clone().seed(7),
    ] {
        assert_eq!(other.history(), known);
        other.expect("jobs", Duration::from_secs(8));
        assert_eq!(learned.history(), known);
    }
    let clone = learned.clone();
    clone.expect("jobs", Duration::from_secs(8));
    assert_eq!(learned.history(), clone.history());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// The ledger is one for all waits of a kind that run at the same time.
    #[test]
    fn is_never_more_than_16_polls_ahead_together(
        warm in prop::collection::vec((0.0..10.0_f64).prop_map(f64::exp), 0..8),
        durations in prop::collection::vec((0.0..10.0_f64).prop_map(f64::exp), 1..40),
        share in prop_oneof![Just(1.0), 1.0..4.0_f64],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let pacing = Learned::new().budget(share).pacing("any");
            let (mut own, mut classic_polls) = (0, 0);
            for seconds in warm {
                own += run(&pacing, seconds, ROUND_TRIP).await.times.len();
                classic_polls += classic(seconds, ROUND_TRIP).len();
            }
            let runs = durations.iter().map(|seconds| run(&pacing, *seconds, ROUND_TRIP));
            own += futures::future::join_all(runs).await.iter().map(|run| run.times.len()).sum::<usize>();
            classic_polls += durations.iter().map(|seconds| classic(*seconds, ROUND_TRIP).len()).sum::<usize>();
            let most = share * classic_polls as f64 + 16.0;
            assert!(own as f64 <= most + 0.01, "{own} polls, {classic_polls} by the classic backoff");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn spends_no_poll_of_the_classic_backoff_that_another_wait_may_not_make() {
    let learned = Learned::new();
    for k in 0..63 {
        // 8 s or hours: an operation that is not done after a few polls is not polled for long.
        let seconds = if k % 3 == 0 { 8000.0 } else { 8.0 + 0.16 * f64::from(k % 5) };
        learned.expect("jobs", Duration::from_secs_f64(seconds));
    }
    let pacing = learned.pacing("jobs");
    let runs = (0..100).map(async |number| {
        sleep(Duration::from_millis(300 * number)).await;
        run(&pacing, 9.0, ROUND_TRIP).await.times.len()
    });
    let own: usize = futures::future::join_all(runs).await.into_iter().sum();
    let classic_polls = 100 * classic(9.0, ROUND_TRIP).len();
    assert!(own <= classic_polls + 16, "{own} polls, {classic_polls} by the classic backoff");
}

#[tokio::test(start_paused = true)]
async fn is_the_pacing_of_a_transport_unless_the_wait_has_another() {
    let learned = Learned::new();
    let server = || Learning(Server::new(80.0, ROUND_TRIP), learned.clone());
    let other = server();
    poll_until_done::<Value>(&other, name()).pacing(Pacing::fixed(Duration::from_secs(10))).await.unwrap();
    assert_eq!(serde_json::to_value(learned.history()).unwrap()["kinds"], serde_json::json!({}));

    let one = server();
    poll_until_done::<Value>(&one, name()).await.unwrap();
    let other = server();
    poll_until_done::<Value>(&other, name()).kind("jobs.example.com/Print").await.unwrap();
    for server in [one, other] {
        let calls = server.0.calls.into_inner().unwrap();
        assert_eq!(calls.len(), classic(80.0, ROUND_TRIP).len(), "both are cold");
    }
    assert_eq!(kinds(&learned), ["jobs.example.com", "jobs.example.com/Print"]);

    let warm = server();
    poll_until_done::<Value>(&warm, name()).await.unwrap();
    assert!(warm.0.began.elapsed() < Duration::from_secs(120), "the classic backoff polls after 123 s");
}

#[test]
fn polls_operations_that_start_together_at_different_times_with_a_jitter() {
    let first_polls = |learned: Learned| {
        for taken in 0..20 {
            learned.expect("report", Duration::from_secs(90 + taken));
        }
        let pacing = learned.pacing("report");
        let first = || pacing.schedule().delay(&Moment::new(Duration::ZERO, 0)).unwrap().as_secs_f64();
        [0; 50].map(|_| first())
    };
    let planned = first_polls(Learned::new().price(Duration::from_secs(2)));
    assert!(planned.iter().all(|first| *first == planned[0]), "{planned:?}");
    let jittered = |seed| Learned::new().price(Duration::from_secs(2)).jitter(0.05).seed(seed);
    let one = first_polls(jittered(1));
    let shares = one.map(|first| first / planned[0] - 1.0);
    assert!(shares.iter().all(|share| share.abs() <= 0.05), "{shares:?}");
    let (sooner, later) =
        (shares.iter().any(|share| *share < -0.03), shares.iter().any(|share| *share > 0.03));
    assert!(sooner && later, "{shares:?}");
    assert_eq!(one, first_polls(jittered(1)));
    assert_ne!(one, first_polls(jittered(2)));
    // What is no share is none, or the most that there is.
    let odd = |share| first_polls(Learned::new().price(Duration::from_secs(2)).jitter(share).seed(1));
    assert_eq!([odd(f64::NAN), odd(-1.0)], [planned; 2]);
    assert_eq!(odd(f64::INFINITY), odd(0.5));
}

#[tokio::test(start_paused = true)]
async fn costs_next_to_nothing_with_a_jitter_of_a_twentieth() {
    let late = async |learned: Learned| {
        let pacing = learned.seed(1).pacing("report");
        let (mut polls, mut late) = (0, 0.0);
        for k in 0..200 {
            let seconds = 60.0 + 12.0 * f64::from(k * 7 % 11 - 5) / 5.0;
            let run = run(&pacing, seconds, ROUND_TRIP).await;
            polls += run.times.len();
            late += run.noticed - seconds;
        }
        (polls, late)
    };
    let (without, with) = (late(Learned::new()).await, late(Learned::new().jitter(0.05)).await);
    assert!(with.0 <= without.0 * 21 / 20 && with.1 < 1.1 * without.1, "{with:?}, {without:?} without");
}

/// A transport that owns a history.
#[derive(Debug)]
struct Learning(Server, Learned);

#[async_trait]
impl LroTransport for Learning {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    fn service(&self) -> lro::Service {
        lro::Service::new("jobs.example.com", "v1")
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        Some(self.1.pacing(kind))
    }
}

#[tokio::test(start_paused = true)]
async fn polls_by_the_progress_once_an_operation_that_reported_it_is_done() {
    let cost = async |reports: bool| {
        let learned = Learned::new();
        let (mut polls, mut delay) = (0, 0.0);
        for k in 0..30 {
            // From 20 s to 600 s, in no order.
            let seconds = 20.0 * 30_f64.powf(f64::from(k * 11 % 30) / 29.0);
            let run = with_progress(&learned.pacing("jobs"), seconds, reports).await;
            if k >= 10 {
                polls += run.times.len();
                delay += run.noticed - seconds;
            }
        }
        (polls, delay)
    };
    let (with, without) = (cost(true).await, cost(false).await);
    assert!(
        with.0 <= without.0 * 7 / 10 && with.1 < 0.35 * without.1,
        "{with:?}, {without:?} without progress"
    );

    // Before, the progress is not trusted.
    let (with, without) = (Learned::new(), Learned::new());
    for learned in [&with, &without] {
        learned.expect("jobs", Duration::from_secs(100));
    }
    let with = with_progress(&with.pacing("jobs"), 300.0, true).await;
    let without = with_progress(&without.pacing("jobs"), 300.0, false).await;
    assert_eq!(with.times, without.times);
}

/// One operation whose metadata reports how much is done, up to 3 % wrong, for a wait that reads it or not.
async fn with_progress(pacing: &Pacing, seconds: f64, is_read: bool) -> Run {
    #[derive(serde::Deserialize)]
    struct Metadata {
        share: f64,
    }

    let server = Server::new(seconds, ROUND_TRIP);
    poll_until_done::<Value>(&server, name())
        .with_metadata::<Metadata>()
        .pace_by_progress(move |metadata| Some(metadata.share).filter(|_| is_read))
        .pacing(pacing.clone())
        .await
        .unwrap();
    Run { noticed: server.began.elapsed().as_secs_f64(), times: server.calls.into_inner().unwrap() }
}

/// One operation, waited for.
struct Run {
    times: Vec<f64>,
    noticed: f64,
}

async fn run(pacing: &Pacing, seconds: f64, round_trip: f64) -> Run {
    let server = Server::new(seconds, round_trip);
    poll_until_done::<Value>(&server, name()).pacing(pacing.clone()).await.unwrap();
    let noticed = server.began.elapsed().as_secs_f64();
    let times = server.calls.into_inner().unwrap();
    Run { times, noticed }
}

/// When the classic backoff polls, computed without the crate.
fn classic(seconds: f64, round_trip: f64) -> Vec<f64> {
    let (mut times, mut now, mut pause) = (Vec::new(), 0.0, 1.0_f64);
    loop {
        now += pause;
        times.push(now);
        if now + round_trip / 2.0 >= seconds {
            return times;
        }
        now += round_trip;
        pause = (2.0 * pause).min(60.0);
    }
}

#[derive(Debug)]
struct Server {
    done_at: f64,
    round_trip: f64,
    began: Instant,
    calls: std::sync::Mutex<Vec<f64>>,
}

impl Server {
    fn new(done_at: f64, round_trip: f64) -> Self {
        Self { done_at, round_trip, began: Instant::now(), calls: Default::default() }
    }
}

#[async_trait]
impl LroTransport for Server {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.calls.lock().unwrap().push(self.began.elapsed().as_secs_f64());
        let half = Duration::from_secs_f64(self.round_trip / 2.0);
        sleep(half).await;
        let is_done = self.began.elapsed().as_secs_f64() >= self.done_at;
        sleep(half).await;
        Ok(match is_done {
            true => Operation::succeeded(name.as_str(), Any::from_json("{}")?)?,
            false => {
                let elapsed = self.began.elapsed().as_secs_f64();
                let share = elapsed / self.done_at * (1.0 + 0.03 * elapsed.sin());
                let metadata = Any::from_json(format!(r#"{{"share": {share}}}"#))?;
                Operation::running(name.as_str()).with_metadata(metadata)
            }
        })
    }
}

fn name() -> OperationName {
    OperationName::parse("operations/1").unwrap()
}

const ROUND_TRIP: f64 = 0.06;

#[test]
fn the_time_left_is_known_after_the_first_operation_and_shrinks_with_the_age() {
    let learned = Learned::new();
    assert_eq!(learned.time_left("report", Duration::ZERO), None);
    for _ in 0..20 {
        learned.expect("report", Duration::from_secs(90));
    }
    let left = |seconds| learned.time_left("report", Duration::from_secs(seconds)).unwrap().as_secs_f64();
    assert!((80.0..100.0).contains(&left(0)), "{}", left(0));
    assert!((20.0..40.0).contains(&left(60)), "{}", left(60));
    for age in [0, 1, 80, 90, 100, 1_000, u64::MAX] {
        assert!((0.0..1e9).contains(&left(age)), "{age}: {}", left(age));
    }
}
