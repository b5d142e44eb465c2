use std::{env, error::Error, net::SocketAddr};

use lro_emulator::Emulator;

use crate::{
    args::Emulate,
    exit::{Exit, Failure},
    output::Output,
    signal::interrupted,
};

/// Serves the emulator until Ctrl-C, and writes its URL.
pub(crate) async fn emulate(output: Output, args: &Emulate) -> Result<Exit, Failure> {
    let longest = args.runs_up_to.unwrap_or(args.runs_for).max(args.runs_for);
    let mut builder = Emulator::builder()
        .host(args.host)
        .port(args.port)
        .seed(args.seed)
        .runs_for_between(args.runs_for, longest)
        .keeps_calls(0);
    if let Some(variable) = &args.token_env {
        let token = env::var(variable).ok().filter(|token| !token.is_empty());
        let token = token
            .ok_or_else(|| Failure::usage(format!("the environment variable {variable} has no token")))?;
        builder = builder.require_token(token);
    }
    let address = SocketAddr::new(args.host, args.port);
    let emulator = builder.start().await.map_err(|status| match status.source() {
        Some(error) => Failure::listen(address, error),
        None => status.into(),
    })?;
    for operation in &args.operation {
        emulator.operation(&operation.name, operation.script.clone());
    }
    for fault in &args.fault {
        emulator.reply_next(fault.calls, fault.reply.clone());
    }
    // Before the line, after which others may end the command.
    let interrupted = interrupted();
    output.line(&emulator.endpoint())?;
    interrupted.await.map_err(|error| Failure::call(format!("cannot wait for Ctrl-C: {error}")))?;
    emulator.shutdown().await;
    Ok(Exit::Done)
}
