use std::time::Duration;

use axum::http::{StatusCode, header};
use lro::{Operation, transport_fn};
use lro_page::Page;
use lro_registry::{
    Quota, Rate, Store, Worker,
    store::{Bucket, ClaimId, ClaimRequest, Entry, Intent},
};
use serde_json::json;
use tokio::time::{advance, sleep};

use crate::common::{claim, entry, finish, html, json, other_service, registry, response, service};

// g23 g25 g29
#[tokio::test(start_paused = true)]
async fn the_overview_has_what_is_pending_and_what_needs_attention() {
    let (store, registry) = registry(&[entry("aside")]).await;
    claim(&store, 1, 0).await;
    store.register(&[entry("done")]).await.unwrap();
    finish(&store, 1, b"{}").await;
    let intent = Some(Intent { claim: ClaimId::random(), lease: Duration::ZERO });
    let later = Duration::from_secs(600);
    let others = [
        entry("a"),
        Entry { kind: "import".to_owned(), ..entry("b") },
        Entry { delay: later, ..entry("c") },
        Entry { service: other_service(), ..entry("d") },
        Entry { name: None, intent, ..entry("intent") },
    ];
    store.register(&others).await.unwrap();
    let bucket = Some(Bucket { quota: "the quota".to_owned(), capacity: 5.0, refill: 0.0 });
    let none = ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most: 0,
        lease: later,
        most_claims: 5,
        is_random: false,
        bucket,
    };
    store.claim(&none).await.unwrap();
    advance(Duration::from_secs(90)).await;
    let router = Page::registry(&registry).title("Jobs").router();
    let counts = json(&router, "/api").await;
    assert_eq!(counts["attention"]["overdue"], json!({"number": 3, "is_cut": false}));
    assert_eq!(counts["attention"]["set_aside"]["number"], 1);
    assert_eq!(counts["attention"]["unresolved_intents"]["number"], 1);
    assert_eq!(counts["attention"]["not_acknowledged"]["number"], 1);
    assert!(counts["attention"]["longest_overdue_seconds"].as_f64().unwrap() >= 90.0);
    assert_eq!(counts["services"][0]["kinds"][0]["kind"], "report");
    assert_eq!(counts["services"][0]["kinds"][0]["pending"], 2);
    assert_eq!(counts["services"][0]["has_all_kinds"], true);
    assert_eq!(counts["services"][1]["service"], "other.example.com");
    assert_eq!(counts["buckets"][0]["quota"], "the quota");
    assert_eq!(counts["buckets"][0]["tokens"], 1.0);
    assert_eq!(counts["set_aside"][0]["last_error"], "0 claims have ended without a result");
    assert_eq!(counts["unresolved_intents"][0]["key"], "intent");
    let page = html(&router, "/").await;
    for shown in [
        "<title>Overview – Jobs</title>",
        "<html lang=\"en\">",
        "0 claims have ended without a result",
        "<caption>Unresolved intents</caption>",
        "the quota",
        "<th scope=\"col\" class=\"n\">Overdue</th>",
        "operation?key=aside",
        "for up to 1 m 30 s",
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
}

// g29
#[tokio::test(start_paused = true)]
async fn open_pages_share_the_counts_and_show_their_age() {
    let (store, registry) = registry(&[entry("a")]).await;
    let router = Page::registry(&registry).router();
    let pending = |counts: &serde_json::Value| counts["states"][0]["records"]["number"].clone();
    let first = json(&router, "/api").await;
    assert_eq!((pending(&first), &first["age_seconds"]), (json!(1), &json!(0.0)));
    store.register(&[entry("b")]).await.unwrap();
    advance(Duration::from_secs(4)).await;
    let shared = json(&router, "/api").await;
    assert_eq!((pending(&shared), &shared["age_seconds"]), (json!(1), &json!(4.0)));
    assert!(html(&router, "/").await.contains("data-age=\"4\">4.0 s</span> ago"));
    advance(Duration::from_millis(1_001)).await;
    let next = json(&router, "/api").await;
    assert_eq!((pending(&next), &next["age_seconds"]), (json!(2), &json!(0.0)));
}

