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
    sleep(Duration::from_secs(20)).await;
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
