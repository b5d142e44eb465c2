//! Counts the live bytes while operations are pending. `peers` runs it.

use std::{hint::black_box, mem::forget};

use peers::{
    Fault,
    measure::{locks::Waiting, memory::hold},
};

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["shutdown", operations] => {
            let (waiting, before) = counted(|| Waiting::start(operations.parse()?))?;
            let during = allocation_counter::measure(|| {
                black_box(waiting.shut_down());
            });
            println!("{before} {}", before + during.bytes_max as i64);
            forget(waiting);
        }
        [peer, operations, endpoint] => {
            let (held, live) = counted(|| hold(peer, operations.parse()?, endpoint))?;
            println!("{live}");
            forget(held);
        }
        _ => return Err("this is started by `peers`".into()),
    }
    Ok(())
}

/// Returns the value of a closure, and the bytes that are live after it.
fn counted<T>(make: impl FnOnce() -> Result<T, Fault>) -> Result<(T, i64), Fault> {
    let mut made = None;
    let counted = allocation_counter::measure(|| made = Some(make()));
    Ok((made.ok_or("nothing was made")??, counted.bytes_current))
}
