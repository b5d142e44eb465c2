//! User-space instructions and CPU time of a poll over gRPC and loopback, beside a call by the channel of tonic.
//!
//! Without arguments it runs itself under valgrind, which must be installed, and prints the table: see [`benches::cost`].

use std::{hint::black_box, time::Duration};

use benches::{
    Fault,
    cost::{self, Server},
    fixtures,
    grpc::{self, Tonic},
};
use lro::{Any, OperationName, Pacing, Service, poll_until_done};
use lro_grpc::{AnyProto, GrpcTransport, Token};

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(),
        ["serve"] => serve(),
        [client, endpoint, operations, polls, shift] => {
            run(client, endpoint, operations.parse()?, polls.parse()?, shift.parse()?)
        }
        _ => Err("usage: grpc_cost".into()),
    }
}

fn table() -> Result<(), Fault> {
    println!("operations   instructions/poll           CPU µs/poll");
    println!("              tonic    lro  ratio   tonic   lro  ratio");
    let clients = ["tonic", "lro"].map(str::to_owned);
    for operations in OPERATIONS {
        let server = Server::start(&["serve"])?;
        let [tonic, ours] = cost::measure(&clients, |_| true, server.endpoint(), operations)?[..] else {
            return Err("a client was not measured".into());
        };
        println!(
            "{operations:>10} {:>8.0} {:>6.0} {:>6.3} {:>7.1} {:>5.1} {:>6.3}",
            tonic.instructions,
            ours.instructions,
            ours.instructions / tonic.instructions,
            tonic.cpu,
            ours.cpu,
            ours.cpu / tonic.cpu,
        );
    }
    Ok(())
}

fn serve() -> Result<(), Fault> {
    Ok(grpc::serve(Any::pack_protobuf(METADATA_TYPE, &[0x08, 42]))?)
}

/// Polls the operations in turn.
fn run(client: &str, endpoint: &str, operations: usize, polls: usize, shift: usize) -> Result<(), Fault> {
    let _shifted = black_box(Vec::<u8>::with_capacity(shift));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let names: Vec<_> = fixtures::names(operations).collect();
    runtime.block_on(async {
        if client == "tonic" {
            let mut tonic = Tonic::open(endpoint).await?;
            for name in names.iter().cycle().take(polls) {
                assert!(!tonic.poll(name).await?.done);
            }
            return Ok(());
        }
        let jobs = GrpcTransport::builder(Service::new("example.googleapis.com", "v1"))
            .endpoint(endpoint)
            .credentials(Token::bearer("a-token-of-a-usual-length-which-is-rather-long")?)
            .build()?;
        let mut waits = Vec::new();
        for name in &names {
            let wait = poll_until_done::<AnyProto<()>>(&jobs, OperationName::parse(name)?);
            waits.push(wait.pacing(Pacing::fixed(Duration::ZERO)).least_delay(Duration::ZERO));
        }
        for poll in 0..polls {
            let snapshot = waits[poll % operations].next().await.ok_or("a wait ended early")??;
            assert!(!snapshot.is_done());
        }
        Ok(())
    })
}

/// The numbers of operations that are polled in turn.
const OPERATIONS: [u32; 3] = [1, 64, 1_000];
const METADATA_TYPE: &str = "google.maps.routeoptimization.v1.OptimizeToursLongRunningMetadata";
