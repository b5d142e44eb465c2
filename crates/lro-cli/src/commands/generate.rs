//! Completions and manual pages.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{
    args::Cli,
    exit::{Exit, Failure},
    output::Output,
};

pub(crate) fn completions(output: Output, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lro", &mut script);
    write(output, &script)
}

/// Writes the page of the command, or a page for each command into a folder.
pub(crate) fn man(output: Output, folder: Option<&Path>) -> Result<Exit, Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page).map_err(|error| Failure::stdout(&error))?;
        return write(output, &page);
    };
    clap_mangen::generate_to(Cli::command(), folder)
        .map_err(|error| Failure::usage(format!("cannot write to {}: {error}", folder.display())))?;
    Ok(Exit::Done)
}

fn write(output: Output, text: &[u8]) -> Result<Exit, Failure> {
    output.line(String::from_utf8_lossy(text).trim_end()).map(|()| Exit::Done)
}
