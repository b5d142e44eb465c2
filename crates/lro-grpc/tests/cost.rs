//! The allocations of a poll, and the memory of a pending wait and of a hostile reply.
//!
//! `cargo test -p lro-grpc --test cost -- --nocapture` prints them.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use allocation_counter::{AllocationInfo, measure};
use flate2::{Compression, write::GzEncoder};
use lro::{Any, ListOperationsRequest, LroTransport, OperationName, OperationPage, Pacing, poll_until_done};
use lro_grpc::{Proto, Token};
use lro_grpc_wire::messages;
use prost::Message;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::sleep,
};

mod common;
use common::{End, Job, Reply, Server, get, name, running};

#[test]
fn a_poll_allocates_at_most_25_times() {
    const POLLS: u64 = 200;
    let (_network, server) = serves(Reply::operation(&running().with_metadata(Job::poster().packed())));
    let runtime = single();
    let token = Token::bearer("t0ken-t0ken").unwrap();
    let jobs = server.client().credentials(token).build().unwrap();
    let wait = poll_until_done::<Proto<Job>>(&jobs, name()).pacing(Pacing::fixed(Duration::ZERO));
    let mut wait = wait.least_delay(Duration::ZERO);
    for _ in 0..10 {
        runtime.block_on(wait.next()).unwrap().unwrap();
    }
    let counted = measure(|| {
        runtime.block_on(async {
            for _ in 0..POLLS {
                wait.next().await.unwrap().unwrap();
            }
        });
    });
    let allocations = counted.count_total as f64 / POLLS as f64;
    println!("{allocations:.1} allocations and {} bytes a poll", counted.bytes_total / POLLS);
    assert!(allocations <= 25.0, "{allocations:.1} allocations a poll");
}

#[test]
fn a_wait_between_two_polls_keeps_few_bytes() {
    const WAITS: i64 = 2_000;
    let (_network, server) = serves(Reply::head().header("grpc-status", "14"));
    let runtime = single();
    let jobs = server.jobs();
    // The connection is open, and not counted.
    runtime.block_on(get(&jobs)).unwrap_err();
    let names: Vec<OperationName> =
        (0..WAITS).map(|id| format!("operations/{id}").parse().unwrap()).collect();
    let mut waits = JoinSet::new();
    let before_names = measure(|| drop(names.clone())).bytes_total;
    let failed = Arc::new(AtomicI64::new(0));
    let counted = measure(|| {
        runtime.block_on(async {
            for name in &names {
                let wait = poll_until_done::<Proto<Job>>(jobs.clone(), name.clone());
                let failed = Arc::clone(&failed);
                let hour = Duration::from_secs(3_600);
                let tolerance = lro::Tolerance::default().delay(hour, hour).survive_if(move |_| {
                    failed.fetch_add(1, Ordering::Relaxed);
                    None
                });
                waits.spawn(wait.tolerance(tolerance).into_future());
            }
            // Each has made its first poll, and sleeps.
            while failed.load(Ordering::Relaxed) < WAITS {
                sleep(Duration::from_millis(10)).await;
            }
            sleep(Duration::from_millis(100)).await;
        });
    });
    let each = counted.bytes_current / WAITS;
    println!("{each} bytes a pending wait, of {before_names} for the names of all");
    assert!(each < 4_000, "{each} bytes a pending wait");
    drop(waits);
}

