//! Implements a transport for a new service: one method, here without a network.

use std::time::{Duration, Instant};

use lro::{Any, LroTransport, Operation, OperationName, Status, async_trait, poll_until_done};

lro::message! {
    /// The response: a printed job.
    pub struct Job("example.v1.Job") {
        /// The number of pages.
        pages: i32,
    }
}

#[derive(Debug)]
struct Printer {
    switched_on: Instant,
}

#[async_trait]
impl LroTransport for Printer {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        if self.switched_on.elapsed() < Duration::from_secs(1) {
            return Ok(Operation::running(name.as_str()));
        }
        Operation::succeeded(name.as_str(), Any::pack(&Job { pages: 12 })?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let printer = Printer { switched_on: Instant::now() };
    let job: Job = poll_until_done(&printer, OperationName::parse("operations/print-1")?).await?;
    println!("{} pages are printed", job.pages);
    Ok(())
}
