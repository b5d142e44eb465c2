//! Every request is solved: each shipment is carried, or it is said why not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, time::Duration};

use lro::wkt;
use lro_emulator::Emulator;
use serde_json::{Value, json};

use super::client::Client;

#[tokio::test]
async fn solves_by_an_operation_in_a_location() {
    let (_emulator, client) = start().await;
    let pending = client.post("/v1/projects/p:optimizeToursLongRunning", &request(3, 1)).await.ok();
    let name = pending["name"].as_str().unwrap();
    assert!(name.starts_with("projects/p/locations/us-central1/operations/"), "{name}");
    let metadata = "type.googleapis.com/google.maps.routeoptimization.v1.OptimizeToursLongRunningMetadata";
    assert_eq!(pending["metadata"], json!({ "@type": metadata }));
    let done = client.done("v1", &pending).await;
    let response = "type.googleapis.com/google.maps.routeoptimization.v1.OptimizeToursResponse";
    assert_eq!(done["response"]["@type"], response);
    assert_eq!(performed(&done["response"]), BTreeSet::from([0, 1, 2]));

    let elsewhere = "/v1/projects/p/locations/europe-west1:optimizeToursLongRunning";
    let pending = client.post(elsewhere, &request(1, 1)).await.ok();
    assert!(pending["name"].as_str().unwrap().starts_with("projects/p/locations/europe-west1/operations/"));
    // SPEC 38
    client.post(&format!("/v1/{name}:cancel"), &json!({})).await.error(404);
    client.delete(&format!("/v1/{name}")).await.error(404);
    client.get("/v1/projects/p/locations/us-central1/operations").await.error(404);
}

#[tokio::test]
async fn a_route_adds_up() {
    let (_emulator, client) = start().await;
    let solved = client.post("/v1/projects/p:optimizeTours", &request(12, 2)).await.ok();
    assert_eq!(solved["requestLabel"], "a day");
    assert_eq!(solved.get("skippedShipments"), None);
    for route in solved["routes"].as_array().unwrap() {
        let (visits, transitions) = (list(&route["visits"]), list(&route["transitions"]));
        assert_eq!(transitions.len(), if visits.is_empty() { 0 } else { visits.len() + 1 });
        for (index, transition) in transitions.iter().enumerate() {
            let end = time(&transition["startTime"]) + seconds(&transition["totalDuration"]);
            let next = visits.get(index).map_or(&route["vehicleEndTime"], |visit| &visit["startTime"]);
            assert_eq!(end, time(next), "a transition ends where the visit begins");
        }
        for (visit, next) in visits.iter().zip(&transitions[transitions.len().min(1)..]) {
            assert_eq!(time(&visit["startTime"]) + 60, time(&next["startTime"]), "a visit takes a minute");
        }
    }
    let metrics = &solved["metrics"]["aggregatedRouteMetrics"];
    assert_eq!(metrics["performedShipmentCount"], 12);
    assert_eq!(seconds(&metrics["visitDuration"]), 24 * 60);
    let costs: f64 =
        list(&solved["routes"]).iter().filter_map(|route| route["routeTotalCost"].as_f64()).sum();
    assert!(costs > 0.0 && (solved["metrics"]["totalCost"].as_f64().unwrap() - costs).abs() < 1e-6);
    assert_eq!(solved["metrics"]["earliestVehicleStartTime"], "2026-11-23T08:00:00Z");
}

#[tokio::test]
async fn a_shipment_is_picked_up_before_it_is_delivered_by_the_same_vehicle() {
    let (_emulator, client) = start().await;
    let solved = client.post("/v1/projects/p:optimizeTours", &request(20, 3)).await.ok();
    for route in list(&solved["routes"]) {
        let mut on_board = BTreeSet::new();
        for visit in list(&route["visits"]) {
            let shipment = visit["shipmentIndex"].as_i64().unwrap_or(0);
            let is_pickup = visit["isPickup"] == true;
            assert!(if is_pickup { on_board.insert(shipment) } else { on_board.remove(&shipment) });
        }
        assert_eq!(on_board, BTreeSet::new());
    }
    assert_eq!(performed(&solved).len(), 20);
}

