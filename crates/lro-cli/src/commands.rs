mod calls;
mod emulate;
mod generate;
mod registry;
mod services;
mod start;
mod wait;

use self::calls::Verb;
use crate::{
    args::{Command, Show},
    exit::{Exit, Failure},
    output::Output,
};

/// Runs a command.
pub(crate) async fn run(show: Show, command: Command) -> Result<Exit, Failure> {
    let output = Output { format: show.format };
    match command {
        Command::Get(named) => calls::call(show, Verb::Get, &named).await,
        Command::Wait(args) => wait::wait(show, &args, false).await,
        Command::Watch(args) => wait::wait(show, &args, true).await,
        Command::Cancel(named) => calls::call(show, Verb::Cancel, &named).await,
        Command::Delete(named) => calls::call(show, Verb::Delete, &named).await,
        Command::List(list) => calls::list(output, &list).await,
        Command::Services { filter } => services::services(output, &filter),
        Command::Start(start) => start::start(show, start).await,
        Command::Resume(args) => wait::resume(show, &args).await,
        Command::Registry(command) => registry::run(show, command).await,
        Command::Emulate(args) => emulate::emulate(output, &args).await,
        Command::Completions { shell } => generate::completions(output, shell),
        Command::Man { folder } => generate::man(output, folder.as_deref()),
    }
}
