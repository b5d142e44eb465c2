//! The cost of a poll for a client. A program runs itself as the client, under valgrind and under the shell's `times`. The server is
//! another process.
//!
//! Each figure is the difference of two runs that differ only in their number of polls, and the least of several heap layouts
//! or rounds.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::Fault;

/// The cost of one poll.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Instructions in user space.
    pub instructions: f64,
    /// Microseconds of CPU time, in user space and in the system.
    pub cpu: f64,
}

/// Measures clients of a server.
///
/// The program is run with `CLIENT ENDPOINT OPERATIONS POLLS SHIFT`. It allocates `SHIFT` bytes, and then polls `OPERATIONS` operations
/// in turn. The CPU time is measured for the clients for which `is_timed` returns true.
///
/// # Errors
///
/// If a client fails, or valgrind is not installed.
pub fn measure(
    clients: &[String],
    is_timed: impl Fn(&str) -> bool,
    endpoint: &str,
    operations: u32,
) -> Result<Vec<Cost>, Fault> {
    // The first poll of each operation is part of the warm-up. All operations are polled equally often.
    let few = FEW.next_multiple_of(operations);
    let counted = COUNTED.next_multiple_of(operations);
    let timed_polls = TIMED.next_multiple_of(operations);
    let mut costs = vec![Cost { instructions: f64::INFINITY, cpu: f64::INFINITY }; clients.len()];
    for (client, cost) in clients.iter().zip(&mut costs) {
        for shift in SHIFTS {
            let run = |polls| instructions(client, endpoint, operations, polls, shift);
            let difference = run(few + counted)? - run(few)?;
            cost.instructions = cost.instructions.min(difference / f64::from(counted));
        }
    }
    // The clients run in turns, and the least of each counts: a shared machine only adds time.
    for _ in 0..ROUNDS {
        for (client, cost) in clients.iter().zip(&mut costs).filter(|(client, _)| is_timed(client)) {
            let run = |polls| cpu_seconds(client, endpoint, operations, polls);
            let difference = run(few + timed_polls)? - run(few)?;
            cost.cpu = cost.cpu.min(difference * 1e6 / f64::from(timed_polls));
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
        .arg(env::current_exe()?)
        .args([client, endpoint, &operations.to_string(), &polls.to_string(), &shift.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind, is it installed? {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let total =
        report.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, total)| total.trim());
    Ok(total.ok_or_else(|| format!("no total in what valgrind says:\n{report}"))?.parse()?)
}

/// Returns the user and system time of a child, by the shell's `times`.
fn cpu_seconds(client: &str, endpoint: &str, operations: u32, polls: u32) -> Result<f64, Fault> {
    let output = Command::new("sh")
        .args(["-c", r#""$@" && times"#, "sh"])
        .arg(env::current_exe()?)
        .args([client, endpoint, &operations.to_string(), &polls.to_string(), "0"])
        .output()?;
    let report = String::from_utf8(output.stdout)?;
    let children = report.lines().last().ok_or("no times")?;
    children.split_whitespace().map(seconds).sum()
}

/// Parses a time such as `0m1.250s`.
fn seconds(time: &str) -> Result<f64, Fault> {
    let (minutes, seconds) = time.trim_end_matches('s').split_once('m').ok_or("not a time")?;
    Ok(minutes.parse::<f64>()? * 60.0 + seconds.parse::<f64>()?)
}

/// The process of the server. Dropping the value ends it.
#[derive(Debug)]
pub struct Server {
    process: Child,
    endpoint: String,
}

impl Server {
    /// Runs this program with these arguments. The first line that it prints is the endpoint.
    ///
    /// # Errors
    ///
    /// If it cannot be run.
    pub fn start(arguments: &[&str]) -> Result<Self, Fault> {
        let process = Command::new(env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut server = Self { process, endpoint: String::new() };
        let stdout = server.process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut server.endpoint)?;
        server.endpoint.truncate(server.endpoint.trim_end().len());
        Ok(server)
    }

    /// Returns the endpoint, such as `http://127.0.0.1:41234`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The polls before the measured ones. After them connections, caches and the bins of the allocator do not change.
const FEW: u32 = 100;
/// The polls whose instructions are counted. The count of a poll repeats to a few instructions, and a run under valgrind takes 1 s.
const COUNTED: u32 = 200;
/// The bytes by which the heap of a run is shifted. If hyper's read buffer happens to lie beside a hole, glibc takes some 300 instructions
/// more for a poll.
const SHIFTS: [usize; 6] = [0, 200, 700, 1_100, 2_500, 9_000];
/// The runs of each client for its CPU time.
const ROUNDS: u32 = 3;
/// The polls whose CPU time is measured. They take more than 200 ms, and `times` counts in steps of 10 ms.
const TIMED: u32 = 10_000;
