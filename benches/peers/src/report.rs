//! The table.

use std::path::Path;

use crate::{
    Fault, plot,
    process::{Program, Server, figures},
};

/// What a peer was measured to cost; what does not apply is missing.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// As in the table.
    pub title: &'static str,
    /// Bytes that live for each pending operation.
    pub live: Option<f64>,
    /// Bytes that are resident for each.
    pub resident: Option<f64>,
    /// Polls per second of the client's CPU time.
    pub polls: Option<f64>,
}

/// Measures all, prints the table and draws it.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn print() -> Result<(), Fault> {
    Program::build_live()?;
    let server = Server::start()?;
    let mut rows = PEERS.map(|peer| Row { title: peer.title, ..Row::default() });
    for (row, peer) in rows.iter_mut().zip(PEERS) {
        let Some((peer, operations)) = peer.memory else {
            continue;
        };
        let (live, resident) = per_operation(peer, operations, &server)?;
        row.live = Some(live);
        row.resident = Some(resident);
    }
    // In turns, and the most of each: a shared machine only ever takes time away.
    for _ in 0..ROUNDS {
        for (row, peer) in rows.iter_mut().zip(PEERS) {
            let Some(peer) = peer.throughput else {
                continue;
            };
            let [polls] = figures(Program::Peers, &["throughput", peer, server.endpoint(), POLLS])?;
            row.polls = Some(row.polls.map_or(polls, |most| most.max(polls)));
        }
    }
    print_rows(&rows);
    print_scheduling()?;
    plot::draw(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers.svg")), &rows)
}

/// Live and resident bytes, by the difference of two runs: what is there once is not counted.
fn per_operation(peer: &str, operations: usize, server: &Server) -> Result<(f64, f64), Fault> {
    let (half, all) = ((operations / 2).to_string(), operations.to_string());
    let of = |operations: &str| -> Result<(f64, f64), Fault> {
        let [live] = figures(Program::Live, &[peer, operations, server.endpoint()])?;
        let [resident, _] = figures(Program::Peers, &["memory", peer, operations, server.endpoint()])?;
        Ok((live, resident))
    };
    let (few, many) = (of(&half)?, of(&all)?);
    let each = (operations - operations / 2) as f64;
    Ok(((many.0 - few.0) / each, (many.1 - few.1) / each))
}

fn print_rows(rows: &[Row]) {
    let bare = rows.iter().find(|row| row.title == BARE).and_then(|row| row.polls).unwrap_or(f64::NAN);
    println!("| | live bytes per pending operation | resident bytes | polls per CPU second | beside bare |");
    println!("|---|---|---|---|---|");
    let bytes = |bytes: Option<f64>| bytes.map_or_else(String::new, |bytes| format!("{bytes:.0}"));
    for row in rows {
        let polls =
            row.polls.map_or_else(|| " | ".to_owned(), |polls| format!("{polls:.0} | {:.2}x", polls / bare));
        println!("| {} | {} | {} | {polls} |", row.title, bytes(row.live), bytes(row.resident));
    }
}

fn print_scheduling() -> Result<(), Fault> {
    println!("\n| pending in the fleet | CPU per poll beside the call, due evenly | due all at once |");
    println!("|---|---|---|");
    for operations in ["10000", "100000", "1000000"] {
        let (mut spread, mut at_once) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..SCHEDULING_ROUNDS {
            let [one] = figures(Program::Peers, &["spread", operations])?;
            let [other] = figures(Program::Peers, &["at-once", operations])?;
            spread = spread.min(one);
            at_once = at_once.min(other);
        }
        println!("| {operations} | {spread:.0} ns | {at_once:.0} ns |");
    }
    Ok(())
}

/// Who is measured, and for what.
struct Peer {
    title: &'static str,
    /// The name of the child's peer, and the number of operations.
    memory: Option<(&'static str, usize)>,
    throughput: Option<&'static str>,
}

impl Peer {
    const fn both(title: &'static str, name: &'static str, operations: usize) -> Self {
        Self { title, memory: Some((name, operations)), throughput: Some(name) }
    }

    const fn memory(title: &'static str, name: &'static str, operations: usize) -> Self {
        Self { title, memory: Some((name, operations)), throughput: None }
    }

    const fn throughput(title: &'static str, name: &'static str) -> Self {
        Self { title, memory: None, throughput: Some(name) }
    }
}

const BARE: &str = "bare hyper-util";
const PEERS: [Peer; 10] = [
    Peer::throughput(BARE, "bare"),
    Peer::throughput("`lro-fleet`, 2,000 watched", "fleet"),
    Peer::memory("`lro-fleet`, 100,000 watched", "fleet", 100_000),
    Peer::memory("`lro-fleet`, 1,000,000 watched", "fleet", 1_000_000),
    Peer::memory("`lro-fleet`, 1,000,000 registered", "fleet-registered", 1_000_000),
    Peer::both("`poll_until_done`, a task each", "poll-until-done", 100_000),
    Peer::both("`reqwest` loop, a task each", "reqwest", 20_000),
    Peer::both("`google-cloud-longrunning` loop, a task each", "google-cloud-longrunning", 20_000),
    Peer::both("`google-cloud-lro` `until_done`, a task each", "google-cloud-lro", 20_000),
    Peer::both("`azure_core` `Poller`, a task each", "azure-core", 20_000),
];
/// Of a round.
const POLLS: &str = "100000";
const ROUNDS: u32 = 5;
const SCHEDULING_ROUNDS: u32 = 3;
