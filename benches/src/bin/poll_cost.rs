//! User-space instructions and CPU time of a poll over loopback, beside a GET and parse by three clients without `lro`.
//!
//! The three are the legacy pool of hyper-util, one connection of hyper, and a socket. The rows are HTTP/1 and HTTP/2, the number of
//! operations that are polled in turn, and the size of their metadata. The last column is a poll by the entry of `lro-services`, as a
//! multiple of one by the crate of the service.
//!
//! Without arguments it runs itself under valgrind, which must be installed, and prints the table. The server is another process. Each
//! figure is the difference of two runs that differ only in their number of polls, and the least of several heap layouts.
//! `poll_cost table 1 1000` prints the rows of 1 and of 1,000 operations.

use std::{hint::black_box, time::Duration};

use benches::{
    Fault,
    bare::{Bare, Connection, Socket},
    cost::{self, Server},
    fixtures, server,
};
use hyper::Uri;
use lro::{LroTransport, OperationName, Pacing, poll_until_done};
use lro_http::{HttpClientBuilder, Token};
use lro_route_optimization::RouteOptimization;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(&[]),
        ["table", ref operations @ ..] => table(operations),
        ["serve", metadata] => serve(metadata.parse()?),
        [client, endpoint, operations, polls, shift] => {
            run(client, endpoint, operations.parse()?, polls.parse()?, shift.parse()?)
        }
        _ => Err("usage: poll_cost [table OPERATIONS…]".into()),
    }
}

fn table(only: &[&str]) -> Result<(), Fault> {
    println!(
        "HTTP  operations  metadata  body       instructions/poll                  CPU µs/poll         catalogue"
    );
    println!(
        "                     bytes bytes  socket connection   pool    lro  ratio   pool   lro  ratio instructions"
    );
    for (http, operations, bytes) in ROWS {
        if !only.is_empty() && !only.contains(&&*operations.to_string()) {
            continue;
        }
        let metadata = fixtures::metadata(bytes);
        let body = fixtures::pending_of(fixtures::NAME, &metadata).len();
        let server = Server::start(&["serve", &bytes.to_string()])?;
        // The socket speaks HTTP/1 alone.
        let clients: Vec<_> =
            CLIENTS.iter().skip(usize::from(http) - 1).map(|client| format!("{client}{http}")).collect();
        let is_timed = |client: &str| TIMED.contains(&client.trim_end_matches(['1', '2']));
        let costs = cost::measure(&clients, is_timed, server.endpoint(), operations)?;
        let [.., connection, pool, ours, entry] = costs[..] else {
            return Err("a client was not measured".into());
        };
        println!(
            "{http:>4} {operations:>11} {:>9} {body:>5} {:>7} {:>10.0} {:>6.0} {:>6.0} {:>6.3} {:>6.1} {:>5.1} {:>6.3} {:>11.4}x",
            metadata.len(),
            if http == 1 { format!("{:.0}", costs[0].instructions) } else { "-".to_owned() },
            connection.instructions,
            pool.instructions,
            ours.instructions,
            ours.instructions / pool.instructions,
            pool.cpu,
            ours.cpu,
            ours.cpu / pool.cpu,
            entry.instructions / ours.instructions,
        );
    }
    Ok(())
}

fn serve(metadata: usize) -> Result<(), Fault> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("http://{}", listener.local_addr()?);
    let metadata = fixtures::metadata(metadata);
    let answer = move |path: &str| {
        let name = path.strip_prefix("/v1/").unwrap_or(path);
        fixtures::pending_of(name, &metadata).into()
    };
    Ok(server::serve(listener, answer)?)
}

/// Polls the operations in turn.
fn run(client: &str, endpoint: &str, operations: usize, polls: usize, shift: usize) -> Result<(), Fault> {
    let _shifted = black_box(Vec::<u8>::with_capacity(shift));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let uris = fixtures::names(operations).map(|name| format!("{endpoint}/v1/{name}").parse());
    let uris = uris.collect::<Result<Vec<Uri>, _>>()?;
    let uris = uris.iter().cycle().take(polls);
    let http2 = client.ends_with('2');
    runtime.block_on(async {
        match client.trim_end_matches(['1', '2']) {
            "socket" => {
                let mut socket = Socket::open(uris.clone().next().ok_or("no polls")?).await?;
                for uri in uris {
                    assert!(!socket.poll(uri).await?.done);
                }
                Ok(())
            }
            "connection" => {
                let mut connection = Connection::open(uris.clone().next().ok_or("no polls")?, http2).await?;
                for uri in uris {
                    assert!(!connection.poll(uri).await?.done);
                }
                Ok(())
            }
            "pool" => {
                let pool = Bare::new(http2);
                for uri in uris {
                    assert!(!pool.poll(uri).await?.done);
                }
                Ok(())
            }
            "entry" => {
                let entry = lro_services::find("routeoptimization", "v1")?.connect()?;
                ours(&of_service(entry, endpoint, http2)?, operations, polls).await
            }
            _ => ours(&of_service(RouteOptimization::builder(), endpoint, http2)?, operations, polls).await,
        }
    })
}

/// Builds a transport to the server.
fn of_service<T>(builder: HttpClientBuilder<T>, endpoint: &str, http2: bool) -> Result<T, Fault> {
    let token = Token::bearer("a-token-of-a-usual-length-which-is-rather-long")?;
    let builder = builder.endpoint(endpoint).credentials(token);
    Ok(if http2 { builder.http2_only() } else { builder }.build()?)
}

async fn ours(transport: &impl LroTransport, operations: usize, polls: usize) -> Result<(), Fault> {
    let mut waits = Vec::new();
    for name in fixtures::names(operations) {
        let wait = poll_until_done::<serde_json::Value>(transport, OperationName::parse(&name)?);
        waits.push(wait.pacing(Pacing::fixed(Duration::ZERO)).least_delay(Duration::ZERO));
    }
    for poll in 0..polls {
        let snapshot = waits[poll % operations].next().await.ok_or("a wait ended early")??;
        assert!(!snapshot.is_done());
    }
    Ok(())
}

const CLIENTS: [&str; 5] = ["socket", "connection", "pool", "lro", "entry"];
/// The clients whose CPU time is measured.
const TIMED: [&str; 2] = ["pool", "lro"];
/// The rows: the version of HTTP, the number of operations that are polled in turn, and the least size of their metadata in bytes.
///
/// The first rows have small metadata, as most services send, and one operation up to those of a large program. The last rows have
/// growing metadata.
const ROWS: [(u8, u32, usize); 10] = [
    (1, 1, 0),
    (1, 64, 0),
    (1, 1_000, 0),
    (2, 1, 0),
    (2, 64, 0),
    (2, 1_000, 0),
    (1, 1, 200),
    (1, 1, 2_000),
    (1, 1, 20_000),
    (2, 1, 20_000),
];
