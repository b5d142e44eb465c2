//! The options of a replay.

use std::{ffi::OsString, path::PathBuf, str::FromStr, time::Duration};

use lexopt::{Arg, Parser, ValueExt};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::Fault;

pub(crate) const HELP: &str = "\
Reads durations of operations in seconds, one a line, from standard input; what follows a # is a comment. Waits for each
by the real poller on a paused clock, and prints a line for each, `polls,delay_s`, and a last one,
`total,<polls>,<mean delay>,<95th percentile of the delays>`.

  --pacing learned|classic|proportional   when to ask; default: learned
  --budget SHARE    of the classic backoff's polls, for the learned one; default: 1
  --history FILE    begin with what FILE holds, and save there what was learned; it may be missing or empty
  --rtt-ms MILLIS   how long each poll takes to be answered, to the millisecond; default: 60
  --seed NUMBER     draw that instead, from 20 to 200 ms, unless --rtt-ms tells it; all else is as the durations are
";

pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) round_trip: Duration,
    pub(crate) budget: f64,
    pub(crate) history: Option<PathBuf>,
}

/// The pacing.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Learned,
    Classic,
    Proportional,
}

impl Options {
    /// Parses the options. Returns `None` for `--help`.
    pub(crate) fn parse(mut parser: Parser) -> Result<Option<Self>, Fault> {
        let (mut millis, mut drawn) = (None, None);
        let mut options =
            Self { mode: Mode::Learned, round_trip: Duration::ZERO, budget: 1.0, history: None };
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("pacing") => options.mode = mode(parser.value()?)?,
                Arg::Long("rtt-ms") => {
                    let is = "--rtt-ms is a number of milliseconds from 0 to 86400000, a day";
                    millis = Some(number(is, parser.value()?, |millis| (0.0..=DAY).contains(millis))?);
                }
                Arg::Long("seed") => {
                    drawn = Some(draw(number("--seed is a whole number", parser.value()?, |_| true)?));
                }
                Arg::Long("budget") => {
                    let fits = |share: &f64| *share > 0.0 && share.is_finite();
                    options.budget = number("--budget is a number above 0", parser.value()?, fits)?;
                }
                Arg::Long("history") => options.history = Some(parser.value()?.into()),
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Value(file) => {
                    return Err(format!("what is {file:?}? Durations are read from standard input").into());
                }
                other => return Err(format!("{}; --help tells the options", other.unexpected()).into()),
            }
        }
        options.round_trip = Duration::from_secs_f64(millis.or(drawn).unwrap_or(60.0) / 1000.0);
        Ok(Some(options))
    }
}

fn mode(value: OsString) -> Result<Mode, Fault> {
    match &*value.string()? {
        "learned" => Ok(Mode::Learned),
        "classic" => Ok(Mode::Classic),
        "proportional" => Ok(Mode::Proportional),
        other => Err(format!("--pacing is learned, classic or proportional, not {other:?}").into()),
    }
}

/// Parses a number. `is` describes the numbers that are valid, for the error.
fn number<T: FromStr>(is: &str, value: OsString, fits: impl Fn(&T) -> bool) -> Result<T, Fault> {
    let parsed = value.to_str().and_then(|text| text.parse().ok()).filter(fits);
    parsed.ok_or_else(|| format!("{is}, not {value:?}").into())
}

/// Draws a time in milliseconds whose logarithm is evenly distributed.
fn draw(seed: u64) -> f64 {
    20.0 * 10_f64.powf(StdRng::seed_from_u64(seed).random())
}

/// A day in milliseconds.
const DAY: f64 = 86_400_000.0;
