//! Chromium shows the page. `LRO_REQUIRE_CHROMIUM=1` makes a missing one an error, `LRO_PAGE_SCREENSHOTS=FOLDER` keeps screenshots.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use axum::{extract::Request, middleware};
use lro::Service;
use lro_page::Page;
use lro_registry::{
    MemoryStore, Registry, Store,
    store::{Bucket, ClaimId, ClaimRequest, Entry, GiveBack, Intent},
};
use tokio::{net::TcpListener, task::spawn_blocking};

use crate::{
    common::{between, claim, entry, finish, registry, service},
    escaping::{IMAGE, SCRIPT},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_the_page_and_refreshes_it_in_place() {
    let Some(chromium) = Chromium::find() else { return };
    let hostile = Entry { kind: IMAGE.to_owned(), ..entry(&format!("a{SCRIPT}{IMAGE}")) };
    let (store, registry) = registry(&[hostile, entry("b")]).await;
    // From the second request of the list on, there is one more record: only a refresh shows it.
    let requests = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let watch = middleware::from_fn(move |request: Request, next: middleware::Next| {
        let (store, requests) = (store.clone(), requests.clone());
        async move {
            let is_list = request.uri().path() == "/list";
            if is_list && requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 {
                store.register(&[entry("c: seen after a refresh")]).await.unwrap();
            }
            next.run(request).await
        }
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server =
        tokio::spawn(axum::serve(listener, Page::registry(&registry).router().layer(watch)).into_future());
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
        ("operation.png", 1000, 600, "operation?key=import-0003"),
    ] {
        let file = kept.as_ref().unwrap_or(&folder).join(name);
        chromium.screenshot(&format!("http://{}/{path}", served.address()), &file, (width, height)).await;
        let png = std::fs::read(&file).unwrap();
        // The header of a PNG has its width and its height. A blank page is a few kilobytes.
        assert_eq!(&png[16..24], [u32::to_be_bytes(width), u32::to_be_bytes(height)].concat(), "{name}");
        assert!(png.len() > 12_000 && png.len() < 150_000, "{name} has {} bytes", png.len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

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
        let output = tokio::time::timeout(Duration::from_secs(120), run).await.unwrap().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }
}
