//! The messages as JSON, against what the service sends and against tables made from its schema.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use lro::message::UnknownValue;
use lro_route_optimization::messages::{
    self, BatchOptimizeToursMetadata, BatchOptimizeToursResponse, LatLng, OptimizeToursLongRunningMetadata,
    OptimizeToursRequest, OptimizeToursResponse, OptimizeToursUriMetadata, OptimizeToursUriResponse,
    Shipment, ShipmentLoad, SkippedShipmentReason, SkippedShipmentReasonCode, TimeWindow,
};
use lro_testkit::{
    enumerations, message_types,
    messages::{
        Enumeration, Messages, enumerations_have_the_values_of, fields, metadata, read, response, written,
    },
};
use serde_json::json;

#[test]
fn reads_the_routes_of_an_operation() {
    let tours: OptimizeToursResponse = response(include_str!("data/breaks.json"));
    let route = &tours.routes[0];
    assert_eq!(route.vehicle_label, "V0001");
    assert_eq!(route.visits[0].load_demands["shipment_count"], ShipmentLoad { amount: -1 });
    assert_eq!(route.transitions.len(), route.visits.len() + 1);
    assert_eq!(route.breaks[1].duration.unwrap().seconds(), 3_600);
    assert_eq!(route.route_total_cost, 1054.181);
}

#[test]
fn reads_where_a_validation_error_is() {
    let tours: OptimizeToursResponse = response(include_str!("data/validate_only.json"));
    let [vehicle, shipment] = &tours.validation_errors[0].fields[..] else {
        panic!("not two fields: {:?}", tours.validation_errors);
    };
    assert_eq!((vehicle.index, vehicle.key.as_deref()), (Some(4), None));
    let pickup = shipment.sub_field.as_deref().unwrap();
    assert_eq!((pickup.index, pickup.key.as_deref()), (None, Some("k")));
}

#[test]
fn writes_a_response_as_the_service_sent_it() {
    for operation in TOURS {
        assert_eq!(written(&response::<OptimizeToursResponse>(operation)), fields(operation, "response"));
    }
    assert_eq!(written(&response::<BatchOptimizeToursResponse>(BATCH)), fields(BATCH, "response"));
    assert_eq!(written(&response::<OptimizeToursUriResponse>(URI)), fields(URI, "response"));
}

#[test]
fn reads_metadata_without_fields() {
    for operation in TOURS {
        assert_eq!(metadata::<OptimizeToursLongRunningMetadata>(operation), Default::default());
    }
    assert_eq!(metadata::<BatchOptimizeToursMetadata>(BATCH), Default::default());
    assert_eq!(metadata::<OptimizeToursUriMetadata>(URI), Default::default());
}

#[test]
fn every_message_has_the_fields_of_the_schema() {
    every_message().have_the_fields_of(include_str!("data/fields.tsv"), |_, _| true);
}

#[test]
fn every_message_keeps_every_field() {
    every_message().keep_every_field();
}

#[test]
fn every_message_has_the_binary_form_of_the_schema() {
    every_message().are_encoded_as(include_str!("data/encoded.tsv"));
}

#[test]
fn every_message_takes_names_in_snake_case() {
    every_message().take_names_in_snake_case();
}

#[test]
fn every_message_takes_null_as_absent() {
    every_message().take_null_as_absent(|_| json!({}));
}

#[test]
fn every_message_passes_over_what_it_does_not_know() {
    every_message().skip_a_field("@fieldOfTomorrow");
}

#[test]
fn every_field_refuses_a_wrong_type() {
    every_message().refuse_a_wrong_type();
}

#[test]
fn every_enumeration_has_the_values_of_the_schema() {
    let enumerations: Vec<Enumeration> = enumerations!(messages:
        DataFormat InjectedSolutionConstraintConstraintRelaxationRelaxationLevel
        OptimizeToursRequestSearchMode OptimizeToursRequestSolvingMode ShipmentModelObjectiveType
        ShipmentTypeIncompatibilityIncompatibilityMode ShipmentTypeRequirementRequirementMode
        SkippedShipmentReasonCode VehicleTravelMode VehicleUnloadingPolicy
    );
    enumerations_have_the_values_of(include_str!("data/enums.tsv"), &enumerations);
}

#[test]
fn keeps_a_value_that_an_enumeration_does_not_know() {
    let reason: SkippedShipmentReason = read(json!({"code": "OUT_OF_ICE_CREAM"}));
    assert_eq!(
        reason.code,
        SkippedShipmentReasonCode::Unknown(UnknownValue::Name("OUT_OF_ICE_CREAM".into()))
    );
    assert_eq!(written(&reason), json!({"code": "OUT_OF_ICE_CREAM"}));

    // The schema goes from 11 to 13.
    let reason: SkippedShipmentReason = read(json!({"code": 12}));
    assert_eq!(reason.code, SkippedShipmentReasonCode::Unknown(UnknownValue::Number(12)));
    assert_eq!(written(&reason), json!({"code": 12}));
}

