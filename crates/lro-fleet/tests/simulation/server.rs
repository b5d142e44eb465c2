//! A server in memory that runs operations and gives trouble by a scenario.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lro::{
    Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName, OperationPage,
    Service, Status, async_trait,
};
use lro_testkit::{Dice, codes::SURVIVED, replies};
use tokio::time::sleep;

use crate::{
    log::{Log, Reply, What},
    scenario::{Down, Lists, Scenario, Work},
};

/// The server, as one fleet reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    fleet: usize,
    scenario: Arc<Scenario>,
    log: Log,
    dice: Arc<Mutex<Dice>>,
}

/// A call in flight, told of when it is dropped.
struct Call<'a> {
    door: &'a Door,
    cut: Option<What>,
}

impl Door {
    pub(crate) fn new(scenario: &Arc<Scenario>, log: &Log, fleet: usize) -> Self {
        let dice = Dice::new(scenario.seed ^ 0xfeed ^ fleet as u64);
        Self { fleet, scenario: scenario.clone(), log: log.clone(), dice: Arc::new(Mutex::new(dice)) }
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins a call, and takes its time: `None` if it is never answered.
    async fn call(&self, key: usize, asked: What, cut: What) -> (Call<'_>, Option<Down>) {
        let is_page = matches!(asked, What::PageAsked { .. });
        self.log.write(self.fleet, asked);
        let call = Call { door: self, cut: Some(cut) };
        let now = self.log.now();
        let outages = &self.scenario.trouble.outages;
        let outage =
            outages.iter().find(|outage| outage.key == key && (outage.from..outage.until).contains(&now));
        let trouble = &self.scenario.trouble;
        let is_silent = self.draw(|dice| dice.happens(trouble.share) && dice.happens(trouble.silent));
        if is_silent || outage.is_some_and(|outage| outage.is == Down::Silent) {
            pending::<()>().await;
        }
        let takes = self.draw(|dice| if dice.below(4) == 0 { 0 } else { dice.below(1 + trouble.slowest) });
        // What a page tells at once would be written before the calls of the same moment.
        let takes = if is_page { takes.max(1) } else { takes };
        if takes > 0 {
            sleep(Duration::from_millis(takes)).await;
        }
        (call, outage.map(|outage| outage.is))
    }

    fn state(&self, work: &Work) -> Reply {
        match self.log.now() {
            now if now < work.hidden_until => Reply::Failed(Code::NotFound),
            now if now < work.done_at => Reply::Running,
            _ => Reply::Done(work.truth),
        }
    }

    fn reply(&self, work: &Work, down: Option<Down>) -> (Reply, Option<Duration>) {
        match down {
            Some(Down::Throttled(hint)) => return (Reply::Failed(Code::ResourceExhausted), hint),
            Some(_) => return (Reply::Failed(Code::Unavailable), None),
            None => {}
        }
        let trouble = &self.scenario.trouble;
        self.draw(|dice| {
            let reply =
                if dice.happens(trouble.share) { wrong(dice, trouble.fatal) } else { self.state(work) };
            let is_hinted = match reply {
                Reply::Running => trouble.hints && dice.below(5) == 0,
                Reply::Failed(_) => dice.below(5) == 0,
                _ => false,
            };
            (reply, is_hinted.then(|| dice.clone().spread(1, 20_000)))
        })
    }

    fn list(&self, lists: &Lists, parent: &str, token: &str) -> (Vec<(usize, Reply)>, String) {
        let works = self.scenario.operations.iter().enumerate();
        let listed = works.filter(|(_, work)| work.is_listed && work.name.starts_with(&format!("{parent}/")));
        let listed: Vec<(usize, Reply)> = listed.map(|(number, work)| (number, self.state(work))).collect();
        let (first, again) = token.split_once('.').unwrap_or(("0", "0"));
        let (first, again): (usize, u32) = (first.parse().unwrap_or(0), again.parse().unwrap_or(0));
        if again < 3 && self.draw(|dice| dice.happens(lists.empty)) {
            return (Vec::new(), format!("{first}.{}", again + 1));
        }
        let end = first + lists.page_size;
        let next = if end < listed.len() { format!("{end}.0") } else { String::new() };
        let page = listed.into_iter().skip(first).take(lists.page_size);
        (page.filter(|(_, reply)| !matches!(reply, Reply::Failed(_))).collect(), next)
    }
}

#[async_trait]
impl LroTransport for Door {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let mut works = self.scenario.operations.iter();
        let operation = works.position(|work| work.name == name.as_str()).expect("a name of the scenario");
        let work = &self.scenario.operations[operation];
        let (mut call, down) = self.call(work.key, What::Asked(operation), What::Cut(operation)).await;
        let (reply, hint) = self.reply(work, down);
        call.replies(What::Replied { operation, reply, hint });
        // The name may be left out.
        let name = if self.draw(|dice| dice.below(3)) == 0 { "" } else { name.as_str() };
        answer(name, reply, hint)
    }

