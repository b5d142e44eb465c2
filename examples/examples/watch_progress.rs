//! Watches an operation whose metadata has typed progress, and awaits the outcome of the same wait.

use std::time::Duration;

use lro::{Any, OperationName, poll_until_done};
use lro_emulator::{Emulator, Script};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};

lro::message! {
    /// The metadata while the printer prints.
    pub struct JobProgress("example.v1.JobProgress") {
        /// The pages printed so far.
        pages_printed: i32,
    }

    /// The response.
    pub struct Job("example.v1.Job") {
        /// The number of all pages.
        pages: i32,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let script = Script::new()
        .runs_for(Duration::from_secs(2))
        .metadata(|elapsed| {
            let progress = JobProgress { pages_printed: elapsed.as_millis() as i32 / 100 };
            Any::pack(&progress).unwrap_or_default()
        })
        .responds(Any::pack(&Job { pages: 20 })?);
    emulator.operation("operations/print", script);

    let jobs = HttpTransport::new(
        HttpClient::builder(emulator.endpoint()).build()?,
        Binding::new(lro::Service::new("printer.example.com", "v1"), NameTemplate::parse("operations/**")?),
    );
    let mut wait = poll_until_done::<Job>(&jobs, OperationName::parse("operations/print")?)
        .with_metadata::<JobProgress>()
        // The services of `lro-services`, and a `Binding` with `ProgressFields`, need no closure.
        .pace_by_progress(|progress| Some(f64::from(progress.pages_printed) / 20.0));
    while let Some(snapshot) = wait.next().await {
        let snapshot = snapshot?;
        let pages = snapshot.metadata().map_or(0, |progress| progress.pages_printed);
        let percent = 100.0 * snapshot.progress().unwrap_or_default();
        println!("{pages} pages ({percent:.0} %) after {:.1?}", snapshot.elapsed());
    }
    println!("printed {} pages", wait.await?.pages);
    Ok(())
}
