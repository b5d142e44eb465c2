//! A fleet waits for many operations as `poll_until_done` does for one.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use lro::{
    Code, Origin, Status, Tolerance,
    pacing::{Finish, Moment, Pacing, PacingPolicy, Schedule},
    poll_until_done,
};
use lro_fleet::{Fleet, Rate};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::common::{Server, millis, secs};

#[tokio::test(start_paused = true)]
async fn every_watch_has_the_outcome_of_its_operation() {
    let server = Server::new(millis(20));
    let names = server.has_many(500, |number| millis(37 * number as u64));
    let fleet = Fleet::builder(server.clone()).start();
    let watches: Vec<_> = names.iter().map(|name| fleet.watch::<Value>(name.clone())).collect();
    for (watch, name) in join_all(watches).await.into_iter().zip(&names) {
        assert_eq!(watch.unwrap(), json!({"name": name.as_str()}));
    }
    assert!(server.most_in_flight() <= 64);
    assert_eq!(fleet.metrics().finished, 500);
    assert_eq!(fleet.metrics().pending, 0);
}

/// SPEC 34: the first poll at once, and the cadence of the pacing but for the tick.
#[tokio::test(start_paused = true)]
async fn one_operation_is_polled_as_by_a_wait_but_for_the_tick() {
    let waited = {
        let server = Server::new(millis(20));
        let name = server.has("operations/alone", secs(100));
        let _: Value = poll_until_done(&server, name).await.unwrap();
        server.calls_about("operations/alone")
    };
    let server = Server::new(millis(20));
    let name = server.has("operations/alone", secs(100));
    let fleet = Fleet::builder(server.clone()).start();
    let _: Value = fleet.watch(name).await.unwrap();
    let watched = server.calls_about("operations/alone");
    assert_eq!(watched[0], Duration::ZERO);
    assert!(watched.len() <= waited.len() && watched.len() + 3 >= waited.len(), "{watched:?} {waited:?}");
    for pair in watched.windows(2).skip(20) {
        let pace = pair[0].as_secs_f64() * 0.1;
        let gap = (pair[1] - pair[0]).as_secs_f64();
        assert!((pace..pace * 1.03 + 0.03).contains(&gap), "{pair:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_watched_twice_is_polled_once() {
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(30));
    let fleet = Fleet::builder(server.clone()).start();
    let watches: Vec<_> = (0..5).map(|_| fleet.watch::<Value>(name.clone())).collect();
    let outcomes = join_all(watches).await;
    assert!(outcomes.into_iter().all(|outcome| outcome == Ok(json!({"name": "operations/1"}))));
    let alone = Server::new(millis(20));
    alone.has("operations/1", secs(30));
    let _: Value = Fleet::builder(alone.clone()).start().watch(name).await.unwrap();
    assert!(server.calls().len() <= alone.calls().len() + 1);
    assert_eq!(fleet.metrics().shared, 4);
}

/// SPEC 37: dropping stops the polling and nothing else.
#[tokio::test(start_paused = true)]
async fn dropping_the_last_watch_stops_the_polling() {
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(1_000));
    let fleet = Fleet::builder(server.clone()).start();
    let first = fleet.watch::<Value>(name.clone());
    let second = fleet.watch::<Value>(name.clone());
    sleep(secs(10)).await;
    drop(first);
    let before = server.calls().len();
    sleep(secs(10)).await;
    assert!(server.calls().len() > before);
    drop(second);
    let before = server.calls().len();
    sleep(secs(100)).await;
    assert!(server.calls().len() <= before + 1);
    assert_eq!(fleet.metrics().pending, 0);
    let outcome: Value = fleet.watch(name).await.unwrap();
    assert_eq!(outcome["name"], "operations/1");
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_each_snapshot_and_then_its_outcome() {
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(20));
    let fleet = Fleet::builder(server.clone()).start();
    let mut watch = fleet.watch::<Value>(name);
    let snapshots: Vec<_> = watch.snapshots().map(Result::unwrap).collect().await;
    let polls: Vec<u32> = snapshots.iter().map(lro::Snapshot::polls).collect();
    assert_eq!(polls, (1..=server.calls().len() as u32).collect::<Vec<_>>());
    let (last, before) = snapshots.split_last().unwrap();
    assert!(last.is_done() && last.next_poll().is_none());
    assert!(before.iter().all(|snapshot| !snapshot.is_done() && snapshot.next_poll() > Some(Duration::ZERO)));
    // SPEC 9: the outcome can be asked for again, without a call.
    assert!(watch.next().await.is_none());
    assert_eq!(watch.outcome().await, Ok(json!({"name": "operations/1"})));
    assert_eq!(watch.await, Ok(json!({"name": "operations/1"})));
    assert_eq!(server.calls().len(), polls.len());
}

