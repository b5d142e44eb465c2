//! One worker process at a time, by a lock of the operating system.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{self, Child, Command, Stdio},
};

use common::{Folder, entry, get};
use lro_registry::{Store, StoreErrorKind};
use lro_registry_sqlite::SqliteStore;

#[tokio::test]
async fn a_second_worker_in_the_same_process_is_refused_until_the_first_ends() {
    let folder = Folder::new();
    let (first, second) = (folder.open().await, folder.open().await);
    let lock = first.lock_worker().await.unwrap();
    for store in [&first, &second] {
        let error = store.lock_worker().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Held);
        let holder = format!("process {}", process::id());
        assert!(error.to_string().contains(&holder) && !error.is_transient(), "{error}");
    }
    drop(lock);
    second.lock_worker().await.unwrap();
}

#[tokio::test] // g26
async fn a_worker_in_another_process_is_named_and_its_end_by_a_signal_unlocks_at_once() {
    let folder = Folder::new();
    let store = folder.open().await;
    let mut worker = worker_process(&folder, &[]);
    let error = store.lock_worker().await.unwrap_err();
    let holder = format!("process {} on ", worker.id());
    assert!(error.to_string().contains(&holder) && error.to_string().contains(" since "), "{error}");
    // Others go on to use the store.
    store.register(&[entry("key")]).await.unwrap();
    store.request_cancel(&["key".to_owned()]).await.unwrap();
    assert!(get(&store, "from the worker").await.is_some());
    worker.kill().unwrap();
    worker.wait().unwrap();
    drop(store.lock_worker().await.unwrap());
    assert!(worker_process(&folder, &[]).kill().is_ok());
}

#[tokio::test] // g26
async fn a_worker_that_is_process_1_of_its_container_starts_again_after_its_end_by_a_signal() {
    let container = ["unshare", "--pid", "--fork", "--kill-child"];
    if !Command::new(container[0]).args(&container[1..]).arg("true").status().is_ok_and(|it| it.success()) {
        return eprintln!("skipped: this user cannot make a process namespace");
    }
    let folder = Folder::new();
    let store = folder.open().await;
    for _ in 0..3 {
        let mut worker = worker_process(&folder, &container);
        let error = store.lock_worker().await.unwrap_err();
        assert!(error.to_string().contains("process 1 on "), "{error}");
        worker.kill().unwrap();
        worker.wait().unwrap();
        // The kernel ends the process inside after the one that holds it.
        while store.lock_worker().await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn what_the_file_of_the_lock_says_is_only_for_people() {
    let folder = Folder::new();
    let store = folder.open().await;
    fs::write(format!("{}-worker", folder.file().display()), "process 1 since long ago").unwrap();
    store.lock_worker().await.unwrap();
}

/// The other process: this program, with the one test below.
fn worker_process(folder: &Folder, container: &[&str]) -> Child {
    let program = env::current_exe().unwrap();
    let mut command = match container {
        [] => Command::new(program),
        [first, more @ ..] => {
            let mut command = Command::new(first);
            command.args(more).arg(program);
            command
        }
    };
    let test = ["worker_process_of_other_tests", "--exact", "--ignored", "--nocapture"];
    let mut worker = command.args(test).env("STORE", folder.file()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("locked")), "the process did not lock");
    worker
}

#[tokio::test]
#[ignore = "a part of other tests"]
async fn worker_process_of_other_tests() {
    let store = SqliteStore::open(env::var("STORE").unwrap()).await.unwrap();
    let _lock = store.lock_worker().await.unwrap();
    store.register(&[entry("from the worker")]).await.unwrap();
    println!("\nlocked");
    std::future::pending::<()>().await;
}
