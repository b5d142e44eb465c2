//! Route Optimization: a small solver, and the operations of its requests.

mod check;
mod convert;
mod files;
mod geo;
mod metrics;
mod model;
mod solution;
mod solve;
mod tour;
mod write;

use std::sync::Arc;

use lro::{Any, Empty, Status};
use serde::Serialize;

use self::{
    model::{OptimizeToursRequest, SolvingMode},
    solution::OptimizeToursResponse,
};
use super::message::Message;
use crate::{
    api::{error, json},
    request::Request,
    store::{
        Store,
        job::{Ending, Scope},
    },
};

/// Replies to a call at `/v1/{parent}:{verb}`.
pub(crate) async fn handle(store: &Store, request: &Request, verb: &str) -> Result<Message, Status> {
    let (message, response) = match verb {
        "optimizeTours" => return Ok(json::encode(&optimize(request).await?)?.into()),
        "optimizeToursLongRunning" => {
            ("OptimizeToursLongRunningMetadata", pack("OptimizeToursResponse", &optimize(request).await?))
        }
        "batchOptimizeTours" => {
            files::check_batch(&request.message()?)?;
            ("BatchOptimizeToursMetadata", pack("BatchOptimizeToursResponse", &Empty::default()))
        }
        // The spelling of the service, and the usual one.
        "OptimizeToursUri" | "optimizeToursUri" => {
            let response = files::handle_uri(request.message()?)?;
            ("OptimizeToursUriMetadata", pack("OptimizeToursUriResponse", &response))
        }
        _ => return Err(request.unknown_method()),
    };
    let metadata = pack(message, &Empty::default()).ok();
    let state = &mut *store.state();
    let name = operation_name(&request.path.segments, &state.rng.uuid());
    Ok(state.start(name, Scope::Version("v1"), metadata, Ending::response(response)).into())
}

async fn optimize(request: &Request) -> Result<OptimizeToursResponse, Status> {
    let request: Arc<OptimizeToursRequest> = Arc::new(request.message()?);
    let violations = check::violations(&request);
    let request_label = request.label.clone();
    if request.solving_mode == SolvingMode::ValidateOnly {
        let validation_errors = check::validation_errors(violations);
        return Ok(OptimizeToursResponse { request_label, validation_errors, ..Default::default() });
    }
    if !violations.is_empty() {
        return Err(error::bad_request(violations));
    }
    let solved = tokio::task::spawn_blocking(move || solve::solve(&request)).await;
    let response = solved.map_err(|error| Status::new(lro::Code::Internal, error.to_string()))?;
    Ok(OptimizeToursResponse { request_label, ..response })
}

/// The name of an operation, which is in a location even if the request names none.
fn operation_name(parent: &[String], id: &str) -> String {
    let project = parent.get(1).map_or("-", String::as_str);
    let location = parent.get(3).map_or("us-central1", String::as_str);
    format!("projects/{project}/locations/{location}/operations/{id}")
}

fn pack(message: &str, value: &impl Serialize) -> Result<Any, Status> {
    Any::pack_as(&format!("google.maps.routeoptimization.v1.{message}"), value)
}
