//! Route Optimization: a stand-in for the solver, and the operations of its requests.

mod check;
mod model;
mod solve;
mod tour;

use lro::{Any, Empty, Status};
use serde::Serialize;
use serde_json::{Value, json};

use self::model::{BatchOptimizeToursRequest, OptimizeToursRequest, OptimizeToursUri, SolvingMode, Uri};
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
            check_batch(&request.message()?)?;
            ("BatchOptimizeToursMetadata", pack("BatchOptimizeToursResponse", &Empty::default()))
        }
        // The spelling of the service, and the usual one.
        "OptimizeToursUri" | "optimizeToursUri" => {
            let response = optimize_uri(request.message()?)?;
            ("OptimizeToursUriMetadata", pack("OptimizeToursUriResponse", &response))
        }
        _ => return Err(request.unknown_method()),
    };
    let metadata = pack(message, &Empty::default()).ok();
    let state = &mut *store.state();
    let name = operation_name(&request.path.segments, &state.rng.uuid());
    Ok(state.start(name, Scope::Version("v1"), metadata, Ending::response(response)).into())
}

async fn optimize(request: &Request) -> Result<Value, Status> {
    let request: OptimizeToursRequest = request.message()?;
    let errors = check::errors(&request);
    let mut response = match (request.solving_mode, request.model) {
        (SolvingMode::Validate, _) => json!({"validationErrors": check::reply(errors)}),
        (mode, model) => {
            check::refuse(errors)?;
            let model = model.unwrap_or_default();
            let solve = move || solve::solve(&model, mode == SolvingMode::Detect);
            let solved = tokio::task::spawn_blocking(solve).await;
            solved.map_err(|error| Status::new(lro::Code::Internal, error.to_string()))?
        }
    };
    response["requestLabel"] = request.label.into();
    Ok(json::without_defaults(response, &["exampleVehicleIndex", "penaltyCost", "index"]))
}

/// Checks the size of a batch, of which the service documents the limit, and where its files are. They are not read.
fn check_batch(request: &BatchOptimizeToursRequest) -> Result<(), Status> {
    let configs = &request.model_configs;
    if !(1..=100).contains(&configs.len()) {
        return Err(error::bad_field("model_configs", "There must be 1 to 100 models."));
    }
    check_files(configs.iter().enumerate().flat_map(|(index, config)| {
        let field = |path| format!("model_configs[{index}].{path}.uri");
        let source = (&config.input_config.gcs_source, field("input_config.gcs_source"));
        [source, (&config.output_config.gcs_destination, field("output_config.gcs_destination"))]
    }))
}

/// Returns the response to a request: where the output is.
fn optimize_uri(request: OptimizeToursUri) -> Result<OptimizeToursUri, Status> {
    check_files([(&request.input, "input.uri".to_owned()), (&request.output, "output.uri".to_owned())])?;
    Ok(OptimizeToursUri { input: Uri::default(), ..request })
}

fn check_files<'a>(uris: impl IntoIterator<Item = (&'a Uri, String)>) -> Result<(), Status> {
    let wrong = uris.into_iter().filter(|(uri, _)| !uri.uri.starts_with("gs://"));
    error::refuse(wrong.map(|(_, field)| (field, "Must be a gs:// URI.".to_owned())).collect())
}

/// Returns the name of an operation, which is in a location even if the request names none.
fn operation_name(parent: &[String], id: &str) -> String {
    let project = parent.get(1).map_or("-", String::as_str);
    let location = parent.get(3).map_or("us-central1", String::as_str);
    format!("projects/{project}/locations/{location}/operations/{id}")
}

fn pack(message: &str, value: &impl Serialize) -> Result<Any, Status> {
    Any::pack_as(&format!("google.maps.routeoptimization.v1.{message}"), value)
}
