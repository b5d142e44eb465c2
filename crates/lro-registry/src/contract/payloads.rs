use std::time::Duration;

use super::{
    Fault, Verdict,
    fixture::{Fixture, LONG, all_stored, complete, entry, give_back, name, reschedule},
};
use crate::{
    Record,
    store::{Complete, Entry, GiveBack, ListRequest, Reschedule},
};

// g22
pub(super) async fn bytes_are_kept(fixture: &Fixture) -> Verdict {
    let payloads: [&[u8]; 6] = [
        b"",
        b"\0",
        b"a\0b\0\0",
        b"\xff\xfe\xed\xa0\x80 half of a pair \xc0\xaf",
        br#"{"half":"\ud800","null":"\u0000"}"#,
        &std::array::from_fn::<u8, 256, _>(|byte| byte as u8),
    ];
    for (index, payload) in payloads.into_iter().enumerate() {
        fixture.round_trip(&format!("key{index}"), payload).await?;
    }
    Ok(())
}

// g22
pub(super) async fn large_payloads_are_kept(fixture: &Fixture) -> Verdict {
    let mut random = fastrand::Rng::with_seed(22);
    let payload: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(8 << 20).collect();
    fixture.round_trip("key", &payload).await
}

// g22
pub(super) async fn texts_are_kept(fixture: &Fixture) -> Verdict {
    let texts = [
        "'; DROP TABLE lro_record; --",
        r#"\x00 \ "%_$1 ?1 {}"#,
        "über 𝄞 \u{202e}\u{feff}",
        " \t\r\n ",
        "NULL",
    ];
    for text in texts {
        let service = lro::Service::owned(text, text);
        let text = text.to_owned();
        let (kind, fingerprint) = (text.clone(), text.clone());
        let entry = Entry { service, kind, fingerprint, ..entry(&text) };
        fixture.register(std::slice::from_ref(&entry)).await?;
        let record = fixture.get(&text).await?;
        let texts = (&record.service, &record.kind, &record.fingerprint);
        ensure_eq!(texts, (&entry.service, &entry.kind, &entry.fingerprint), "the texts of {text:?}");
    }
    let fence = fixture.claimed("error").await?.fence;
    let error = Some("before \0 after".to_owned());
    fixture.give_back(GiveBack { delay: Duration::ZERO, error, ..give_back(fence) }).await?;
    let error = fixture.get("error").await?.error.unwrap_or_default();
    let keeps = error.starts_with("before ") && error.ends_with(" after");
    ensure!(keeps, "an error with a NUL has become {error:?}");
    let fence = fixture.claim_one("error", LONG).await?.fence;
    fixture.reschedule(Reschedule { error: Some(texts.concat()), ..reschedule(fence) }).await?;
    ensure_eq!(fixture.get("error").await?.error, Some(texts.concat()), "the error");
    Ok(())
}

impl Fixture {
    /// Sends a payload through every call that stores or returns it.
    async fn round_trip(&self, key: &str, payload: &[u8]) -> Verdict {
        let bytes = || payload.to_vec();
        self.register(&[Entry { tag: bytes(), state: bytes(), name: name(key), ..entry(key) }]).await?;
        let claimed = self.claim_one(key, LONG).await?;
        ensure_same(&claimed.state, payload, "the state of a claim")?;
        let write = Reschedule { state: bytes(), cursor: bytes(), ..reschedule(claimed.fence) };
        self.reschedule(Reschedule { delay: Duration::ZERO, ..write }).await?;
        let claimed = self.claim_one(key, LONG).await?;
        ensure_same(&claimed.state, payload, "the state of a claim after a reschedule")?;
        ensure_same(&claimed.cursor, payload, "the cursor of a claim")?;
        self.complete(Complete { outcome: bytes(), state: bytes(), ..complete(claimed.fence) }).await?;
        let outcome = self.deliver_one(key).await?;
        ensure_same(&outcome.tag, payload, "the tag of an outcome")?;
        ensure_same(&outcome.state, payload, "the state of an outcome")?;
        ensure_same(&outcome.outcome, payload, "the outcome")?;
        all_stored(&self.store.acknowledge(&[outcome.fence]).await?)?;
        ensure_record(&self.get(key).await?, payload)?;
        for record in self.store.list(&ListRequest { payloads: true, ..ListRequest::default() }).await? {
            if record.key == key {
                ensure_record(&record, payload)?;
            }
        }
        Ok(())
    }
}

fn ensure_record(record: &Record, payload: &[u8]) -> Verdict {
    ensure_same(&record.tag, payload, "the tag of a record")?;
    ensure_same(&record.saved, payload, "the state of a record")?;
    let Some(outcome) = &record.outcome else {
        return Err(Fault::Broken("a record has lost its outcome".to_owned()));
    };
    ensure_same(outcome, payload, "the outcome of a record")
}

/// Compares bytes. A payload of megabytes is not printed.
fn ensure_same(is: &[u8], expected: &[u8], what: &str) -> Verdict {
    let begin = |bytes: &[u8]| bytes.iter().take(20).map(|byte| format!("{byte:02x}")).collect::<String>();
    ensure!(
        is == expected,
        "{what} has become {} bytes {}, not {} bytes {}",
        is.len(),
        begin(is),
        expected.len(),
        begin(expected)
    );
    Ok(())
}
