//! Every row that publishes a gRPC interface, against a server of gRPC.

#![cfg(feature = "grpc")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{Capabilities, Code, LroTransport, OperationName};
use lro_emulator::{Emulator, Script};
use lro_grpc::GrpcTransport;
use lro_services::{Entry, entries, find, find_grpc};

#[tokio::test]
async fn every_row_with_grpc_is_polled_over_grpc() {
    // SPEC 15
    let emulator = Emulator::start().await.unwrap();
    let (mut polled, mut without_http) = (0, 0);
    for entry in entries().filter(Entry::has_grpc) {
        let jobs = transport(&emulator, entry);
        let binding = entry.binding().ok();
        let templates = binding.as_ref().map(|binding| binding.name_templates()).unwrap_or_default();
        let names = templates.iter().map(|template| template.as_str().replace("**", "a/b").replace('*', "a"));
        let names = if templates.is_empty() { vec!["operations/a".to_owned()] } else { names.collect() };
        for name in names {
            emulator.operation(name.clone(), Script::new());
            let name = OperationName::parse(&name).unwrap();
            assert_eq!(jobs.get_operation(&name).await.unwrap().name, name.as_str());
            polled += 1;
        }
        let declared = binding.map_or(Capabilities::ALL.wait(false), |binding| binding.capabilities);
        assert_eq!(jobs.capabilities(), declared, "{entry:?}");
        without_http += usize::from(templates.is_empty());
        let is_known =
            |name: &OperationName| templates.iter().any(|template| template.matches(name.as_str()));
        let other = OperationName::parse("no/such/form").unwrap();
        if !templates.is_empty() && !is_known(&other) {
            let refused = jobs.get_operation(&other).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{entry:?}");
        }
    }
    let calls = emulator.calls();
    assert!(calls.iter().all(|call| call.path == "/google.longrunning.Operations/GetOperation"));
    assert_eq!(emulator.call_count(), polled);
    assert_eq!((entries().filter(Entry::has_grpc).count(), without_http), (229, 5));
}

#[test]
fn what_has_no_grpc_is_refused_with_what_is_left() {
    let message = |service, version: Option<&str>| find_grpc(service, version).unwrap_err().to_string();
    let compute = message("compute", None);
    assert!(
        compute.ends_with("publishes no gRPC interface to get an operation: use HTTP by `find`"),
        "{compute}"
    );
    let old = message("accesscontextmanager", Some("v1beta"));
    assert!(old.ends_with("use v1 or HTTP by `find`"), "{old}");
    let http = find("storage", "v2").unwrap_err().to_string();
    assert!(http.contains("or gRPC by `find_grpc`"), "{http}");
}

#[test]
fn the_newest_version_with_grpc_may_be_another_one() {
    assert_eq!(find("storage", None).unwrap().version(), "v1");
    assert_eq!(find_grpc("storage", None).unwrap().version(), "v2");
}

fn transport(emulator: &Emulator, entry: Entry) -> GrpcTransport {
    entry.connect_grpc().unwrap().endpoint(emulator.endpoint()).build().unwrap()
}
