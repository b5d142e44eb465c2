use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use lro_registry::{ListRequest, RecordState, Registry};

use crate::{
    Fault,
    journal::{Event, Line},
    scenario::is_right,
};

/// The records of a registry by their keys.
pub(super) type States = BTreeMap<String, RecordState>;

/// The evidence of a failover.
#[derive(Debug)]
pub(super) struct Evidence {
    /// Every commit before this time has been copied, since 1970.
    pub(super) copied: Duration,
    /// When the workers were redirected to the standby, since 1970.
    pub(super) promoted: Duration,
    /// The records of the standby at that time.
    pub(super) kept: States,
    /// The records of the standby in the end.
    pub(super) rest: States,
    /// The journal of the children.
    pub(super) lines: Vec<Line>,
}

/// The counts that the evidence shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    registered: usize,
    /// The records that were registered after the copy, and are unknown to the standby.
    lost_after: usize,
    lost_before: usize,
    /// The records without an outcome on the timeline on which it is due.
    undelivered: usize,
    /// The outcomes that are not those of the service, and second outcomes on a timeline.
    wrong: usize,
    /// The records whose outcome was delivered on both timelines.
    again: usize,
}

impl Evidence {
    pub(super) fn counted(&self) -> Counts {
        let mut counts = Counts::default();
        // For each key: its outcomes on the lost timeline and on the other one.
        let mut outcomes = BTreeMap::<&str, [BTreeSet<&str>; 2]>::new();
        let mut registered = BTreeMap::<&str, Duration>::new();
        for line in &self.lines {
            match line.event {
                Event::Registered => drop(registered.entry(&line.key).or_insert(line.at)),
                Event::Delivered => {
                    counts.wrong += usize::from(!is_right(&line.key, &line.outcome));
                    let timeline = usize::from(line.at > self.promoted);
                    outcomes.entry(&line.key).or_default()[timeline].insert(&line.outcome);
                }
                Event::Started | Event::Existed => {}
            }
        }
        counts.registered = registered.len();
        for (_, at) in registered.iter().filter(|(key, _)| !self.rest.contains_key(**key)) {
            if *at > self.copied { counts.lost_after += 1 } else { counts.lost_before += 1 }
        }
        for [before, after] in outcomes.values() {
            counts.wrong += before.len().saturating_sub(1) + after.len().saturating_sub(1);
            counts.again += usize::from(!before.is_empty() && !after.is_empty());
        }
        let is_delivered = |key: &&String| {
            let Some([before, after]) = outcomes.get(key.as_str()) else { return false };
            let was_acknowledged = self.kept.get(*key) == Some(&RecordState::Acknowledged);
            !after.is_empty() || was_acknowledged && !before.is_empty()
        };
        counts.undelivered = self.rest.keys().filter(|key| !is_delivered(key)).count();
        counts
    }
}

impl Counts {
    /// Returns whether the counts hold.
    pub(super) fn holds(&self) -> bool {
        (self.lost_before, self.undelivered, self.wrong) == (0, 0, 0)
    }

    /// Returns whether the standby lagged: an outcome was delivered again. Else the case shows nothing.
    pub(super) fn shows_a_lag(&self) -> bool {
        self.again > 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, lost_after, lost_before, undelivered, wrong, again } = self;
        write!(
            f,
            "{registered} registered: lost {lost_before} from before the copy and {lost_after} from after it, {undelivered} \
             undelivered, {wrong} wrong; {again} delivered again"
        )
    }
}

/// Returns all records of a registry.
pub(super) async fn records(registry: &Registry) -> Result<States, Fault> {
    let (mut states, mut after) = (States::new(), None);
    loop {
        let page = registry.list(&ListRequest { after, most: 1_000, ..ListRequest::default() }).await?;
        let Some(last) = page.last() else { return Ok(states) };
        after = Some(last.key.clone());
        states.extend(page.into_iter().map(|record| (record.key, record.state)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::name_of;

    #[test]
    fn what_a_failover_loses_is_found() {
        let line = |at, event, number: u32, outcome: &str| Line {
            at: Duration::from_secs(at),
            process: 1,
            event,
            key: name_of(number),
            outcome: outcome.to_owned(),
        };
        let registered = [1, 1, 1, 1, 1, 3];
        let mut lines: Vec<_> =
            registered.iter().zip(0..).map(|(at, number)| line(*at, Event::Registered, number, "")).collect();
        let delivered =
            [(2, 0, "0 a"), (6, 0, "0 b"), (2, 1, "1 a"), (2, 2, "2 a"), (6, 3, "4 a"), (6, 3, "3 a")];
        lines.extend(delivered.map(|(at, number, outcome)| line(at, Event::Delivered, number, outcome)));
        let states =
            |of: &[(u32, RecordState)]| of.iter().map(|(number, state)| (name_of(*number), *state)).collect();
        let kept =
            [RecordState::Pending, RecordState::Acknowledged, RecordState::Finished, RecordState::Pending];
        let kept: Vec<_> = (0..).zip(kept).collect();
        let (copied, promoted) = (Duration::from_secs(2), Duration::from_secs(5));
        let evidence = Evidence { copied, promoted, kept: states(&kept), rest: states(&kept), lines };
        let counts = evidence.counted();
        assert_eq!((counts.registered, counts.lost_before, counts.lost_after), (6, 1, 1));
        assert_eq!(counts.undelivered, 1, "the outcome of 2 was not acknowledged before the copy");
        assert_eq!(counts.wrong, 2, "an outcome of another operation, and a second one");
        assert_eq!(counts.again, 1);
    }
}
