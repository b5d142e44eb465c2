//! The command line.

mod access;
mod emulate;
mod registry;
mod waiting;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use self::{
    access::{Access, Connection, CredentialKind},
    emulate::Emulate,
    registry::{List as RegistryList, Register, RegistryCommand, Run, Serve, Store},
    waiting::Waiting,
};

/// Waits for long-running operations, starts them, and keeps them in a registry.
///
/// Data is written to stdout, progress and errors to stderr.
#[derive(Debug, Parser)]
#[command(name = "lro", version, after_help = EXIT_CODES, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) show: Show,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is written, and how.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Show {
    /// The format of stdout: for people, or a JSON value on each line
    #[arg(long, value_enum, global = true, default_value_t = Format::Text, env = set("LRO_FORMAT"))]
    pub(crate) format: Format,
    /// Write no progress, only errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Get operations once, and show their states
    ///
    /// As text, each operation is a line: its name, what it is (running, done or failed), and the metadata, the response or
    /// the error, with tabs between. A name that is given twice counts once.
    Get(Named),
    /// Wait until operations are done, and write their responses
    ///
    /// As text, the response of a single NAME is written alone, as JSON on several lines. With several names, or with `-`,
    /// each operation is a line as `lro get` writes it, in the order of their ends. A name that is given twice counts once.
    Wait(WaitFor),
    /// As wait, and write each change of metadata or progress as it is noticed
    ///
    /// As text, each change is a line as `lro get` writes it, also for a single NAME.
    Watch(WaitFor),
    /// Request that operations are cancelled. They may go on: `lro wait` says how they end
    Cancel(Named),
    /// Delete operations, which does not cancel them
    Delete(Named),
    /// List operations
    List(List),
    /// List the services of the catalogue, with their calls and the forms of their names
    ///
    /// As text, each version of a service is a line: what --service takes, the host, how it is reached, the calls beside get,
    /// and the first forms of the names of operations, with tabs between. JSON has all forms.
    Services {
        /// Only services whose host contains this text, or that have it as another name, such as vertex
        #[arg(default_value = "", hide_default_value = true)]
        filter: String,
    },
    /// Start an operation and wait for it
    #[command(subcommand)]
    Start(Start),
    /// Wait for the operations of saved handles, as an interrupted command has written them
    ///
    /// As text, the response of a single operation is written alone, and several have a line each, as with `lro wait`.
    Resume(Resume),
    /// Keep operations in an SQLite file or a PostgreSQL database, and poll them from any process
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Serve an emulator of long-running operations until Ctrl-C
    Emulate(Emulate),
    /// Write the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual page
    Man {
        /// Write a page for each command into this folder instead
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

/// Operations of one service.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The names of the operations; `-` reads them from stdin, one on each line
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct WaitFor {
    #[command(flatten)]
    pub(crate) named: Named,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The parents of the collections, such as projects/p/locations/l; none for a service with one collection
    #[arg(value_name = "PARENT")]
    pub(crate) parents: Vec<String>,
    /// A filter in the language of the service, such as done=false
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) filter: String,
    /// The most operations to list of each parent
    #[arg(long, value_name = "NUMBER")]
    pub(crate) most: Option<usize>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Start {
    /// Plan tours with Route Optimization, from an OptimizeToursRequest in JSON
    OptimizeTours(StartFrom),
    /// Create a subscription with Workspace Events, from a Subscription in JSON
    Subscription {
        /// The version of the API
        #[arg(long, value_enum, default_value_t = EventsVersion::V1)]
        api_version: EventsVersion,
        #[command(flatten)]
        start: StartFrom,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventsVersion {
    V1,
    V1beta,
}

#[derive(Debug, Args)]
pub(crate) struct StartFrom {
    /// The file with the request in JSON; `-` is stdin
    pub(crate) file: PathBuf,
    /// Write the handle of the operation to stdout instead of waiting
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The file with handles in JSON; `-` is stdin. The output of an interrupted command is such a file
    pub(crate) file: PathBuf,
    /// The form of names of a service that is not in the catalogue
    #[arg(long, default_value = "**")]
    pub(crate) template: String,
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// Returns the name of an environment variable, `None` if the variable is empty, which is as good as unset.
fn set(name: &'static str) -> Option<&'static str> {
    std::env::var_os(name).is_none_or(|value| !value.is_empty()).then_some(name)
}

/// Kept beside the table in the README and [`Exit`](crate::exit::Exit).
const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 an operation failed, 2 usage, 3 credentials, 4 not found, 5 a call failed, 6 a malformed reply, \
124 the deadline passed, 130 interrupted, 141 the reader of stdout has gone. Of several operations the highest.

A token comes from the variable LRO_TOKEN, from --token-file, or from application default credentials.";
