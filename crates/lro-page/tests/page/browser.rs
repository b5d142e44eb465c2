//! Chromium shows the page. `LRO_REQUIRE_CHROMIUM=1` makes a missing one an error, `LRO_PAGE_SCREENSHOTS=FOLDER` keeps screenshots.

use std::{
    env, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router, body::Body, extract::Request, http::header, middleware, response::Response, routing::get,
};
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use lro::Service;
use lro_page::Page;
use lro_registry::{
    MemoryStore, Registry, Store,
    store::{Bucket, ClaimId, ClaimRequest, Entry, GiveBack, Intent},
};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, spawn_blocking},
};

use crate::{
    common::{between, claim, entry, finish, registry, service},
    escaping::{IMAGE, SCRIPT},
    store::WatchedStore,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_the_page_and_refreshes_it_in_place() {
    let Some(chromium) = Chromium::find() else { return };
    let hostile = Entry { kind: IMAGE.to_owned(), ..entry(&format!("a{SCRIPT}{IMAGE}")) };
    let (store, registry) = registry(&[hostile, entry("b")]).await;
    // From the second request of the list on, there is one more record: only a refresh shows it.
    let (address, server) = served(Page::registry(&registry).router(), move |request| {
        let store = store.clone();
        Box::pin(async move {
            if request > 0 {
                store.register(&[entry("c: seen after a refresh")]).await.unwrap();
            }
        })
    })
    .await;
    let dom = chromium.dom(&format!("http://{address}/list?state=pending")).await;
    assert!(dom.contains("c: seen after a refresh"), "the page is not refreshed: {dom}");
    let refreshed = between(&dom, "data-refreshed=\"", "\"").unwrap();
    assert!(refreshed.parse::<u32>().unwrap() >= 1, "{refreshed}");
    assert!(
        dom.contains("<title>Operations: pending – Registry</title>"),
        "a hostile name ran a script: {dom}"
    );
    assert!(dom.contains("id=\"pause\"") && !dom.contains("<img"), "{dom}");
    assert!(dom.contains("a&lt;script&gt;document.title"), "{dom}");
    for path in ["", "list", "operation?key=b"] {
        let dom = chromium.dom(&format!("http://{address}/{path}")).await;
        assert!(!between(&dom, "<title>", "</title>").unwrap().contains("owned"), "{dom}");
    }
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn focus_and_selection_stay_with_their_row_when_another_one_goes() {
    let Some(chromium) = Chromium::find() else { return };
    let (store, registry) = registry(&["a", "b", "c"].map(entry)).await;
    let (address, server) = served(Page::registry(&registry).router(), move |request| {
        let store = store.clone();
        Box::pin(async move {
            if request > 0 {
                store.forget(&["a".to_owned()]).await.unwrap();
                store.register(&["bb"].map(entry)).await.unwrap();
            }
        })
    })
    .await;
    let dom = chromium.dom(&format!("http://{address}/list")).await;
    assert_eq!(between(&dom, "data-keys=\"", "\""), Some("b bb c"), "{dom}");
    assert_eq!(between(&dom, "data-probe=\"", "\""), Some("b true true report"), "{dom}");
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_leaves_what_is_shown_and_ends_with_the_store_that_comes_back() {
    let Some(chromium) = Chromium::find() else { return };
    for (away, shown) in [(0..1, "operation?key=a"), (1..9, "operation?key=a"), (0..9, "<h1>Not shown</h1>")]
    {
        let (store, _) = registry(&[entry("a")]).await;
        let store = WatchedStore::new(&store);
        let (is_away, ends_well) = (away.clone(), away.end == 1);
        let router = Page::registry(&Registry::new(store.clone())).router();
        let (address, server) = served(router, move |request| {
            store.set_away(is_away.contains(&request));
            Box::pin(std::future::ready(()))
        })
        .await;
        let dom = chromium.dom(&format!("http://{address}/list?state=pending")).await;
        assert!(dom.contains(shown), "{away:?}: {dom}");
        let title = if shown.starts_with('<') { "Not shown" } else { "Operations: pending" };
        assert!(dom.contains(&format!("<title>{title} – Registry</title>")), "{away:?}: {dom}");
        let has_note = dom.contains("Not refreshed: the store failed: the &lt;b&gt;disk&lt;/b&gt; is away");
        assert_eq!(has_note, away.start == 1, "{away:?}: {dom}");
        assert_eq!(dom.contains("aria-current"), !shown.starts_with('<'), "{away:?}: {dom}");
        assert!(!ends_well || !dom.contains("data-fault"), "{away:?}: {dom}");
        server.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_draws_the_page() {
    let Some(chromium) = Chromium::find() else { return };
    let registry = furnished().await;
    let served = Page::registry(&registry).title("Jobs").serve(0).await.unwrap();
    let kept = env::var_os("LRO_PAGE_SCREENSHOTS").map(PathBuf::from);
    let folder = env::temp_dir().join(format!("lro-page-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, width, height, path) in [
        ("page.png", 1280, 800, ""),
        ("narrow.png", 400, 1100, ""),
        ("list.png", 1280, 700, "list?state=pending"),
        ("narrow-list.png", 400, 1100, "list?state=pending"),
        ("operation.png", 1000, 600, "operation?key=import-0003"),
        ("fault.png", 1000, 600, "operation?key=none"),
    ] {
        let file = kept.as_ref().unwrap_or(&folder).join(name);
        chromium.screenshot(&format!("http://{}/{path}", served.address()), &file, (width, height)).await;
        let png = std::fs::read(&file).unwrap();
        // The header of a PNG has its width and its height. A blank page is a few kilobytes.
        assert_eq!(&png[16..24], [u32::to_be_bytes(width), u32::to_be_bytes(height)].concat(), "{name}");
        assert!(png.len() > 12_000 && png.len() < 400_000, "{name} has {} bytes", png.len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Serves the page, with a script that watches a row of lists. Before each request of a list, `before` runs with the number of
/// requests before it.
async fn served(
    router: Router,
    before: impl Fn(usize) -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static,
) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let watch = middleware::from_fn(move |request: Request, next: middleware::Next| {
        let (before, requests) = (before.clone(), requests.clone());
        async move {
            if request.uri().path() != "/list" {
                return next.run(request).await;
            }
            before(requests.fetch_add(1, Ordering::Relaxed)).await;
            let (mut parts, body) = next.run(request).await.into_parts();
            let page = body.collect().await.unwrap().to_bytes();
            let page = String::from_utf8(page.to_vec()).unwrap();
            parts.headers.remove(header::CONTENT_LENGTH);
            let page = page.replacen("</head>", "<script src=\"/probe.js\" defer></script></head>", 1);
            Response::from_parts(parts, Body::from(page))
        }
    });
    let probe = get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], PROBE) });
    let router = router.layer(watch).route("/probe.js", probe);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(axum::serve(listener, router).into_future()))
}

/// Focuses the link of the row `b`, selects its kind, and reports both all the time.
const PROBE: &str = r#"
const row = document.querySelector('[data-key="b"]');
if (row) {
  const link = row.querySelector('a');
  link.focus();
  getSelection().selectAllChildren(row.querySelector('td bdi.dim'));
  setInterval(() => {
    const keys = [...document.querySelectorAll('tbody tr')].map(row => row.dataset.key);
    document.body.dataset.keys = keys.join(' ');
    const state = [row.dataset.key, row.isConnected, document.activeElement === link, getSelection().toString()];
    document.body.dataset.probe = state.join(' ');
  }, 100);
}
"#;

/// A registry with a bit of everything.
async fn furnished() -> Registry {
    let store = MemoryStore::new();
    store.register(&[Entry { kind: "import".to_owned(), ..entry("import-0007") }]).await.unwrap();
    claim(&store, 1, 0).await;
    store
        .register(&(0..14).map(|number| entry(&format!("done-{number:04}"))).collect::<Vec<_>>())
        .await
        .unwrap();
    finish(&store, 14, b"{}").await;
    let kinds = ["render", "render", "render", "import", "report"];
    let entries: Vec<_> = (0..400)
        .map(|number: usize| {
            let kind = kinds[number % 5];
            let other = Service::new("routeoptimization.googleapis.com", "v1");
            Entry {
                kind: kind.to_owned(),
                service: if number.is_multiple_of(4) { other } else { service() },
                delay: Duration::from_secs(if number < 12 { 0 } else { number as u64 }),
                name: lro::OperationName::parse(&format!(
                    "projects/my-project/locations/eu/operations/{number}"
                ))
                .ok(),
                ..entry(&format!("{kind}-{number:04}"))
            }
        })
        .collect();
    store.register(&entries).await.unwrap();
    let fences = claim(&store, 3, 5).await.records.into_iter().map(|record| record.fence);
    let error = Some("UNAVAILABLE: the connection was refused".to_owned());
    let failed =
        |fence| GiveBack { fence, delay: Duration::from_secs(20), counts: true, error: error.clone() };
    store.give_back(&fences.map(failed).collect::<Vec<_>>()).await.unwrap();
    let intent = Some(Intent { claim: ClaimId::random(), lease: Duration::ZERO });
    store.register(&[Entry { name: None, intent, ..entry("order 7") }]).await.unwrap();
    let bucket = Bucket { quota: "jobs.example.com".to_owned(), capacity: 9.0, refill: 90.0 };
    let request = ClaimRequest {
        claim: ClaimId::random(),
        service: service(),
        most: 1,
        lease: Duration::from_secs(30),
        most_claims: 5,
        is_random: false,
        bucket: Some(bucket),
    };
    store.claim(&request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    Registry::new(store)
}

/// The browser of the system, without a window.
#[derive(Clone, Debug)]
struct Chromium(PathBuf);

impl Chromium {
    /// Returns `None`, and says that the test is skipped, if there is no browser.
    fn find() -> Option<Self> {
        let folders = env::var_os("PATH").unwrap_or_default();
        let files = env::split_paths(&folders).flat_map(|folder| {
            ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
        });
        let found = files.into_iter().find(|file| file.exists());
        if found.is_none() {
            assert!(env::var_os("LRO_REQUIRE_CHROMIUM").is_none(), "no Chromium");
            println!("skipped: no Chromium");
        }
        found.map(Self)
    }

    /// Returns the document after some refreshes. The time of the browser is virtual, and waits for answers.
    async fn dom(&self, url: &str) -> String {
        self.run(vec!["--dump-dom".to_owned(), "--virtual-time-budget=12000".to_owned(), url.to_owned()])
            .await
    }

    async fn screenshot(&self, url: &str, file: &Path, (width, height): (u32, u32)) {
        let file = format!("--screenshot={}", file.display());
        let size = format!("--window-size={width},{height}");
        self.run(vec![
            file,
            size,
            "--hide-scrollbars".to_owned(),
            "--virtual-time-budget=1500".to_owned(),
            url.to_owned(),
        ])
        .await;
    }

    async fn run(&self, arguments: Vec<String>) -> String {
        let chromium = self.0.clone();
        let profile = env::temp_dir().join(format!(
            "lro-chromium-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let run = spawn_blocking(move || {
            // Root has no sandbox, and containers have little shared memory.
            let output = Command::new(chromium)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                ])
                .arg(format!("--user-data-dir={}", profile.display()))
                .args(arguments)
                .stderr(Stdio::null())
                .output();
            let _ = std::fs::remove_dir_all(profile);
            output.unwrap()
        });
        let output = tokio::time::timeout(Duration::from_secs(180), run).await.unwrap().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }
}
