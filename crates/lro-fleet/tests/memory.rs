//! What comes and goes leaves nothing behind. One test alone in its process, for it looks at the memory of that.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{fs, time::Instant};

use common::{Server, millis, secs};
use lro::{Code, OperationName, Status};
use lro_fleet::{Fleet, FleetBuilder};
use lro_learned::Learned;
use serde_json::Value;
use tokio::{runtime::Builder, task::yield_now, time::sleep};

#[test]
fn what_comes_and_goes_leaves_nothing_behind() {
    churn("watches that nobody waits for in line", |builder| builder);
    churn("watches with a deadline", |builder| builder.deadline(secs(3_600)));
    let learned = Learned::new();
    learned.expect("jobs", secs(3_600));
    churn("watches that are not due yet", |builder| builder.kind(|_| "jobs".to_owned()).pacing(learned));
    churn("quota keys", |builder| builder.quota_key(|name| name.as_str().to_owned()));
    churn("kinds", |builder| builder.kind(|name| name.as_str().to_owned()));
}

/// Watches and drops many times in each way, and holds the memory against that of the first tenth.
fn churn(what: &str, set: impl FnOnce(FleetBuilder) -> FleetBuilder) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        // The quota key is shut, so what is in line stays there.
        let throttled = Status::new(Code::ResourceExhausted, "too many").with_retry_after(secs(600));
        let server = Server::new(millis(0)).fails(secs(0), secs(1_000), throttled);
        let fleet = set(Fleet::builder(server)).start();
        let _always = fleet.watch::<Value>("operations/always".parse().unwrap());
        sleep(millis(10)).await;
        let _in_line = fleet.watch::<Value>("operations/in-line".parse().unwrap());
        let began = Instant::now();
        let mut early = None;
        for number in 0..TURNS {
            drop(fleet.watch::<Value>(name(number)));
            if number % 256 == 0 {
                yield_now().await;
            }
            if number == TURNS / 10 {
                early = memory();
            }
        }
        let (Some(early), Some(late)) = (early, memory()) else { return };
        println!("{what}: {early} kB, then {late} kB, {:.1?}", began.elapsed());
        assert!(late < early + 1_024, "{what}: {early} kB after a tenth of them, {late} kB after all");
        assert_eq!(fleet.metrics().pending, 2);
    });
}

fn name(number: u32) -> OperationName {
    format!("operations/{number}").parse().unwrap()
}

/// The memory in use in kB, where the system tells.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

const TURNS: u32 = 150_000;
