//! Runs each peer against the same server, and prints the tables. Each figure is measured in a new process.

use std::mem::forget;

use peers::{
    Fault,
    measure::{locks, memory::hold, scheduling, throughput::reached},
    process::resident,
    report::{self, Table},
    server,
};

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return report::print_all(),
        ["serve"] => return server::serve(),
        ["memory", peer, operations, endpoint] => {
            let held = hold(peer, operations.parse()?, endpoint)?;
            let (now, height) = resident()?;
            println!("{now} {height}");
            forget(held);
        }
        ["spread", operations] => println!("{}", scheduling::spread(operations.parse()?)?),
        ["at-once", operations] => println!("{}", scheduling::at_once(operations.parse()?)?),
        ["throughput", peer, workers, endpoint, polls] => {
            let workers = Some(workers.parse()?).filter(|workers| *workers > 0);
            let reached = reached(peer, workers, endpoint, polls.parse()?)?;
            println!("{} {} {}", reached.per_cpu_second, reached.per_second, reached.sleeps);
        }
        ["longest-watch", beside, operations] => {
            let [longest, took] = locks::longest_watch(beside, operations.parse()?)?;
            println!("{longest} {took}");
        }
        [table] => return table.parse().and_then(Table::print),
        _ => return Err("usage: peers [memory | calls | scheduling | threads | locks]".into()),
    }
    Ok(())
}
