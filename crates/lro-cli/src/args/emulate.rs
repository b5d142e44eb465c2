use std::{net::IpAddr, time::Duration};

use clap::Args;

use crate::emulation::{Fault, Scripted};

/// The emulator and what it does.
#[derive(Debug, Args)]
pub(crate) struct Emulate {
    /// The port; 0 is a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// The address to listen on. Other containers reach 0.0.0.0
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// How long operations run
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "200ms")]
    pub(crate) runs_for: Duration,
    /// The longest time that operations run, if it is drawn between --runs-for and this
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) runs_up_to: Option<Duration>,
    /// The seed of what is drawn
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// The environment variable with the bearer token that calls must have
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) token_env: Option<String>,
    /// An operation that runs from the start: NAME[,runs-for=DURATION|,calls=NUMBER|,never][,fails=CODE][,ignores-cancel]
    #[arg(long, value_name = "SCRIPT")]
    pub(crate) operation: Vec<Scripted>,
    /// The reply to the next calls, in order: [NUMBER*]REPLY[,retry-after=SECONDS][,after=DURATION]. REPLY is usual, an HTTP
    /// status, expired-token, close, reset, stall, truncated, malformed, not-done or refuse=DURATION
    #[arg(long, value_name = "SCRIPT")]
    pub(crate) fault: Vec<Fault>,
}
