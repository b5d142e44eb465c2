mod change;
mod look;
mod record;
mod register;
mod run;

use std::path::Path;

use lro_page::Page;
use lro_registry::Registry;
use lro_registry_postgres::PostgresStore;
use lro_registry_sqlite::SqliteStore;

use self::change::{Change, change};
use crate::{
    args::{RegistryCommand, Serve, Show, Store},
    exit::{Exit, Failure},
    output::Output,
    signal::interrupted,
};

/// Runs a command about a registry.
pub(super) async fn run(show: Show, command: RegistryCommand) -> Result<Exit, Failure> {
    let output = Output { format: show.format };
    match command {
        RegistryCommand::Register(args) => register::register(output, args).await,
        RegistryCommand::List(args) => look::list(output, &args).await,
        RegistryCommand::Watch { keys, every, store } => look::watch(output, keys, every, &store).await,
        RegistryCommand::Cancel { keys, store } => change(output, Change::Cancel, &keys, &store).await,
        RegistryCommand::TakeBack { keys, store } => change(output, Change::TakeBack, &keys, &store).await,
        RegistryCommand::Forget { keys, store } => change(output, Change::Forget, &keys, &store).await,
        RegistryCommand::Run(args) => run::run(show, &args).await,
        RegistryCommand::Serve(args) => serve(output, &args).await,
    }
}

/// Opens the registry of a store. A file that does not exist is created only if `creates`, so that a wrong path is noticed.
async fn open(store: &Store, creates: bool) -> Result<Registry, Failure> {
    let store = &*store.store;
    let is_server = ["postgres://", "postgresql://"].iter().any(|scheme| store.starts_with(scheme));
    if is_server || ["host", "hostaddr"].iter().any(|name| has_parameter(store, name)) {
        let store = PostgresStore::new(store)?;
        store.connect().await?;
        return Ok(Registry::new(store));
    }
    if store.contains("://") || ["password", "sslpassword"].iter().any(|name| has_parameter(store, name)) {
        // It may have a password, so it is not shown.
        return Err(Failure::usage(
            "not a store: expected the path of a file, a URL that begins with postgres://, or parameters with host=",
        ));
    }
    if !creates && !Path::new(store).exists() {
        return Err(Failure::usage(format!(
            "there is no registry at {store}: `lro registry register` creates one"
        )));
    }
    Ok(Registry::new(SqliteStore::open(store).await?))
}

/// Returns whether a text has this parameter of a connection string of PostgreSQL: `host=db` or `host = db`.
fn has_parameter(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        text[..at].chars().next_back().is_none_or(char::is_whitespace)
            && text[at + name.len()..].trim_start().starts_with('=')
    })
}

async fn serve(output: Output, args: &Serve) -> Result<Exit, Failure> {
    let registry = open(&args.store, false).await?;
    let served = Page::registry(&registry).serve(args.port).await;
    let served = served.map_err(|error| Failure::listen(format_args!("port {}", args.port), &error))?;
    let interrupted = interrupted();
    output.line(&format!("http://{}/", served.address()))?;
    interrupted.await.map_err(|error| Failure::call(format!("cannot wait for Ctrl-C: {error}")))?;
    Ok(Exit::Done)
}
