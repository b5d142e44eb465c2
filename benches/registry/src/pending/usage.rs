//! What processes take, as Linux counts it.

use std::{fs, time::Duration};

/// Returns the processor time of this process.
pub fn own_time() -> Duration {
    time_of("self").unwrap_or_default()
}

/// Returns the largest memory of this process so far, in kilobytes.
pub fn own_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Returns the processor time of a PostgreSQL server at this port, that of its sessions included.
pub fn server_time(port: u16) -> Duration {
    let ids: Vec<String> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    let argument = format!("\0-p\0{port}\0");
    let is_server = |id: &&String| {
        fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|line| line.contains(&argument))
    };
    let Some(server) = ids.iter().find(is_server) else { return Duration::ZERO };
    let sessions = ids.iter().filter(|id| fields(id).is_some_and(|fields| fields[PARENT] == *server));
    sessions.chain([server]).filter_map(|id| time_of(id)).sum()
}

/// Returns the user and system time, including that of children that have ended.
fn time_of(id: &str) -> Option<Duration> {
    let fields = fields(id)?;
    let ticks: u64 = fields.get(TIMES..TIMES + 4)?.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 1_000 / TICKS))
}

/// Returns the fields of `/proc/<id>/stat` after the name of the program, which may have spaces.
fn fields(id: &str) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
        .filter(|fields: &Vec<_>| fields.len() > TIMES + 4)
}

/// The place of the parent's id after the name of the program.
const PARENT: usize = 1;
/// The place of the first of four times.
const TIMES: usize = 11;
/// The ticks of a second, on all platforms in use.
const TICKS: u64 = 100;