#[test]
fn a_load_is_a_number_or_a_string_and_never_rounded() {
    const BEYOND_DOUBLE: i64 = 9_007_199_254_740_993;
    for amount in [json!(BEYOND_DOUBLE), json!("9007199254740993")] {
        let load: ShipmentLoad = read(json!({ "amount": amount }));
        assert_eq!(load.amount, BEYOND_DOUBLE);
        assert_eq!(written(&load), json!({"amount": "9007199254740993"}));
    }
    assert!(serde_json::from_value::<ShipmentLoad>(json!({"amount": 1.5})).is_err());
    assert!(serde_json::from_value::<ShipmentLoad>(json!({"amount": "9223372036854775808"})).is_err());
}

#[test]
fn a_cost_may_be_no_number_or_infinite() {
    for (word, cost) in [("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)] {
        let shipment: Shipment = read(json!({ "penaltyCost": word }));
        assert_eq!(shipment.penalty_cost, Some(cost));
        assert_eq!(written(&shipment), json!({ "penaltyCost": word }));
    }
    let point: LatLng = read(json!({"latitude": "NaN", "longitude": "-12.5"}));
    assert!(point.latitude.is_nan());
    assert_eq!(written(&point), json!({"latitude": "NaN", "longitude": -12.5}));
    for word in ["nan", "inf", "Inf", "1e999", ""] {
        assert!(serde_json::from_value::<LatLng>(json!({ "latitude": word })).is_err(), "{word}");
    }
}

#[test]
fn a_penalty_of_zero_is_not_a_missing_one() {
    let free = Shipment { penalty_cost: Some(0.0), ..Shipment::default() };
    assert_eq!(written(&free), json!({"penaltyCost": 0.0}));
    assert_eq!(written(&Shipment::default()), json!({}));
}

#[test]
fn refuses_a_time_or_a_list_element_that_is_none() {
    for window in [json!({"startTime": "2026-11-23"}), json!({"startTime": 1}), json!([])] {
        assert!(serde_json::from_value::<TimeWindow>(window.clone()).is_err(), "{window}");
    }
    for request in [json!({"timeout": "1"}), json!({"model": {"shipments": [null]}})] {
        assert!(serde_json::from_value::<OptimizeToursRequest>(request.clone()).is_err(), "{request}");
    }
}

fn every_message() -> Messages {
    let types = message_types!(messages:
        AggregatedMetrics BatchOptimizeToursMetadata BatchOptimizeToursRequest
        BatchOptimizeToursRequestAsyncModelConfig BatchOptimizeToursResponse BreakRule BreakRuleBreakRequest
        BreakRuleFrequencyConstraint DistanceLimit GcsDestination GcsSource InjectedSolutionConstraint
        InjectedSolutionConstraintConstraintRelaxation
        InjectedSolutionConstraintConstraintRelaxationRelaxation InputConfig LatLng Location
        OptimizeToursLongRunningMetadata OptimizeToursRequest OptimizeToursResponse
        OptimizeToursResponseMetrics OptimizeToursUriMetadata OptimizeToursUriRequest
        OptimizeToursUriResponse OptimizeToursValidationError OptimizeToursValidationErrorFieldReference
        OutputConfig RouteModifiers Shipment ShipmentLoad ShipmentModel ShipmentModelDurationDistanceMatrix
        ShipmentModelDurationDistanceMatrixRow ShipmentModelObjective ShipmentModelPrecedenceRule
        ShipmentRoute ShipmentRouteBreak ShipmentRouteEncodedPolyline ShipmentRouteTransition
        ShipmentRouteVehicleLoad ShipmentRouteVisit ShipmentTypeIncompatibility ShipmentTypeRequirement
        ShipmentVisitRequest SkippedShipment SkippedShipmentReason TimeWindow TransitionAttributes Uri
        Vehicle VehicleDurationLimit VehicleFullness VehicleLoadLimit VehicleLoadLimitInterval
        VehicleLoadLimitLoadCost Waypoint
    );
    Messages::new(types, include_str!("data/samples.tsv"))
}

const BATCH: &str = include_str!("data/batch.json");

const URI: &str = include_str!("data/uri.json");

/// The second to the sixth are responses to real models, under the licence beside them.
const TOURS: [&str; 7] = [
    include_str!("data/empty.json"),
    include_str!("data/breaks.json"),
    include_str!("data/energy_costs.json"),
    include_str!("data/place_id.json"),
    include_str!("data/skipped_shipments.json"),
    include_str!("data/small.json"),
    include_str!("data/validate_only.json"),
];
