//! The handles of a shutdown resume in another fleet.

use std::collections::BTreeMap;

use futures::StreamExt;
use lro::{Code, Handle, OperationName, Service};
use lro_fleet::{Fleet, Registration};
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, name, secs};

const SERVICE: Service = Service::new("jobs.example.com", "v1");

#[tokio::test(start_paused = true)]
async fn kinds_are_restored() {
    let by_parity = |name: &OperationName| {
        let is_odd = name.as_str().ends_with(['1', '3', '5', '7', '9']);
        if is_odd { "odd" } else { "even" }.to_owned()
    };
    let fleet = Fleet::builder(Jobs::done_at(secs(1_000))).kind(by_parity).start();
    for number in 0..4 {
        fleet.register(name(number)).unwrap();
    }
    fleet.register_with(Registration::new(name(9)).kind("special").tag("not saved")).unwrap();
    sleep(secs(5)).await;
    let handles = fleet.shutdown().await;
    assert_eq!(handles.len(), 5);

    let saved = serde_json::to_string(&handles).unwrap();
    let handles: Vec<Handle> = serde_json::from_str(&saved).unwrap();
    // Its own closure is not asked about a handle that carries a kind.
    let resumed = Fleet::builder(Jobs::done_at(secs(3))).kind(|_| "default".to_owned()).start();
    resumed.register_handles(&handles).unwrap();
    resumed.register_handles(&[Handle::new(&SERVICE, name(50))]).unwrap();
    let pending: BTreeMap<_, _> =
        resumed.pending().into_iter().map(|pending| (pending.name.to_string(), pending.kind)).collect();
    resumed.drain();
    let completions: Vec<_> = timeout(secs(60), resumed.completions().collect()).await.unwrap();
    let kinds: BTreeMap<_, _> =
        completions.iter().map(|completion| (completion.name().as_str(), completion.kind())).collect();
    let expected = [
        ("operations/0", "even"),
        ("operations/1", "odd"),
        ("operations/2", "even"),
        ("operations/3", "odd"),
        ("operations/50", "default"),
        ("operations/9", "special"),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
    assert!(expected.iter().all(|(name, kind)| *pending[*name] == **kind), "{pending:?}");
}

/// The kind of a fleet without a closure is the key of its service, and needs no place in a handle.
#[tokio::test(start_paused = true)]
async fn a_handle_of_the_default_kind_carries_none() {
    let fleet = Fleet::builder(Jobs::done_at(secs(1_000))).start();
    fleet.register(name(1)).unwrap();
    fleet.register_with(Registration::new(name(2)).kind("")).unwrap();
    let handles = fleet.shutdown().await;
    let kind_of = |number| {
        let is_it = |handle: &&Handle| handle.name_for(&SERVICE).unwrap() == name(number);
        handles.iter().find(is_it).unwrap().kind().map(str::to_owned)
    };
    assert_eq!((kind_of(1), kind_of(2)), (None, Some(String::new())));
}

/// SPEC 12
#[tokio::test(start_paused = true)]
async fn handles_of_another_service_are_refused_and_then_none_is_registered() {
    for other in [Service::new("other.example.com", "v1"), Service::new("jobs.example.com", "v2")] {
        let jobs = Jobs::done_at(secs(1)).shared();
        let fleet = Fleet::builder(jobs.clone()).start();
        let handles =
            [Handle::new(&SERVICE, name(1)), Handle::new(&other, name(2)), Handle::new(&SERVICE, name(3))];
        let refused = fleet.register_handles(&handles).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(
            refused.to_string().contains("other.example.com") || refused.to_string().contains("v2"),
            "{refused}"
        );
        sleep(secs(5)).await;
        assert_eq!(fleet.metrics().pending, 0);
        assert!(jobs.all().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_comes_twice_completes_once() {
    let jobs = Jobs::done_at(secs(3)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let handle = Handle::new(&SERVICE, name(1));
    fleet.register_handles([&handle, &handle.clone().with_kind("another")]).unwrap();
    fleet.drain();
    let completions: Vec<_> = timeout(secs(60), fleet.completions().collect()).await.unwrap();
    assert_eq!(completions.len(), 1);
    assert_eq!(completions[0].kind(), "jobs.example.com");
    fleet.register_handles(&[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn handles_are_refused_after_a_shutdown() {
    let fleet = Fleet::builder(Jobs::done_at(secs(3))).start();
    fleet.shutdown().await;
    let refused = fleet.register_handles(&[Handle::new(&SERVICE, name(1))]).unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
}
