//! The hints that wake workers up.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use common::{complete, database, entries, entry, number, reschedule, session, store};
use lro_registry::Store;
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// No test waits longer for anything. A fault is found within 15 s.
const LONGEST: Duration = Duration::from_secs(180);

/// g15
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_hears_nothing_is_replaced() {
    let Some(config) = database() else { return };
    let proxy = Proxy::start(Postgres::shared().unwrap().port()).await;
    let behind = format!(
        "host=127.0.0.1 port={} {}",
        proxy.port,
        config.split_once("user").map(|(_, rest)| format!("user{rest}")).unwrap()
    );
    let listening = PostgresStore::builder(&config).listen_address(behind).build().unwrap();
    let registering = store(&config);
    heard(&listening, &registering, "a").await;
    let session = session(&config).await;
    session.batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query IN ('LISTEN \"lro\"', 'SELECT 1')").await.unwrap();
    heard(&listening, &registering, "b").await;
    proxy.swallows.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    let before = proxy.connections.load(Ordering::SeqCst);
    while proxy.connections.load(Ordering::SeqCst) == before {
        assert!(begun.elapsed() < LONGEST);
        sleep(Duration::from_millis(50)).await;
    }
    proxy.swallows.store(false, Ordering::SeqCst);
    heard(&listening, &registering, "c").await;
}

/// g15: the first hint after a connection is the connection's own, for what came while nobody listened.
#[tokio::test]
async fn a_listener_survives_a_database_that_is_away_at_the_start() {
    let Some(postgres) = Postgres::start() else { return };
    let config = postgres.database();
    postgres.stop();
    let store = store(&config);
    assert!(timeout(Duration::from_millis(700), store.changed()).await.is_err(), "there is nothing to hear");
    postgres.restart();
    timeout(LONGEST, store.changed()).await.unwrap();
}

/// g16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_are_few_and_only_for_what_is_due() {
    let Some(config) = database() else { return };
    let store = store(&config);
    store.connect().await.unwrap();
    let heard = listen(&config).await;
    let mut later = entry("later");
    later.delay = Duration::from_secs(60);
    later.tag = "\u{1f600}".repeat(3_000).into_bytes();
    store.register(&[later]).await.unwrap();
    sleep(Duration::from_millis(600)).await;
    assert_eq!(heard.load(Ordering::SeqCst), 0, "a hint for what is due later");
    let begun = Instant::now();
    let mut batches = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        store.register(&[entry(&format!("k{batches}"))]).await.unwrap();
        batches += 1;
    }
    let hints = settled(&heard).await;
    assert!((1..=12).contains(&hints), "{hints} hints for {batches} registrations");
    for record in common::claim(&store, 5).await.records {
        store.reschedule(&[reschedule(&record.fence, Duration::ZERO)]).await.unwrap();
    }
    for record in common::claim(&store, 5).await.records {
        store.complete(&[complete(&record.fence)]).await.unwrap();
    }
    sleep(Duration::from_millis(600)).await;
    assert_eq!(heard.load(Ordering::SeqCst), hints, "a hint for a claim, a reschedule or an outcome");
    store.request_cancel(&["later".to_owned()]).await.unwrap();
    let begun = Instant::now();
    while heard.load(Ordering::SeqCst) == hints {
        assert!(begun.elapsed() < LONGEST, "no hint");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(settled(&heard).await, hints + 1);
}

/// g16: a commit with a notification takes one lock for the whole server. While another session holds it, no hint gets through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_that_fails_fails_nothing_else() {
    let Some(postgres) = Postgres::start() else { return };
    let config = postgres.database();
    let store = PostgresStore::builder(&config).timeout(Duration::from_secs(4)).build().unwrap();
    store.connect().await.unwrap();
    let [holder, session] = [session(&config).await, session(&config).await];
    // The commit of the holder waits for a standby that does not exist, and the others do not.
    holder.batch_execute("SET synchronous_commit = on; CREATE TABLE held (n int)").await.unwrap();
    for sql in [
        "ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
        "ALTER SYSTEM SET synchronous_commit = 'local'",
        "SELECT pg_reload_conf()",
    ] {
        session.batch_execute(sql).await.unwrap();
    }
    hold(holder, &session).await;
    let begun = Instant::now();
    let mut batch = 0;
    // The hint of the first batch waits for three quarters of the time-out.
    while !postgres.log().contains("canceling statement due to lock timeout") {
        assert!(begun.elapsed() < LONGEST, "no hint has failed");
        let registered = store.register(&entries(&format!("k{batch}-"), 0..10)).await.unwrap();
        assert_eq!(registered.len(), 10);
        batch += 1;
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(number(&session, HOLDERS).await, 1, "the lock was held");
}

/// Begins a commit that holds the lock of notifications while it waits for a standby. Returns once it waits.
async fn hold(holder: Client, session: &Client) {
    // A commit does not wait until the server has read its new settings. Then the next one does.
    tokio::spawn(async move {
        while holder.batch_execute("NOTIFY other; INSERT INTO held VALUES (1)").await.is_ok() {}
    });
    let begun = Instant::now();
    while number(session, HOLDERS).await == 0 {
        assert!(begun.elapsed() < LONGEST, "no commit waits");
        sleep(Duration::from_millis(50)).await;
    }
}

const HOLDERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// Registers records until the listener has a hint, beside those of its own connection.
async fn heard(listening: &PostgresStore, registering: &PostgresStore, prefix: &str) {
    let begun = Instant::now();
    let mut number = 0;
    loop {
        assert!(begun.elapsed() < LONGEST, "no hint");
        // Hints of before, and the one that a new connection sends itself.
        while timeout(Duration::from_millis(500), listening.changed()).await.is_ok() {}
        registering.register(&[entry(&format!("{prefix}{number}"))]).await.unwrap();
        number += 1;
        if timeout(Duration::from_millis(700), listening.changed()).await.is_ok() {
            return;
        }
    }
}

/// Returns the number of notifications once no more arrive. The last hint leaves up to 250 ms after its call.
async fn settled(heard: &AtomicUsize) -> usize {
    loop {
        let before = heard.load(Ordering::SeqCst);
        sleep(Duration::from_secs(5)).await;
        if heard.load(Ordering::SeqCst) == before {
            return before;
        }
    }
}

/// Counts the notifications.
async fn listen(config: &str) -> Arc<AtomicUsize> {
    let (client, mut connection) = tokio_postgres::connect(config, NoTls).await.unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                assert_eq!(notification.payload(), "");
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    client.batch_execute("LISTEN lro").await.unwrap();
    // The session lives as long as its client.
    tokio::spawn(async move {
        let _client = client;
        std::future::pending::<()>().await;
    });
    heard
}

/// A proxy that can swallow all packets and keep the connections open.
struct Proxy {
    port: u16,
    swallows: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (swallows, connections) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let proxy = Self { port, swallows: Arc::clone(&swallows), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let ((client_read, client_write), (server_read, server_write)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(forward(client_read, server_write, Arc::clone(&swallows)));
                tokio::spawn(forward(server_read, client_write, Arc::clone(&swallows)));
            }
        });
        proxy
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallows: Arc<AtomicBool>) {
    let mut buffer = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !swallows.load(Ordering::SeqCst) && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
