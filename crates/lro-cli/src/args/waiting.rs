use std::time::Duration;

use clap::Args;
use lro::AtDeadline;

/// How long to wait, and how often to ask.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Waiting")]
pub(crate) struct Waiting {
    /// The longest time to wait, such as 90s or 1h30m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Option<Duration>,
    /// What happens to an operation at the deadline: keep, cancel, or cancel-and-wait=DURATION
    #[arg(long, value_name = "WHAT", default_value = "keep", requires = "deadline")]
    pub(crate) at_deadline: AtEnd,
    /// The longest time for one call
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "30s")]
    pub(crate) call_timeout: Duration,
    /// The kind of the operations, such as their method: what is learned of their durations is kept by it
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The most calls a second, if there are several operations
    #[arg(long, value_name = "CALLS")]
    pub(crate) rate: Option<u32>,
}

/// The argument of `--at-deadline`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AtEnd(pub(crate) AtDeadline);

impl std::str::FromStr for AtEnd {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let duration = text.strip_prefix("cancel-and-wait=").map(humantime::parse_duration);
        match (text, duration) {
            ("keep", _) => Ok(Self(AtDeadline::Leave)),
            ("cancel", _) => Ok(Self(AtDeadline::Cancel)),
            (_, Some(Ok(duration))) => Ok(Self(AtDeadline::CancelAndWait(duration))),
            (_, Some(Err(fault))) => Err(fault.to_string()),
            _ => Err("expected keep, cancel or cancel-and-wait=DURATION".to_owned()),
        }
    }
}
