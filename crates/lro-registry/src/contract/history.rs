use std::time::Duration;

use super::{
    Fault, Verdict,
    fixture::{Fixture, all_fenced, complete},
};
use crate::store::{ClaimId, Complete, Fence, Finished};

pub(super) async fn history_is_in_order(fixture: &Fixture) -> Verdict {
    ensure_eq!(fixture.store.finished(0, 10).await?, [], "the history of an empty store");
    let all: Vec<_> = (0..10).map(|number| finished(["a", "b"][number % 2], number)).collect();
    fixture.finish_as(&all[..4]).await?;
    for one in &all[4..] {
        fixture.finish_as(std::slice::from_ref(one)).await?;
    }
    let history = fixture.store.finished(0, 100).await?;
    ensure!(history.is_sorted_by(|(a, _), (b, _)| a < b), "the numbers of the history are {history:?}");
    let stored: Vec<_> = history.iter().map(|(_, finished)| finished.clone()).collect();
    ensure_eq!(stored, all, "how operations finished");
    let Some((third, _)) = history.get(2) else { return Ok(()) };
    let page = fixture.store.finished(*third, 3).await?;
    ensure_eq!(page, history[3..6], "the history after a number");
    let Some((last, _)) = history.last() else { return Ok(()) };
    ensure_eq!(fixture.store.finished(*last, 10).await?, [], "the history after its last number");
    ensure_eq!(fixture.store.finished(i64::MAX, 10).await?, [], "the history after the largest number");
    let later = finished("a", 10);
    fixture.finish_as(std::slice::from_ref(&later)).await?;
    let news = fixture.store.finished(*last, 10).await?;
    ensure_eq!(news.into_iter().map(|(_, it)| it).collect::<Vec<_>>(), [later], "the news of the history");
    Ok(())
}

pub(super) async fn each_kind_is_kept(fixture: &Fixture) -> Verdict {
    let rare: Vec<_> = (0..3).map(|number| finished("rare", number)).collect();
    fixture.finish_as(&rare).await?;
    let common: Vec<_> = (0..300).map(|number| finished("common", number)).collect();
    for batch in common.chunks(100) {
        fixture.finish_as(batch).await?;
    }
    let history = fixture.store.finished(0, 1_000).await?;
    let of = |kind: &str| -> Vec<_> {
        history.iter().map(|(_, it)| it.clone()).filter(|it| it.kind == kind).collect()
    };
    ensure_eq!(of("rare"), rare, "the history of a rare kind");
    let kept = of("common");
    ensure!(kept.len() >= 64, "the history of a kind has only {} operations", kept.len());
    ensure!(common.ends_with(&kept), "the history of a kind has gaps");
    Ok(())
}

pub(super) async fn only_completions_make_history(fixture: &Fixture) -> Verdict {
    let fence = fixture.claimed("key").await?.fence;
    let wrong = Fence { claim: ClaimId::random(), ..fence.clone() };
    let fenced = Complete { finished: Some(finished("kind", 1)), ..complete(wrong) };
    all_fenced(&fixture.store.complete(&[fenced]).await?, "a fenced outcome")?;
    fixture.complete(complete(fence)).await?;
    ensure_eq!(fixture.store.finished(0, 10).await?, [], "the history of what says nothing");
    fixture.store.forget(&["key".to_owned()]).await?;
    fixture.finish_as(&[finished("kind", 2)]).await?;
    fixture.store.forget(&["kind-2".to_owned()]).await?;
    ensure_eq!(fixture.store.finished(0, 10).await?.len(), 1, "the history of a record that was forgotten");
    Ok(())
}

// g11
pub(super) async fn numbers_have_64_bits(fixture: &Fixture) -> Verdict {
    for number in [(1 << 31) - 3, 1 << 53] {
        if !fixture.fresh.set_last_finished(number).await? {
            return Err(Fault::NotRun("the subject does not set the number of the history"));
        }
        let all: Vec<_> = (0..6).map(|it| finished(&format!("kind{number}"), it)).collect();
        fixture.finish_as(&all).await?;
        let history = fixture.store.finished(number, 100).await?;
        ensure_eq!(history.len(), all.len(), "the history after {number}");
    }
    Ok(())
}

fn finished(kind: &str, number: usize) -> Finished {
    Finished {
        worker: i64::MIN + number as i64,
        kind: kind.to_owned(),
        running: Duration::from_micros(86_400_000_000 + number as u64),
        done: (number & 1 == 0).then(|| Duration::from_micros(90_000_000_001)),
        polls: number as u32,
    }
}

impl Fixture {
    /// Registers records and completes them in a batch.
    async fn finish_as(&self, batch: &[Finished]) -> Verdict {
        let keys: Vec<_> = batch.iter().map(|it| format!("{}-{}", it.kind, it.polls)).collect();
        self.register_keys(&keys).await?;
        let claimed = self.claim(keys.len()).await?.records;
        let fences: Vec<_> = claimed.into_iter().map(|record| record.fence).collect();
        let fence = |key: &String| fences.iter().find(|fence| fence.key == *key).cloned();
        let writes: Option<Vec<_>> = keys
            .iter()
            .zip(batch)
            .map(|(key, it)| Some(Complete { finished: Some(it.clone()), ..complete(fence(key)?) }))
            .collect();
        let writes = writes.ok_or_else(|| Fault::Broken("due records are not claimed".to_owned()))?;
        super::fixture::all_stored(&self.store.complete(&writes).await?)
    }
}
