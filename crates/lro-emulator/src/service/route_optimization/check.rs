use lro::Status;
use serde_json::{Value, json};

use super::model::{OptimizeToursRequest, SolvingMode};
use crate::api::error;

/// An error in a request: number and name as the service documents them, the path of the field without `model`, and what is
/// wrong.
type Error = (i32, &'static str, String, &'static str);

/// Returns the errors in a request, at most as many as it asks for.
pub(super) fn errors(request: &OptimizeToursRequest) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut check = |holds: bool, code, name, field: &str, what| {
        if !holds {
            errors.push((code, name, field.to_owned(), what));
        }
    };
    let in_time = request.timeout.is_none_or(|timeout| (1.0..=3_600.0).contains(&timeout.as_secs_f64()));
    check(in_time, 12, "REQUEST_OPTIONS_ERROR", "timeout", "it must be from 1 second to 1 hour");
    let has_mode = !matches!(request.solving_mode, SolvingMode::Unknown(_));
    check(has_mode, 1201, "REQUEST_OPTIONS_INVALID_SOLVING_MODE", "solving_mode", "it is not supported");
    check(request.model.is_some(), 22, "SHIPMENT_MODEL_ERROR", "model", "it must be set");
    let model = request.model.clone().unwrap_or_default();
    let has_shipments = request.model.is_none() || !model.shipments.is_empty();
    check(has_shipments, 22, "SHIPMENT_MODEL_ERROR", "shipments", "there must be at least one");
    let ends_early = model.global_end_time.is_some_and(|end| Some(end) < model.global_start_time);
    let name = "SHIPMENT_MODEL_GLOBAL_START_TIME_AFTER_GLOBAL_END_TIME";
    check(!ends_early, 2204, name, "global_start_time", "it must not be after `global_end_time`");
    for (index, shipment) in model.shipments.iter().enumerate() {
        let path = format!("shipments[{index}]");
        let visits = || shipment.pickups.iter().chain(&shipment.deliveries);
        let has_visit = visits().next().is_some();
        check(has_visit, 4005, "SHIPMENT_NO_PICKUP_NO_DELIVERY", &path, "it must have a visit");
        let (name, field) = ("SHIPMENT_ALLOWED_VEHICLE_INDEX_OUT_OF_BOUNDS", "allowed_vehicle_indices");
        let exists = |index: &i32| usize::try_from(*index).is_ok_and(|index| index < model.vehicles.len());
        let exist = shipment.allowed_vehicle_indices.iter().all(exists);
        check(exist, 4007, name, &format!("{path}.{field}"), "there is no such vehicle");
        let mut demands = visits().flat_map(|visit| &visit.load_demands).chain(&shipment.load_demands);
        let is_load = demands.all(|(_, load)| load.amount >= 0);
        check(
            is_load,
            3100,
            "AMOUNT_NEGATIVE_VALUE",
            &format!("{path}.load_demands"),
            "it must not be negative",
        );
    }
    let most = request.max_validation_errors.and_then(|most| usize::try_from(most).ok());
    errors.truncate(most.unwrap_or(100).min(10_000));
    errors
}

/// Refuses a request with errors, in the words of the service.
pub(super) fn refuse(errors: Vec<Error>) -> Result<(), Status> {
    let Some((_, _, field, what)) = errors.first() else { return Ok(()) };
    let first = format!("Here is the first one: In `{field}`: {what}");
    let message = format!("INVALID_REQUEST: Validation caught {} error(s). {first}", errors.len());
    Err(error::bad_request(message, errors.into_iter().map(|(_, _, field, what)| (field, what.to_owned()))))
}

/// Returns the errors as the mode that only validates returns them.
pub(super) fn reply(errors: Vec<Error>) -> Vec<Value> {
    let error = |(code, name, field, what): Error| {
        let fields = [reference(&field)];
        json!({"code": code, "displayName": name, "fields": fields, "errorMessage": what})
    };
    errors.into_iter().map(error).collect()
}

/// Parses `shipments[3].pickups` into nested names and indices.
fn reference(path: &str) -> Value {
    path.rsplit('.').fold(Value::Null, |sub_field, part| {
        let (name, index) = part.trim_end_matches(']').split_once('[').unwrap_or((part, ""));
        json!({"name": name, "index": index.parse::<i32>().ok(), "subField": sub_field})
    })
}
