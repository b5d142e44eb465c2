use std::time::Duration;

use lro_page::Page;
use lro_registry::{ListRequest, RecordState, Registry, Store, store::Entry};

use crate::common::{between, claim, entry, finish, html, json, other_service, registry, service};

// g29
#[tokio::test]
async fn every_filter_has_pages_to_the_last() {
    let entries: Vec<_> = (0..320)
        .map(|number| Entry {
            service: if number % 3 == 0 { other_service() } else { service() },
            delay: if number % 2 == 0 { Duration::ZERO } else { Duration::from_secs(600) },
            ..entry(&format!("key/{number:03}&=+ é"))
        })
        .collect();
    let (store, registry) = registry(&entries).await;
    finish(&store, 60, b"{}").await;
    claim(&store, 3, 0).await;
    let router = Page::registry(&registry).router();
    let states = [
        ("", None),
        ("pending", Some(RecordState::Pending)),
        ("finished", Some(RecordState::Finished)),
        ("set_aside", Some(RecordState::SetAside)),
        ("intent", Some(RecordState::Intent)),
    ];
    let services = [
        ("", None),
        ("&service=jobs.example.com&version=v1", Some(service())),
        ("&service=other.example.com", Some(other_service())),
    ];
    for ((state, of_state), (service, of_service)) in
        states.iter().flat_map(|a| services.iter().map(move |b| (a, b)))
    {
        for overdue in [false, true] {
            let path = format!("list?state={state}{service}{}", if overdue { "&overdue=1" } else { "" });
            let request = ListRequest {
                state: *of_state,
                service: of_service.clone(),
                overdue,
                most: 1_000,
                ..ListRequest::default()
            };
            let expected = keys(&registry, &request).await;
            assert_eq!(by_links(&router, &path).await, expected.len(), "{path}");
            assert_eq!(by_keys(&router, &path).await, expected, "{path}");
        }
    }
}

async fn keys(registry: &Registry, request: &ListRequest) -> Vec<String> {
    registry.list(request).await.unwrap().into_iter().map(|record| record.key).collect()
}

/// Follows the links of the pages, and counts the rows.
async fn by_links(router: &axum::Router, first: &str) -> usize {
    let (mut path, mut rows) = (first.to_owned(), 0);
    for _ in 0..20 {
        let page = html(router, &format!("/{path}")).await;
        rows += page.matches("operation?key=").count();
        let links = between(&page, "<nav class=\"pages\"", "</nav>").unwrap();
        let Some((before, _)) = links.split_once("\">Next page") else { return rows };
        path = before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&");
    }
    panic!("{first} has no last page");
}

/// Reads the pages as JSON.
async fn by_keys(router: &axum::Router, first: &str) -> Vec<String> {
    let (mut after, mut keys) = (String::new(), Vec::new());
    for _ in 0..20 {
        let page = json(router, &format!("/api/{first}&most=37{after}")).await;
        let records = page["records"].as_array().unwrap();
        keys.extend(records.iter().map(|record| record["key"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return keys };
        after = "&after=".to_owned();
        after.extend(next.bytes().map(|byte| format!("%{byte:02x}")));
    }
    panic!("{first} has no last page");
}

#[tokio::test]
async fn a_list_says_what_is_due_and_what_failed() {
    let later = Entry { delay: Duration::from_secs(7_200), ..entry("later") };
    let (store, registry) = registry(&[entry("now"), later]).await;
    store.request_cancel(&["later".to_owned()]).await.unwrap();
    let page = html(&Page::registry(&registry).router(), "/list?state=pending").await;
    assert!(page.contains("<a href=\"list?state=pending\" aria-current=\"page\">"), "{page}");
    assert!(page.contains("cancel requested") && page.contains(">now</td>"), "{page}");
    let none = html(&Page::registry(&registry).router(), "/list?state=set_aside").await;
    assert!(none.contains("There are none"), "{none}");
}
