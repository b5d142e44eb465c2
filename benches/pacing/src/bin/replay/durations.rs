//! Durations as text, one on each line.

use std::{io::BufRead, time::Duration};

use crate::Fault;

/// Reads all durations. The error names the first line that is not a duration.
///
/// Blank lines, and the rest of a line after a `#`, are ignored.
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

/// The longest duration, in seconds: three years. A replay of a longer one at a poll a minute would take minutes.
const LONGEST: f64 = 1e8;
/// The characters of an invalid line that the error shows.
const SHOWN: usize = 60;