/// SPEC 35: the deadline holds, with a last poll; SPEC 21: what it ends with is enough to go on.
#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_watch_after_a_last_poll() {
    let server = Server::new(millis(20));
    let name = server.has("operations/slow", secs(1_000));
    let fleet = Fleet::builder(server.clone()).deadline(secs(60)).start();
    let began = Instant::now();
    let status = fleet.watch::<Value>(name).await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.may_be_running());
    let report = status.report().unwrap();
    assert_eq!(report.name.as_ref().unwrap().as_str(), "operations/slow");
    assert_eq!(report.polls as usize, server.calls().len());
    assert_eq!(server.calls().last().unwrap().0, secs(60));
    assert!(began.elapsed() < secs(61));
}

/// SPEC 35: not even a fleet that may not ask keeps a wait beyond its deadline for long.
#[tokio::test(start_paused = true)]
async fn the_deadline_holds_while_a_fleet_is_paused() {
    let server = Server::new(millis(20));
    let name = server.has("operations/slow", secs(1_000));
    let fleet = Fleet::builder(server.clone()).deadline(secs(60)).start();
    let watch = fleet.watch::<Value>(name);
    fleet.pause();
    let status = timeout(secs(63), watch).await.unwrap().unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(server.calls().len(), 0);
}

/// SPEC 27, 31
#[tokio::test(start_paused = true)]
async fn failed_calls_are_survived_within_the_budget() {
    let busy = Status::unavailable("busy");
    let server = Server::new(millis(20)).fails(secs(10), secs(12), busy.clone());
    let name = server.has("operations/1", secs(20));
    let fleet = Fleet::builder(server.clone()).start();
    assert!(fleet.watch::<Value>(name).await.is_ok());

    let server = Server::new(millis(20)).fails(secs(10), secs(1_000), busy);
    let name = server.has("operations/1", secs(20));
    let fleet = Fleet::builder(server.clone()).start();
    let status = fleet.watch::<Value>(name).await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Unavailable));
    assert!(status.to_string().contains("gave up after 6 failed calls in a row"), "{status}");

    let fleet = Fleet::builder(server).tolerance(Tolerance::default().not_found_for(secs(5))).start();
    let status = fleet.watch::<Value>("operations/none".parse().unwrap()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_rate_is_sent_in_any_second() {
    let server = Server::new(millis(30));
    let names = server.has_many(300, |number| millis(100 * number as u64));
    let fleet = Fleet::builder(server.clone()).rate(Rate::per_second(40)).start();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(server.most_within(secs(1)) <= 40, "{}", server.most_within(secs(1)));
    assert!(server.most_within(millis(100)) <= 4);
}

#[tokio::test(start_paused = true)]
async fn each_quota_key_has_a_rate_of_its_own() {
    let server = Server::new(millis(30));
    let ends = |number: usize| secs(2 + number as u64 % 3);
    let names = server.has_many(100, ends);
    let fleet = Fleet::builder(server.clone())
        .quota_key(|name| name.as_str().chars().last().into_iter().collect())
        .rate(Rate::per_second(2))
        .start();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(server.most_within(secs(1)) <= 20);
    let of_one_key = server.calls().into_iter().filter(|(_, name)| name.ends_with('7')).map(|(at, _)| at);
    let of_one_key: Vec<_> = of_one_key.collect();
    assert!(of_one_key.windows(2).all(|pair| pair[1] - pair[0] >= millis(500)));
}

#[tokio::test(start_paused = true)]
async fn a_paused_fleet_asks_nothing() {
    let server = Server::new(millis(20));
    let names = server.has_many(10, |_| secs(100));
    let fleet = Fleet::builder(server.clone()).start();
    let watches: Vec<_> = names.into_iter().map(|name| fleet.watch::<Value>(name)).collect();
    sleep(secs(10)).await;
    fleet.pause();
    sleep(secs(1)).await;
    let before = server.calls().len();
    sleep(secs(200)).await;
    assert_eq!(server.calls().len(), before);
    fleet.unpause();
    assert!(join_all(watches).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn completions_bring_each_registered_outcome_once() {
    let server = Server::new(millis(20));
    let names = server.has_many(2_000, |number| millis(number as u64));
    let fleet = Fleet::builder(server.clone()).most_completions(16).start();
    for name in &names {
        fleet.register(name.clone()).unwrap();
    }
    // Nobody takes any: the polling stops, nothing is lost.
    sleep(secs(100)).await;
    let stalled = server.calls().len();
    sleep(secs(100)).await;
    assert_eq!(server.calls().len(), stalled);
    assert!(fleet.metrics().finished <= 16, "{}", fleet.metrics());

    let mut seen: Vec<String> = fleet
        .completions()
        .take(2_000)
        .map(|completion| {
            let outcome: Value = completion.decode().unwrap();
            assert_eq!(outcome["name"], completion.name().as_str());
            completion.name().as_str().to_owned()
        })
        .collect()
        .await;
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 2_000);
    assert_eq!(fleet.metrics().pending, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_hands_back_what_is_pending() {
    let server = Server::new(millis(20));
    let names = server.has_many(20, |number| secs(10 * number as u64));
    let fleet = Fleet::builder(server.clone()).start();
    let watches: Vec<_> = names.iter().map(|name| fleet.watch::<Value>(name.clone())).collect();
    sleep(secs(95)).await;
    let handles = fleet.shutdown().await;
    let calls = server.calls().len();
    let outcomes = join_all(watches).await;
    let ended = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(ended + handles.len(), 20);
    let stopped: Vec<&Status> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(stopped.iter().all(|status| status.origin() == Origin::StoppedAsking));
    sleep(secs(100)).await;
    assert_eq!(server.calls().len(), calls);

    let late = fleet.watch::<Value>(names[0].clone()).await.unwrap_err();
    assert_eq!(late.origin(), Origin::StoppedAsking);
    let next = Fleet::builder(server.clone()).start();
    for handle in handles {
        let name = handle.name_for(&lro::Service::new("jobs.example.com", "v1")).unwrap();
        assert!(next.watch::<Value>(name.clone()).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_handle() {
    let server = Server::new(millis(20));
    let name = server.has("operations/1", secs(1_000));
    let fleet = Fleet::builder(server.clone()).start();
    let other = fleet.clone();
    let watch = fleet.watch::<Value>(name);
    drop(fleet);
    drop(other);
    sleep(secs(10)).await;
    assert!(server.calls().len() > 5, "a watch is a handle too");
    drop(watch);
    sleep(secs(1)).await;
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_list_stands_in_for_many_gets() {
    let server = Server::new(millis(20)).lists(100);
    let names = server.has_many(400, |number| secs(30 + number as u64 % 7));
    let fleet = Fleet::builder(server.clone()).pacing(Pacing::fixed(secs(5))).start();
    let outcomes = join_all(names.iter().map(|name| fleet.watch::<Value>(name.clone()))).await;
    for (outcome, name) in outcomes.into_iter().zip(&names) {
        assert_eq!(outcome.unwrap()["name"], name.as_str());
    }
    let calls = server.calls().len() + server.list_calls().len();
    assert!(calls < 400, "{} gets, {} lists", server.calls().len(), server.list_calls().len());
    let metrics = fleet.metrics();
    assert!(metrics.sweeps > 0 && metrics.swept > 400, "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn what_a_list_does_not_tell_of_is_got() {
    let server = Server::new(millis(20)).lists(100);
    let hidden = Server::new(millis(20));
    let names: Vec<_> = (0..50).map(|number| hidden.has(&format!("operations/{number}"), secs(10))).collect();
    let transport = Hidden { lists: server.clone(), gets: hidden.clone() };
    let fleet = Fleet::builder(transport).start();
    let outcomes = join_all(names.iter().map(|name| fleet.watch::<Value>(name.clone()))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(server.list_calls().len() <= 3, "{:?}", server.list_calls());
}

/// A service whose list shows other operations than those that can be got.
#[derive(Debug)]
struct Hidden {
    lists: Server,
    gets: Server,
}

#[lro::async_trait]
impl lro::LroTransport for Hidden {
    async fn get_operation(&self, name: &lro::OperationName) -> Result<lro::Operation, Status> {
        self.gets.get_operation(name).await
    }

    async fn list_operations(
        &self,
        request: &lro::ListOperationsRequest,
    ) -> Result<lro::OperationPage, Status> {
        self.lists.list_operations(request).await
    }

    fn capabilities(&self) -> lro::Capabilities {
        self.lists.capabilities()
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_fails_the_call_and_not_the_fleet() {
    let server = Server::new(millis(20));
    let name = server.has("operations/good", secs(10));
    let transport = lro::transport_fn(move |name: lro::OperationName| {
        let server = server.clone();
        async move {
            assert!(name.as_str() != "operations/bad", "a bug in a transport");
            lro::LroTransport::get_operation(&server, &name).await
        }
    });
    let fleet = Fleet::builder(transport).start();
    let (good, bad) =
        tokio::join!(fleet.watch::<Value>(name), fleet.watch::<Value>("operations/bad".parse().unwrap()));
    assert!(good.is_ok());
    assert_eq!(bad.unwrap_err().code(), Code::Internal);
}

/// SPEC 61
#[tokio::test(start_paused = true)]
async fn a_pacing_or_a_predicate_that_panics_ends_its_operation_and_not_the_fleet() {
    #[derive(Debug)]
    struct Once(AtomicU32);
    impl PacingPolicy for Once {
        fn schedule(&self) -> Box<dyn Schedule> {
            match self.0.fetch_add(1, Ordering::Relaxed) + 1 {
                2 => panic!("no second schedule"),
                number => Box::new(Odd(number)),
            }
        }
    }
    #[derive(Debug)]
    struct Odd(u32);
    impl Schedule for Odd {
        fn delay(&mut self, moment: &Moment) -> Option<Duration> {
            assert!(self.0 != 1 || moment.polls < 2, "the first has had enough");
            Some(secs(1))
        }
        fn finished(&mut self, _: &Finish) {
            panic!("no end");
        }
    }
    let server = Server::new(millis(20));
    let names = [1, 2, 3].map(|number| server.has(&format!("operations/{number}"), secs(10)));
    let fleet = Fleet::builder(server).pacing(Pacing::custom(Once(AtomicU32::new(0)))).start();
    let [first, second, third] = names.map(|name| fleet.watch::<Value>(name));
    let (first, second, third) = tokio::join!(first, second, third);
    assert_eq!(first.unwrap_err().message(), "stopped asking: the pacing panicked: the first has had enough");
    assert_eq!(second.unwrap_err().message(), "stopped asking: the pacing panicked: no second schedule");
    assert!(third.is_ok());

    let server = Server::new(millis(20)).fails(secs(2), secs(3), Status::new(Code::Aborted, "odd"));
    let name = server.has("operations/1", secs(10));
    let tolerance = Tolerance::default().survive_if(|_| panic!("no idea"));
    let fleet = Fleet::builder(server).tolerance(tolerance).start();
    let status = fleet.watch::<Value>(name).await.unwrap_err();
    assert_eq!(status.message(), "stopped asking: the predicate of the tolerance panicked: no idea");
}

#[tokio::test(start_paused = true)]
async fn what_is_pending_is_told() {
    let server = Server::new(millis(20)).fails(secs(20), secs(25), Status::unavailable("busy"));
    let name = server.has("operations/1", secs(1_000));
    let fleet = Fleet::builder(server.clone()).start();
    let _watch = fleet.watch::<Value>(name);
    sleep(secs(23)).await;
    let pending = fleet.pending();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].age, secs(23));
    // A poll that is being made counts when it is answered.
    assert_eq!(pending[0].polls as usize + fleet.metrics().in_flight, server.calls().len());
    assert!(pending[0].to_string().contains("last failure: UNAVAILABLE: busy"), "{}", pending[0]);
}

/// SPEC 31: services answer 404 for a while after starting.
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_not_found_at_first_is_asked_about_again() {
    let missing = Status::new(Code::NotFound, "not yet");
    let done = Ok(json!({"name": "operations/1"}));
    let server = Server::new(millis(20)).fails(secs(0), secs(25), missing.clone());
    server.has("operations/1", secs(40));
    let fleet = Fleet::builder(server).start();
    assert_eq!(fleet.started::<Value>(lro::Operation::running("operations/1")).unwrap().await, done);

    let server = Server::new(millis(20)).fails(secs(0), secs(4), missing.clone());
    let name = server.has("operations/1", secs(20));
    let fleet = Fleet::builder(server).start();
    assert_eq!(fleet.watch::<Value>(name).await, done);

    let server = Server::new(millis(20)).fails(secs(10), secs(15), missing);
    let name = server.has("operations/1", secs(20));
    let fleet = Fleet::builder(server).start();
    let status = fleet.watch::<Value>(name).await.unwrap_err();
    assert!(status.to_string().contains("the operation has expired or was deleted"), "{status}");
}

/// SPEC 35: the last call has its grace however long it had to wait in line.
#[tokio::test(start_paused = true)]
async fn the_last_call_of_a_deadline_has_its_grace() {
    let server = Server::new(millis(700));
    let names = server.has_many(3, |_| secs(10));
    // One call at a time: the third operation is asked about 1.4 s after its deadline.
    let fleet =
        Fleet::builder(server).max_in_flight(1).pacing(Pacing::fixed(secs(60))).deadline(secs(10)).start();
    let outcomes = join_all(names.into_iter().map(|name| fleet.watch::<Value>(name))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

/// SPEC 35: also of an operation that joins a quota key whose server wants to be left alone.
#[tokio::test(start_paused = true)]
async fn the_deadline_holds_while_a_server_throttles() {
    let throttled = Status::new(Code::ResourceExhausted, "too many").with_retry_after(secs(300));
    let server = Server::new(millis(20)).fails(secs(0), secs(100), throttled);
    let names = server.has_many(2, |_| secs(1));
    let fleet = Fleet::builder(server).deadline(secs(10)).start();
    let first = timeout(secs(15), fleet.watch::<Value>(names[0].clone())).await.unwrap();
    let second =
        timeout(secs(15), fleet.watch::<Value>(names[1].clone())).await.expect("it ends by its deadline");
    assert_eq!(first.unwrap_err().origin(), Origin::StoppedAsking);
    assert_eq!(second.unwrap_err().origin(), Origin::StoppedAsking);
}
