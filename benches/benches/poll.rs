//! The time of a poll: in memory, over loopback, and over loopback by hyper-util alone.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench, whose macros write its main")]

use std::time::Duration;

use benches::{bare::Bare, fixtures, server};
use criterion::{Criterion, criterion_group, criterion_main};
use lro::{LroTransport, Operation, OperationName, Pacing, Wait, poll_until_done, transport_fn};
use lro_route_optimization::RouteOptimization;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn wait<'a>(transport: impl LroTransport + 'a) -> Wait<'a, serde_json::Value> {
    let name = OperationName::parse(fixtures::NAME).unwrap();
    poll_until_done(transport, name).pacing(Pacing::fixed(Duration::ZERO)).least_delay(Duration::ZERO)
}

fn in_memory(criterion: &mut Criterion) {
    let runtime = runtime();
    let pending = Operation::from_json(&fixtures::pending()).unwrap();
    let mut wait = wait(transport_fn(move |_| {
        let pending = pending.clone();
        async move { Ok(pending) }
    }));
    criterion.bench_function("poll in memory", |bencher| {
        bencher.iter(|| runtime.block_on(wait.next()).unwrap().unwrap());
    });
}

fn over_loopback(criterion: &mut Criterion) {
    let runtime = runtime();
    let endpoint = format!("http://{}", server::spawn(fixtures::pending()).unwrap());
    let mut group = criterion.benchmark_group("poll over loopback");

    let (bare, uri) = (Bare::default(), format!("{endpoint}/v1/{}", fixtures::NAME).parse().unwrap());
    group.bench_function("hyper-util", |bencher| {
        bencher.iter(|| runtime.block_on(bare.poll(&uri)).unwrap());
    });

    let routes = RouteOptimization::builder().endpoint(endpoint).build().unwrap();
    let mut wait = wait(&routes);
    group.bench_function("lro", |bencher| {
        bencher.iter(|| runtime.block_on(wait.next()).unwrap().unwrap());
    });
    group.finish();
}

criterion_group!(benches, in_memory, over_loopback);
criterion_main!(benches);
