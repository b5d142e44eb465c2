//! User-space instructions and CPU time per poll over loopback, ours beside a GET and parse by the legacy pool of
//! hyper-util, by one connection of hyper, and by a socket: over HTTP/1 and HTTP/2, by the number of operations that are
//! polled in turn, and by the size of their metadata.
//!
//! Without arguments it runs itself under valgrind (which must be installed) and prints the table; the server is a
//! process of its own. Each figure is the difference of two runs that differ only in their number of polls, and the
//! least of several heap layouts. `poll_cost table 1 1000` prints the rows of so many operations only.

use std::{
    error::Error,
    hint::black_box,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use benches::{
    bare::{Bare, Connection, Socket},
    fixtures, server,
};
use hyper::Uri;
use lro::{OperationName, Pacing, poll_until_done};
use lro_http::Token;
use lro_route_optimization::RouteOptimization;

type Fault = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(&[]),
        ["table", ref operations @ ..] => table(operations),
        ["serve", metadata] => serve(metadata.parse()?),
        [client, endpoint, operations, polls, shift] => {
            run(client, endpoint, operations.parse()?, polls.parse()?, shift.parse()?)
        }
        _ => Err("usage: poll_cost [table OPERATIONS…]".into()),
    }
}

fn table(only: &[&str]) -> Result<(), Fault> {
    println!("HTTP  operations  metadata  body       instructions/poll                  CPU µs/poll");
    println!("                     bytes bytes  socket connection   pool    lro  ratio   pool   lro  ratio");
    for (http, operations, bytes) in ROWS {
        if !only.is_empty() && !only.contains(&&*operations.to_string()) {
            continue;
        }
        let metadata = fixtures::metadata(bytes);
        let body = fixtures::pending_of(fixtures::NAME, &metadata).len();
        let server = Server::start(bytes)?;
        let [socket, connection, pool, ours] = measure(&server.endpoint, http, operations)?;
        println!(
            "{http:>4} {operations:>11} {:>9} {body:>5} {:>7} {:>10.0} {:>6.0} {:>6.0} {:>6.3} {:>6.1} {:>5.1} {:>6.3}",
            metadata.len(),
            // The socket speaks HTTP/1 alone.
            if http == 1 { format!("{:.0}", socket.instructions) } else { "-".to_owned() },
            connection.instructions,
            pool.instructions,
            ours.instructions,
            ours.instructions / pool.instructions,
            pool.cpu,
            ours.cpu,
            ours.cpu / pool.cpu,
        );
    }
    Ok(())
}

/// What one poll takes.
#[derive(Clone, Copy)]
struct Cost {
    instructions: f64,
    /// Microseconds, in user space and in the system.
    cpu: f64,
}

fn measure(endpoint: &str, http: u8, operations: u32) -> Result<[Cost; 4], Fault> {
    // The first poll of each operation is warming up, and each is polled as often as any other.
    let few = FEW.next_multiple_of(operations);
    let counted = COUNTED.next_multiple_of(operations);
    let timed = TIMED.next_multiple_of(operations);
    let clients = CLIENTS.map(|client| format!("{client}{http}"));
    let mut costs = [Cost { instructions: f64::INFINITY, cpu: f64::INFINITY }; 4];
    for (client, cost) in clients.iter().zip(&mut costs) {
        if client == "socket2" {
            continue;
        }
        for shift in SHIFTS {
            let run = |polls| instructions(client, endpoint, operations, polls, shift);
            let difference = run(few + counted)? - run(few)?;
            cost.instructions = cost.instructions.min(difference / f64::from(counted));
        }
    }
    // In turns, and the least of each: a shared machine only ever adds time.
    for _ in 0..ROUNDS {
        for (client, cost) in clients.iter().zip(&mut costs).skip(TIMED_FROM) {
            let run = |polls| cpu_seconds(client, endpoint, operations, polls);
            let difference = run(few + timed)? - run(few)?;
            cost.cpu = cost.cpu.min(difference * 1e6 / f64::from(timed));
        }
    }
    Ok(costs)
}

fn instructions(
    client: &str,
    endpoint: &str,
    operations: u32,
    polls: u32,
    shift: usize,
) -> Result<f64, Fault> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([client, endpoint, &operations.to_string(), &polls.to_string(), &shift.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind, is it installed? {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let total =
        report.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, total)| total.trim());
    Ok(total.ok_or_else(|| format!("no total in what valgrind says:\n{report}"))?.parse()?)
}

