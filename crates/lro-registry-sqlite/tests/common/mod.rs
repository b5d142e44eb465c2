//! What the tests share: a folder that is removed, and entries of an invented service.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use lro::{OperationName, Service};
use lro_registry::{
    Record, Store,
    store::{
        Bucket, CancelStep, ClaimId, ClaimRequest, Claimed, Complete, DeliveryRequest, Entry, Fence,
        Reschedule,
    },
};
use lro_registry_sqlite::SqliteStore;

pub const SERVICE: Service = Service::new("example.googleapis.com", "v1");
pub const LEASE: Duration = Duration::from_secs(3_600);

/// A folder for one test.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("lro-sqlite-{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("registry.db")
    }

    pub async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.file()).await.unwrap()
    }

    /// Opens the file as a person with the SQLite shell does.
    pub fn shell(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

pub fn entry(key: impl Into<String>) -> Entry {
    Entry {
        key: key.into(),
        service: SERVICE,
        name: Some(OperationName::parse("operations/7").unwrap()),
        kind: "report".to_owned(),
        fingerprint: "print".to_owned(),
        tag: Vec::new(),
        deadline: None,
        started: false,
        delay: Duration::ZERO,
        state: Vec::new(),
        intent: None,
    }
}

pub fn entries(keys: impl IntoIterator<Item = usize>) -> Vec<Entry> {
    keys.into_iter().map(|number| entry(format!("key-{number:07}"))).collect()
}

pub fn claim_request(most: usize) -> ClaimRequest {
    ClaimRequest {
        claim: ClaimId::random(),
        service: SERVICE,
        most,
        lease: LEASE,
        most_claims: 5,
        is_random: false,
        bucket: None,
    }
}

pub fn bucket(refill: f64) -> Bucket {
    Bucket { quota: "quota".to_owned(), capacity: 10.0, refill }
}

pub async fn claim(store: &SqliteStore, most: usize) -> Claimed {
    store.claim(&claim_request(most)).await.unwrap()
}

pub fn reschedule(fence: Fence, delay: Duration) -> Reschedule {
    Reschedule {
        fence,
        name: None,
        delay,
        state: b"{\"polls\":1}".to_vec(),
        cursor: vec![0, 255],
        cancel: CancelStep::NotSeen,
        failures: 0,
        error: None,
    }
}

pub fn complete(fence: Fence, outcome: &[u8]) -> Complete {
    Complete { fence, name: None, outcome: outcome.to_vec(), state: Vec::new(), finished: None }
}

pub fn delivery(most: usize) -> DeliveryRequest {
    DeliveryRequest {
        claim: ClaimId::random(),
        most,
        lease: LEASE,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(60),
    }
}

pub async fn get(store: &SqliteStore, key: &str) -> Option<Record> {
    store.get(&[key.to_owned()]).await.unwrap().remove(0)
}

/// A small file system in memory. Only root can have one.
pub struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    pub fn new(path: &'a Path, size: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(path)
            .output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self(path));
        }
        eprintln!("skipped: this user cannot mount a file system");
        None
    }

    /// Mounts it again with an option. A store that was dropped may have its file open for a moment, and then it cannot become
    /// read-only.
    pub fn change(&self, to: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{to}")]).arg(self.0);
        while !mount.status().unwrap().success() {
            assert!(Instant::now() < end, "it stays as it is");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}
