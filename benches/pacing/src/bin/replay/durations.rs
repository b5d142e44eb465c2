//! Durations as text: one a line.

use std::{io::BufRead, time::Duration};

use crate::Fault;

/// All durations, or a fault that names the first line that is none.
///
/// Blank lines and what follows a `#` do not count.
pub(crate) fn read(mut text: impl BufRead) -> Result<Vec<Duration>, Fault> {
    let mut bytes = Vec::new();
    text.read_to_end(&mut bytes).map_err(|error| format!("cannot read standard input: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines =
        text.trim_start_matches('\u{feff}').lines().map(|line| line.split('#').next().unwrap_or(line));
    let durations = (1..).zip(lines).filter(|(_, line)| !line.trim().is_empty());
    durations.map(|(number, line)| duration(line.trim()).ok_or_else(|| unlike(number, line.trim()))).collect()
}

fn duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok().filter(|seconds| (0.0..=LONGEST).contains(seconds))?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn unlike(number: usize, line: &str) -> Fault {
    let shown: String = line.chars().take(SHOWN).collect();
    let rest = if shown.len() < line.len() { "…" } else { "" };
    format!("line {number} is no number of seconds from 0 to {LONGEST:e}: {shown:?}{rest}").into()
}

/// In seconds, some three years. What asks each minute would ask for minutes about a longer one.
const LONGEST: f64 = 1e8;
/// So many characters of a line that is no duration.
const SHOWN: usize = 60;
