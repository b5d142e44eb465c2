use std::{sync::Arc, time::Duration};

use lro::{
    Any, Operation, OperationName, Status,
    pacing::{Finish, Moment, PacingByKind},
    rules::{Age, Call, Known, Next, Reply, Seen, Trouble, guard},
    telemetry::{self, About},
};
use lro_control::Ranking;

use super::paces::{Gone, PACING, Paces};
use crate::{
    book::Record,
    builder::Settings,
    caller::drop_each,
    clock::Time,
    lanes::Item,
    state::{Case, GivenUp, Kept, Question, Subject, Unranked, Verdict},
};

/// Decides what follows a call by the rules of a wait, with the pacings and predicates of the caller.
#[derive(Debug)]
pub(super) struct Judge {
    paces: Paces,
    settings: Arc<Settings>,
    chance: fastrand::Rng,
}

impl Judge {
    pub(super) fn new(pacing: Arc<dyn PacingByKind>, settings: Arc<Settings>) -> Self {
        let chance = settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self { paces: Paces::new(pacing), settings, chance }
    }

    /// Decides about an operation. A panic, also one in the destructor of an error, ends the wait for that operation.
    pub(super) fn decide(&mut self, case: Case) -> Verdict {
        let Case { subject, mut kept, question } = case;
        let ended = match &question {
            Question::Replied { span, .. } => kept.record.age(span.ended),
            Question::Begin | Question::Started(_) => Age::ZERO,
        };
        let decided = guard(DESTRUCTOR, || self.decided(&subject, &mut kept, question));
        let (next, looked) = decided.unwrap_or_else(|panicked| {
            drop_each(DESTRUCTOR, kept.trouble.take());
            (failed(panicked), Duration::ZERO)
        });
        let about = self.about(&subject, &kept, ended);
        telemetry::ended_by(&about, self.settings.observer.as_deref(), &next);
        let Subject { id, ref kind, .. } = subject;
        if !matches!(next, Next::Ask { .. }) {
            let Record { tally, state, .. } = kept.record;
            let done = matches!(next, Next::Done(_)).then_some(looked);
            let finish = Finish::new(tally.running(), done, tally.replies);
            let is_own = subject.pacing().is_some();
            self.paces.finish(Gone { id, kind: kind.clone(), is_own, state, finish });
        }
        drop_each(DESTRUCTOR, [subject]);
        Verdict { id, kept, next, looked }
    }

    /// Returns what follows, and when the server read the state of the operation.
    fn decided(&mut self, subject: &Subject, kept: &mut Kept, question: Question) -> (Next, Age) {
        match question {
            Question::Begin => (due_at(self.begin(subject, kept)), Duration::ZERO),
            Question::Started(operation) => (self.started(subject, kept, operation), Duration::ZERO),
            Question::Replied { span, reply, counts } => {
                let started = subject.started;
                let deadline = subject.deadline(self.settings.deadline);
                let (asked, ended) = (kept.record.age(span.asked), kept.record.age(span.ended));
                let call = Call { deadline, started, counts, ..Call::new(asked, ended) };
                let next = self.replied(subject, kept, call, reply);
                self.report(subject, kept, call, &next);
                (next, call.looked())
            }
        }
    }

    /// Begins the pace of an operation. Returns the delay of its first poll.
    fn begin(&mut self, subject: &Subject, kept: &mut Kept) -> Result<Duration, Status> {
        self.paces.begin(subject.id, &subject.kind, subject.pacing(), &mut kept.record.state)
    }

