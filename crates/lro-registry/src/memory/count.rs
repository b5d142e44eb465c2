//! Counting the records of a table.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

use super::table::{Queue, Table};
use crate::{
    RecordState,
    store::{Count, CountRequest, Counts, KindCounts, ServiceCounts},
};

impl Table {
    pub(super) fn counts(&self, now: SystemTime, request: &CountRequest) -> Counts {
        let mut by_state: BTreeMap<i16, u64> = BTreeMap::new();
        let mut services = Vec::new();
        for (queue, keys) in self.queues() {
            let state = queue.state();
            *by_state.entry(state.number()).or_default() += keys.len() as u64;
            if let Queue::Pending(service) = queue {
                services.push((service, keys));
            }
        }
        let state =
            |(number, count)| Some((RecordState::from_number(number)?, Count::of(count, request.most)));
        let states = by_state.into_iter().filter_map(state).collect();
        services.sort_by_key(|(service, _)| (service.key(), service.version()));
        services.truncate(request.most_groups);
        let most = request.most / services.len().max(1);
        let most_read = request.most_read / services.len().max(1);
        let services = services.into_iter().map(|(service, keys)| {
            let overdue = keys.iter().take(most.saturating_add(1)).take_while(|(due, _)| *due <= now);
            let overdue = overdue.count() as u64;
            let mut kinds = self.kinds(now, keys, most_read);
            kinds.truncate(request.most_groups);
            let pending = Count::of(keys.len() as u64, most);
            ServiceCounts::new(service.clone(), pending, Count::of(overdue, most), kinds)
        });
        Counts { states, services: services.collect(), ..Counts::default() }
    }

    fn kinds(&self, now: SystemTime, keys: &BTreeSet<(SystemTime, String)>, most: usize) -> Vec<KindCounts> {
        let mut kinds: HashMap<&str, KindCounts> = HashMap::new();
        for row in keys.iter().take(most).filter_map(|(_, key)| self.row(key)) {
            let record = &row.record;
            let counts = kinds.entry(&record.kind).or_default();
            counts.pending += 1;
            counts.overdue += u64::from(record.due.is_some_and(|due| due <= now));
            counts.failing += u64::from(record.failures > 0);
            counts.oldest = counts.oldest.max(row.age(now));
        }
        let named = |(kind, counts): (&str, _)| KindCounts { kind: kind.to_owned(), ..counts };
        let mut kinds: Vec<_> = kinds.into_iter().map(named).collect();
        kinds.sort_by(|a, b| b.pending.cmp(&a.pending).then_with(|| a.kind.cmp(&b.kind)));
        kinds
    }
}
