//! Table of the peers: the memory of a pending operation, and the cost of a poll.

use std::path::Path;

use crate::{
    Fault, plot,
    process::{Program, Server, figures},
};

/// The results of a peer. A figure that does not apply is `None`.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The title in the table.
    pub title: &'static str,
    /// Live bytes of a pending operation.
    pub live: Option<f64>,
    /// Resident bytes of a pending operation.
    pub resident: Option<f64>,
    /// Polls per second of the client's CPU time.
    pub polls: Option<f64>,
}

/// Measures memory, or calls, or both, and prints the table.
pub(super) fn print(memory: bool, calls: bool) -> Result<Vec<Row>, Fault> {
    let server = Server::start()?;
    let is_asked = |peer: &Peer| memory && peer.memory.is_some() || calls && peer.throughput.is_some();
    let peers: Vec<&Peer> = PEERS.iter().filter(|peer| is_asked(peer)).collect();
    let mut rows: Vec<Row> = peers.iter().map(|peer| Row { title: peer.title, ..Row::default() }).collect();
    if memory {
        Program::build_live()?;
        for (row, peer) in rows.iter_mut().zip(&peers) {
            if let Some((peer, operations)) = peer.memory {
                let (live, resident) = per_operation(peer, operations, &server)?;
                row.live = Some(live);
                row.resident = Some(resident);
            }
        }
    }
    // The peers run in turns, and the best of each counts: a shared machine only takes time away.
    for _ in 0..if calls { ROUNDS } else { 0 } {
        for (row, peer) in rows.iter_mut().zip(&peers) {
            if let Some(peer) = peer.throughput {
                let run = ["throughput", peer, "0", server.endpoint(), POLLS];
                let [polls, ..]: [f64; 3] = figures(Program::Peers, &run)?;
                row.polls = Some(row.polls.map_or(polls, |most| most.max(polls)));
            }
        }
    }
    print_rows(&rows);
    Ok(rows)
}

pub(super) fn draw(rows: &[Row]) -> Result<(), Fault> {
    plot::draw(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers.svg")), rows)
}

/// Returns live and resident bytes, as the difference of two runs, so that what exists once is not counted.
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

/// A peer, and what is measured.
struct Peer {
    title: &'static str,
    /// The name of the peer for the child, and the number of operations.
    memory: Option<(&'static str, usize)>,
    throughput: Option<&'static str>,
}

impl Peer {
    const fn both(title: &'static str, name: &'static str) -> Self {
        Self { title, memory: Some((name, TASKS)), throughput: Some(name) }
    }

    const fn memory(title: &'static str, name: &'static str, operations: usize) -> Self {
        Self { title, memory: Some((name, operations)), throughput: None }
    }

    const fn throughput(title: &'static str, name: &'static str) -> Self {
        Self { title, memory: None, throughput: Some(name) }
    }
}

const BARE: &str = "bare hyper-util";
const PEERS: [Peer; 11] = [
    Peer::throughput(BARE, "bare"),
    Peer::throughput("`lro-fleet`, 2,000 watched", "fleet"),
    Peer::memory("`lro-fleet`, 100,000 watched", "fleet", 100_000),
    Peer::memory("`lro-fleet`, 1,000,000 watched", "fleet", 1_000_000),
    Peer::memory("`lro-fleet`, 1,000,000 watched, metadata kept", "fleet-with-metadata", 1_000_000),
    Peer::memory("`lro-fleet`, 1,000,000 registered", "fleet-registered", 1_000_000),
    Peer::both("`lro` `poll_until_done`, a task each", "poll-until-done"),
    Peer::both("`reqwest` loop, a task each", "reqwest"),
    Peer::both("`google-cloud-longrunning` loop, a task each", "google-cloud-longrunning"),
    Peer::both("`google-cloud-lro` `until_done`, a task each", "google-cloud-lro"),
    Peer::both("`azure_core` `Poller`, a task each", "azure-core"),
];
/// The operations of a peer that has a task for each.
const TASKS: usize = 20_000;
/// The polls of a round.
const POLLS: &str = "100000";
const ROUNDS: u32 = 5;
