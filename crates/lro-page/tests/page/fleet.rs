use std::time::Duration;

use axum::http::StatusCode;
use lro::{Code, Operation, OperationName, Status, transport_fn};
use lro_fleet::{Fleet, Registration};
use lro_page::Page;
use tokio::time::sleep;

use crate::{
    common::{html, json, response},
    escaping::{IMAGE, SCRIPT},
};

#[tokio::test(start_paused = true)]
async fn a_fleet_has_its_counts_and_its_operations() {
    let jobs = transport_fn(|name: OperationName| async move {
        match name.as_str().ends_with("bad") {
            true => Err(Status::new(Code::Unavailable, SCRIPT)),
            false => Ok(Operation::running(name.as_str())),
        }
    });
    let fleet = Fleet::builder(jobs).start();
    for number in 0..120 {
        let end = if number == 7 { "bad" } else { "" };
        let name = OperationName::parse(&format!("operations/{number}/<b>{end}")).unwrap();
        let registration = Registration::new(name).kind(IMAGE).tag(SCRIPT);
        fleet.register_with(registration).unwrap();
    }
    // The failing one is not given up yet.
    sleep(Duration::from_secs(3)).await;
    let router = Page::fleet(&fleet).title("Jobs").router();
    let counts = json(&router, "/api").await;
    assert_eq!((counts["pending"].as_u64(), counts["kinds"][0]["pending"].as_u64()), (Some(120), Some(120)));
    assert_eq!(
        (counts["kinds"][0]["with_failure"].as_u64(), &counts["has_all_kinds"]),
        (Some(1), &true.into())
    );
    assert_eq!(counts["quota_keys"][0]["is_shut"], false);
    let (mut names, mut after) = (std::collections::BTreeSet::new(), String::new());
    loop {
        let page = json(&router, &format!("/api/list?most=50{after}")).await;
        for operation in page["operations"].as_array().unwrap() {
            names.insert(operation["name"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_u64() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(names.len(), 120);
    for path in ["/", "/list", "/operation?key=operations%2F3%2F%3Cb%3E"] {
        let page = html(&router, path).await;
        assert!(
            !page.contains("<img") && !page.contains("<script>") && !page.contains("<b>"),
            "{path}: {page}"
        );
    }
    assert!(html(&router, "/list").await.contains("<code>UNAVAILABLE</code>"));
    assert_eq!(response(&router, "/operation?key=none", "*/*").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(response(&router, "/list?after=x", "*/*").await.status(), StatusCode::BAD_REQUEST);
}

// g29
#[tokio::test(start_paused = true)]
async fn stragglers_of_a_large_fleet_are_found() {
    let jobs = transport_fn(|name: OperationName| async move { Ok(Operation::running(name.as_str())) });
    let fleet = Fleet::builder(jobs).start();
    let name = |number: u32| OperationName::parse(&format!("operations/{number}")).unwrap();
    for number in 0..9_000 {
        fleet.register_with(Registration::new(name(number)).kind("job")).unwrap();
    }
    for number in (0..9_000).filter(|number| number % 150 != 149) {
        fleet.forget(&name(number)).unwrap();
    }
    let router = Page::fleet(&fleet).router();
    let counts = json(&router, "/api").await;
    assert_eq!((&counts["pending"], &counts["kinds"][0]["pending"]), (&60.into(), &60.into()));
    assert_eq!((&counts["kinds"][0]["kind"], &counts["has_all_kinds"]), (&"job".into(), &true.into()));
    let first = json(&router, "/api/list").await;
    assert_eq!(first["operations"].as_array().unwrap().len(), 50);
    let next = json(&router, &format!("/api/list?after={}", first["next"])).await;
    assert_eq!((next["operations"].as_array().unwrap().len(), next["next"].is_null()), (10, true));
    let page = html(&router, "/list").await;
    assert!(page.contains("<tr data-key=\"operations%2F149\">"), "{page}");
}
