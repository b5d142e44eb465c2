//! What a lookup costs.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{hint::black_box, time::Instant};

use lro_services::find;

/// `cargo test --release -p lro-services --test cost -- --ignored --nocapture`
#[test]
#[ignore = "it measures"]
fn of_a_lookup() {
    let first = Instant::now();
    find("run", None).unwrap();
    println!("the first lookup: {:?}", first.elapsed());
    for (service, version) in [
        ("aiplatform.googleapis.com", Some("v1")),
        ("run", None),
        ("vertex", None),
        ("Vertex AI", None),
        ("compute", Some("v1")),
    ] {
        // The least of several rounds: other programs only add to it.
        let round = || {
            let start = Instant::now();
            for _ in 0..LOOKUPS {
                black_box(find(black_box(service), black_box(version)).unwrap());
            }
            start.elapsed().as_nanos() / u128::from(LOOKUPS)
        };
        println!("{service} {version:?}: {} ns", (0..ROUNDS).map(|_| round()).min().unwrap());
    }
}

const ROUNDS: u32 = 50;
const LOOKUPS: u32 = 4_000;
