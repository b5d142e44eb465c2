use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::Fault;

/// Open pages, each refreshed every five seconds. Dropping them closes them.
#[derive(Debug)]
pub(super) struct Browsers {
    _pages: JoinSet<()>,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Browsers {
    /// Some of them show the overview, the others lists of all services, of a common and of a rare one, and an operation.
    pub(super) fn open(address: SocketAddr, count: usize) -> Self {
        let (mut pages, fault) = (JoinSet::new(), Arc::new(Mutex::new(None)));
        for page in 0..count {
            let path = PATHS[page % PATHS.len()];
            let fault = Arc::clone(&fault);
            pages.spawn(async move {
                sleep(EVERY.mul_f64(page as f64 / count as f64)).await;
                loop {
                    if let Err(failed) = get(address, path).await {
                        *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
                    }
                    sleep(EVERY).await;
                }
            });
        }
        Self { _pages: pages, fault }
    }

    pub(super) fn check(self) -> Result<(), Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

/// Waits until the page has counts.
pub(super) async fn counted(address: SocketAddr) -> Result<(), Fault> {
    let counts = async {
        while get(address, "/api").await.is_err() {
            sleep(LOOK_AGAIN).await;
        }
    };
    timeout(LONGEST_COUNT, counts).await.map_err(|_| "the page has no counts".into())
}

/// Requests a path. Its answer must be one.
pub(super) async fn get(address: SocketAddr, path: &str) -> Result<(), Fault> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    if !answer.starts_with("HTTP/1.1 200") {
        return Err(format!("{path}: {}", answer.lines().next().unwrap_or_default()).into());
    }
    Ok(())
}

const EVERY: Duration = Duration::from_secs(5);
/// From one look for the first counts to the next.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The page itself gives up after half of it.
const LONGEST_COUNT: Duration = Duration::from_secs(60);
const PATHS: [&str; 10] = [
    "/",
    "/list?state=pending",
    "/",
    "/list?state=finished&after=job-0500000",
    "/",
    "/list?state=pending&overdue=1",
    "/",
    "/list?state=finished&service=jobs.example.com&version=v1",
    "/operation?key=job-0000001",
    "/list?state=pending&overdue=1&service=rare.example.com&version=v1",
];
