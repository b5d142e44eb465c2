//! Runs processes, and measures the current one. Each figure is measured in a new process.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use rustix::time::{ClockId, clock_gettime};

use crate::Fault;

/// The server, in another process, so that only the CPU time of the client is counted.
#[derive(Debug)]
pub struct Server {
    child: Child,
    endpoint: String,
}

impl Server {
    /// Starts the server.
    ///
    /// # Errors
    ///
    /// If it does not print its address.
    pub fn start() -> Result<Self, Fault> {
        let mut child = Command::new(env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
        let mut endpoint = String::new();
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut endpoint)?;
        Ok(Self { child, endpoint: endpoint.trim().to_owned() })
    }

    /// Returns the endpoint, such as `http://127.0.0.1:41234`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program of this package with these arguments. Returns the numbers that it prints.
///
/// # Errors
///
/// If it fails or prints something else.
pub fn figures<const N: usize>(program: Program, arguments: &[&str]) -> Result<[f64; N], Fault> {
    let output = Command::new(program.path()?).args(arguments).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{arguments:?} ended with {}", output.status).into());
    }
    let figures: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    figures.try_into().map_err(|_| format!("{arguments:?} printed {text:?}").into())
}

/// A program of this package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// This program, with the system's allocator.
    Peers,
    /// The program that counts allocated bytes.
    Live,
}

impl Program {
    fn path(self) -> Result<PathBuf, Fault> {
        let this = env::current_exe()?;
        Ok(match self {
            Self::Peers => this,
            Self::Live => this.with_file_name("live"),
        })
    }

    /// Builds the program that counts, because `cargo run` builds only the one that it runs.
    ///
    /// # Errors
    ///
    /// If cargo fails.
    pub fn build_live() -> Result<(), Fault> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let build = ["build", "--quiet", "--release", "--bin", "live", "--manifest-path", manifest];
        let status = Command::new(cargo).args(build).status()?;
        if status.success() { Ok(()) } else { Err("cargo could not build `live`".into()) }
    }
}

/// Returns the user and system time of this process, in seconds.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Returns how often the threads of this process went to sleep to wait for something.
///
/// # Errors
///
/// Where there is no `/proc`.
pub fn sleeps() -> Result<u64, Fault> {
    let mut sleeps = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let status = fs::read_to_string(thread?.path().join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sleeps += line.ok_or("no such line")?.trim().parse::<u64>()?;
    }
    Ok(sleeps)
}

/// Returns the memory of this process in bytes: resident now, and the most so far.
///
/// # Errors
///
/// Where there is no `/proc`.
pub fn resident() -> Result<(f64, f64), Fault> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes = |key| -> Result<f64, Fault> {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let value = line.and_then(|line| line.split_whitespace().next()).ok_or("no such line")?;
        Ok(value.parse::<f64>()? * 1_024.0)
    };
    Ok((kibibytes("VmRSS:")?, kibibytes("VmHWM:")?))
}