#[test]
fn a_hostile_reply_costs_no_more_than_its_bound() {
    // SPEC 19, 45, 60
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..100 {
        encoder.write_all(&[0; MIB]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let gzip = || Reply::head().header("grpc-encoding", "gzip");
    let small =
        (0..20_000).fold(Reply::head().data(framed(0, 4 * MIB, b"")), |reply, _| reply.data(vec![0; 300]));
    for (what, reply, bound) in [
        ("a bomb of 100 MiB", gzip().data(framed(1, bomb.len(), &bomb)).trailer("grpc-status", "0"), 4 * MIB),
        (
            "a length of 4 GiB",
            Reply::head().data(framed(0, u32::MAX as usize, b"")).ends(End::Stall),
            4 * MIB,
        ),
        (
            "30 MiB after a message of 4 MiB",
            Reply::head().data(framed(0, 4 * MIB, &vec![0; 30 * MIB])),
            4 * MIB,
        ),
        ("small pieces", small, 4 * MIB),
        ("a large failure", Reply::http(502, "text/html", vec![b'x'; 30 * MIB]), 4 * MIB),
    ] {
        let (_network, server) = serves(reply);
        let runtime = single();
        let jobs = server.client().largest_reply(bound).build().unwrap();
        let mut message = String::new();
        let counted = measure(|| message = runtime.block_on(get(&jobs)).unwrap_err().message().to_owned());
        println!("{what:>32} | peak {:>5} KiB | {message}", counted.bytes_max / 1_024);
        // The body is kept, and decoded into as much again. h2 holds a window of what was not read.
        assert!(counted.bytes_max < (3 * bound + 4 * MIB) as u64, "{what}: {counted:?}");
    }
}

#[test]
fn a_reply_of_many_parts_costs_a_few_times_its_length() {
    // SPEC 19
    const LENGTH: usize = 8 * MIB;
    let many = |field: &[u8]| field.repeat(LENGTH / field.len());
    let failed = |details| {
        let error = messages::Status { details, ..messages::Status::default() };
        let operation = messages::Operation { done: true, error: Some(error), ..Default::default() };
        operation.encode_to_vec()
    };
    let violations = Any::pack_protobuf("google.rpc.BadRequest", &many(&[0x0A, 0]));
    let too_many = "has more than 100000 operations, places and details of errors";
    for (what, message, fault) in [
        ("operations", many(&[0x0A, 0]), too_many),
        ("operations that are read", [0x0A, 0].repeat(OperationPage::MOST_PARTS), ""),
        ("places", many(&[0x1A, 0]), too_many),
        ("details of operations", many(&[0x0A, 4, 0x22, 2, 0x1A, 0]), too_many),
        ("details", failed(vec![Vec::new(); LENGTH / 2]), too_many),
        ("a detail of many parts", failed(vec![violations.as_protobuf().unwrap().to_vec()]), ""),
    ] {
        let reply = Reply::head().data(framed(0, message.len(), &message)).trailer("grpc-status", "0");
        let (_network, server) = serves(reply);
        let runtime = single();
        let jobs = server.jobs();
        let request = ListOperationsRequest::new("operations");
        let mut status = None;
        let counted = measure(|| {
            status = match what.contains("operations") || what == "places" {
                true => runtime.block_on(jobs.list_operations(&request)).err(),
                false => runtime.block_on(get(&jobs)).err(),
            };
        });
        let shown = status.map_or_else(String::new, |status| status.message().to_owned());
        println!("{what:>32} | peak {:>5} KiB | {shown}", counted.bytes_max / 1_024);
        assert!(shown.ends_with(fault), "{what}: {shown}");
        assert!(counted.bytes_max < (5 * LENGTH) as u64, "{what}: {counted:?}");
    }
}

#[test]
fn a_large_message_passes_the_windows() {
    // SPEC 45
    let operation = running().with_metadata(Any::pack_protobuf("a.B", &vec![7; 30 * MIB]));
    let (_network, server) = serves(Reply::operation(&operation));
    let runtime = single();
    let jobs = server.jobs();
    for _ in 0..2 {
        let call = lro_grpc::GrpcCall::new("printer.v1.Printer/Print", vec![0; 10 * MIB]);
        let mut started = None;
        let counted: AllocationInfo = measure(|| started = Some(runtime.block_on(jobs.start(call)).unwrap()));
        assert_eq!(started, Some(operation.clone()));
        println!("{} MiB for 30 MiB", counted.bytes_max >> 20);
    }
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.body.len() == 10 * MIB + 5));
    assert_eq!(server.connections(), 1);
}

fn framed(flag: u8, length: usize, body: &[u8]) -> Vec<u8> {
    [&[flag], &u32::try_from(length).unwrap().to_be_bytes()[..], body].concat()
}

/// A server on other threads, which are not counted.
fn serves(reply: Reply) -> (Runtime, Server) {
    let network = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = network.block_on(Server::always(reply));
    (network, server)
}

/// All of the client runs on this thread.
fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

const MIB: usize = 1 << 20;
