//! Code of the caller that calls the fleet which runs it, or blocks. SPEC 61

use std::{
    cell::Cell,
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use futures::{FutureExt, StreamExt, executor::block_on};
use lro::{
    Any, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Status, Tolerance, async_trait, pacing::Pacing, transport_fn,
};
use lro_fleet::{Fleet, Rate, Registration};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    name,
    nasty::{Kinds, Last, Nasty},
    secs,
};

/// A fleet that its own code can reach, once it has started.
#[derive(Clone, Default)]
struct Reach(Arc<Mutex<Weak<Fleet>>>);

impl Reach {
    fn set(&self, fleet: &Arc<Fleet>) {
        *self.0.lock().unwrap() = Arc::downgrade(fleet);
    }

    /// Calls all that the fleet offers, but not from within such a call.
    fn meddle(&self) {
        if IS_INSIDE.replace(true) {
            return;
        }
        self.call_all();
        IS_INSIDE.set(false);
    }

    fn call_all(&self) {
        let fleet = self.0.lock().unwrap().upgrade();
        let Some(fleet) = fleet else {
            return;
        };
        let other = || name(999);
        drop(fleet.watch::<Value>(other()));
        let _ = fleet.register(other());
        let own = Registration::new(other()).tolerance(Tolerance::none()).tag("a");
        drop(fleet.watch_with::<Value>(own));
        let _ = fleet.register_handles(&fleet.forget(&other()));
        let _ = (fleet.forget(&other()), fleet.get::<Value>(&other()), fleet.metrics());
        let _ = (fleet.pending().len(), format!("{fleet:?} {:?}", fleet.completions()));
        let _ = fleet.cancel(&other()).now_or_never();
        drop(fleet.shutdown());
        fleet.pause();
        fleet.unpause();
    }
}

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

fn job(name: &OperationName, began: Instant) -> Operation {
    let metadata = Any::from_value(&json!({})).unwrap();
    if began.elapsed() < Duration::from_millis(300) {
        return Operation::running(name.as_str()).with_metadata(metadata);
    }
    Operation::succeeded(name.as_str(), Any::from_value(&json!({})).unwrap()).unwrap()
}

fn transport(reach: Reach) -> impl LroTransport + 'static {
    let began = Instant::now();
    transport_fn(move |name: OperationName| {
        let reach = reach.clone();
        async move {
            reach.meddle();
            let now = began.elapsed().as_millis();
            if (50..250).contains(&now) {
                let reach = reach.clone();
                let source = Last(Arc::new(move |_| reach.meddle()));
                return Err(Status::new(Code::Unavailable, "busy").with_source(source));
            }
            Ok(job(&name, began))
        }
    })
}

/// On a real clock and a thread of its own, so a deadlock fails the test.
fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        test();
        done.send(()).unwrap();
    });
    is_done.recv_timeout(secs(60)).expect("a deadlock, or a panic");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn all_of_it_may_call_the_fleet() {
    for is_compact in [true, false] {
        within_a_minute(move || {
            runtime().block_on(async {
                let reach = Reach::default();
                let of = || {
                    let reach = reach.clone();
                    move || reach.meddle()
                };
                let (acts, kind, key, predicate, progress) = (of(), of(), of(), of(), of());
                let nasty = Nasty::new(is_compact, move |_| acts());
                let own = nasty.pacing();
                let fleet = Fleet::builder(transport(reach.clone()))
                    .pacing(Kinds(nasty))
                    .kind(move |_| {
                        kind();
                        "nasty".to_owned()
                    })
                    .quota_key(move |_| {
                        key();
                        String::new()
                    })
                    .pace_by_progress(move |_: &Value| {
                        progress();
                        None
                    })
                    .tolerance(Tolerance::default().survive_if(move |_| {
                        predicate();
                        Some(true)
                    }))
                    .rate(Rate::per_second(1_000))
                    .max_in_flight(4)
                    .start();
                let fleet = Arc::new(fleet);
                reach.set(&fleet);
                for number in 0..50 {
                    let registration = Registration::new(name(number));
                    let registration =
                        if number % 2 == 0 { registration.pacing(own.clone()) } else { registration };
                    fleet.register_with(registration).unwrap();
                }
                drop(own);
                let of_these = fleet.completions().filter(|completion| {
                    let is_other = *completion.name() == name(999);
                    async move { !is_other }
                });
                let completions: Vec<_> = of_these.take(50).collect().await;
                assert!(completions.iter().all(|completion| completion.outcome().is_ok()));
            });
        });
    }
}

/// A server whose lists fail, or show an operation that nobody waits for and that failed.
#[derive(Debug)]
struct Lists {
    fails: bool,
    noted: Noted,
}

/// Calls the fleet, and counts how often.
#[derive(Clone, Default)]
struct Noted(Reach, Arc<AtomicUsize>);

impl Noted {
    fn note(&self) {
        self.0.meddle();
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Noted")
    }
}

#[async_trait]
impl LroTransport for Lists {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        Ok(Operation::running(name.as_str()))
    }

    async fn list_operations(&self, _: &ListOperationsRequest) -> Result<OperationPage, Status> {
        if self.fails {
            return Err(Status::new(Code::PermissionDenied, "no lists for you"));
        }
        let noted = self.noted.clone();
        let error = Status::new(Code::Internal, "broken").with_source(Last(Arc::new(move |_| noted.note())));
        Ok(OperationPage::new(vec![Operation::failed("operations/of-others", error)]))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().list(true)
    }
}

