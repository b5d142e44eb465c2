//! Under a rate far below the demand each operation is asked about within a bounded time, whatever its rank.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use lro::OperationName;
use lro_fleet::{Fleet, Rate};
use lro_learned::Learned;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::common::{Server, millis, secs};

/// A hundred operations that never end, of a kind that takes a minute and of one that takes an hour, and one call a
/// second: those of the first kind that should be done long ago are worth nothing by now, or all there is.
#[tokio::test(start_paused = true)]
async fn each_of_a_long_line_is_asked_about_in_turn() {
    let learned = Learned::new().seed(1);
    for _ in 0..20 {
        learned.expect("minute", secs(60));
        learned.expect("hour", secs(3_600));
    }
    let server = Server::new(millis(20));
    let fleet =
        Fleet::builder(server.clone()).seed(1).pacing(learned).kind(kind).rate(Rate::per_second(1)).start();
    let names: Vec<OperationName> = (0..100).map(name).map(|name| server.has(&name, Duration::MAX)).collect();
    let _watches: Vec<_> = names.iter().map(|name| fleet.watch::<Value>(name.clone())).collect();
    sleep(secs(20_000)).await;
    assert!(fleet.metrics().due > 30, "{}", fleet.metrics());
    let (mut last, mut longest) = (HashMap::new(), Duration::ZERO);
    for (at, name) in server.calls() {
        let before = last.insert(name, at).unwrap_or_default();
        longest = longest.max(at - before);
    }
    assert_eq!(last.len(), 100, "all are asked about");
    let longest = last.values().map(|at| secs(20_000) - *at).fold(longest, Duration::max);
    // The line, a call a second; and its own pace, for an hour's work, of some minutes at most.
    assert!(longest <= secs(16 * 100 + 600), "one was not asked about for {longest:?}");
}

/// Newcomers who are worth more keep coming.
#[tokio::test(start_paused = true)]
async fn those_who_come_later_do_not_push_back_those_who_were_there() {
    let learned = Learned::new().seed(1);
    for _ in 0..20 {
        learned.expect("minute", secs(5));
        learned.expect("hour", secs(3_600));
    }
    let server = Server::new(millis(20));
    let fleet =
        Fleet::builder(server.clone()).seed(1).pacing(learned).kind(kind).rate(Rate::per_second(2)).start();
    let slow = join_all((0..20).map(|number| {
        let name = server.has(&format!("hour/operations/slow{number}"), secs(300));
        fleet.watch::<Value>(name)
    }));
    let newcomers = async {
        let mut watches = FuturesUnordered::new();
        for number in 0.. {
            let now = server.now();
            let name = server.has(&format!("minute/operations/{number}"), now + secs(5));
            watches.push(fleet.watch::<Value>(name));
            // More than can be asked about, and each is worth more than one that takes an hour.
            sleep(millis(400)).await;
            while let Some(Some(outcome)) = futures::FutureExt::now_or_never(watches.next()) {
                assert!(outcome.is_ok());
            }
        }
    };
    tokio::select! {
        outcomes = timeout(secs(1_000), slow) => assert!(outcomes.unwrap().iter().all(Result::is_ok)),
        () = newcomers => {}
    }
    let ended = server.now();
    assert!(ended < secs(600), "{ended:?}; {}", fleet.metrics());
}

/// Of two keys one has a thousand times as many operations: the other does not notice, though calls in flight are few.
#[tokio::test(start_paused = true)]
async fn a_crowded_quota_key_does_not_starve_another() {
    let server = Server::new(millis(100));
    let crowd: Vec<_> =
        (0..5_000).map(|number| server.has(&format!("crowd/operations/{number}"), Duration::MAX)).collect();
    let alone = server.has("alone/operations/1", secs(60));
    let fleet = Fleet::builder(server.clone())
        .quota_key(|name| name.segments().next().unwrap_or_default().to_owned())
        .max_in_flight(4)
        .start();
    let _crowd: Vec<_> = crowd.into_iter().map(|name| fleet.watch::<Value>(name)).collect();
    assert!(timeout(secs(80), fleet.watch::<Value>(alone)).await.unwrap().is_ok());
    let calls = server.calls_about("alone/operations/1");
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] < secs(8)), "{calls:?}");
}

fn name(number: usize) -> String {
    let kind = if number.is_multiple_of(2) { "minute" } else { "hour" };
    format!("{kind}/operations/{number}")
}

fn kind(name: &OperationName) -> String {
    name.segments().next().unwrap_or_default().to_owned()
}