    async fn list_operations(&self, request: &ListOperationsRequest) -> Result<OperationPage, Status> {
        let lists = self.scenario.lists.as_ref().expect("no call that the service has not");
        let key = request.name.strip_prefix('k').and_then(|key| key.parse().ok()).expect("a parent");
        let (mut call, down) = self.call(key, What::PageAsked { key }, What::PageCut { key }).await;
        let failure = match down {
            Some(Down::Throttled(hint)) => Some((Code::ResourceExhausted, hint)),
            Some(_) => Some((Code::Unavailable, None)),
            None => self.draw(|dice| {
                let code = dice.one_of([
                    Code::Unavailable,
                    Code::Unimplemented,
                    Code::Unauthenticated,
                    Code::Internal,
                ]);
                dice.happens(lists.fails).then_some((code, None))
            }),
        };
        if let Some((code, hint)) = failure {
            call.replies(What::PageFailed { key, code });
            return Err(replies::failed(code, hint));
        }
        let (tells, next_page_token) = self.list(lists, &request.name, &request.page_token);
        let told =
            tells.iter().map(|(number, reply)| answer(&self.scenario.operations[*number].name, *reply, None));
        let operations = told.collect::<Result<Vec<_>, _>>()?;
        call.replies(What::PageReplied { key, tells });
        Ok(OperationPage::new(operations).next_page_token(next_page_token))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().list(self.scenario.lists.is_some())
    }

    fn service(&self) -> Service {
        SERVICE
    }
}

impl Call<'_> {
    fn replies(&mut self, what: What) {
        self.cut = None;
        self.door.log.write(self.door.fleet, what);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(cut) = self.cut.take().filter(|_| !std::thread::panicking()) {
            self.door.log.write(self.door.fleet, cut);
        }
    }
}

fn answer(name: &str, reply: Reply, hint: Option<Duration>) -> Result<Operation, Status> {
    let operation = match reply {
        Reply::Running => Operation::running(name),
        Reply::Other => replies::succeeded("operations/another", "of another operation"),
        Reply::Broken => return Err(Status::malformed("both a response and an error")),
        Reply::Failed(code) => return Err(replies::failed(code, hint)),
        Reply::OutOfQuota => return Err(replies::out_of_quota()),
        Reply::Done(truth) => truth.done(name)?,
    };
    Ok(hint.into_iter().fold(operation, Operation::with_retry_after))
}

fn wrong(dice: &mut Dice, fatal: f64) -> Reply {
    if dice.happens(fatal) {
        return dice.one_of([
            Reply::Failed(Code::InvalidArgument),
            Reply::Failed(Code::PermissionDenied),
            Reply::Failed(Code::Unimplemented),
            Reply::Failed(Code::DataLoss),
            Reply::Failed(Code::Cancelled),
            Reply::Failed(Code::NotFound),
            Reply::Failed(Code::Unauthenticated),
            Reply::Failed(Code::Unauthenticated),
            Reply::OutOfQuota,
            Reply::Broken,
            Reply::Other,
        ]);
    }
    Reply::Failed(dice.one_of(SURVIVED))
}

pub(crate) const SERVICE: Service = Service::new("jobs.example.com", "v1");