/// User and system time of a child, by the shell's `times`.
fn cpu_seconds(client: &str, endpoint: &str, operations: u32, polls: u32) -> Result<f64, Fault> {
    let output = Command::new("sh")
        .args(["-c", r#""$@" && times"#, "sh"])
        .arg(std::env::current_exe()?)
        .args([client, endpoint, &operations.to_string(), &polls.to_string(), "0"])
        .output()?;
    let report = String::from_utf8(output.stdout)?;
    let children = report.lines().last().ok_or("no times")?;
    children.split_whitespace().map(seconds).sum()
}

/// Reads `0m1.250s`.
fn seconds(time: &str) -> Result<f64, Fault> {
    let (minutes, seconds) = time.trim_end_matches('s').split_once('m').ok_or("not a time")?;
    Ok(minutes.parse::<f64>()? * 60.0 + seconds.parse::<f64>()?)
}

/// The process that answers, which ends with this value.
struct Server {
    process: Child,
    endpoint: String,
}

impl Server {
    fn start(metadata: usize) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        let process = command.args(["serve", &metadata.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut server = Self { process, endpoint: String::new() };
        let stdout = server.process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut server.endpoint)?;
        server.endpoint.truncate(server.endpoint.trim_end().len());
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has ended needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(metadata: usize) -> Result<(), Fault> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("http://{}", listener.local_addr()?);
    let metadata = fixtures::metadata(metadata);
    let answer = move |path: &str| {
        let name = path.strip_prefix("/v1/").unwrap_or(path);
        fixtures::pending_of(name, &metadata).into()
    };
    Ok(server::serve(listener, answer)?)
}

/// Polls the operations in turn.
fn run(client: &str, endpoint: &str, operations: usize, polls: usize, shift: usize) -> Result<(), Fault> {
    let _shifted = black_box(Vec::<u8>::with_capacity(shift));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let uris = fixtures::names(operations).map(|name| format!("{endpoint}/v1/{name}").parse());
    let uris = uris.collect::<Result<Vec<Uri>, _>>()?;
    let uris = uris.iter().cycle().take(polls);
    let http2 = client.ends_with('2');
    runtime.block_on(async {
        match client.trim_end_matches(['1', '2']) {
            "socket" => {
                let mut socket = Socket::open(uris.clone().next().ok_or("no polls")?).await?;
                for uri in uris {
                    assert!(!socket.poll(uri).await?.done);
                }
                Ok(())
            }
            "connection" => {
                let mut connection = Connection::open(uris.clone().next().ok_or("no polls")?, http2).await?;
                for uri in uris {
                    assert!(!connection.poll(uri).await?.done);
                }
                Ok(())
            }
            "pool" => {
                let pool = Bare::new(http2);
                for uri in uris {
                    assert!(!pool.poll(uri).await?.done);
                }
                Ok(())
            }
            _ => ours(endpoint, http2, operations, polls).await,
        }
    })
}

async fn ours(endpoint: &str, http2: bool, operations: usize, polls: usize) -> Result<(), Fault> {
    let routes = RouteOptimization::builder()
        .endpoint(endpoint)
        .credentials(Token::bearer("a-token-of-a-usual-length-which-is-rather-long")?);
    let routes = if http2 { routes.http2_only() } else { routes }.build()?;
    let mut waits = Vec::new();
    for name in fixtures::names(operations) {
        let wait = poll_until_done::<serde_json::Value>(&routes, OperationName::parse(&name)?);
        waits.push(wait.pacing(Pacing::fixed(Duration::ZERO)).least_delay(Duration::ZERO));
    }
    for poll in 0..polls {
        let snapshot = waits[poll % operations].next().await.ok_or("a wait ended early")??;
        assert!(!snapshot.is_done());
    }
    Ok(())
}

const CLIENTS: [&str; 4] = ["socket", "connection", "pool", "lro"];
/// The first of the clients whose CPU time is taken.
const TIMED_FROM: usize = 2;
/// The version of HTTP, how many operations are polled in turn, and the least size of the metadata of each in bytes: first as
/// most services answer, one operation and as many as a program of some size awaits; then what a body costs as it grows.
const ROWS: [(u8, u32, usize); 10] = [
    (1, 1, 0),
    (1, 64, 0),
    (1, 1_000, 0),
    (2, 1, 0),
    (2, 64, 0),
    (2, 1_000, 0),
    (1, 1, 200),
    (1, 1, 2_000),
    (1, 1, 20_000),
    (2, 1, 20_000),
];
/// Polls before the measured ones: connections, caches and the allocator's bins are then as they stay.
const FEW: u32 = 100;
/// Polls whose instructions are counted: the count of a poll repeats to a few instructions, and valgrind takes 1 s a run.
const COUNTED: u32 = 200;
/// Bytes by which the heap of a run is shifted: where hyper's read buffer comes to lie beside a hole, glibc takes
/// some 300 instructions more a poll, which is chance.
const SHIFTS: [usize; 6] = [0, 200, 700, 1_100, 2_500, 9_000];
/// Runs of each client for its CPU time.
const ROUNDS: u32 = 3;
/// Polls whose CPU time is taken: `times` counts in steps of 10 ms, and so many take more than 200 ms.
const TIMED: u32 = 10_000;
