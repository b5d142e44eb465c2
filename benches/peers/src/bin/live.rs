//! Counts the bytes that live while operations are pending. Started by `peers`.

use peers::{Fault, measure::memory::hold};

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [peer, operations, endpoint] = &arguments[..] else {
        return Err("this is started by `peers`".into());
    };
    let operations = operations.parse()?;
    let mut held = None;
    let counted = allocation_counter::measure(|| held = Some(hold(peer, operations, endpoint)));
    let _held = held.ok_or("nothing was held")??;
    println!("{}", counted.bytes_current);
    // To free it all takes long.
    std::process::exit(0);
}
