use lro::{Code, Service, Status, rules::Ending};
use lro_page::Page;
use lro_registry::{
    Store,
    store::{Entry, GiveBack},
};
use serde_json::json;

use crate::common::{claim, entry, finish, html, json, registry};

pub(crate) const SCRIPT: &str = "<script>document.title='owned'</script>";
pub(crate) const IMAGE: &str = "\"'><img src=x onerror=\"document.title='owned'\">";

// g29
#[tokio::test]
async fn hostile_texts_are_escaped_everywhere() {
    let key = format!("{SCRIPT}/?&#%{IMAGE}\0\u{202e}\u{2066}");
    let hostile = Entry {
        kind: format!("{IMAGE}\u{202e}"),
        service: Service::owned(SCRIPT, IMAGE),
        fingerprint: SCRIPT.to_owned(),
        tag: SCRIPT.repeat(1_000).into_bytes(),
        state: br#"{"format":1,"trouble":{"#.to_vec(),
        ..entry(&key)
    };
    let failing = entry("failing");
    let (store, registry) = registry(&[hostile, failing, entry("ended")]).await;
    for (at, message) in [SCRIPT.repeat(90), format!("{IMAGE}\u{202e}\0")].into_iter().enumerate() {
        let fence = claim(&store, 1, 5).await.records.remove(0).fence;
        let delay = std::time::Duration::from_secs(if at == 0 { 0 } else { 60 });
        let failed = GiveBack { fence, delay, counts: true, error: Some(message) };
        store.give_back(&[failed]).await.unwrap();
    }
    let long = Status::new(Code::Internal, format!("{SCRIPT}{}", "<\u{202e}".repeat(30_000 / 4)));
    let outcome = serde_json::to_vec(&Ending::GaveUp(long)).unwrap();
    finish(&store, 2, &outcome).await;
    let router = Page::registry(&registry).title(SCRIPT).router();
    let encoded: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut ended = format!("/operation?key={encoded}");
    for path in [
        "/",
        "/list",
        "/list?state=pending",
        "/operation?key=ended",
        "/operation?key=failing",
        &ended.clone(),
    ] {
        let page = html(&router, path).await;
        only_known_tags(&page);
        assert!(
            !page.contains(['\0', '\u{202e}', '\u{2066}']),
            "{path} has characters that control the text"
        );
        assert!(!page.contains("<img") && page.matches("<script").count() == 1, "{path}");
    }
    ended.insert_str(1, "api/");
    let record = json(&router, &ended).await;
    assert_eq!(record["key"], key);
    assert_eq!(record["service"], SCRIPT);
    let list = json(&router, "/api/list").await;
    assert!(list["records"].as_array().unwrap().iter().any(|record| record["key"] == key));
}

#[tokio::test]
async fn payloads_and_tags_are_never_shown() {
    let (store, registry) = registry(&[entry("a")]).await;
    finish(&store, 1, br#"{"format":1,"response":{"value":"a secret response"}}"#).await;
    let router = Page::registry(&registry).router();
    for path in ["/", "/list", "/operation?key=a", "/api", "/api/list", "/api/operation?key=a"] {
        let page = html_or_json(&router, path).await;
        assert!(!page.contains("secret"), "{path}: {page}");
    }
    let record = json(&router, "/api/operation?key=a").await;
    assert_eq!((&record["tag_bytes"], &record["outcome_bytes"]), (&json!(12), &json!(53)));
}

// g29
#[tokio::test]
async fn an_operation_has_its_times_and_counts() {
    let (store, registry) = registry(&[entry("a/b")]).await;
    let fence = claim(&store, 1, 5).await.records.remove(0).fence;
    let failed =
        GiveBack { fence, delay: std::time::Duration::ZERO, counts: true, error: Some("busy".to_owned()) };
    store.give_back(&[failed]).await.unwrap();
    let router = Page::registry(&registry).router();
    let record = json(&router, "/api/operation?key=a%2Fb").await;
    assert_eq!((&record["state"], &record["wait"]["polls"]), (&json!("pending"), &json!(7)));
    assert_eq!((&record["wait"]["failures_in_a_row"], &record["wait"]["failed"]), (&json!(2), &json!(3)));
    assert_eq!((&record["claims_without_result"], &record["last_error"]), (&json!(1), &json!("busy")));
    let page = html(&router, "/operation?key=a%2Fb").await;
    for shown in
        ["<dt>Failures in a row</dt><dd class=\"late\">2</dd>", "7, 4 of them with a reply, 3 failed", "busy"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

async fn html_or_json(router: &axum::Router, path: &str) -> String {
    crate::common::body(crate::common::response(router, path, "text/html").await).await
}

/// Each tag of a page is one that the crate writes.
pub(crate) fn only_known_tags(page: &str) {
    const KNOWN: [&str; 44] = [
        "!doctype", "html", "head", "meta", "title", "link", "script", "body", "header", "strong", "nav",
        "a", "main", "h1", "p", "span", "div", "dl", "dt", "dd", "small", "table", "caption", "thead",
        "tbody", "tr", "th", "td", "bdi", "br", "abbr", "b", "form", "label", "select", "option", "input",
        "button", "details", "summary", "code", "time", "wbr", "noscript",
    ];
    for tag in page.split('<').skip(1) {
        let name = tag
            .trim_start_matches('/')
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '!')
            .next()
            .unwrap();
        assert!(KNOWN.contains(&name), "<{name} in {page}");
    }
}
