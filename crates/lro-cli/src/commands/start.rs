use std::path::Path;

use lro::{Code, Origin, Outcome, Status, Wait};
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursRequest, scopes::CLOUD_PLATFORM};
use lro_workspace_events::{Version, WorkspaceEvents, messages::Subscription};
use serde::de::DeserializeOwned;
use serde_path_to_error::Track;

use super::wait::{Layout, Waits};
use crate::{
    args::{EventsVersion, Show, Start, StartFrom},
    exit::{Exit, Failure},
    explain::not_started,
    handles,
    history::Memory,
    output::{Output, complain, note},
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
        wait = call => wait.map_err(|status| failed(status, &start.file))?,
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
    Waits::new(show, Layout::Response, vec![handle]).run(events, &memory).await
}

fn failed(status: Status, file: &Path) -> Failure {
    let status = of_request(status, file);
    Failure { exit: Exit::of_call(&status), message: not_started(&status) }
}

/// Names the file of a request that the client or the service refuses. The message has the field.
fn of_request(status: Status, file: &Path) -> Status {
    match (status.origin(), status.code()) {
        (Origin::CallFailed, Code::InvalidArgument) => status.in_context(&handles::shown(file).to_string()),
        _ => status,
    }
}

/// Reads a request. Says of one that is not valid where and why, and warns of fields that are not sent.
fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let (text, shown) = (handles::text(file)?, handles::shown(file));
    let refuse = |field: &str, fault: &serde_json::Error| {
        let (line, column) = (fault.line(), fault.column());
        // serde_json repeats the place at the end.
        let fault = fault.to_string();
        let fault = fault.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&fault);
        Failure::usage(format!("{shown}, line {line}, column {column}: {field}{fault}"))
    };
    let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let (mut track, mut unknown) = (Track::new(), Vec::new());
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let request = serde_ignored::deserialize(tracked, |field| unknown.push(field.to_string()));
    let request = request.map_err(|fault| {
        // The path of the whole is a dot, and that of a name or a value that has not begun ends with a question mark.
        let path = track.path().to_string();
        let field = match path.trim_end_matches(['.', '?']) {
            "" => String::new(),
            field => format!("{field}: "),
        };
        refuse(&field, &fault)
    })?;
    json.end().map_err(|fault| refuse("", &fault))?;
    for field in unknown {
        let warning = format!("{shown}: the field {} is not known, and not sent", field.replace(".?", ""));
        complain("warning", &Shown(&warning).to_string());
    }
    Ok(request)
}
