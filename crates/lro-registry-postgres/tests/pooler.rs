//! The store behind pgbouncer in transaction mode. Skipped where there is no pgbouncer.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::{
    env, fs,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use async_trait::async_trait;
use common::{claim, database, entry, number, request, session, store};
use lro_registry::{
    Store,
    contract::{self, Fresh, Subject, SubjectError},
    store::Written,
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::{ReservedPort, postgres::Postgres};
use tokio::time::timeout;

/// g13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_create_the_schema_once_through_a_pooler() {
    let Some((direct, pooler)) = database().zip(Pooler::start()) else { return };
    let config = pooler.config(&direct);
    let tasks = (0..8).map(|i| {
        let store = store(&config);
        tokio::spawn(async move { store.register(&[entry(&format!("k{i}"))]).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let store = store(&config);
    let claimed = claim(&store, 100).await.records;
    assert_eq!(claimed.len(), 8);
    let writes: Vec<_> = claimed.iter().map(|record| common::complete(&record.fence)).collect();
    assert!(store.complete(&writes).await.unwrap().iter().all(|written| *written == Written::Stored));
    let session = session(&direct).await;
    let settings =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    assert_eq!(number(&session, settings).await, 0);
    // The address of the server is for the listener.
    let listening = PostgresStore::builder(&config).listen_address(&direct).build().unwrap();
    timeout(Duration::from_secs(60), listening.changed()).await.unwrap();
    while timeout(Duration::from_millis(700), listening.changed()).await.is_ok() {}
    store.register(&[entry("hint")]).await.unwrap();
    timeout(Duration::from_secs(60), listening.changed()).await.unwrap();
    assert_eq!(store.claim(&request(5)).await.unwrap().records.len(), 1);
}

/// g13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute: cargo test -p lro-registry-postgres --test pooler -- --ignored"]
async fn passes_the_contract_through_a_pooler() {
    let Some(pooler) = Postgres::shared().and_then(|_| Pooler::start()) else { return };
    contract::all(&Pooled(pooler)).await;
}

/// A pgbouncer in front of the server of this binary.
#[derive(Debug)]
struct Pooler {
    process: Child,
    folder: PathBuf,
    port: ReservedPort,
}

impl Pooler {
    fn start() -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        let Some(program) = folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
        else {
            println!("skipped: no pgbouncer");
            return None;
        };
        let reserved = ReservedPort::any();
        let port = reserved.number();
        let folder = env::temp_dir().join(format!("lro-pgbouncer-{}-{port}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 400\n\
             unix_socket_dir =\n",
            Postgres::shared()?.port()
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            // It refuses to run as root.
            command.args(["-u", "postgres"]);
        }
        let process = command.arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { process, folder, port: reserved };
        for _ in 0..1_200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(pooler);
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("pgbouncer did not start");
    }

    fn config(&self, direct: &str) -> String {
        let port = Postgres::shared().unwrap().port();
        direct.replace(&format!("port={port}"), &format!("port={}", self.port.number()))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = (self.process.kill(), self.process.wait());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[derive(Debug)]
struct Pooled(Pooler);

#[derive(Debug)]
struct Database(String);

#[async_trait]
impl Subject for Pooled {
    async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError> {
        Ok(Box::new(Database(self.0.config(&database().ok_or("no PostgreSQL binaries")?))))
    }
}

#[async_trait]
impl Fresh for Database {
    async fn open(&self) -> Result<Arc<dyn Store>, SubjectError> {
        Ok(Arc::new(PostgresStore::new(&self.0)?))
    }
}
