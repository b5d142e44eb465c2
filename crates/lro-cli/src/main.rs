#![doc = include_str!("../README.md")]

mod args;
mod commands;
mod credentials;
mod emulation;
mod exit;
mod explain;
mod handles;
mod history;
mod json;
mod output;
mod pacing;
mod progress;
mod service;
mod signal;
mod text;
mod waits;

use std::process::ExitCode;

use clap::Parser;

use self::{args::Cli, exit::Exit};

fn main() -> ExitCode {
    // `console` takes an empty NO_COLOR for one that is set.
    if std::env::var_os("NO_COLOR").is_some_and(|value| value.is_empty()) && progress::is_attended() {
        console::set_colors_enabled_stderr(true);
    }
    let Cli { show, command } = Cli::parse();
    let exit = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(show, command));
            // A read of stdin or of a lock may still block a thread.
            runtime.shutdown_background();
            result.unwrap_or_else(|failure| {
                if !failure.message.is_empty() {
                    output::complain("error", &failure.to_string());
                }
                failure.exit
            })
        }
        Err(error) => {
            output::complain("error", &format!("cannot start: {error}"));
            Exit::CallFailed
        }
    };
    ExitCode::from(exit as u8)
}