/// The predicate is asked whether to list again, and an operation that the fleet does not know is dropped.
#[test]
fn a_list_may_call_the_fleet() {
    for fails in [true, false] {
        within_a_minute(move || {
            runtime().block_on(async {
                let noted = Noted::default();
                let of_predicate = noted.clone();
                let fleet = Fleet::builder(Lists { fails, noted: noted.clone() })
                    .pacing(Pacing::fixed(Duration::from_millis(100)))
                    .rate(Rate::per_second(50))
                    .tolerance(Tolerance::default().survive_if(move |_| {
                        of_predicate.note();
                        None
                    }))
                    .start();
                let fleet = Arc::new(fleet);
                noted.0.set(&fleet);
                for number in 0..200 {
                    fleet.register(name(number)).unwrap();
                }
                while noted.1.load(Ordering::Relaxed) == 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                assert!(fleet.metrics().sweeps > 0);
            });
        });
    }
}

/// The last owner of a setting, or of an error, may be the fleet: then it is dropped without the lock.
#[test]
fn a_destructor_may_call_the_fleet() {
    within_a_minute(|| {
        runtime().block_on(async {
            let reach = Reach::default();
            let own = || {
                let (pacing, predicate) = (reach.clone(), reach.clone());
                let held = Last(Arc::new(move |_| predicate.meddle()));
                Registration::new(name(1))
                    .pacing(Nasty::new(false, move |_| pacing.meddle()).pacing())
                    .tolerance(Tolerance::default().survive_if(move |_| {
                        let _ = &held;
                        None
                    }))
            };
            let fleet = Arc::new(Fleet::builder(transport(Reach::default())).start());
            reach.set(&fleet);
            // Never begun, joined, refused, replaced, ended, forgotten, dropped.
            drop(fleet.watch_with::<Value>(own()));
            let kept = fleet.watch_with::<Value>(own());
            drop(fleet.watch_with::<Value>(own()));
            fleet.register_with(own()).unwrap();
            assert!(fleet.forget(&name(1)).is_some());
            drop(kept);
            fleet.register_with(own()).unwrap();
            assert!(fleet.watch_with::<Value>(own()).await.is_ok());
            assert!(fleet.completions().next().await.is_some());
            drop(fleet.watch_with::<Value>(own()));
            let failing = own().deadline(Duration::ZERO).tolerance(Tolerance::none());
            let failed = fleet.watch_with::<Value>(failing);
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(failed);
            fleet.drain();
            assert!(fleet.register_with(own()).is_err());
            assert!(fleet.watch_with::<Value>(own()).await.is_err());
            fleet.shutdown().await;
            assert!(fleet.register_with(own()).is_err());
            assert!(fleet.watch_with::<Value>(own()).await.is_err());
        });
    });
}

/// A pacing that blocks runs without the lock, so it delays no other caller of the fleet.
#[test]
fn a_pacing_that_blocks_keeps_nobody_else_waiting() {
    within_a_minute(|| {
        let (enter, entered) = mpsc::channel();
        let (leave, left) = mpsc::channel::<()>();
        let (enter, left) = (Mutex::new(enter), Mutex::new(left));
        let (give, take) = mpsc::channel();
        let driving = thread::spawn(move || {
            runtime().block_on(async {
                let nasty = Nasty::new(true, move |_| {
                    let _ = enter.lock().unwrap().send(());
                    let _ = left.lock().unwrap().recv();
                });
                let fleet = Fleet::builder(transport(Reach::default())).pacing(Kinds(nasty)).start();
                fleet.register_with(Registration::new(name(1)).kind("nasty")).unwrap();
                give.send(fleet.clone()).unwrap();
                assert!(fleet.completions().next().await.unwrap().outcome().is_ok());
                tokio::time::sleep(secs(1)).await;
            });
        });
        let fleet = take.recv().unwrap();
        entered.recv().unwrap();
        // The task of the fleet blocks in the pacing.
        let mut watches: Vec<_> = (2..50).map(|number| fleet.watch::<Value>(name(number))).collect();
        assert!(fleet.forget(&name(2)).is_some());
        assert!(block_on(watches.remove(0)).is_err());
        assert_eq!((fleet.metrics().pending, fleet.pending().len()), (48, 48));
        drop(leave);
        assert!(watches.into_iter().all(|watch| block_on(watch).is_ok()));
        drop(fleet);
        driving.join().unwrap();
    });
}

/// Also the last handle may go there.
#[test]
fn the_last_handle_may_be_dropped_inside() {
    within_a_minute(|| {
        runtime().block_on(async {
            let held = Arc::new(Mutex::new(None::<Fleet>));
            let inside = held.clone();
            let nasty = Nasty::new(true, move |_| drop(inside.lock().unwrap().take()));
            let fleet = Fleet::builder(transport(Reach::default())).pacing(Kinds(nasty)).start();
            fleet.register_with(Registration::new(name(1)).kind("nasty")).unwrap();
            *held.lock().unwrap() = Some(fleet);
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(held.lock().unwrap().is_none());
            assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
        });
    });
}
