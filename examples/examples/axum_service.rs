//! A web service for long work: it answers 202 with a `Location`, shows the work there, and survives its restart.

use std::{convert::Infallible, net::SocketAddr, path::Path as File, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use lro::{Code, LroTransport};
use lro_emulator::{Emulator, Reply, Script};
use lro_http::{Call, HttpTransport};
use lro_registry::{Error, Record, RecordState, Registry, StartRequest, Started, Worker};
use lro_registry_sqlite::SqliteStore;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};

struct App {
    registry: Registry,
    routes: HttpTransport,
}

/// `POST /orders/7` starts the work. The same request again has the same reply, and starts nothing.
async fn accept(State(app): State<Arc<App>>, Path(order): Path<String>) -> Response {
    if order.is_empty() || !order.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return (StatusCode::BAD_REQUEST, "an order is named by letters and digits").into_response();
    }
    let model = json!({
        "shipments": [{"deliveries": [{"arrivalLocation": {"latitude": 48.88, "longitude": 2.32}}]}],
        "vehicles": [{"startLocation": {"latitude": 48.86, "longitude": 2.34}}]
    });
    let body = json!({"label": order, "model": model});
    let request = StartRequest::new(&app.routes.service(), &order, body.to_string()).lease(LEASE);
    let call = Call::post("v1", "projects/my-project", ":optimizeToursLongRunning").body(&body);
    // A task: axum drops this handler when the client disconnects, and a call that is cut loses the name of the operation.
    let start = async move { app.registry.start(request, || async { app.routes.start(call?).await }).await };
    let Ok(started) = tokio::spawn(start).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match started {
        Ok(Started::New(_) | Started::Existing(_)) => {
            (StatusCode::ACCEPTED, [(header::LOCATION, format!("/orders/{order}"))]).into_response()
        }
        Ok(Started::Unresolved(intent)) if is_starting(&intent) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "being started").into_response()
        }
        Ok(_) => (StatusCode::CONFLICT, "it is not known whether this order was started").into_response(),
        Err(Error::Conflict(_)) => (StatusCode::CONFLICT, "this order is another one").into_response(),
        Err(Error::Start { status, may_have_started: false }) if status.code() == Code::InvalidArgument => {
            (StatusCode::BAD_REQUEST, status.to_string()).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// Longer than the starting call can take: the client cuts it after 60 s.
const LEASE: Duration = Duration::from_secs(120);

/// Whether the starting call may be in flight. Otherwise its result is lost.
fn is_starting(intent: &Record) -> bool {
    intent.is_claimed && intent.age < LEASE
}

/// `GET /orders/7` shows the work.
async fn show(State(app): State<Arc<App>>, Path(order): Path<String>) -> Response {
    match app.registry.get(&order).await {
        Ok(Some(record)) => match record.ending() {
            Some(Ok(ending)) => match ending.decode::<Value>() {
                Ok(tours) => tours.to_string().into_response(),
                Err(status) => (StatusCode::UNPROCESSABLE_ENTITY, status.to_string()).into_response(),
            },
            Some(Err(status)) => (StatusCode::INTERNAL_SERVER_ERROR, status.to_string()).into_response(),
            None if record.state == RecordState::SetAside => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            None if record.state == RecordState::Intent && !is_starting(&record) => {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            None => {
                let progress = record.metadata::<Value>().unwrap_or_default().to_string();
                (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], progress).into_response()
            }
        },
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// Runs the service. Each run opens the same file, and has another port.
async fn run(
    file: &File,
    endpoint: &str,
) -> Result<(SocketAddr, Worker, JoinSet<()>), Box<dyn std::error::Error>> {
    let registry = Registry::new(SqliteStore::open(file).await?);
    let routes = lro_services::find("routeoptimization", "v1")?.connect()?.endpoint(endpoint).build()?;
    let worker = Worker::builder(&registry).serve(routes.clone()).start().await?;
    let deliveries = registry.deliveries();
    let app = Arc::new(App { registry, routes });
    let router = Router::new().route("/orders/{order}", post(accept).get(show)).with_state(app);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { drop(axum::serve(listener, router).await) });
    // An outcome that was handled is acknowledged, and is kept for a week.
    tasks.spawn(deliveries.for_each(8, |delivery| async move {
        println!("order {} has ended", delivery.key());
        Ok::<_, Infallible>(())
    }));
    Ok((address, worker, tasks))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let folder = std::env::temp_dir().join(format!("lro-axum-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let file = folder.join("orders.db");

    let (address, worker, mut tasks) = run(&file, &emulator.endpoint()).await?;
    // A client that disconnects during the starting call. The order is started all the same.
    emulator.reply_next(1, Reply::usual().after(Duration::from_millis(500)));
    let cut = timeout(Duration::from_millis(100), curl(address, "POST", "/orders/6")).await;
    println!("disconnected: {}", cut.is_err());
    println!("POST: {}", curl(address, "POST", "/orders/6").await?);
    sleep(Duration::from_secs(1)).await; // `Retry-After`
    println!("POST: {}", curl(address, "POST", "/orders/6").await?);

    emulator.next_operation(Script::new().runs_for(Duration::from_secs(3)));
    println!("POST: {}", curl(address, "POST", "/orders/7").await?);
    println!("GET:  {}", curl(address, "GET", "/orders/7").await?);
    tasks.shutdown().await;
    worker.stop().await;
    println!("restarted after {} calls", emulator.call_count());

    let (address, worker, _tasks) = run(&file, &emulator.endpoint()).await?;
    println!("POST: {}", curl(address, "POST", "/orders/7").await?);
    while curl(address, "GET", "/orders/7").await?.starts_with("HTTP/1.1 202") {
        sleep(Duration::from_millis(200)).await;
    }
    println!("GET:  {}", curl(address, "GET", "/orders/7").await?);
    worker.stop().await;
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// Sends a request, and returns the status, the location and the body of the reply.
async fn curl(address: SocketAddr, method: &str, path: &str) -> Result<String, Box<dyn std::error::Error>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut connection = tokio::net::TcpStream::connect(address).await?;
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let shown = head.lines().filter(|line| line.starts_with("HTTP") || line.starts_with("location"));
    Ok(shown.chain([body]).collect::<Vec<_>>().join("  "))
}
