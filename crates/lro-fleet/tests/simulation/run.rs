//! Those who wait, by a scenario.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use lro::OperationName;
use lro_fleet::{Fleet, Metrics, Watch};
use serde_json::Value;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    log::{Event, Log, What},
    scenario::{How, Scenario},
    server::{Door, SERVICE},
};

/// What happened, and what each fleet says of it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) events: Vec<Event>,
    pub(crate) metrics: Vec<Metrics>,
}

/// The fleets, of which the last is in use.
#[derive(Clone)]
struct Stage {
    scenario: Arc<Scenario>,
    log: Log,
    fleets: Arc<Mutex<Vec<Fleet>>>,
}

/// Runs a scenario to its end.
pub(crate) async fn run(scenario: &Arc<Scenario>, log: &Log) -> Ran {
    let stage = Stage { scenario: scenario.clone(), log: log.clone(), fleets: Arc::default() };
    let mut tasks: Vec<JoinHandle<()>> = Vec::new();
    let mut takers = vec![stage.start()];
    for wish in 0..scenario.wishes.len() {
        tasks.push(tokio::spawn(stage.clone().wish(wish)));
    }
    if let Some((after, lasts)) = scenario.paused {
        tasks.push(tokio::spawn(stage.clone().pause(after, lasts)));
    }
    tasks.push(tokio::spawn(stage.clone().look()));
    if let Some(at) = scenario.shut_at {
        sleep(at).await;
        takers.push(stage.start());
        stage.hand_over().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let last = stage.fleet();
    while !last.1.pending().is_empty() {
        sleep(Duration::from_secs(1)).await;
    }
    let handles = last.1.shutdown().await;
    assert!(handles.is_empty(), "{handles:?}");
    for taker in takers {
        taker.await.unwrap();
    }
    let metrics = stage.lock().iter().map(Fleet::metrics).collect();
    Ran { events: stage.log.events(), metrics }
}

impl Stage {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fleet>> {
        self.fleets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one in use, and its number.
    fn fleet(&self) -> (usize, Fleet) {
        let fleets = self.lock();
        (fleets.len() - 1, fleets[fleets.len() - 1].clone())
    }

    fn name(&self, operation: usize) -> OperationName {
        self.scenario.operations[operation].name.parse().unwrap()
    }

    fn number(&self, name: &OperationName) -> usize {
        self.scenario.operations.iter().position(|work| work.name == name.as_str()).unwrap()
    }

    /// Starts a fleet, and takes its completions.
    fn start(&self) -> JoinHandle<()> {
        let number = self.lock().len();
        let fleet = self.scenario.fleet(Door::new(&self.scenario, &self.log, number));
        self.lock().push(fleet.clone());
        let stage = self.clone();
        let mut completions = fleet.completions();
        tokio::spawn(async move {
            while let Some(completion) = completions.next().await {
                let operation = stage.number(completion.name());
                let told = completion.decode::<Value>();
                stage.log.write(number, What::Told { operation, told, wish: None, again: false });
                sleep(stage.scenario.taken_every).await;
            }
        })
    }

    async fn wish(self, by: usize) {
        let wish = self.scenario.wishes[by].clone();
        sleep(wish.at).await;
        let (number, fleet) = self.fleet();
        if wish.how == How::Registers {
            self.log.write(number, What::Registered(wish.operation));
            return fleet.register(self.name(wish.operation)).unwrap();
        }
        self.log.write(number, What::Watched { operation: wish.operation, wish: by });
        let mut watch = fleet.watch::<Value>(self.name(wish.operation));
        drop(fleet);
        let told = |told, again| What::Told { operation: wish.operation, told, wish: Some(by), again };
        match wish.how {
            How::Awaits { drops_after, keeps_for } => {
                if let Ok(outcome) = timeout(drops_after, &mut watch).await {
                    self.log.write(number, told(outcome, false));
                    sleep(keeps_for).await;
                    let outcome = watch.outcome().await;
                    self.log.write(number, told(outcome, true));
                }
            }
            How::Streams { drops_after } => {
                if timeout(drops_after, self.stream(number, by, &mut watch)).await.is_ok() {
                    let outcome = watch.outcome().await;
                    self.log.write(number, told(outcome, false));
                    assert!(watch.next().await.is_none(), "a snapshot after the last");
                }
            }
            How::Registers => {}
        }
        self.log.write(number, What::Dropped { operation: wish.operation, wish: by });
        drop(watch);
    }

    async fn stream(&self, fleet: usize, wish: usize, watch: &mut Watch<Value>) {
        while let Some(snapshot) = watch.next().await {
            let Ok(snapshot) = snapshot else { break };
            let operation = self.scenario.wishes[wish].operation;
            self.log.write(fleet, What::Snapshot { operation, wish, polls: snapshot.polls() });
            assert_eq!(snapshot.is_done(), snapshot.next_poll().is_none());
        }
        assert!(watch.next().await.is_none(), "a snapshot after the last");
    }

    async fn pause(self, after: Duration, lasts: Duration) {
        sleep(after).await;
        let (number, fleet) = self.fleet();
        fleet.pause();
        self.log.write(number, What::Paused);
        sleep(lasts).await;
        fleet.unpause();
        self.log.write(number, What::Resumed);
    }

    /// Looks at what is pending from time to time.
    async fn look(self) {
        for _ in 0..6 {
            sleep(Duration::from_millis(7_777)).await;
            let (number, fleet) = self.fleet();
            let pending = fleet.pending();
            assert_eq!(fleet.metrics().pending, pending.len());
            let pending = pending.iter().map(|pending| self.number(&pending.name)).collect();
            self.log.write(number, What::Pending(pending));
        }
    }

    /// Shuts the first fleet, and has the second one go on.
    async fn hand_over(&self) {
        let [first, second] = [0, 1].map(|number| self.lock()[number].clone());
        self.log.write(0, What::Closing);
        let handles = first.shutdown().await;
        let names: Vec<OperationName> =
            handles.iter().map(|handle| handle.name_for(&SERVICE).unwrap()).collect();
        self.log.write(0, What::Shut(names.iter().map(|name| self.number(name)).collect()));
        for name in names {
            self.log.write(1, What::Registered(self.number(&name)));
            second.register(name).unwrap();
        }
    }
}