    /// Decides what follows the reply of the starting call.
    fn started(&mut self, subject: &Subject, kept: &mut Kept, operation: Operation) -> Next {
        let Operation { metadata, outcome, retry_after, running_error, .. } = operation;
        kept.metadata = metadata;
        kept.trouble = running_error.map(Trouble::of_running);
        let delay = self.begin(subject, kept).and_then(|first| match first {
            Duration::ZERO => {
                let moment = Moment::new(Duration::ZERO, 1);
                let delay = self.paces.delay(subject.id, &subject.kind, &mut kept.record.state, &moment)?;
                Ok(delay.unwrap_or_default().max(self.settings.rules.least_delay))
            }
            // A delay before the first poll means that the schedule predicts the end of the operation.
            first => Ok(first),
        });
        let hint = self.settings.rules.hint(retry_after);
        outcome.map_or_else(|| due_at(delay.map(|delay| delay.max(hint))), Next::Done)
    }

    /// Decides what follows a call, by the rules.
    fn replied(&mut self, subject: &Subject, kept: &mut Kept, call: Call, reply: Reply) -> Next {
        let Self { paces, settings, chance } = self;
        let Kept { record: Record { state, tally, .. }, trouble, metadata, .. } = kept;
        let pace = |moment: &Moment, fresh: Option<&Any>| {
            let moment = moment.with_progress(settings.progress(fresh)?);
            paces.delay(subject.id, &subject.kind, state, &moment)
        };
        let known = Known { name: subject.name.as_str(), tally, trouble, metadata };
        subject.rules(&settings.rules).step(known, call, reply, pace, chance.f64())
    }

    /// Reports a call.
    fn report(&self, subject: &Subject, kept: &Kept, call: Call, next: &Next) {
        let pause = next.pause(call.ended);
        let about = self.about(subject, kept, call.ended);
        let observer = self.settings.observer.as_deref();
        telemetry::called(&about, observer, (call, next), kept.trouble.as_ref(), pause);
    }

    /// Reports a wait that ended without a call.
    pub(super) fn report_given_up(&self, GivenUp { name, kind, polls, elapsed, why }: &GivenUp) {
        let about = About { polls: *polls, elapsed: *elapsed, ..self.about_of(name, kind) };
        telemetry::ended(&about, self.settings.observer.as_deref(), Err(why));
    }

    fn about<'s>(&'s self, subject: &'s Subject, kept: &Kept, elapsed: Age) -> About<'s> {
        About { polls: kept.record.tally.polls, elapsed, ..self.about_of(&subject.name, &subject.kind) }
    }

    fn about_of<'s>(&'s self, operation: &'s OperationName, kind: &'s str) -> About<'s> {
        let service = self.settings.service.key();
        let kind = Some(kind).filter(|kind| *kind != service);
        About { operation, service, kind, polls: 0, elapsed: Age::ZERO }
    }

    /// Ends the pace of an operation for which the fleet no longer waits.
    pub(super) fn finish(&mut self, gone: Gone) {
        self.paces.finish(gone);
    }

    /// Returns whether one of the pacings ranks operations.
    pub(super) fn ranks(&mut self, now: Time) -> bool {
        self.paces.ranks(now)
    }

    /// Orders the items of a line by the rankings of the pacings.
    pub(super) fn rank(&mut self, unranked: Unranked) -> (usize, Ranking<Item>) {
        let Unranked { key, kinds, candidates, most } = unranked;
        let rankings: Vec<_> = kinds.iter().map(|kind| self.paces.ranking(kind)).collect();
        let worths = candidates.into_iter().map(|candidate| {
            let ranking = rankings.get(candidate.kind).and_then(Option::as_ref);
            let worth = ranking
                .and_then(|ranking| guard(PACING, || ranking.worth(candidate.running, candidate.age)).ok());
            (worth.unwrap_or(candidate.due_for.as_secs_f64()), candidate.item)
        });
        (key, Ranking::new(worths.collect(), most))
    }
}

fn due_at(delay: Result<Duration, Status>) -> Next {
    match delay {
        Ok(at) => Next::Ask { at, seen: Seen::Nothing },
        Err(panicked) => failed(panicked),
    }
}

fn failed(status: Status) -> Next {
    Next::Failed { status, seen: Seen::Nothing }
}

const DESTRUCTOR: &str = "the destructor of a setting or of an error";
