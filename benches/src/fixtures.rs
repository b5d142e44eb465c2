//! Operations as JSON, with known sizes.

use lro::{Any, Operation};
use lro_route_optimization::messages::{
    OptimizeToursResponse, ShipmentRoute, ShipmentRouteEncodedPolyline, ShipmentRouteTransition,
    ShipmentRouteVisit,
};

/// The name of an operation.
pub const NAME: &str =
    "projects/my-project/locations/us-central1/operations/4c6c0000-1111-4222-8333-444455556666";

/// Returns the names of a number of operations, each as long as [`NAME`].
pub fn names(operations: usize) -> impl Iterator<Item = String> {
    let (stem, _) = NAME.split_at(NAME.len() - 6);
    (0..operations).map(move |number| format!("{stem}{number:06}"))
}

/// Returns a running operation with metadata, 209 bytes.
pub fn pending() -> Vec<u8> {
    pending_of(NAME, &metadata(0)).into_bytes()
}

/// Returns a running operation with this name and this metadata.
pub fn pending_of(name: &str, metadata: &str) -> String {
    format!(r#"{{"name":"{name}","metadata":{metadata}}}"#)
}

/// Returns metadata of at least this many bytes: its type and a list of finished steps.
pub fn metadata(bytes: usize) -> String {
    let mut metadata = format!(r#"{{"@type":"{METADATA_TYPE}""#);
    let mut separator = r#","steps":["#;
    while metadata.len() + 2 < bytes {
        metadata.push_str(separator);
        metadata.push_str(r#"{"state":"SUCCEEDED","progressPercent":100,"endTime":"2026-11-23T10:00:00Z"}"#);
        separator = ",";
    }
    metadata.push_str(if separator == "," { "]}" } else { "}" });
    metadata
}

/// Returns a finished operation whose response has about this many bytes.
pub fn done(bytes: usize) -> Vec<u8> {
    let mut tours = OptimizeToursResponse::default();
    while serde_json::to_vec(&tours).unwrap_or_default().len() < bytes {
        let missing = bytes - serde_json::to_vec(&tours).unwrap_or_default().len();
        let index = tours.routes.len();
        tours.routes.push(route(index as i32, (missing / VISIT).clamp(1, 100)));
        let routes = tours.routes.clone();
        // Doubling takes few steps for a large size.
        if serde_json::to_vec(&tours).unwrap_or_default().len() * 2 <= bytes {
            tours.routes.extend(routes);
        }
    }
    let packed = Any::pack(&tours).and_then(|response| Operation::succeeded(NAME, response));
    let operation = packed.unwrap_or_else(|status| Operation::failed(NAME, status));
    serde_json::to_vec(&operation).unwrap_or_default()
}

fn route(index: i32, visits: usize) -> ShipmentRoute {
    ShipmentRoute {
        vehicle_index: index,
        vehicle_label: format!("V{index:03}"),
        visits: (0..visits as i32).map(visit).collect(),
        transitions: (0..visits as i32).map(transition).collect(),
        ..ShipmentRoute::default()
    }
}

fn visit(index: i32) -> ShipmentRouteVisit {
    ShipmentRouteVisit {
        shipment_index: index,
        is_pickup: index % 2 == 0,
        start_time: "2026-11-23T10:00:00Z".parse().ok(),
        detour: "120s".parse().ok(),
        shipment_label: format!("S{index:04}"),
        ..ShipmentRouteVisit::default()
    }
}

fn transition(index: i32) -> ShipmentRouteTransition {
    ShipmentRouteTransition {
        travel_duration: "240s".parse().ok(),
        travel_distance_meters: 1_234.5 + f64::from(index),
        total_duration: "300s".parse().ok(),
        start_time: "2026-11-23T10:00:00Z".parse().ok(),
        route_polyline: Some(ShipmentRouteEncodedPolyline {
            points: "ctfiHiniMj@~D@DBP@D@@?B?@?@@B?@?@".into(),
        }),
        ..ShipmentRouteTransition::default()
    }
}

const METADATA_TYPE: &str =
    "type.googleapis.com/google.maps.routeoptimization.v1.OptimizeToursLongRunningMetadata";
/// The approximate size of a visit and its transition in JSON.
const VISIT: usize = 350;
