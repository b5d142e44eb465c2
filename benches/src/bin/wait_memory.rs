//! Resident memory of a waiting task over HTTP and over gRPC: 100,000 operations, each polled once by its own task, which then sleeps.
//!
//! The figure includes the name of the operation (81 bytes), the metadata of its last reply (107 bytes), the task and its timer. The
//! server is another process. `wait_memory 20000` measures with 20,000 operations.

use std::{
    fs,
    future::IntoFuture,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use benches::{Fault, cost::Server, fixtures, grpc, server};
use bytes::Bytes;
use lro::{
    Any, LroTransport, Operation, OperationName, Pacing, Status, async_trait,
    message::{Message, encode},
    poll_until_done,
};
use lro_route_optimization::{
    RouteOptimization,
    messages::{OptimizeToursLongRunningMetadata, OptimizeToursResponse},
};
use tokio::{runtime::Builder, task::JoinHandle, time::sleep};

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(OPERATIONS),
        ["serve", "grpc"] => serve_grpc(),
        ["serve", _] => serve(),
        ["measure", endpoint, settings, operations] => measure(endpoint, settings, operations.parse()?),
        [operations] => table(operations.parse()?),
        _ => Err("usage: wait_memory [OPERATIONS]".into()),
    }
}

fn table(operations: usize) -> Result<(), Fault> {
    println!("settings  resident bytes per waiting task, {operations} operations");
    for settings in ["default", "own", "grpc"] {
        let server = Server::start(&["serve", settings])?;
        let measured = Command::new(std::env::current_exe()?)
            .args(["measure", server.endpoint(), settings, &operations.to_string()])
            .output()?;
        println!("{settings:<9} {}", String::from_utf8(measured.stdout)?.trim());
    }
    Ok(())
}

fn serve() -> Result<(), Fault> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("http://{}", listener.local_addr()?);
    let metadata = r#"{"@type":"type.googleapis.com/google.maps.routeoptimization.v1.OptimizeToursLongRunningMetadata"}"#;
    let body = Bytes::from(format!(r#"{{"done":false,"metadata":{metadata}}}"#));
    Ok(server::serve(listener, move |_: &str| body.clone())?)
}

fn serve_grpc() -> Result<(), Fault> {
    let metadata = encode(&OptimizeToursLongRunningMetadata::default())?;
    Ok(grpc::serve(Any::pack_protobuf(OptimizeToursLongRunningMetadata::TYPE_NAME, &metadata))?)
}

fn measure(endpoint: &str, settings: &str, operations: usize) -> Result<(), Fault> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let pacing = Pacing::fixed(AN_HOUR);
        let routes = match settings {
            "grpc" => Counted(Arc::new(RouteOptimization::grpc().endpoint(endpoint).pacing(pacing).build()?)),
            _ => Counted(Arc::new(RouteOptimization::builder().endpoint(endpoint).pacing(pacing).build()?)),
        };
        let has_own = settings == "own";
        // The connections, the runtime and the allocator have reached their size before the count begins.
        let mut tasks = Vec::with_capacity(operations + WARM_UP);
        wait(&routes, has_own, 0..WARM_UP, &mut tasks).await?;
        let before = resident()?;
        wait(&routes, has_own, WARM_UP..WARM_UP + operations, &mut tasks).await?;
        println!("{}", (resident()? - before) / operations);
        Ok(())
    })
}

/// Starts a task for each operation. They begin in turns, so that few connections are made.
async fn wait(
    routes: &Counted,
    has_own: bool,
    numbers: std::ops::Range<usize>,
    tasks: &mut Vec<JoinHandle<()>>,
) -> Result<(), Fault> {
    for number in numbers {
        let stem = &fixtures::NAME[..fixtures::NAME.len() - 6];
        let name = OperationName::parse(&format!("{stem}{number:06}"))?;
        let wait = poll_until_done::<OptimizeToursResponse>(routes.clone(), name);
        let wait = if has_own { wait.deadline(2 * AN_HOUR) } else { wait }.into_future();
        tasks.push(tokio::spawn(async move {
            // The wait is longer than the life of the process.
            let _ = wait.await;
        }));
        while tasks.len() >= ANSWERED.load(Relaxed) + AT_ONCE {
            sleep(Duration::from_millis(1)).await;
        }
    }
    while ANSWERED.load(Relaxed) < tasks.len() {
        sleep(Duration::from_millis(1)).await;
    }
    // The last tasks begin to sleep.
    sleep(Duration::from_millis(50)).await;
    Ok(())
}

/// A transport that counts the calls that were answered.
#[derive(Clone, Debug)]
struct Counted(Arc<dyn LroTransport>);

#[async_trait]
impl LroTransport for Counted {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let reply = self.0.get_operation(name).await;
        ANSWERED.fetch_add(1, Relaxed);
        reply
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.0.default_pacing(kind)
    }
}

static ANSWERED: AtomicUsize = AtomicUsize::new(0);

fn resident() -> Result<usize, Fault> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    Ok(line.ok_or("no VmRSS in /proc/self/status")?.trim().parse::<usize>()? * 1_024)
}

const OPERATIONS: usize = 100_000;
const WARM_UP: usize = 5_000;
/// The most calls in flight: the connections that a client of this service makes.
const AT_ONCE: usize = 64;
const AN_HOUR: Duration = Duration::from_secs(3_600);