#[tokio::test]
async fn what_cannot_be_carried_is_skipped_with_the_reason() {
    let (_emulator, client) = start().await;
    let mut request = request(5, 3);
    let model = &mut request["model"];
    model["vehicles"][0]["ignore"] = json!(true);
    model["vehicles"][1]["loadLimits"] = json!({"kg": {"maxLoad": "10"}});
    model["vehicles"][2]["loadLimits"] = json!({"kg": {"maxLoad": 5}});
    model["shipments"][0]["ignore"] = json!(true);
    model["shipments"][1]["loadDemands"] = json!({"kg": {"amount": "11"}});
    model["shipments"][1]["penaltyCost"] = json!(100.0);
    model["shipments"][2]["allowedVehicleIndices"] = json!([0]);
    model["shipments"][3]["deliveries"][0]["timeWindows"] = json!([{"endTime": "2026-11-23T07:00:00Z"}]);
    model["shipments"][4]["loadDemands"] = json!({"kg": {"amount": "10"}});
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    assert_eq!(performed(&solved), BTreeSet::from([4]));

    let skipped = list(&solved["skippedShipments"]);
    let codes = |index: usize| -> Vec<&str> {
        assert_eq!(skipped[index]["index"].as_u64().unwrap_or(0), index as u64);
        list(&skipped[index]["reasons"]).iter().map(|reason| reason["code"].as_str().unwrap()).collect()
    };
    assert_eq!(codes(0), ["SHIPMENT_IGNORED"]);
    assert_eq!(codes(1), ["VEHICLE_IGNORED", "DEMAND_EXCEEDS_VEHICLE_CAPACITY"]);
    assert_eq!(codes(2), ["VEHICLE_IGNORED", "VEHICLE_NOT_ALLOWED"]);
    assert_eq!(codes(3), ["VEHICLE_IGNORED", "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS"]);
    assert_eq!(skipped[1]["reasons"][1]["exampleExceededCapacityType"], "kg");
    assert_eq!(solved["metrics"]["skippedMandatoryShipmentCount"], 2);
    assert_eq!(solved["metrics"]["usedVehicleCount"], 1);
    assert_eq!(solved["metrics"]["costs"]["model.shipments.penalty_cost"], 100.0);
}

#[tokio::test]
async fn what_is_delivered_only_is_on_board_from_the_start() {
    let (_emulator, client) = start().await;
    let mut request = request(4, 1);
    request["model"]["vehicles"][0]["loadLimits"] = json!({"kg": {"maxLoad": "7"}});
    for shipment in request["model"]["shipments"].as_array_mut().unwrap() {
        shipment.as_object_mut().unwrap().remove("pickups");
        shipment["loadDemands"] = json!({"kg": {"amount": "3"}});
    }
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    assert_eq!(performed(&solved).len(), 2, "a third would be too much");
    // JSON leaves a zero out.
    let loads = list(&solved["routes"][0]["transitions"])
        .iter()
        .map(|way| way["vehicleLoads"]["kg"]["amount"].clone());
    assert_eq!(loads.collect::<Vec<_>>(), [json!("6"), json!("3"), json!(null)]);
}

#[tokio::test]
async fn the_day_has_an_end() {
    let (_emulator, client) = start().await;
    let mut request = request(200, 1);
    request["model"]["globalEndTime"] = json!("2026-11-23T09:00:00Z");
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    assert!(time(&solved["routes"][0]["vehicleEndTime"]) <= time(&json!("2026-11-23T09:00:00Z")));
    // JSON leaves a zero out, but not a negative one.
    assert_eq!(solved["metrics"]["aggregatedRouteMetrics"].get("performedShipmentPenaltyCostSum"), None);
    let (carried, skipped) = (performed(&solved).len(), list(&solved["skippedShipments"]).len());
    assert!(carried > 0 && skipped > 0 && carried + skipped == 200, "{carried} and {skipped}");
}

#[tokio::test]
async fn loads_are_never_negative() {
    let (_emulator, client) = start().await;
    let mut request = request(2, 1);
    request["model"]["vehicles"][0]["loadLimits"] = json!({"kg": {"maxLoad": "9"}});
    for shipment in request["model"]["shipments"].as_array_mut().unwrap() {
        shipment["pickups"][0]["loadDemands"] = json!({"kg": {"amount": "1"}});
        shipment["deliveries"][0]["loadDemands"] = json!({"kg": {"amount": "5"}});
    }
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    assert_eq!(performed(&solved), BTreeSet::from([0, 1]));
    let ways = list(&solved["routes"][0]["transitions"]).iter();
    let loads: Vec<_> = ways.map(|way| way["vehicleLoads"]["kg"]["amount"].as_str().unwrap_or("0")).collect();
    assert_eq!(loads, ["8", "9", "4", "5", "0"]);
}

