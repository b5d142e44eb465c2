use std::path::Path;

use lro::{Outcome, Status, Wait};
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursRequest, scopes::CLOUD_PLATFORM};
use lro_workspace_events::{Version, WorkspaceEvents, messages::Subscription};
use serde::de::DeserializeOwned;

use super::wait::Waits;
use crate::{
    args::{EventsVersion, Show, Start, StartFrom},
    exit::{Exit, Failure},
    handles,
    history::Memory,
    output::{Output, note},
    service::configured,
    signal::interrupted,
    text::Shown,
    waits::{self, kind_of},
};

/// Starts an operation, and waits for it.
pub(crate) async fn start(show: Show, start: Start) -> Result<Exit, Failure> {
    match start {
        Start::OptimizeTours(start) => {
            let request: OptimizeToursRequest = read(&start.file)?;
            let scopes = [CLOUD_PLATFORM.to_owned()];
            if start.access.grpc {
                let routes = configured(RouteOptimization::grpc(), &start.access, &scopes)?.build()?;
                return started(show, &start, routes.optimize_tours_long_running(&request)).await;
            }
            let routes = configured(RouteOptimization::builder(), &start.access, &scopes)?.build()?;
            started(show, &start, routes.optimize_tours_long_running(&request)).await
        }
        Start::Subscription { api_version, start } => {
            let subscription: Subscription = read(&start.file)?;
            let version = match api_version {
                EventsVersion::V1 => Version::V1,
                EventsVersion::V1beta => Version::V1Beta,
            };
            let scopes: Vec<String> = lro_services::find("workspaceevents", None)?.scopes().collect();
            if start.access.grpc {
                let events =
                    configured(WorkspaceEvents::grpc_of(version), &start.access, &scopes)?.build()?;
                return started(show, &start, events.create_subscription(&subscription)).await;
            }
            let events = configured(WorkspaceEvents::builder_of(version), &start.access, &scopes)?.build()?;
            started(show, &start, events.create_subscription(&subscription)).await
        }
    }
}

async fn started<R: Send + 'static, M: Send + 'static>(
    show: Show,
    start: &StartFrom,
    call: impl Future<Output = Result<Wait<'static, R, M>, Status>> + Send,
) -> Result<Exit, Failure> {
    let wait = tokio::select! {
        wait = call => wait?,
        _ = interrupted() => return Err(Failure {
            exit: Exit::Interrupted,
            message: "interrupted during the starting call: the operation may be running without a known name".to_owned(),
        }),
    };
    let mut wait = waits::with(wait, &start.waiting);
    if let Some(kind) = &start.waiting.kind {
        wait = wait.kind(kind.clone());
    }
    let output = Output { format: show.format };
    let Some(handle) = wait.handle() else {
        // An operation without a name is done, or malformed.
        let operation = wait.into_operation()?;
        return match &operation.outcome {
            Some(Outcome::Error(status)) => Err(status.clone().into()),
            _ => output.response(&operation).map(|()| Exit::Done),
        };
    };
    if start.detach {
        return output.json(&handle).map(|()| Exit::Done);
    }
    if !show.quiet {
        note(&format!("started {}", Shown(handle.name_for(handle.service())?.as_str())));
    }
    let mut memory = Memory::load();
    let wait = wait.pacing(memory.learned().pacing(kind_of(&handle)));
    memory.uses(kind_of(&handle));
    let events = waits::one(wait, handle.clone());
    Waits::new(show, false, vec![handle]).run(events, &memory).await
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let text = handles::text(file)?;
    lro::from_json(text.as_bytes())
        .map_err(|status| Failure::usage(format!("{}: {}", file.display(), status.message())))
}
