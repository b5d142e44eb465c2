//! The bindings of the two services that have crates of their own are those of their rows.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{LroTransport, OperationName, Status};
use lro_emulator::{Emulator, Reply};
use lro_route_optimization::RouteOptimization;
use lro_services::find;
use lro_workspace_events::{Version, WorkspaceEvents};

#[tokio::test]
async fn send_the_same_calls_and_refuse_the_same_names() {
    let emulator = Emulator::start().await.unwrap();
    let at = || emulator.endpoint();
    let events = |version| WorkspaceEvents::builder_of(version).endpoint(at()).build().unwrap();
    let routes = RouteOptimization::builder().endpoint(at()).build().unwrap();
    let own: [(Box<dyn LroTransport>, &str, &str); 3] = [
        (Box::new(events(Version::V1)), "workspaceevents", "v1"),
        (Box::new(events(Version::V1Beta)), "workspaceevents", "v1beta"),
        (Box::new(routes), "routeoptimization", "v1"),
    ];
    for (own, service, version) in own {
        let entry = find(service, version).unwrap();
        let listed = entry.connect().unwrap().endpoint(at()).build().unwrap();
        assert_eq!(own.service(), listed.service());
        assert_eq!(own.capabilities(), listed.capabilities());
        for name in NAMES {
            let name = OperationName::parse(name).unwrap();
            assert_eq!(
                asked(&emulator, &*own, &name).await,
                asked(&emulator, &listed, &name).await,
                "{name}"
            );
        }
    }
    assert_eq!(
        find("workspaceevents", None).unwrap().host(),
        WorkspaceEvents::ENDPOINT.trim_start_matches("https://")
    );
    assert_eq!(
        find("routeoptimization", None).unwrap().host(),
        RouteOptimization::ENDPOINT.trim_start_matches("https://")
    );
}

/// Returns the request that a get makes, or its refusal.
async fn asked(
    emulator: &Emulator,
    transport: &dyn LroTransport,
    name: &OperationName,
) -> Result<String, Status> {
    emulator.reply_next(1, Reply::status(200).body(r#"{"done": false}"#));
    transport.get_operation(name).await?;
    let call = emulator.calls().pop().unwrap();
    Ok(format!("{} {} {:?}", call.method, call.path, call.headers["x-goog-request-params"]))
}

const NAMES: [&str; 6] = [
    "operations/1",
    "operations/a/b c",
    "projects/p/locations/l/operations/1",
    "projects/p/operations/1",
    "subscriptions/1",
    "1",
];
