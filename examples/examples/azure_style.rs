//! Awaits an operation of an Azure-style service: 202, `Operation-Location`, `Retry-After` and an API key.

use lro::{Any, Code, LroTransport, Operation, OperationName, Status, Wait, async_trait};
use lro_emulator::{Emulator, Reply};
use lro_http::{Call, HttpClient, Token, retry_after};
use serde_json::{Value, json};

#[derive(Debug)]
struct Videos(HttpClient);

#[async_trait]
impl LroTransport for Videos {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        let reply = self.0.response(Call::get("", name.as_str(), "").query("api-version", VERSION)).await?;
        let state: Value = lro::from_json(reply.body())?;
        let operation = Operation::running(name.as_str());
        let error = |code| Status::new(code, state["error"]["message"].as_str().unwrap_or_default());
        Ok(match state["status"].as_str() {
            Some("Succeeded") => operation.with_outcome(Ok(Any::from_value(&state["result"])?)),
            Some("Failed") => operation.with_outcome(Err(error(Code::Aborted))),
            Some("Canceled") => operation.with_outcome(Err(error(Code::Cancelled))),
            Some("NotStarted" | "Running") => {
                retry_after(reply.headers()).into_iter().fold(operation, Operation::with_retry_after)
            }
            state => return Err(Status::malformed(format!("the video has the state {state:?}"))),
        })
    }
}

impl Videos {
    async fn start(&self, prompt: &str) -> Result<Wait<'_, Value>, Status> {
        let call =
            Call::post("", "videos", "").query("api-version", VERSION).body(&json!({"prompt": prompt}))?;
        let reply = self.0.response(call).await?;
        let location = reply.headers().get("operation-location").and_then(|url| url.to_str().ok());
        let path = location.and_then(|url| url.split('?').next()?.rsplit_once('/'));
        let (_, id) = path.ok_or_else(|| Status::malformed("the reply has no Operation-Location"))?;
        Ok(Wait::started(self, Operation::running(format!("videos/{id}"))))
    }
}

const VERSION: &str = "2026-11-01";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let base = format!("{}/media", emulator.endpoint());
    let location = format!("{base}/videos/7?api-version={VERSION}");
    emulator.reply_next(1, Reply::status(202).header("operation-location", location));
    emulator.reply_next(1, Reply::status(200).header("retry-after", "1").body(r#"{"status": "Running"}"#));
    emulator.reply_next(1, Reply::status(200).body(r#"{"status": "Succeeded", "result": {"frames": 240}}"#));

    let videos =
        Videos(HttpClient::builder(base).credentials(Token::header("api-key", "a-secret-key")?).build()?);
    let video = videos.start("a cat").await?.await?;
    println!("{} frames after {} calls", video["frames"], emulator.call_count());
    Ok(())
}
