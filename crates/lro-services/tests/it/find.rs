//! How a service is found, and what an error says.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{Any, Code, LroTransport, OperationName, Status};
use lro_services::find;
use serde_json::json;

#[test]
fn is_found_by_the_names_that_people_use() {
    for (name, host) in [
        ("aiplatform", "aiplatform"),
        ("vertex", "aiplatform"),
        ("vertexai", "aiplatform"),
        ("Vertex AI", "aiplatform"),
        ("vertex-ai", "aiplatform"),
        ("gke", "container"),
        ("cloudsql", "sqladmin"),
        ("cloud-sql", "sqladmin"),
        ("gcs", "storage"),
        ("gce", "compute"),
        ("drive", "www"),
        ("Spanner", "spanner"),
        ("SPANNER.GoogleAPIs.com", "spanner"),
        ("route-optimization", "routeoptimization"),
        ("prod-tt-sasportal", "prod-tt-sasportal"),
    ] {
        let found = find(name, None).map(|entry| entry.short_name());
        let refused = found.as_ref().is_err_and(|status| status.message().starts_with(host));
        assert!(found == Ok(host) || refused, "{name}: {found:?}");
    }
}

#[test]
fn the_newest_stable_version_that_can_be_polled_is_the_default() {
    for (name, version) in [
        ("run", "v2"),
        ("googleads", "v25"),
        ("compute", "v1"),
        // v2 publishes no get.
        ("storage", "v1"),
        ("metastore", "v1"),
        // v2 was last revised in 2023.
        ("dns", "v1"),
        // There is no stable one.
        ("datalabeling", "v1beta1"),
        ("sqladmin", "v1"),
        ("baremetalsolution", "v2"),
        ("https://run.googleapis.com/", "v2"),
        ("Compute Engine", "v1"),
        ("Cloud DNS", "v1"),
    ] {
        assert_eq!(find(name, None).unwrap().version(), version, "{name}");
    }
    assert_eq!(find("run", "V1").unwrap().version(), "v1");
}

#[test]
fn dns_has_two_forms_in_one_version() {
    let dns = find("dns", "v1").unwrap();
    assert_eq!(dns.form(), "longrunning");
    let other = dns.other_form().unwrap();
    assert_eq!((other.form(), other.version()), ("dns", "v1"));
    assert_eq!(other.other_form(), Some(dns));
    assert_eq!(find("run", None).unwrap().other_form(), None);
}

#[test]
fn an_unknown_service_or_version_says_what_there_is() {
    for (name, version, code, parts) in [
        ("spaner", None, Code::InvalidArgument, &["\"spaner\"", "spanner"][..]),
        ("vertx", None, Code::InvalidArgument, &["vertex"]),
        ("platform", None, Code::InvalidArgument, &["aiplatform"]),
        ("zzzzzz", None, Code::InvalidArgument, &["give its host, or a `Binding`"]),
        ("", None, Code::InvalidArgument, &["no service \"\""]),
        ("run", Some("v7"), Code::InvalidArgument, &["\"v7\"", "v1, v2"]),
        // A name alone never decides the host.
        (
            "projects/p/locations/l/operations/1",
            None,
            Code::InvalidArgument,
            &["does not determine", "add its host"],
        ),
        ("https://run.googleapis.com/v2/projects/p", None, Code::InvalidArgument, &["a URL", "add its host"]),
        // Another host is another server.
        (
            "us-central1-aiplatform.googleapis.com",
            None,
            Code::InvalidArgument,
            &["\"aiplatform\"", "\"us-central1\""],
        ),
        (
            "alloydb.europe-west1.rep.googleapis.com",
            None,
            Code::InvalidArgument,
            &["\"alloydb\"", "\"europe-west1\""],
        ),
        // No get over HTTP.
        ("storage", Some("v2"), Code::Unimplemented, &["storage.googleapis.com v2", "use v1, or gRPC"]),
        ("analyticshub", None, Code::Unimplemented, &["use gRPC"]),
        ("metastore", Some("v2"), Code::Unimplemented, &["use v1"]),
        ("cloudidentity", None, Code::Unimplemented, &["no other version does"]),
    ] {
        let status = find(name, version).unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(parts.iter().all(|part| status.message().contains(part)), "{status}");
        assert!(!status.message().contains('\n'), "{status}");
    }
    let long = "é".repeat(100_000);
    for refused in [find(&long, None), find(&format!("{long}/a"), None), find("run", &*long)] {
        assert!(refused.unwrap_err().message().len() < 400);
    }
    let secret = find("https://user:canary@run.googleapis.com?key=canary", None).unwrap_err();
    assert!(!secret.message().contains("canary"), "{secret}");
}

