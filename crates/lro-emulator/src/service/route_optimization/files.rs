//! Requests with models in files. The files are not read.

use lro::Status;

use crate::api::error::{self, Violation};

lro::message! {
    pub(crate) struct BatchOptimizeToursRequest("google.maps.routeoptimization.v1.BatchOptimizeToursRequest") {
        model_configs: Vec<AsyncModelConfig>,
    }

    pub(crate) struct AsyncModelConfig(
        "google.maps.routeoptimization.v1.BatchOptimizeToursRequest.AsyncModelConfig"
    ) {
        input_config: Option<InputConfig>,
        output_config: Option<OutputConfig>,
    }

    pub(crate) struct InputConfig("google.maps.routeoptimization.v1.InputConfig") {
        gcs_source: Option<Uri>,
    }

    pub(crate) struct OutputConfig("google.maps.routeoptimization.v1.OutputConfig") {
        gcs_destination: Option<Uri>,
    }

    pub(crate) struct OptimizeToursUriRequest("google.maps.routeoptimization.v1.OptimizeToursUriRequest") {
        input: Option<Uri>,
        output: Option<Uri>,
    }

    pub(crate) struct OptimizeToursUriResponse("google.maps.routeoptimization.v1.OptimizeToursUriResponse") {
        output: Option<Uri>,
    }

    pub(crate) struct Uri("google.maps.routeoptimization.v1.Uri") {
        uri: String,
    }
}

pub(super) fn check_batch(request: &BatchOptimizeToursRequest) -> Result<(), Status> {
    if request.model_configs.is_empty() {
        return Err(error::bad_field("model_configs", "Must not be empty."));
    }
    let mut violations = Vec::new();
    for (index, config) in request.model_configs.iter().enumerate() {
        let source = config.input_config.as_ref().and_then(|config| config.gcs_source.as_ref());
        let destination = config.output_config.as_ref().and_then(|config| config.gcs_destination.as_ref());
        let field = |path| format!("model_configs[{index}].{path}.uri");
        check_uri(source, field("input_config.gcs_source"), &mut violations);
        check_uri(destination, field("output_config.gcs_destination"), &mut violations);
    }
    if violations.is_empty() { Ok(()) } else { Err(error::bad_request(violations)) }
}

pub(super) fn handle_uri(request: OptimizeToursUriRequest) -> Result<OptimizeToursUriResponse, Status> {
    let mut violations = Vec::new();
    check_uri(request.input.as_ref(), "input.uri".to_owned(), &mut violations);
    check_uri(request.output.as_ref(), "output.uri".to_owned(), &mut violations);
    if !violations.is_empty() {
        return Err(error::bad_request(violations));
    }
    Ok(OptimizeToursUriResponse { output: request.output })
}

fn check_uri(uri: Option<&Uri>, field: String, violations: &mut Vec<Violation>) {
    if !uri.is_some_and(|uri| uri.uri.starts_with("gs://")) {
        violations.push((field, "Must be a gs:// URI.".to_owned()));
    }
}
