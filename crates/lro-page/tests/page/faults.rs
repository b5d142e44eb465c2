use axum::{
    Router,
    http::{StatusCode, header::CONTENT_SECURITY_POLICY},
};
use lro_page::Page;
use lro_registry::Registry;

use crate::{
    common::{body, entry, finish, html, json, registry, response},
    escaping::only_known_tags,
    store::WatchedStore,
};

const HTML: &str = "text/html";

#[tokio::test(start_paused = true)]
async fn a_fault_looks_as_the_other_pages_do() {
    let (store, _) = registry(&[entry("a")]).await;
    let store = WatchedStore::new(&store);
    let router = Page::registry(&Registry::new(store.clone())).title("Jobs").router();
    let nested = Router::new().nest("/ops", router.clone());
    store.set_away(true);
    for (router, path, status, message, base) in [
        (&router, "/nothing", 404, "there is no such page", ""),
        (&router, "/no/such/page", 404, "there is no such page", "../../"),
        (&nested, "/ops/nothing", 404, "there is no such page", ""),
        (&router, "/list?state=lost", 400, "the address cannot be read", ""),
        (&router, "/?services=x", 400, "the address cannot be read", ""),
        (&router, "/list?key=%ff", 400, "the address cannot be read", ""),
        (&router, "/list", 503, "the store failed: the &lt;b&gt;disk&lt;/b&gt; is away", ""),
        (&nested, "/ops/operation?key=a", 503, "the store failed: the &lt;b&gt;disk&lt;/b&gt; is away", ""),
    ] {
        let response = response(router, path, HTML).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(response.headers().contains_key(CONTENT_SECURITY_POLICY), "{path}");
        let page = body(response).await;
        only_known_tags(&page);
        for part in [
            &format!("<link rel=\"stylesheet\" href=\"{base}page.css\">"),
            &format!("<script src=\"{base}page.js\" defer>"),
            &format!("<a href=\"{base}list?state=pending\">"),
            "<title>Not shown – Jobs</title>",
            "<main data-fault>",
            message,
        ] {
            assert!(page.contains(part), "{path} has no {part}: {page}");
        }
        // Without the script, a browser requests again what may pass.
        assert_eq!(page.contains("http-equiv=\"refresh\""), status == 503, "{path}: {page}");
    }
    let overview = response(&router, "/", HTML).await;
    assert_eq!(overview.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body(overview).await.contains("the &lt;b&gt;disk&lt;/b&gt; is away"));
    let fault = response(&router, "/api/nothing", "*/*").await;
    assert_eq!(fault.status(), StatusCode::NOT_FOUND);
    assert_eq!(body(fault).await, r#"{"fault":"there is no such page"}"#);
    store.set_away(false);
    assert!(html(&router, "/list").await.contains("operation?key=a"));
}

// g29
#[tokio::test(start_paused = true)]
async fn payloads_are_read_again_only_after_a_change() {
    let (memory, _) = registry(&[entry("a"), entry("b")]).await;
    let store = WatchedStore::new(&memory);
    let router = Page::registry(&Registry::new(store.clone())).router();
    let operation = async || json(&router, "/api/operation?key=a").await;
    for _ in 0..10 {
        assert_eq!(operation().await["tag_bytes"], 12);
        assert!(html(&router, "/operation?key=b").await.contains("7, 4 of them with a reply"));
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
    }
    assert_eq!(store.reads(), 2);
    assert!(operation().await["age_seconds"].as_f64() >= Some(50.0));
    finish(&memory, 1, b"{}").await;
    for _ in 0..10 {
        let ended = operation().await;
        assert_eq!((&ended["state"], &ended["outcome_bytes"]), (&"finished".into(), &2.into()));
    }
    assert_eq!(store.reads(), 3);
    memory_forgets(&memory, "a").await;
    assert_eq!(response(&router, "/operation?key=a", HTML).await.status(), StatusCode::NOT_FOUND);
}

async fn memory_forgets(store: &lro_registry::MemoryStore, key: &str) {
    use lro_registry::Store;
    assert_eq!(store.forget(&[key.to_owned()]).await.unwrap(), [true]);
}