#[test]
fn the_host_in_a_location_is_one_of_google() {
    // SPEC 12
    for (name, location, host) in [
        ("aiplatform", "us-central1", Some("us-central1-aiplatform.googleapis.com")),
        ("alloydb", "us-central1", Some("alloydb.us-central1.rep.googleapis.com")),
        ("translate", "eu", Some("translate-eu.googleapis.com")),
        ("translate", "us-central1", None),
        ("automl", "us", None),
        ("appengine", "us-central1", None),
        ("aiplatform", "", None),
        ("aiplatform", "evil.example.com/", None),
        ("aiplatform", "evil.example.com#", None),
        ("aiplatform", "user@evil", None),
        ("aiplatform", "-", None),
        ("aiplatform", "EU", None),
    ] {
        assert_eq!(find(name, None).unwrap().host_in(location).as_deref(), host, "{name} {location}");
    }
}

#[test]
fn connects_to_the_host_of_the_location_in_a_name() {
    // SPEC 12
    for (service, name, endpoint) in [
        (
            "aiplatform",
            "projects/p/locations/europe-west4/operations/1",
            "https://europe-west4-aiplatform.googleapis.com",
        ),
        ("aiplatform", "projects/p/locations/global/operations/1", "https://aiplatform.googleapis.com"),
        ("aiplatform", "projects/p/locations/evil.com?/operations/1", "https://aiplatform.googleapis.com"),
        ("dataproc", "projects/p/regions/us-east1/operations/1", "https://us-east1-dataproc.googleapis.com"),
        ("speech", "17", "https://speech.googleapis.com"),
        ("translate", "projects/p/locations/us-central1/operations/1", "https://translate.googleapis.com"),
    ] {
        let entry = find(service, None).unwrap();
        let name = OperationName::parse(name).unwrap();
        let transport = entry.connect_for(&name).unwrap().build().unwrap();
        assert_eq!(transport.client().endpoint().to_string(), endpoint);
    }
    let aiplatform = find("aiplatform", None).unwrap();
    let transport = aiplatform.connect_in("us-east1").unwrap().build().unwrap();
    assert_eq!(transport.client().endpoint().to_string(), "https://us-east1-aiplatform.googleapis.com");
    let status = aiplatform.connect_in("a\nb").unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(!status.message().contains('\n'), "{status}");
}

#[test]
fn scopes_are_whole() {
    let scopes = |name| find(name, None).unwrap().scopes().collect::<Vec<_>>();
    assert_eq!(scopes("run"), ["https://www.googleapis.com/auth/cloud-platform"]);
    assert_eq!(scopes("googleads"), ["https://www.googleapis.com/auth/adwords"]);
    assert!(scopes("generativelanguage").is_empty());
}

#[test]
fn progress_is_a_share_from_the_fields_of_the_service() -> Result<(), Status> {
    for (name, metadata, share) in [
        ("speech", json!({"progressPercent": 40}), Some(0.4)),
        ("speech", json!({"progress_percent": "100"}), Some(1.0)),
        ("speech", json!({"progressPercent": 250}), Some(1.0)),
        ("speech", json!({"progressPercent": -5}), Some(0.0)),
        ("speech", json!({"progressPercent": "NaN"}), None),
        ("speech", json!({"progressPercent": "soon"}), None),
        ("speech", json!({}), None),
        ("run", json!({"progressPercent": 40}), None),
        // A mean, in which an absent percent is zero.
        ("videointelligence", json!({"annotationProgress": [{"progressPercent": 50}, {}]}), Some(0.25)),
        ("videointelligence", json!({"annotationProgress": []}), None),
        // The first work whose size is estimated.
        (
            "datastore",
            json!({"progressBytes": {"workEstimated": "0"}, "progressEntities": {"workCompleted": "3", "workEstimated": "4"}}),
            Some(0.75),
        ),
        ("firestore", json!({"progressDocuments": {"completedWork": "5", "estimatedWork": "10"}}), Some(0.5)),
        ("firestore", json!({"progressDocuments": {"estimatedWork": 10}}), Some(0.0)),
        (
            "container",
            json!({"progress": {"metrics": [
                {"name": "nodes done", "intValue": "15"}, {"name": "nodes total", "intValue": "30"}
            ]}}),
            Some(0.5),
        ),
        (
            "container",
            json!({"progress": {"metrics": [
                {"name": "progress", "doubleValue": 0.56}, {"name": "progress scale", "doubleValue": 1.0}
            ]}}),
            Some(0.56),
        ),
        ("compute", json!({"progress": 30}), Some(0.3)),
    ] {
        let entry = find(name, None)?;
        let metadata = Any::from_value(&metadata)?;
        assert_eq!(entry.progress(&metadata), share, "{name} {metadata:?}");
        assert_eq!(entry.connect()?.build()?.progress(&metadata), share, "{name} {metadata:?}");
        assert!(share.is_none() || entry.has_progress(), "{name}");
    }
    Ok(())
}
