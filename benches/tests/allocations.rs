//! The allocations of a poll over HTTP, and of decoding a large response.

use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use benches::{fixtures, server};
use lro::{Operation, OperationName, Outcome, Pacing, poll_until_done};
use lro_http::Token;
use lro_route_optimization::{RouteOptimization, messages::OptimizeToursResponse};

#[test]
fn a_poll_over_http_allocates_at_most_25_times() {
    const POLLS: u64 = 100;
    // The client's connection runs on the same thread, the server on another: all of the client is counted.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = format!("http://{}", server::spawn(fixtures::pending()).unwrap());
    let token = Token::bearer("token").unwrap();
    let routes = RouteOptimization::builder().endpoint(endpoint).credentials(token).build().unwrap();
    let mut wait =
        poll_until_done::<OptimizeToursResponse>(&routes, OperationName::parse(fixtures::NAME).unwrap())
            .pacing(Pacing::fixed(Duration::ZERO))
            .least_delay(Duration::ZERO);
    runtime.block_on(wait.next()).unwrap().unwrap();

    let counted = measure(|| {
        runtime.block_on(async {
            for _ in 0..POLLS {
                wait.next().await.unwrap().unwrap();
            }
        });
    });
    println!("{:.1} allocations and {} bytes a poll", per(counted, POLLS), counted.bytes_total / POLLS);
    assert!(counted.count_total <= 25 * POLLS, "{:.1} allocations a poll", per(counted, POLLS));
}

#[test]
fn a_large_response_is_decoded_in_the_memory_of_itself_and_the_body() {
    let body = fixtures::done(2_000_000);
    let size = body.len() as u64;
    let decode = |body: Vec<u8>| {
        let operation = Operation::from_json(&body).unwrap();
        drop(body);
        match operation.outcome {
            Some(Outcome::Response(response)) => response.decode::<OptimizeToursResponse>().unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let tours = decode(body.clone());
    let kept = measure(|| drop(std::hint::black_box(tours.clone()))).bytes_max;
    let counted = measure(|| {
        let body = body.clone();
        std::hint::black_box(decode(body));
    });
    let bound = (kept + size) * 12 / 10;
    println!("body {size}, R {kept}, peak {}, bound {bound}", counted.bytes_max);
    assert!(counted.bytes_max <= bound, "{} bytes at the peak, the bound is {bound}", counted.bytes_max);
}

fn per(counted: AllocationInfo, polls: u64) -> f64 {
    counted.count_total as f64 / polls as f64
}
