//! Settings of single operations, and of the metadata.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use lro::{Any, Code, Operation, OperationName, Status, Tolerance, pacing::Pacing};
use lro_fleet::{Fleet, Registration};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, assert_stopped, done, millis, name, secs, unavailable};

/// SPEC 35
#[tokio::test(start_paused = true)]
async fn each_deadline_is_its_own() {
    let jobs = Jobs::done_at(secs(500)).shared();
    let fleet = Fleet::builder(jobs.clone()).deadline(secs(100)).start();
    let deadlines = [
        (Some(Some(secs(40))), Some(secs(40))),
        (None, Some(secs(100))),
        (Some(None), None),
        (Some(Some(Duration::MAX)), None),
        (Some(Some(secs(3))), Some(secs(3))),
        (Some(Some(Duration::ZERO)), Some(Duration::ZERO)),
        (Some(Some(secs(200))), Some(secs(200))),
    ];
    // A later registration may have an earlier deadline, so the order matters.
    let waits = deadlines.iter().enumerate().map(|(number, (own, expected))| {
        let registration = Registration::new(name(number));
        let registration = match own {
            Some(deadline) => registration.deadline(*deadline),
            None => registration,
        };
        let (watch, jobs) = (fleet.watch_with::<Value>(registration), jobs.clone());
        async move {
            let outcome = watch.await;
            match expected {
                Some(expected) => {
                    let status = assert_stopped(outcome);
                    let late = jobs.now() - *expected;
                    assert!(late <= millis(20), "{expected:?}: {late:?} late: {status}");
                    assert_eq!(*jobs.gets(&name(number)).last().unwrap(), *expected);
                }
                None => assert!(outcome.is_ok()),
            }
        }
    });
    timeout(secs(1_000), join_all(waits)).await.unwrap();
    assert_eq!(fleet.metrics().pending, 0);
}

