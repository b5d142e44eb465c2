//! Awaits a job of an API that is not `google.longrunning`: `GET /v2/jobs/7` returns a state.

use lro::{Any, Code, LroTransport, Operation, OperationName, Status, Wait, async_trait};
use lro_emulator::{Emulator, Reply};
use lro_http::{Call, HttpClient};
use serde_json::{Value, json};

#[derive(Debug)]
struct Jobs(HttpClient);

/// A job, as the API returns it to the start and to every poll.
#[derive(serde::Deserialize)]
struct Job {
    id: String,
    state: String,
    reason: Option<String>,
    output: Option<Value>,
}

impl Job {
    fn operation(self) -> Result<Operation, Status> {
        let operation = Operation::running(format!("jobs/{}", self.id));
        Ok(match &*self.state {
            "finished" => operation.with_outcome(Ok(Any::from_value(&self.output)?)),
            "failed" => {
                operation.with_outcome(Err(Status::new(Code::Aborted, self.reason.unwrap_or_default())))
            }
            "queued" | "running" => operation,
            state => return Err(Status::malformed(format!("the job has the state {state:?}"))),
        })
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.send::<Job>(Call::get("v2", name.as_str(), "")).await?.operation()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    emulator.reply_next(1, Reply::status(201).body(r#"{"id": "7", "state": "queued"}"#));
    emulator.reply_next(1, Reply::status(503).body("<html>busy</html>"));
    emulator.reply_next(
        1,
        Reply::status(200).body(r#"{"id": "7", "state": "finished", "output": {"words": 9000}}"#),
    );

    let jobs = Jobs(HttpClient::builder(emulator.endpoint()).header("x-team", "print").build()?);
    let started =
        jobs.0.send::<Job>(Call::post("v2", "jobs", "").body(&json!({"file": "book.txt"}))?).await?;
    let output: Value = Wait::started(&jobs, started.operation()?).await?;
    println!("{} words after {} calls, one of which failed", output["words"], emulator.call_count());
    Ok(())
}