#[tokio::test]
async fn a_vehicle_ends_inside_any_of_its_end_windows() {
    let (_emulator, client) = start().await;
    let mut request = request(1, 1);
    for (windows, ends) in [
        (json!([{"endTime": "2026-11-23T12:00:00Z"}, {"startTime": "2026-11-23T13:00:00Z"}]), None),
        (
            json!([{"endTime": "2026-11-23T08:01:00Z"}, {"startTime": "2026-11-23T13:00:00Z"}]),
            Some("2026-11-23T13:00:00Z"),
        ),
    ] {
        request["model"]["vehicles"][0]["endTimeWindows"] = windows;
        let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
        let route = &solved["routes"][0];
        let end = list(&route["transitions"]).last().unwrap();
        let waits = seconds(&end["waitDuration"]);
        match ends {
            Some(ends) => assert!(route["vehicleEndTime"] == ends && waits > 3 * 3_600, "{route}"),
            None => assert_eq!(waits, 0, "{route}"),
        }
    }
    request["model"]["vehicles"][0]["endTimeWindows"] = json!([{"endTime": "2026-11-23T08:01:00Z"}]);
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    let reason = &solved["skippedShipments"][0]["reasons"][0];
    assert_eq!(reason["code"], "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS");
}

#[tokio::test]
async fn a_model_without_vehicles_is_solved_without_routes() {
    let (_emulator, client) = start().await;
    let solved = client.post("/v1/projects/p:optimizeTours", &request(1, 0)).await.ok();
    assert_eq!(solved["skippedShipments"][0]["reasons"], json!([{"code": "NO_VEHICLE"}]));
    assert_eq!(solved.get("routes"), None);
}

#[tokio::test]
async fn an_invalid_request_is_refused_in_the_words_of_the_service() {
    let (_emulator, client) = start().await;
    for (change, field) in [
        (json!({"model": {}}), "shipments"),
        (json!({"model": null}), "model"),
        (json!({"timeout": "0.5s"}), "timeout"),
        (json!({"timeout": "3601s"}), "timeout"),
        (json!({"solvingMode": "TRANSFORM_AND_RETURN_REQUEST"}), "solving_mode"),
        (json!({"solvingMode": 9}), "solving_mode"),
        (json!({"model": {"shipments": [{}]}}), "shipments[0]"),
        (
            json!({"model": {"shipments": [{"pickups": [{}], "allowedVehicleIndices": [0]}]}}),
            "shipments[0].allowed_vehicle_indices",
        ),
        (
            json!({"model": {"shipments": [{"pickups": [{"loadDemands": {"kg": {"amount": "-1"}}}]}]}}),
            "shipments[0].load_demands",
        ),
        (
            json!({"model": {"shipments": [{"pickups": [{}]}], "globalStartTime": "2026-11-23T08:00:00Z", "globalEndTime": "2026-11-23T07:00:00Z"}}),
            "global_start_time",
        ),
    ] {
        let mut request = request(1, 1);
        for (member, value) in change.as_object().unwrap() {
            request[member] = value.clone();
        }
        for verb in ["optimizeTours", "optimizeToursLongRunning"] {
            let error = client.post(&format!("/v1/projects/p:{verb}"), &request).await.error(400);
            let message = error["message"].as_str().unwrap();
            let expected = "INVALID_REQUEST: Validation caught 1 error(s). Here is the first one: In ";
            assert!(message.starts_with(&format!("{expected}`{field}`: ")), "{message}");
            assert_eq!(error["status"], "INVALID_ARGUMENT");
            assert_eq!(error["details"][0]["@type"], "type.googleapis.com/google.rpc.BadRequest");
            assert_eq!(error["details"][0]["fieldViolations"][0]["field"], field);
        }
    }
    client.post("/v1/projects/p:optimizeTours", &json!({"model": {"shipments": 7}})).await.error(400);
    for timeout in ["1s", "3600s"] {
        let mut request = request(1, 1);
        request["timeout"] = json!(timeout);
        client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    }
}

#[tokio::test]
async fn a_request_that_is_only_validated_has_errors_and_no_routes() {
    let (_emulator, client) = start().await;
    let mut request = request(3, 1);
    request["solvingMode"] = json!("VALIDATE_ONLY");
    assert_eq!(
        client.post("/v1/projects/p:optimizeTours", &request).await.ok(),
        json!({"requestLabel": "a day"})
    );
    request["model"]["shipments"][0] = json!({});
    request["model"]["shipments"][1]["allowedVehicleIndices"] = json!([1]);
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    let errors = list(&solved["validationErrors"]);
    let pairs: Vec<_> = errors.iter().map(|error| (&error["code"], &error["displayName"])).collect();
    assert_eq!(
        pairs,
        [
            (&json!(4005), &json!("SHIPMENT_NO_PICKUP_NO_DELIVERY")),
            (&json!(4007), &json!("SHIPMENT_ALLOWED_VEHICLE_INDEX_OUT_OF_BOUNDS")),
        ]
    );
    assert_eq!(errors[0]["fields"], json!([{"name": "shipments", "index": 0}]));
    assert_eq!(
        errors[1]["fields"],
        json!([{"name": "shipments", "index": 1, "subField": {"name": "allowed_vehicle_indices"}}])
    );
    assert_eq!(solved.get("routes"), None);
    request["maxValidationErrors"] = json!(1);
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    assert_eq!(list(&solved["validationErrors"]).len(), 1);
}

