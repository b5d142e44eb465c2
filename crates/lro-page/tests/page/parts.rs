use std::collections::BTreeSet;

use axum::Router;
use lro::{Operation, Service, transport_fn};
use lro_fleet::{Fleet, Registration};
use lro_page::Page;
use lro_registry::{
    Registry, Store,
    store::{Bucket, ClaimId, ClaimRequest, Entry},
};
use serde_json::{Value, json};

use crate::{
    common::{between, entry, html, json, registry},
    escaping::IMAGE,
};

// g29
#[tokio::test(start_paused = true)]
async fn every_service_and_quota_key_has_a_place_on_a_part() {
    let (router, _) = with_services(250).await;
    let (services, parts) = by_positions(&router, "services", "service").await;
    assert_eq!((services.len(), parts), (250, 3));
    let (buckets, parts) = by_positions(&router, "buckets", "quota").await;
    assert_eq!((buckets.len(), parts), (120, 2));
    let first = html(&router, "/").await;
    assert!(first.contains("1 to 100 of the services") && first.contains("1 to 100 of the quota keys"));
    assert_eq!(first.matches("<tr class=\"group\"").count(), 100);
    let last = html(&router, "/?services=200").await;
    assert!(last.contains("201 to 250 of the services") && !last.contains("Next services"), "{last}");
    assert!(last.contains("href=\"overview#services\">First services"), "{last}");
    let few = html(&Page::registry(&registry(&[entry("a")]).await.1).router(), "/").await;
    assert!(!few.contains("class=\"pages\""), "{few}");
}

// g29
#[tokio::test(start_paused = true)]
async fn what_is_not_counted_is_said_and_the_filter_reaches_it() {
    let (router, _) = with_services(1_003).await;
    let last = json(&router, "/api?services=900").await;
    assert_eq!(
        (&last["has_more_services"], &last["next_services"], &last["attention"]["overdue"]["is_cut"]),
        (&json!(true), &json!(null), &json!(true))
    );
    let page = html(&router, "/?services=900").await;
    assert!(page.contains("901 to 1,000 of the services") && page.contains("not counted"), "{page}");
    let beyond = html(&router, "/list?service=s1002.example.com&version=v1").await;
    assert!(beyond.contains("operation?key=s1002") && beyond.matches("data-key").count() == 1, "{beyond}");
}

#[tokio::test(start_paused = true)]
async fn a_fleet_shows_all_its_kinds_and_quota_keys_in_parts() {
    let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
    let key = |name: &lro::OperationName| name.as_str().to_owned();
    let fleet = Fleet::builder(jobs).quota_key(key).start();
    for number in 0..130 {
        let name = format!("operations/{number}/{IMAGE}").parse().unwrap();
        fleet.register_with(Registration::new(name).kind(format!("{number}{IMAGE}"))).unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let router = Page::fleet(&fleet).router();
    let (kinds, parts) = by_positions(&router, "kinds", "kind").await;
    assert_eq!((kinds.len(), parts), (130, 2));
    let counts = json(&router, "/api").await;
    assert_eq!((&counts["has_all_kinds"], &counts["has_more_kinds"]), (&json!(true), &json!(true)));
    assert_eq!((&counts["has_more_keys"], &counts["next_keys"]), (&json!(true), &json!(100)));
    let rest = json(&router, "/api?quota_keys=100").await;
    assert_eq!((rest["quota_keys"].as_array().unwrap().len(), &rest["has_more_keys"]), (30, &json!(false)));
    let page = html(&router, "/").await;
    assert!(page.contains("href=\"overview?quota_keys=100#quota_keys\">Next quota keys"), "{page}");
    assert!(!page.contains("<img"), "{page}");
}

/// A registry with services of one operation each, and 120 quota keys.
async fn with_services(count: usize) -> (Router, Registry) {
    let entries: Vec<_> = (0..count)
        .map(|number| Entry {
            service: Service::owned(format!("s{number:04}.example.com"), "v1"),
            ..entry(&format!("s{number:04}"))
        })
        .collect();
    let (store, registry) = registry(&entries).await;
    for number in 0..120 {
        let request = ClaimRequest {
            claim: ClaimId::random(),
            service: Service::default(),
            most: 0,
            lease: std::time::Duration::ZERO,
            most_claims: 5,
            is_random: false,
            bucket: Some(Bucket { quota: format!("quota {number}"), capacity: 1.0, refill: 0.0 }),
        };
        store.claim(&request).await.unwrap();
    }
    (Page::registry(&registry).router(), registry)
}

/// Reads all parts of a table as JSON. Returns the values of a member, and the number of parts.
async fn by_positions(router: &Router, table: &str, member: &str) -> (BTreeSet<String>, usize) {
    let (mut from, mut seen) = (json!(0), BTreeSet::new());
    for parts in 1.. {
        let counts = json(router, &format!("/api?{table}={from}")).await;
        let rows = counts[table].as_array().unwrap();
        assert!(rows.len() <= 100);
        seen.extend(rows.iter().map(|row| row[member].as_str().unwrap().to_owned()));
        from = counts[format!("next_{table}")].clone();
        assert_eq!(counts[format!("has_more_{table}")], from != Value::Null);
        if from == Value::Null {
            return (seen, parts);
        }
        let page = html(router, "/").await;
        assert!(between(&page, &format!("<div class=\"table counts\" id=\"{table}\">"), "</nav>").is_some());
    }
    panic!("{table} has no end")
}
