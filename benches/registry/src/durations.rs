//! The cases of the registry whose full length is too long for CI.
//!
//! Each case returns one row: what is required, what was measured, and whether it holds.

pub mod contention;
pub mod entries;
pub mod failover;
pub mod hints;
pub mod pauses;
pub mod requests;
pub mod sessions;
pub mod snapshot;

use std::{fmt, path::Path, time::Duration};

use crate::Fault;

/// The ids of the cases, in the order in which they run.
pub const CASES: [&str; 6] = ["g04", "g09", "g10", "g12", "g16", "g19"];

/// The share of its full length for which a case runs.
#[derive(Clone, Copy, Debug)]
pub struct Scale(pub f64);

/// The result of a case.
#[derive(Clone, Debug)]
pub struct Row {
    /// The id of the case.
    pub case: &'static str,
    /// What must hold.
    pub required: &'static str,
    /// The figures.
    pub measured: String,
    /// Whether it holds.
    pub judgement: Judgement,
}

/// Whether the requirements of a case hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// They all hold.
    Holds,
    /// A time or a rate does not hold. It depends on the machine and on what else runs there.
    Slow,
    /// A count does not hold. It does not depend on the machine.
    Broken,
    /// The case needs PostgreSQL, and there are no binaries.
    Skipped,
}

/// Runs a case. `program` is started for its worker processes.
///
/// # Errors
///
/// An unknown id, and a server or process that does not start.
pub async fn run(case: &str, scale: Scale, program: &Path) -> Result<Row, Fault> {
    match case {
        "g04" => failover::run(scale, program).await,
        "g09" => snapshot::run(scale).await,
        "g10" => contention::run(scale).await,
        "g12" => pauses::run(scale, program).await,
        "g16" => hints::run(scale).await,
        "g19" => entries::run(scale).await,
        _ => Err(format!("no case {case:?}, but {}", CASES.join(", ")).into()),
    }
}

impl Scale {
    /// Returns this share of a time.
    pub fn time(self, full: Duration) -> Duration {
        full.mul_f64(self.0)
    }

    /// Returns this share of a number, at least 1.
    pub fn number(self, full: u32) -> u32 {
        ((f64::from(full) * self.0).round() as u32).max(1)
    }
}

impl Row {
    /// Creates the row of a case that ran. `counts` is whether the counts hold, `figures` whether times and rates do.
    pub fn new(
        case: &'static str,
        required: &'static str,
        measured: String,
        counts: bool,
        figures: bool,
    ) -> Self {
        let judgement = match (counts, figures) {
            (true, true) => Judgement::Holds,
            (true, false) => Judgement::Slow,
            (false, _) => Judgement::Broken,
        };
        Self { case, required, measured, judgement }
    }

    /// Creates the row of a case that cannot run.
    pub fn skipped(case: &'static str, required: &'static str) -> Self {
        Self { case, required, measured: "no PostgreSQL binaries".to_owned(), judgement: Judgement::Skipped }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, required, measured, judgement } = self;
        write!(f, "| {case} | {required} | {measured} | {judgement} |")
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Slow | Self::Broken => "does not hold",
            Self::Skipped => "skipped",
        })
    }
}