#[tokio::test]
async fn a_request_that_only_detects_has_the_shipments_that_are_infeasible_alone() {
    let (_emulator, client) = start().await;
    let mut request = request(3, 1);
    request["model"]["vehicles"][0]["loadLimits"] = json!({"kg": {"maxLoad": "10"}});
    for (shipment, amount) in ["10", "11", "10"].into_iter().enumerate() {
        let shipment = &mut request["model"]["shipments"][shipment];
        shipment.as_object_mut().unwrap().remove("pickups");
        shipment["loadDemands"] = json!({"kg": {"amount": amount}});
    }
    let solved = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    assert_eq!(list(&solved["skippedShipments"]).len(), 2, "the vehicle carries one of them");

    request["solvingMode"] = json!("DETECT_SOME_INFEASIBLE_SHIPMENTS");
    let detected = client.post("/v1/projects/p:optimizeTours", &request).await.ok();
    let skipped = list(&detected["skippedShipments"]);
    assert_eq!((skipped.len(), &skipped[0]["index"]), (1, &json!(1)));
    assert_eq!((detected.get("routes"), detected.get("metrics")), (None, None));
}

#[tokio::test]
async fn models_in_files_are_taken_at_their_word() {
    let (_emulator, client) = start().await;
    let uri = json!({"input": {"uri": "gs://b/in.json"}, "output": {"uri": "gs://b/out.json"}});
    let pending = client.post("/v1/projects/p/locations/l:OptimizeToursUri", &uri).await.ok();
    let done = client.done("v1", &pending).await;
    assert_eq!(done["response"]["output"]["uri"], "gs://b/out.json");
    client
        .post("/v1/projects/p:OptimizeToursUri", &json!({"input": {"uri": "gs://b/in.json"}}))
        .await
        .error(400);

    let config = json!({
        "inputConfig": {"gcsSource": {"uri": "gs://b/in"}, "dataFormat": "JSON"},
        "outputConfig": {"gcsDestination": {"uri": "gs://b/out"}, "dataFormat": "JSON"},
    });
    let batch = "/v1/projects/p:batchOptimizeTours";
    let pending = client.post(batch, &json!({"modelConfigs": [config]})).await.ok();
    let done = client.done("v1", &pending).await;
    let response = "type.googleapis.com/google.maps.routeoptimization.v1.BatchOptimizeToursResponse";
    assert_eq!(done["response"], json!({ "@type": response }));
    client.post(batch, &json!({"modelConfigs": vec![&config; 100]})).await.ok();
    client.post(batch, &json!({"modelConfigs": vec![&config; 101]})).await.error(400);
    client.post(batch, &json!({})).await.error(400);
    client.post(batch, &json!({"modelConfigs": [{}]})).await.error(400);
}

async fn start() -> (Emulator, Client) {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(5)).start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    (emulator, client)
}

/// Shipments across a town, and vehicles that start in the middle of it.
fn request(shipments: usize, vehicles: usize) -> Value {
    let at = |index: usize| {
        let (row, column) = ((index * 7 % 13) as f64, (index * 5 % 11) as f64);
        json!({"latitude": 48.8 + row / 100.0, "longitude": 2.3 + column / 100.0})
    };
    let visit = |index: usize| json!([{"arrivalLocation": at(index), "duration": "60s"}]);
    let shipment = |index: usize| json!({"pickups": visit(index), "deliveries": visit(index + 3)});
    let waypoint = json!({"location": {"latLng": {"latitude": 48.86, "longitude": 2.35}}});
    let vehicle = |index: usize| json!({"label": format!("v{index}"), "startWaypoint": waypoint, "endWaypoint": waypoint, "costPerKilometer": 2.0});
    json!({
        "label": "a day",
        "model": {
            "shipments": (0..shipments).map(shipment).collect::<Vec<_>>(),
            "vehicles": (0..vehicles).map(vehicle).collect::<Vec<_>>(),
            "globalStartTime": "2026-11-23T08:00:00Z",
            "globalEndTime": "2026-11-23T20:00:00Z",
        },
    })
}

/// The shipments that were delivered.
fn performed(solution: &Value) -> BTreeSet<i64> {
    let visits = list(&solution["routes"]).iter().flat_map(|route| list(&route["visits"]));
    let deliveries = visits.filter(|visit| visit["isPickup"] != true);
    deliveries.map(|visit| visit["shipmentIndex"].as_i64().unwrap_or(0)).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn time(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<wkt::Timestamp>().unwrap().seconds()
}

fn seconds(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<wkt::Duration>().unwrap().seconds()
}
