//! User-space instructions and CPU time per poll over loopback, ours beside bare hyper-util's GET and parse.
//!
//! Without arguments it runs itself under valgrind (which must be installed) and prints the table; the server is a
//! process of its own. Each figure is the difference of two runs that differ only in their number of polls, and the
//! least of several heap layouts.

use std::{
    error::Error,
    hint::black_box,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use benches::{bare::Bare, fixtures, server};
use lro::{
    OperationName,
    pacing::{Moment, Pacing, PacingPolicy, Schedule},
    poll_until_done,
};
use lro_http::Token;
use lro_route_optimization::RouteOptimization;

type Fault = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(),
        ["serve"] => serve(),
        [client, endpoint, polls, shift] => run(client, endpoint, polls.parse()?, shift.parse()?),
        _ => Err("usage: poll_cost".into()),
    }
}

fn table() -> Result<(), Fault> {
    let mut server = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut endpoint = String::new();
    if let Some(stdout) = server.stdout.take() {
        BufReader::new(stdout).read_line(&mut endpoint)?;
    }
    let measured = measure(endpoint.trim());
    server.kill()?;
    let [bare, ours] = measured?;
    println!("client      instructions/poll  ratio   CPU µs/poll  ratio");
    for (name, (instructions, cpu)) in [("hyper-util", bare), ("lro", ours)] {
        let (ratio, cpu_ratio) = (instructions / bare.0, cpu / bare.1);
        println!("{name:<11} {instructions:>17.0} {ratio:>6.3} {cpu:>13.1} {cpu_ratio:>6.3}");
    }
    Ok(())
}

fn measure(endpoint: &str) -> Result<[(f64, f64); 2], Fault> {
    let mut both = [(0.0, f64::INFINITY); 2];
    for (client, measured) in CLIENTS.into_iter().zip(&mut both) {
        let mut least = u64::MAX;
        for shift in SHIFTS {
            let few = instructions(client, endpoint, FEW, shift)?;
            least = least.min(instructions(client, endpoint, FEW + COUNTED, shift)? - few);
        }
        measured.0 = least as f64 / f64::from(COUNTED);
    }
    // In turns, and the least of each: a shared machine only ever adds time.
    for _ in 0..ROUNDS {
        for (client, measured) in CLIENTS.into_iter().zip(&mut both) {
            let timed = cpu_seconds(client, endpoint, FEW + TIMED)? - cpu_seconds(client, endpoint, FEW)?;
            measured.1 = f64::min(measured.1, timed * 1e6 / f64::from(TIMED));
        }
    }
    Ok(both)
}

fn instructions(client: &str, endpoint: &str, polls: u32, shift: usize) -> Result<u64, Fault> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([client, endpoint, &polls.to_string(), &shift.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind, is it installed? {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let total =
        report.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, total)| total.trim());
    Ok(total.ok_or_else(|| format!("no total in what valgrind says:\n{report}"))?.parse()?)
}

/// User and system time of a child, by the shell's `times`.
fn cpu_seconds(client: &str, endpoint: &str, polls: u32) -> Result<f64, Fault> {
    let output = Command::new("sh")
        .args(["-c", r#""$@" && times"#, "sh"])
        .arg(std::env::current_exe()?)
        .args([client, endpoint, &polls.to_string(), "0"])
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

fn serve() -> Result<(), Fault> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("http://{}", listener.local_addr()?);
    Ok(server::serve(listener, fixtures::pending().into())?)
}

fn run(client: &str, endpoint: &str, polls: u32, shift: usize) -> Result<(), Fault> {
    let _shifted = black_box(Vec::<u8>::with_capacity(shift));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if client == "bare" {
            let bare = Bare::new(format!("{endpoint}/v1/{}", fixtures::NAME).parse()?);
            for _ in 0..polls {
                assert!(!bare.poll().await?.done);
            }
            return Ok(());
        }
        let routes = RouteOptimization::builder()
            .endpoint(endpoint)
            .credentials(Token::bearer("a-token-of-a-usual-length-which-is-rather-long")?)
            .build()?;
        let wait = poll_until_done::<serde_json::Value>(&routes, OperationName::parse(fixtures::NAME)?);
        let end = wait.pacing(Pacing::custom(Polls(polls))).await;
        match end {
            Err(status) if status.report().is_some_and(|report| report.polls == polls) => Ok(()),
            other => Err(format!("unexpected: {other:?}").into()),
        }
    })
}

/// So many polls without a pause.
#[derive(Clone, Copy, Debug)]
struct Polls(u32);

impl PacingPolicy for Polls {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(*self)
    }
}

impl Schedule for Polls {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        (moment.polls < self.0).then_some(Duration::ZERO)
    }
}

const CLIENTS: [&str; 2] = ["bare", "ours"];
const ROUNDS: u32 = 5;
const FEW: u32 = 200;
const COUNTED: u32 = 500;
/// Bytes by which the heap of a run is shifted: where hyper's read buffer comes to lie beside a hole, glibc takes
/// some 300 instructions more a poll, which is chance.
const SHIFTS: [usize; 6] = [0, 200, 700, 1_100, 2_500, 9_000];
const TIMED: u32 = 20_000;
