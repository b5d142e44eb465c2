//! Runs each peer against the same server, each figure in a process of its own, and prints the table.

use peers::{
    Fault,
    measure::{memory::hold, scheduling, throughput::polls_per_cpu_second},
    process::resident,
    report, server,
};

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return report::print(),
        ["serve"] => return server::serve(),
        ["memory", peer, operations, endpoint] => {
            let _held = hold(peer, operations.parse()?, endpoint)?;
            let (now, height) = resident()?;
            println!("{now} {height}");
        }
        ["spread", operations] => println!("{}", scheduling::spread(operations.parse()?)?),
        ["at-once", operations] => println!("{}", scheduling::at_once(operations.parse()?)?),
        ["throughput", peer, endpoint, polls] => {
            println!("{}", polls_per_cpu_second(peer, endpoint, polls.parse()?)?);
        }
        _ => return Err("usage: peers".into()),
    }
    // To free it all takes long.
    std::process::exit(0);
}
