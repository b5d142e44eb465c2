use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use lro_registry::RecordState;

use super::{Access, set};

#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Register operations: what is registered survives a crash
    Register(Register),
    /// List the records, and how those ended that have
    ///
    /// As text, each record is a line: its key, its state, how it ended (succeeded, failed CODE, cancelled, gave up CODE, or -),
    /// its age, and what went wrong last, with tabs between.
    List(List),
    /// Show the records of keys until their operations have ended. It acknowledges nothing
    Watch {
        /// The keys, as `register` writes them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        /// How often to look, at least 10ms
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "1s")]
        every: Duration,
        #[command(flatten)]
        store: Store,
    },
    /// Request that operations are cancelled. A worker sends the request
    Cancel {
        /// The keys, as `register` writes them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        #[command(flatten)]
        store: Store,
    },
    /// Poll operations again that were given up or set aside. The deadline of one that was given up begins anew
    TakeBack {
        /// The keys, as `register` writes them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        #[command(flatten)]
        store: Store,
    },
    /// Remove records in any state. Their operations go on, and their outcomes are not delivered
    Forget {
        /// The keys, as `register` writes them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
        #[command(flatten)]
        store: Store,
    },
    /// Poll what is registered until Ctrl-C, and write and acknowledge the outcomes
    Run(Run),
    /// Serve a page that shows the registry until Ctrl-C
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(crate) struct Store {
    /// The path of an SQLite file, or the URL of a PostgreSQL database, whose password is better in the variable
    #[arg(long, value_name = "FILE|URL", env = set("LRO_REGISTRY"), hide_env_values = true)]
    pub(crate) store: String,
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// The names of the operations; `-` reads them from stdin, one on each line
    #[arg(value_name = "NAME", required_unless_present = "handles")]
    pub(crate) names: Vec<String>,
    /// A file with handles in JSON; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "names")]
    pub(crate) handles: Option<PathBuf>,
    /// The service by its short name or its host, such as run/v2
    #[arg(long, value_name = "NAME[/VERSION]", env = set("LRO_SERVICE"), required_unless_present = "handles")]
    pub(crate) service: Option<String>,
    /// The key, for one operation. By default service, version and name
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// A text that comes back with the outcome
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// The kind of the operations
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// The time after which the polling stops
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) deadline: Option<Duration>,
    #[command(flatten)]
    pub(crate) store: Store,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only records in this state
    #[arg(long, value_enum)]
    pub(crate) state: Option<State>,
    /// Only records that are overdue
    #[arg(long)]
    pub(crate) overdue: bool,
    /// The most records
    #[arg(long, value_name = "NUMBER")]
    pub(crate) most: Option<usize>,
    #[command(flatten)]
    pub(crate) store: Store,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    Intent,
    Pending,
    SetAside,
    Finished,
    Acknowledged,
}

impl From<State> for RecordState {
    fn from(state: State) -> Self {
        match state {
            State::Intent => Self::Intent,
            State::Pending => Self::Pending,
            State::SetAside => Self::SetAside,
            State::Finished => Self::Finished,
            State::Acknowledged => Self::Acknowledged,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A service to poll, such as run/v2. May be repeated
    #[arg(long = "service", value_name = "NAME[/VERSION]", required = true)]
    pub(crate) services: Vec<String>,
    /// The form of names of a service that is not in the catalogue
    #[arg(long, default_value = "**")]
    pub(crate) template: String,
    /// The most calls a second to each service, of all workers together
    #[arg(long, value_name = "CALLS")]
    pub(crate) rate: Option<u32>,
    /// The longest time for one call
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "30s")]
    pub(crate) call_timeout: Duration,
    /// The duration of a claim, at least 5 s more than --call-timeout. After a crash others continue when it has ended
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "60s")]
    pub(crate) lease: Duration,
    /// Poll only: another program receives the outcomes
    #[arg(long)]
    pub(crate) no_deliver: bool,
    /// End when no operation of the services is pending and all outcomes are delivered. What is left of others is said on stderr
    #[arg(long, conflicts_with = "no_deliver")]
    pub(crate) until_idle: bool,
    #[command(flatten)]
    pub(crate) store: Store,
    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port of the loopback address; 0 is a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) store: Store,
}