/// A deadline holds while no call can be made.
#[tokio::test(start_paused = true)]
async fn each_deadline_holds_while_the_fleet_is_paused() {
    let jobs = Jobs::done_at(secs(500)).shared();
    let fleet = Fleet::builder(jobs.clone()).deadline(secs(300)).start();
    fleet.pause();
    for (number, deadline) in [(1, secs(50)), (2, secs(10)), (3, secs(90)), (4, Duration::ZERO)] {
        fleet.register_with(Registration::new(name(number)).deadline(deadline)).unwrap();
    }
    fleet.drain();
    let completions = fleet.completions().map(|completion| (completion.name().clone(), jobs.now()));
    let completions: Vec<_> = timeout(secs(200), completions.collect()).await.unwrap();
    let expected = [(4, secs(2)), (2, secs(12)), (1, secs(52)), (3, secs(92))];
    assert_eq!(completions, expected.map(|(number, at)| (name(number), at)));
    assert!(jobs.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_pacing_is_its_own() {
    let jobs = Jobs::done_at(secs(60)).shared();
    let fleet = Fleet::builder(jobs.clone()).tick(Duration::ZERO).pacing(Pacing::fixed(secs(10))).start();
    let paces = [(1, Some(secs(3))), (2, None), (3, Some(secs(7))), (4, None)];
    for (number, pace) in paces {
        let registration = Registration::new(name(number));
        let registration = match pace {
            Some(pace) => registration.pacing(Pacing::fixed(pace)),
            None => registration,
        };
        fleet.register_with(registration).unwrap();
    }
    fleet.drain();
    assert_eq!(timeout(secs(100), fleet.completions().count()).await.unwrap(), 4);
    for (number, pace) in paces {
        let gets = jobs.gets(&name(number));
        let expected = pace.unwrap_or_else(|| secs(10)) + millis(20);
        assert!(gets.len() > 5 && gets.windows(2).all(|pair| pair[1] - pair[0] == expected), "{gets:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_tolerance_is_its_own() {
    let jobs = Jobs::new(|_, _| Err(unavailable())).shared();
    // One after the other: together they would be an outage, which costs no budget.
    for (number, own, calls) in [
        (1, Some(Tolerance::none()), 1),
        (2, Some(Tolerance::default().failures(2)), 3),
        (3, None, 6),
        (4, Some(Tolerance::default().survive_if(|_| Some(false))), 1),
    ] {
        let fleet = Fleet::builder(jobs.clone()).start();
        let registration = Registration::new(name(number));
        let registration = match own {
            Some(own) => registration.tolerance(own),
            None => registration,
        };
        let status = timeout(secs(900), fleet.watch_with::<Value>(registration)).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(jobs.gets(&name(number)).len() >= calls, "{number}: {:?}", jobs.gets(&name(number)));
        assert!(jobs.gets(&name(number)).len() <= calls + 12);
        if calls == 1 {
            assert_eq!(jobs.gets(&name(number)).len(), 1, "{number}");
        }
    }
}

/// All at once, on many operations: nothing of one reaches another.
#[tokio::test(start_paused = true)]
async fn mixtures_do_not_mix() {
    let jobs = Jobs::done_at(secs(300)).shared();
    let fleet = Fleet::builder(jobs.clone()).deadline(secs(200)).kind(|_| "plain".to_owned()).start();
    for number in 0..256 {
        let mut registration = Registration::new(name(number));
        if number & 1 != 0 {
            registration = registration.tag(format!("tag {number}"));
        }
        if number & 2 != 0 {
            registration = registration.kind(format!("kind {}", number % 5));
        }
        if number & 4 != 0 {
            registration = registration.deadline(None);
        }
        if number & 8 != 0 {
            registration = registration.pacing(Pacing::fixed(secs(11)));
        }
        if number & 16 != 0 {
            registration = registration.tolerance(Tolerance::none());
        }
        fleet.register_with(registration).unwrap();
    }
    let pending: BTreeMap<_, _> = fleet
        .pending()
        .into_iter()
        .map(|pending| (pending.name.clone(), (pending.tag, pending.kind)))
        .collect();
    fleet.drain();
    let completions: Vec<_> = timeout(secs(900), fleet.completions().collect()).await.unwrap();
    assert_eq!(completions.len(), 256);
    for completion in completions {
        let number: usize = completion.name().as_str()["operations/".len()..].parse().unwrap();
        let tag = (number & 1 != 0).then(|| format!("tag {number}"));
        let kind = if number & 2 != 0 { format!("kind {}", number % 5) } else { "plain".to_owned() };
        assert_eq!((completion.tag(), completion.kind()), (tag.as_deref(), &*kind));
        assert_eq!(completion.outcome().is_ok(), number & 4 != 0, "{completion:?}");
        let (pending_tag, pending_kind) = &pending[completion.name()];
        assert_eq!((pending_tag, &**pending_kind), (&tag, &*kind));
    }
}

/// SPEC 62: a registration that joins a wait has a tag of its own, and the other settings of that wait.
#[tokio::test(start_paused = true)]
async fn a_registration_that_joins_a_wait_has_its_own_tag_and_the_settings_of_the_wait() {
    let jobs = Jobs::done_at(secs(60)).shared();
    let fleet = Fleet::builder(jobs.clone()).tick(Duration::ZERO).pacing(Pacing::fixed(secs(10))).start();
    let mut watches: Vec<_> = (1..=3).map(|number| fleet.watch::<Value>(name(number))).collect();
    let own = |number| {
        let registration = Registration::new(name(number)).kind("another").deadline(secs(20));
        registration.pacing(Pacing::fixed(secs(1))).tolerance(Tolerance::none())
    };
    fleet.register_with(own(1).tag("one")).unwrap();
    sleep(secs(5)).await;
    fleet.register_with(own(2).tag("two")).unwrap();
    // Made twice: there is one completion, of the first.
    fleet.register_with(Registration::new(name(2)).tag("later")).unwrap();
    fleet.register(name(3)).unwrap();
    let mut tags: Vec<_> = fleet.pending().into_iter().map(|pending| pending.tag).collect();
    tags.sort();
    assert_eq!(tags, [None, Some("one".to_owned()), Some("two".to_owned())]);
    let mut completions: Vec<_> = fleet.completions().take(3).collect().await;
    completions.sort_by_key(|completion| completion.name().clone());
    for (number, (completion, tag)) in completions.iter().zip([Some("one"), Some("two"), None]).enumerate() {
        assert_eq!(completion.tag(), tag);
        assert!(completion.outcome().is_ok());
        assert_eq!(completion.kind(), "jobs.example.com");
        assert_eq!(jobs.gets(&name(number + 1)).len(), 7);
    }

    // After its completion was taken it is registered anew, and joins a wait that has ended.
    fleet.register_with(Registration::new(name(1)).tag("again")).unwrap();
    assert_eq!(fleet.completions().next().await.unwrap().tag(), Some("again"));
    fleet.register(name(1)).unwrap();
    assert_eq!(fleet.completions().next().await.unwrap().tag(), None);
    assert!(watches.remove(0).await.is_ok());
}

fn at(percent: u64) -> Any {
    Any::from_value(&json!({"percent": percent})).unwrap()
}

/// SPEC 10
#[tokio::test(start_paused = true)]
async fn metadata_is_not_kept_if_the_caller_says_so() {
    for keeps in [true, false] {
        let jobs = Jobs::new(|name, now| {
            if name == "operations/2" {
                return Ok(Operation::running(name).with_metadata(at(3)));
            }
            let operation = if now < secs(10) { Operation::running(name) } else { done(name) };
            Ok(operation.with_metadata(at(now.as_secs())))
        });
        let fleet = Fleet::builder(jobs).keep_metadata(keeps).deadline(secs(50)).start();
        let mut watch = fleet.watch::<Value>(name(1)).with_metadata::<Value>();
        fleet.register(name(1)).unwrap();
        let late = fleet.watch::<Value>(name(2));
        let started =
            fleet.started::<Value>(Operation::running("operations/3").with_metadata(at(1))).unwrap();
        sleep(secs(4)).await;
        for number in [1, 2, 3] {
            assert_eq!(fleet.get::<Value>(&name(number)).unwrap().metadata().is_some(), keeps, "{number}");
        }
        assert_eq!(watch.next().await.unwrap().unwrap().metadata().is_some(), keeps);
        assert_eq!(watch.outcome().await.unwrap(), json!({"name": "operations/1"}));
        let completion = fleet.completions().next().await.unwrap();
        assert_eq!(completion.report().last_metadata.is_some(), keeps);
        let status = late.await.unwrap_err();
        assert_eq!(status.report().unwrap().last_metadata.is_some(), keeps);
        drop(started);
    }
}

/// The delay is planned by the share of the work that is done, also of metadata that is not kept.
#[tokio::test(start_paused = true)]
async fn progress_is_given_to_the_pacing() {
    #[derive(Clone, Debug, Default)]
    struct Seen(Arc<Mutex<Vec<Option<f64>>>>);
    impl lro::pacing::PacingPolicy for Seen {
        fn schedule(&self) -> Box<dyn lro::pacing::Schedule> {
            Box::new(self.clone())
        }
    }
    impl lro::pacing::Schedule for Seen {
        fn delay(&mut self, moment: &lro::pacing::Moment) -> Option<Duration> {
            self.0.lock().unwrap().push(moment.progress);
            Some(if moment.polls == 0 { Duration::ZERO } else { secs(10) })
        }
    }
    #[derive(serde::Deserialize)]
    struct Percent {
        percent: f64,
    }
    for keeps in [true, false] {
        let jobs = Jobs::new(|name, now| match now.as_secs() {
            0..15 => Ok(Operation::running(name).with_metadata(at(2 * now.as_secs()))),
            15..25 => Ok(Operation::running(name)),
            25..35 => Ok(Operation::running(name).with_metadata(Any::from_value("garbage").unwrap())),
            _ => Ok(done(name)),
        });
        let seen = Seen::default();
        let fleet = Fleet::builder(jobs)
            .tick(Duration::ZERO)
            .pacing(Pacing::custom(seen.clone()))
            .keep_metadata(keeps)
            .pace_by_progress(|metadata: &Percent| Some(metadata.percent / 100.0))
            .start();
        fleet.watch::<Value>(name(1)).await.unwrap();
        assert_eq!(*seen.0.lock().unwrap(), [None, Some(0.0), Some(0.2), None, None]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_kind_selects_the_pacing() {
    #[derive(Debug)]
    struct ByKind;
    impl lro::pacing::PacingByKind for ByKind {
        fn pacing(&self, kind: &str) -> Pacing {
            Pacing::fixed(if kind == "slow" { secs(30) } else { secs(1) })
        }
    }
    let by_name =
        |name: &OperationName| if name.as_str() == "operations/1" { "slow" } else { "fast" }.to_owned();
    let jobs = Jobs::done_at(secs(100)).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(ByKind).kind(by_name).start();
    fleet.register(name(1)).unwrap();
    fleet.register(name(2)).unwrap();
    fleet.register_with(Registration::new(name(3)).kind("slow")).unwrap();
    sleep(secs(59)).await;
    let counts = [1, 2, 3].map(|number| jobs.gets(&name(number)).len());
    assert_eq!((counts[0], counts[2]), (2, 2));
    assert!(counts[1] > 50, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_error_of_a_starting_call_is_its_end() {
    let fleet = Fleet::builder(Jobs::done_at(secs(10))).start();
    let failed = Operation::failed("operations/1", Status::new(Code::NotFound, "no such model"));
    let status = fleet.started::<Value>(failed).unwrap().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no such model"));
}
