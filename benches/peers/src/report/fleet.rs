//! Tables of the fleet: the time that it adds to a call, the gain of a second thread, and the time that its callers wait for each other.

use crate::{
    Fault,
    process::{Program, Server, figures},
};

pub(super) fn print_scheduling() -> Result<(), Fault> {
    println!("| pending in the fleet | CPU per poll beside the call, due evenly | due all at once |");
    println!("|---|---|---|");
    for operations in ["10000", "100000", "1000000"] {
        let [spread] = least(|| figures(Program::Peers, &["spread", operations]))?;
        let [at_once] = least(|| figures(Program::Peers, &["at-once", operations]))?;
        println!("| {operations} | {spread:.0} ns | {at_once:.0} ns |");
    }
    Ok(())
}

pub(super) fn print_threads() -> Result<(), Fault> {
    println!(
        "| on worker threads | polls per CPU second | | polls per second | | sleeps of a thread, per poll |"
    );
    println!("|---|---|---|---|---|---|");
    let server = Server::start()?;
    for (peer, title) in [("fleet", "`lro-fleet`"), ("bare", "bare hyper-util")] {
        let mut best = [[0.0, 0.0, f64::INFINITY]; 2];
        for _ in 0..ROUNDS {
            for (best, workers) in best.iter_mut().zip(["1", "2"]) {
                let run = ["throughput", peer, workers, server.endpoint(), POLLS];
                let [cpu, time, sleeps] = figures(Program::Peers, &run)?;
                *best = [best[0].max(cpu), best[1].max(time), best[2].min(sleeps)];
            }
        }
        let [one, _] = best;
        for ([cpu, time, sleeps], workers) in best.into_iter().zip(["one", "two"]) {
            let (of_cpu, of_time) = (cpu / one[0], time / one[1]);
            println!(
                "| {title}, {workers} | {cpu:.0} | {of_cpu:.2}x | {time:.0} | {of_time:.2}x | {sleeps:.2} |"
            );
        }
    }
    Ok(())
}

pub(super) fn print_locks() -> Result<(), Fault> {
    println!("| beside, on another thread, with 1,000,000 names | it takes | the longest `watch` |");
    println!("|---|---|---|");
    for (beside, title) in [("nothing", "nothing"), ("pending", "`pending()`"), ("shutdown", "`shutdown()`")]
    {
        let [longest, took] = least(|| figures(Program::Peers, &["longest-watch", beside, MILLION]))?;
        println!("| {title} | {:.0} ms | {:.1} ms |", took * 1e3, longest * 1e3);
    }
    Program::build_live()?;
    let [before, height] = figures(Program::Live, &["shutdown", MILLION])?;
    println!("\nlive bytes while 1,000,000 names are shut down: {:.2}x of those before", height / before);
    Ok(())
}

/// Returns the least of several rounds, because a shared machine only adds time.
fn least<const N: usize>(run: impl Fn() -> Result<[f64; N], Fault>) -> Result<[f64; N], Fault> {
    let mut least = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for (least, figure) in least.iter_mut().zip(run()?) {
            *least = least.min(figure);
        }
    }
    Ok(least)
}

const MILLION: &str = "1000000";
/// The polls of a round.
const POLLS: &str = "100000";
const ROUNDS: u32 = 3;
