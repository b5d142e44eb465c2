use std::time::Duration;

use lro::Service;
use lro_page::Page;
use lro_registry::{ListRequest, RecordState, Registry, Store, store::Entry};

use crate::{
    common::{between, claim, entry, finish, html, json, other_service, registry, service},
    escaping::{IMAGE, SCRIPT, only_known_tags},
};

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

#[tokio::test(start_paused = true)]
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

// g29
#[tokio::test(start_paused = true)]
async fn a_form_offers_the_services_that_have_pending_records() {
    let hostile = Entry { service: Service::owned(SCRIPT, IMAGE), ..entry("hostile") };
    let other = Entry { service: other_service(), ..entry("other") };
    let done = Entry { service: Service::new("done.example.com", "v1"), ..entry("done") };
    let (_, registry) = registry(&[entry("a"), other, hostile]).await;
    let router = Page::registry(&registry).router();
    let page = html(&router, "/list").await;
    let form = between(&page, "<form action=\"list\"", "</form>").unwrap();
    for option in [
        "<option value=\"jobs.example.com/v1\">jobs.example.com v1</option>",
        "<option value=\"other.example.com/\">other.example.com </option>",
        "<option value=\"%3Cscript%3E",
    ] {
        assert!(form.contains(option), "{option}: {form}");
    }
    only_known_tags(&page);
    // A browser sends all that the form has.
    let sent = "list?state=&of=other.example.com%2F&service=&version=";
    assert_eq!(by_keys(&router, sent).await, ["other"]);
    let shown = html(&router, &format!("/{sent}")).await;
    assert!(shown.contains("<option value=\"other.example.com/\" selected>"), "{shown}");
    assert_eq!(by_keys(&router, "list?of=%253Cscript%253E/").await, [""; 0]);
    // A service without pending records can be typed, and stays selected.
    registry.store().register(&[done]).await.unwrap();
    let shown = html(&router, "/list?service=done.example.com&version=v1").await;
    assert!(shown.contains("<option value=\"done.example.com/v1\" selected>"), "{shown}");
    assert!(shown.contains("operation?key=done") && !shown.contains("operation?key=other"), "{shown}");
    let next = html(&router, "/list?of=jobs.example.com%2Fv1&after=").await;
    assert!(next.contains("href=\"list?state=&service=jobs.example.com&version=v1\">First page"), "{next}");
    // Services that are new are offered after a minute, without a wait.
    tokio::time::sleep(Duration::from_secs(61)).await;
    html(&router, "/list").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(html(&router, "/list").await.contains("<option value=\"done.example.com/v1\">"));
}
