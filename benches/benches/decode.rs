//! The time to decode a reply into a typed response, beside decoding through `serde_json::Value`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench, whose macros write its main")]

use std::hint::black_box;

use benches::fixtures;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lro::{Operation, Outcome};
use lro_route_optimization::messages::OptimizeToursResponse;
use serde_json::Value;

fn typed(body: &[u8]) -> OptimizeToursResponse {
    match Operation::from_json(body).unwrap().outcome {
        Some(Outcome::Response(response)) => response.decode().unwrap(),
        _ => panic!("not a success"),
    }
}

fn through_value(body: &[u8]) -> OptimizeToursResponse {
    let mut operation: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_value(operation["response"].take()).unwrap()
}

fn pending(criterion: &mut Criterion) {
    let body = fixtures::pending();
    let mut group = criterion.benchmark_group("pending");
    group.bench_function("operation", |bencher| {
        bencher.iter(|| Operation::from_json(black_box(&body)).unwrap());
    });
    group.bench_function("value", |bencher| {
        bencher.iter(|| serde_json::from_slice::<Value>(black_box(&body)).unwrap());
    });
    group.finish();
}

fn done(criterion: &mut Criterion) {
    for (name, bytes) in [("done 200 B", 200), ("done 20 KB", 20_000), ("done 2 MB", 2_000_000)] {
        let body = fixtures::done(bytes);
        assert_eq!(typed(&body), through_value(&body));
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("typed", |bencher| bencher.iter(|| typed(black_box(&body))));
        group.bench_function("through value", |bencher| bencher.iter(|| through_value(black_box(&body))));
        group.finish();
    }
}

criterion_group!(benches, pending, done);
criterion_main!(benches);
