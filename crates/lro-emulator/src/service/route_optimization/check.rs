use super::{
    model::{OptimizeToursRequest, Shipment},
    solution::{FieldReference, ValidationError},
};
use crate::api::error::Violation;

/// The violations of a request.
pub(super) fn violations(request: &OptimizeToursRequest) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut add = |field: String, what: &str| violations.push((field, what.to_owned()));
    let Some(model) = &request.model else {
        add("model".to_owned(), "Must be set.");
        return violations;
    };
    if model.shipments.is_empty() {
        add("model.shipments".to_owned(), "Must not be empty.");
    }
    if model.vehicles.is_empty() {
        add("model.vehicles".to_owned(), "Must not be empty.");
    }
    if let (Some(start), Some(end)) = (model.global_start_time, model.global_end_time)
        && end < start
    {
        add("model.global_end_time".to_owned(), "Must not be before global_start_time.");
    }
    for (index, shipment) in model.shipments.iter().enumerate() {
        if shipment.pickups.is_empty() && shipment.deliveries.is_empty() {
            add(
                format!("model.shipments[{index}].deliveries"),
                "Must not be empty where there are no pickups.",
            );
        }
        if has_unknown_vehicle(shipment, model.vehicles.len()) {
            add(format!("model.shipments[{index}].allowed_vehicle_indices"), "Must be indices of vehicles.");
        }
    }
    violations
}

/// The violations as a response of the mode that only validates.
pub(super) fn validation_errors(violations: Vec<Violation>) -> Vec<ValidationError> {
    let error = |(field, error_message): Violation| ValidationError {
        code: SHIPMENT_MODEL_ERROR,
        display_name: "SHIPMENT_MODEL_ERROR".to_owned(),
        fields: reference(&field).map(|reference| *reference).into_iter().collect(),
        error_message,
    };
    violations.into_iter().map(error).collect()
}

fn has_unknown_vehicle(shipment: &Shipment, vehicles: usize) -> bool {
    let is_known = |index: &i32| usize::try_from(*index).is_ok_and(|index| index < vehicles);
    !shipment.allowed_vehicle_indices.iter().all(is_known)
}

/// Parses `model.shipments[3].pickups` into nested names and indices.
fn reference(path: &str) -> Option<Box<FieldReference>> {
    path.rsplit('.').fold(None, |sub_field, part| {
        let (name, index) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, index)) => (name, index.parse().ok()),
            None => (part, None),
        };
        Some(Box::new(FieldReference { name: name.to_owned(), index, sub_field }))
    })
}

const SHIPMENT_MODEL_ERROR: i32 = 28;
