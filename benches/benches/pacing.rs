//! What the learned pacing computes: per poll, and per operation that finished.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use lro::{Learned, Pacing, pacing::Moment};

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

/// One that remembers as many operations of a kind as it can.
fn warm() -> Learned {
    let learned = Learned::new();
    for seconds in 0..64 {
        learned.expect(KIND, Duration::from_secs(40 + seconds * 7 % 40));
    }
    learned
}

criterion_group!(benches, pacing);
criterion_main!(benches);

const KIND: &str = "jobs";
