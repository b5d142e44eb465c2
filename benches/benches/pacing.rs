//! The computing time of the learned pacing: for a poll, and for an operation that has ended.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use lro::{Pacing, pacing::Moment};
use lro_learned::{History, Learned};

fn pacing(criterion: &mut Criterion) {
    let learned = warm();
    let mut schedule = learned.pacing(KIND).schedule();
    let mut polls = 0;
    criterion.bench_function("a poll decided", |bencher| {
        bencher.iter(|| {
            polls = polls % 8 + 1;
            schedule.delay(black_box(&Moment::new(Duration::from_secs(u64::from(polls) * 9), polls)))
        });
    });
    let mut schedule = told().pacing(KIND).schedule();
    criterion.bench_function("a poll planned by the progress that it told", |bencher| {
        bencher.iter(|| {
            polls = polls % 8 + 1;
            let moment = Moment::new(Duration::from_secs(u64::from(polls) * 5), polls);
            schedule.delay(black_box(&moment.with_progress(f64::from(polls) * 0.1)))
        });
    });
    let pacing: Pacing = learned.pacing(KIND);
    let mut seconds = 0;
    criterion.bench_function("an operation learned of, and the next one planned", |bencher| {
        bencher.iter(|| {
            seconds = (seconds + 7) % 40;
            learned.expect(KIND, Duration::from_secs(40 + seconds));
            pacing.schedule().delay(&Moment::new(Duration::ZERO, 0))
        });
    });
}

/// Creates a learned pacing with the most operations of a kind that it remembers.
fn warm() -> Learned {
    let learned = Learned::new();
    for seconds in 0..64 {
        learned.expect(KIND, Duration::from_secs(40 + seconds * 7 % 40));
    }
    learned
}

/// Creates a learned pacing with as many operations, for operations that have reported their progress within a tenth.
fn told() -> Learned {
    let mut saved = serde_json::to_value(warm().history()).expect("a history is JSON");
    saved["kinds"][KIND]["progress"] = serde_json::json!([0.01, 15]);
    let history: History = serde_json::from_value(saved).expect("a history");
    let learned = Learned::new();
    learned.remember(&history);
    learned
}

criterion_group!(benches, pacing);
criterion_main!(benches);

const KIND: &str = "jobs";