#[tokio::test(start_paused = true)]
async fn workers_of_this_process_are_shown() {
    let (_, registry) = registry(&[entry("a"), entry("b")]).await;
    let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
    let quota = Quota::new("jobs quota", Rate::per_second(100));
    let worker = Worker::builder(&registry).serve_under(quota, lro_named(jobs)).start().await.unwrap();
    sleep(Duration::from_secs(30)).await;
    let router = Page::registry(&registry).worker(worker.watch()).router();
    sleep(Duration::from_secs(30)).await;
    let counts = json(&router, "/api").await;
    let shown = &counts["workers"][0];
    assert!(shown["calls"].as_u64() >= Some(2) && shown["calls_per_second"].is_number(), "{shown}");
    assert_eq!(shown["services"][0]["service"], "jobs.example.com");
    assert_eq!(shown["services"][0]["quota"], "jobs quota");
    assert_eq!(shown["services"][0]["rate_per_second"], 100.0);
    assert_eq!(shown["services"][0]["is_shut"], false);
    let page = html(&router, "/").await;
    assert!(
        page.contains("Workers of this process") && page.contains("<td class=\"good\">open</td>"),
        "{page}"
    );
    worker.stop().await;
    // The mean over an hour says nothing about now.
    sleep(Duration::from_secs(3_600)).await;
    let ended = json(&router, "/api").await["workers"][0].clone();
    assert_eq!((&ended["has_ended"], &ended["calls_per_second"]), (&json!(true), &json!(null)), "{ended}");
    assert!(html(&router, "/").await.contains("has ended"));
}

#[tokio::test]
async fn answers_have_the_form_that_is_asked_for_and_strict_headers() {
    let (_, registry) = registry(&[entry("a")]).await;
    let router = Page::registry(&registry).router();
    for (accept, kind) in [
        ("text/html,application/xhtml+xml", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/json, text/html", "application/json"),
        ("text/html, application/json", "text/html; charset=utf-8"),
    ] {
        for path in ["/", "/list", "/operation?key=a"] {
            let response = response(&router, path, accept).await;
            assert_eq!(
                (response.status(), response.headers()[header::CONTENT_TYPE].as_bytes()),
                (StatusCode::OK, kind.as_bytes())
            );
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe")
            );
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
    }
    for (path, status) in [
        ("/nothing", StatusCode::NOT_FOUND),
        ("/operation?key=none", StatusCode::NOT_FOUND),
        ("/operation", StatusCode::BAD_REQUEST),
        ("/operation?key=%ff", StatusCode::BAD_REQUEST),
        ("/list?state=lost", StatusCode::BAD_REQUEST),
        ("/api/list?most=x", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(response(&router, path, "*/*").await.status(), status, "{path}");
    }
    let post = axum::http::Request::post("/").body(axum::body::Body::empty()).unwrap();
    let refused = tower::ServiceExt::oneshot(router.clone(), post).await.unwrap();
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_router_may_be_nested() {
    let (_, registry) = registry(&[entry("a")]).await;
    for (place, folder) in
        [("/ops", "ops"), ("/api/ops", "ops"), ("/api", "api"), ("/x/list", "list"), ("/a:b", "a:b")]
    {
        let router = axum::Router::new().nest(place, Page::registry(&registry).router());
        let overview = html(&router, place).await;
        assert!(overview.contains(&format!("href=\"./{folder}/list?state=pending\"")), "{place}: {overview}");
        assert!(overview.contains(&format!("href=\"./{folder}/page.css\"")), "{place}");
        assert!(
            overview.contains(&format!("<a href=\"./{folder}/overview\" aria-current=\"page\">Overview")),
            "{place}"
        );
        assert!(
            html(&router, &format!("{place}/overview")).await.contains("href=\"list?state=pending\""),
            "{place}"
        );
        assert!(
            html(&router, &format!("{place}/list")).await.contains("href=\"operation?key=a\""),
            "{place}"
        );
        assert_eq!(json(&router, &format!("{place}/api/operation?key=a")).await["key"], "a", "{place}");
        assert!(json(&router, &format!("{place}/api")).await["services"].is_array(), "{place}");
    }
}

/// Gives a transport the service of the tests.
fn lro_named(transport: impl lro::LroTransport + 'static) -> impl lro::LroTransport + 'static {
    #[derive(Debug)]
    struct Named<T>(T);
    #[lro::async_trait]
    impl<T: lro::LroTransport> lro::LroTransport for Named<T> {
        async fn get_operation(&self, name: &lro::OperationName) -> Result<Operation, lro::Status> {
            self.0.get_operation(name).await
        }
        fn service(&self) -> lro::Service {
            service()
        }
    }
    Named(transport)
}
