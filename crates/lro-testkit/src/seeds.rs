//! Simulations: one run a seed, on a paused clock.

use std::{
    env,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use tokio::runtime::Builder;

/// The seeds to run: those of the environment variable `LRO_SEEDS`, such as `17` or `0..100000`, or else the usual ones.
pub fn seeds(usual: Range<u64>) -> Range<u64> {
    let Ok(wanted) = env::var("LRO_SEEDS") else {
        return usual;
    };
    let (first, end) = wanted.split_once("..").unwrap_or((&wanted, ""));
    let first = first.parse().expect("LRO_SEEDS is a number or two numbers with .. between");
    first..end.parse().unwrap_or(first + 1)
}

/// Runs one seed on a paused clock. If it panics, prints the seed and a report of the run.
pub fn simulate<T>(seed: u64, report: impl FnOnce() -> String, run: impl AsyncFnOnce() -> T) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(run()))).unwrap_or_else(|panic| {
        eprintln!("seed {seed} failed; LRO_SEEDS={seed} replays it: {}", report());
        resume_unwind(panic)
    })
}
