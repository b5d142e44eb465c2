use std::time::Duration;

use lro::Service;
use tokio::time::sleep;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, SHORT, complete, entry, numbered, other_service, service},
};
use crate::{
    Record, RecordState,
    store::{Entry, ListRequest},
};

// g29
pub(super) async fn pages_have_each_record_once(fixture: &Fixture) -> Verdict {
    let keys = numbered("key", 60);
    let services = [service(), other_service()];
    let of = |key: &str| services[usize::from(key.ends_with(['0', '5']))].clone();
    let entries: Vec<_> = keys.iter().map(|key| Entry { service: of(key), ..entry(key) }).collect();
    fixture.register(&entries).await?;
    let claimed = fixture.claim(20).await?.records;
    let fences: Vec<_> = claimed.iter().take(10).map(|record| complete(record.fence.clone())).collect();
    fixture.store.complete(&fences).await?;
    let states = [None, Some(RecordState::Pending), Some(RecordState::Finished), Some(RecordState::SetAside)];
    for state in states {
        for service in [None, Some(services[0].clone()), Some(services[1].clone()), Some(Service::default())]
        {
            let all = fixture.store.get(&keys).await?.into_iter().flatten();
            let expected: Vec<_> = all
                .filter(|record| state.is_none_or(|state| record.state == state))
                .filter(|record| service.as_ref().is_none_or(|service| record.service == *service))
                .map(|record| record.key)
                .collect();
            let filter = ListRequest { state, service, most: 7, ..ListRequest::default() };
            let listed = fixture.pages(&filter).await?;
            ensure_eq!(listed, expected, "the pages of {filter:?}");
        }
    }
    Ok(())
}

pub(super) async fn lists_are_ordered_by_key(fixture: &Fixture) -> Verdict {
    let ordered = ["A", "B-1", "B/2", "B_1", "Z", "a", "a b", "a%", "a0", "aa", "b", "z", "é", "ﬁ", "𝄞"];
    let entries =
        [7, 3, 12, 0, 14, 5, 9, 1, 11, 2, 13, 4, 10, 6, 8].map(|index: usize| entry(ordered[index]));
    fixture.register(&entries).await?;
    let all = fixture.store.list(&ListRequest::default()).await?;
    ensure_eq!(names(&all), ordered, "the order of the bytes of the keys");
    let after = ListRequest { after: Some("a%".to_owned()), most: 3, ..ListRequest::default() };
    ensure_eq!(names(&fixture.store.list(&after).await?), ["a0", "aa", "b"], "a page after a key");
    // The last record of a page may be gone when the next one is read.
    let after = ListRequest { after: Some("ab".to_owned()), ..after };
    ensure_eq!(names(&fixture.store.list(&after).await?), ["b", "z", "é"], "a page after an unknown key");
    let after = ListRequest { after: Some("𝄞".to_owned()), ..after };
    ensure_eq!(fixture.store.list(&after).await?, [], "the page after the last key");
    Ok(())
}

pub(super) async fn payloads_are_left_out(fixture: &Fixture) -> Verdict {
    fixture.finished("key").await?;
    let without = fixture.store.list(&ListRequest::default()).await?;
    let [record] = &without[..] else {
        return Err(Fault::Broken(format!("the list of one record is {without:?}")));
    };
    ensure_eq!((&*record.tag, &*record.saved), (&b""[..], &b""[..]), "the payloads that were not asked for");
    ensure_eq!(record.outcome, None, "the outcome that was not asked for");
    let with = fixture.store.list(&ListRequest { payloads: true, ..ListRequest::default() }).await?;
    let timeless = |record| Record { age: Duration::ZERO, ..record };
    let with: Vec<_> = with.into_iter().map(timeless).collect();
    ensure_eq!(with, [timeless(fixture.get("key").await?)], "the record with its payloads");
    let bare =
        Record { tag: Vec::new(), saved: Vec::new(), outcome: None, ..timeless(fixture.get("key").await?) };
    ensure_eq!(timeless(record.clone()), bare, "the record without its payloads");
    Ok(())
}

pub(super) async fn overdue_records_are_listed(fixture: &Fixture) -> Verdict {
    let state = Some(RecordState::Pending);
    let overdue = ListRequest { state, overdue: true, ..ListRequest::default() };
    fixture.claimed("claimed").await?;
    fixture.register(&[entry("crashed")]).await?;
    fixture.claim_one("crashed", SHORT).await?;
    let later = Entry { delay: LONG, ..entry("later") };
    fixture.register(&[later, Entry { service: other_service(), ..entry("other") }, entry("due")]).await?;
    sleep(SHORT * 2).await;
    let listed = fixture.store.list(&overdue).await?;
    ensure_eq!(names(&listed), ["crashed", "due", "other"], "the records that are overdue");
    let page = ListRequest { after: Some("crashed".to_owned()), most: 1, ..overdue.clone() };
    ensure_eq!(names(&fixture.store.list(&page).await?), ["due"], "a page of the records that are overdue");
    let of = ListRequest { service: Some(other_service()), ..overdue };
    ensure_eq!(names(&fixture.store.list(&of).await?), ["other"], "the overdue records of a service");
    Ok(())
}

fn names(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| &*record.key).collect()
}

impl Fixture {
    /// Reads all pages of a list while other records come and go. Returns the keys that begin with `key`.
    async fn pages(&self, filter: &ListRequest) -> Result<Vec<String>, Fault> {
        let mut keys = Vec::new();
        let mut request = filter.clone();
        for page in 0..40 {
            let records = self.store.list(&request).await?;
            ensure!(records.len() <= filter.most, "a page of {} has {} records", filter.most, records.len());
            let Some(last) = records.last() else {
                keys.retain(|key: &String| key.starts_with("key"));
                return Ok(keys);
            };
            request.after = Some(last.key.clone());
            keys.extend(records.iter().map(|record| record.key.clone()));
            let [before, behind] = [format!("a{page}"), format!("z{page}")];
            self.store.register(&[entry(&before), entry(&behind)]).await?;
            self.store.forget(&[before, format!("z{}", page / 2)]).await?;
        }
        Err(Fault::Broken(format!("the pages of {filter:?} have no end")))
    }
}
