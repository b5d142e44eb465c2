//! Operations of random scripts, with faults and with waits that are dropped, over gRPC and over HTTP at the same port.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::time::Duration;

use futures::future::join_all;
use lro::{
    Any, Capabilities, Code, LroTransport, OperationName, Origin, Pacing, Service, Status,
    details::RetryInfo, poll_until_done,
};
use lro_emulator::{Emulator, Reply, Script};
use lro_grpc::{GrpcTransport, HttpClient, Proto};
use lro_http::{Binding, HttpTransport, NameTemplate};
use lro_testkit::Dice;
use tokio::time::timeout;

use super::common::Job;

#[tokio::test]
async fn every_wait_reaches_the_outcome_of_its_operation() {
    // SPEC 26
    let emulator = Emulator::builder().start().await.unwrap();
    let service = Service::new("printer.example.com", "v1");
    let capabilities = Capabilities::ALL.wait(false);
    let grpc = GrpcTransport::builder(service.clone()).endpoint(emulator.endpoint()).build().unwrap();
    let binding =
        Binding::new(service, NameTemplate::from_static("operations/**")).capabilities(capabilities);
    let http = HttpTransport::new(HttpClient::builder(emulator.endpoint()).build().unwrap(), binding);
    let over_grpc = (0..SEEDS).map(|seed| run(&emulator, &grpc, "grpc", seed));
    let over_http = (0..SEEDS).map(|seed| run(&emulator, &http, "http", seed));
    let (over_grpc, over_http) = tokio::join!(join_all(over_grpc), join_all(over_http));
    assert_eq!(over_grpc, over_http);
    // The scripts have all kinds of ends.
    for kind in ["response", "error", "neither"] {
        assert!(over_grpc.iter().filter(|outcome| outcome.starts_with(kind)).count() > 20, "{kind}");
    }
}

/// Starts an operation with the script of a seed, and waits for it with waits that are dropped. Returns its outcome.
async fn run(emulator: &Emulator, transport: &dyn LroTransport, collection: &str, seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let name = format!("operations/{collection}/{seed}");
    let script = script(&mut dice);
    emulator.operation(name.clone(), script);
    let name = OperationName::parse(&name).unwrap();
    for _ in 0..dice.below(4) {
        let time = dice.spread(1, 20);
        let dropped = timeout(time, paced(transport, name.clone(), &mut dice)).await;
        if let Ok(outcome) = dropped {
            return shown(outcome, seed);
        }
    }
    shown(paced(transport, name, &mut dice).await, seed)
}

async fn paced(transport: &dyn LroTransport, name: OperationName, dice: &mut Dice) -> Result<Any, Status> {
    let wait = poll_until_done(transport, name).seed(dice.number());
    let wait = wait.pacing(Pacing::fixed(Duration::from_millis(2))).least_delay(Duration::from_millis(1));
    wait.attempt_timeout(Duration::from_secs(20)).await
}

fn script(dice: &mut Dice) -> Script {
    let polls = 1 + dice.below(6) as u32;
    let script = Script::new().runs_for_calls(polls);
    // More failures in a row take longer, by the pauses between them.
    let script = (0..2).fold(script, |script, _| {
        let call = 1 + dice.below(polls.into()) as u32;
        match dice.below(5) {
            0 => script.call(call, Reply::error(&Status::unavailable("busy"))),
            1 => script.call(call, Reply::error(&limited())),
            2 => script.call(call, Reply::error(&Status::new(Code::Internal, "oh"))),
            3 => script.call(call, Reply::usual().cut_after(3)),
            _ => script,
        }
    });
    match dice.below(3) {
        0 => script.responds(Any::from_value(&Proto(Job::poster())).unwrap()),
        1 => script.fails(
            Status::new(Code::Aborted, "no paper")
                .with_details(vec![Any::from_value(&Proto(Job::poster())).unwrap()]),
        ),
        _ => script.ends_with_neither(),
    }
}

fn limited() -> Status {
    let pause = RetryInfo { retry_delay: Some("0.010s".parse().unwrap()) };
    Status::new(Code::ResourceExhausted, "slow down").with_details(vec![Any::pack(&pause).unwrap()])
}

/// Describes an outcome, which both transports must have. Everything but an outcome is a fault.
fn shown(outcome: Result<Any, Status>, seed: u64) -> String {
    match outcome {
        Ok(response) => format!("response {}", response.type_name().unwrap_or_default()),
        Err(status) if status.message() == "the operation finished without a response" => {
            "neither".to_owned()
        }
        Err(status) => {
            assert_eq!(status.origin(), Origin::OperationFailed, "seed {seed}: {status}");
            let details: Vec<_> = status.details().as_slice().iter().map(|any| any.type_name()).collect();
            format!("error {:?} {} {details:?}", status.code(), status.message())
        }
    }
}

const SEEDS: u64 = 150;
