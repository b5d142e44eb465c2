//! What operations, polls and people do in the middle.

use std::time::Duration;

use lro::{
    Code, OperationName, Origin, Status,
    rules::{Ending, Trouble},
};
use lro_emulator::{Reply, Script};
use lro_temporal::{Ended, Polls, Text};
use temporalio_client::{
    ActivityCancelOptions, WorkflowCancelOptions, WorkflowGetResultOptions, WorkflowStartOptions,
    errors::WorkflowGetResultError,
};
use tokio::time::sleep;

use super::{
    Bench,
    delivery::{self, Form, Wait},
    events,
};
use crate::{
    Fault, QUEUE, operations,
    start::{StartOnce, Started},
    worker::Order,
};

pub(super) async fn run(bench: &mut Bench) -> Result<(), Fault> {
    changed_version(bench).await?;
    failures(bench).await?;
    deadlines(bench).await?;
    cancellation(bench).await
}

/// 200 operations in the middle: the worker is killed, and a version with other delays and one more step takes over. A starting call is in
/// flight.
async fn changed_version(bench: &mut Bench) -> Result<(), Fault> {
    let registrations = (0..200).map(|n| operations::define(&bench.emulator, "changed", n, 9, None));
    let waits = delivery::start_all(&bench.client, registrations.collect::<Result<_, _>>()?).await?;
    sleep(Duration::from_secs(5)).await;
    let name = OperationName::parse("operations/start")?;
    bench
        .emulator
        .operation(name.as_str(), Script::new().call(1, Reply::usual().after(Duration::from_secs(15))));
    let options = WorkflowStartOptions::new(QUEUE, "start once").build();
    let start = bench.client.start_workflow(StartOnce::run, name, options).await?;
    while bench.polls_of("start") == 0 {
        sleep(Duration::from_secs(1)).await;
    }
    let before = bench.polls_of("changed-");
    bench.engine.kill_worker().await?;
    bench.engine.start_worker(true)?;
    let own = delivery::own_outcomes(&bench.client, &waits).await?;
    let polls = bench.polls_of("changed-");
    let text = format!("{own} of 200; {before} of {polls} polls by the first version");
    bench.table.row("own outcomes, version changed in the middle", text, own == 200 && before < 2_000);

    let started = start.get_result(WorkflowGetResultOptions::default()).await?;
    let calls = bench.polls_of("start");
    let text = format!(
        "{calls} call, {}",
        if matches!(started, Started::Unresolved(_)) { "unresolved" } else { "resolved" }
    );
    let is_right = calls == 1 && matches!(started, Started::Unresolved(_));
    bench.table.row("a start whose worker is killed", text, is_right);
    Ok(())
}

/// Polls that hang, are refused for a while, or find nothing yet.
async fn failures(bench: &mut Bench) -> Result<(), Fault> {
    let replies = [
        ("a poll hangs", Reply::usual().after(Duration::from_secs(3_600))),
        ("429 with Retry-After: 3", Reply::status(429).header("retry-after", "3")),
        ("a page of a proxy", Reply::status(502).header("content-type", "text/html").body("<html>")),
        ("the connection closes", Reply::close()),
    ];
    for (k, (what, reply)) in replies.into_iter().enumerate() {
        let mut registrations = Vec::new();
        for n in 0..20 {
            let name = format!("operations/failure-{k}-{n}");
            let script = operations::script(n)?.runs_for_calls(4).call(2, reply.clone());
            bench.emulator.operation(&name, script);
            registrations.push(operations::registration(&name)?);
        }
        let waits = delivery::start_all(&bench.client, registrations).await?;
        let own = delivery::own_outcomes(&bench.client, &waits).await?;
        bench.table.row(&format!("own outcomes, {what}"), format!("{own} of 20"), own == 20);
    }
    let name = "operations/early";
    bench
        .emulator
        .operation(name, operations::script(0)?.runs_for_calls(3).appears_after(Duration::from_secs(8)));
    let early = operations::registration(name)?.started();
    let ended = Wait::start(&bench.client, Form::Workflow, 0, early).await?.ended(&bench.client).await?;
    let is_own = operations::is_own(0, &ended.ending)?;
    bench.table.row("404 for 8 s after the start", if is_own { "own outcome" } else { "lost" }, is_own);
    Ok(())
}

/// Waits that are given up.
async fn deadlines(bench: &mut Bench) -> Result<(), Fault> {
    for form in [Form::Standalone, Form::Workflow] {
        let name = format!("operations/endless-{form:?}");
        bench.emulator.operation(&name, Script::new().runs_for(Duration::MAX));
        let registration = operations::registration(&name)?.deadline(Duration::from_secs(7));
        let ended = Wait::start(&bench.client, form, 0, registration).await?.ended(&bench.client).await?;
        let (text, status) = given_up(&ended);
        let is_right = status.is_some_and(|status| {
            status.code() == Code::DeadlineExceeded && status.origin() == Origin::StoppedAsking
        });
        bench.table.row(&format!("deadline of 7 s, {form:?}"), text, is_right);
    }
    let name = "operations/down";
    let down = Reply::status(503).header("retry-after", "1");
    let script = (1..=10).fold(Script::new(), |script, k| script.call(k, down.clone()));
    bench.emulator.operation(name, script);
    let registration = operations::registration(name)?;
    let ended =
        Wait::start(&bench.client, Form::Workflow, 0, registration).await?.ended(&bench.client).await?;
    let (text, status) = given_up(&ended);
    bench.table.row("503 for ever", text, status.is_some_and(|status| status.code() == Code::Unavailable));
    Ok(())
}

/// Cancelled by the workflow and without a workflow, and a workflow whose cancellation leaves the operation alone.
async fn cancellation(bench: &mut Bench) -> Result<(), Fault> {
    for (set, cancels) in [("cancel-with", true), ("cancel-leave", false)] {
        let name = format!("operations/{set}");
        bench.emulator.operation(&name, Script::new().runs_for(Duration::MAX));
        let mut registration = operations::registration(&name)?;
        if cancels {
            registration.handle = registration.handle.with_kind(operations::CANCELS);
        }
        let wait = Wait::start(&bench.client, Form::Workflow, 0, registration).await?;
        sleep(Duration::from_secs(6)).await;
        let workflow = bench.client.get_workflow_handle::<Order>(wait.id());
        workflow.cancel(WorkflowCancelOptions::default()).await?;
        let result = workflow.get_result(WorkflowGetResultOptions::default()).await;
        let requests = cancel_requests(bench, &name);
        let history = events(&bench.client, &wait.id()).await?;
        let (text, is_right) = match (result, cancels) {
            (Ok(Text(ended)), true) => (outcome(&ended), is_cancelled(&ended) && requests == 1),
            (Err(WorkflowGetResultError::Cancelled { .. }), false) => {
                ("workflow cancelled".to_owned(), requests == 0)
            }
            (other, _) => (format!("{other:?}"), false),
        };
        let text = format!("{text}; {requests} requests to cancel, {history} events");
        bench.table.row(&format!("workflow cancelled, {set}"), text, is_right);
    }

    let name = "operations/cancel-standalone";
    bench.emulator.operation(name, Script::new().runs_for(Duration::MAX));
    let registration = operations::registration(name)?;
    let wait = Wait::start(&bench.client, Form::Standalone, 0, registration.clone()).await?;
    sleep(Duration::from_secs(6)).await;
    let activity = bench.client.get_activity_handle(Polls::poll, wait.id(), None);
    activity.cancel(ActivityCancelOptions::default()).await?;
    let _ = activity.result().await;
    let wait = Wait::start(&bench.client, Form::Standalone, 0, registration.cancel()).await?;
    let ended = wait.ended(&bench.client).await?;
    let requests = cancel_requests(bench, name);
    let text = format!("{}; {requests} requests to cancel", outcome(&ended));
    bench.table.row(
        "standalone activity cancelled, started with `cancel`",
        text,
        is_cancelled(&ended) && requests == 1,
    );
    Ok(())
}

fn cancel_requests(bench: &Bench, name: &str) -> usize {
    let path = format!("/v1/{name}:cancel");
    bench.emulator.calls().iter().filter(|call| call.path == path).count()
}

fn is_cancelled(ended: &Ended) -> bool {
    ended
        .ending
        .decode::<()>()
        .is_err_and(|status| status.code() == Code::Cancelled && status.origin() == Origin::OperationFailed)
}

fn outcome(ended: &Ended) -> String {
    match ended.ending.decode::<serde_json::Value>() {
        Ok(response) => response.to_string(),
        Err(status) => format!("{} ({:?})", status.code().name(), status.origin()),
    }
}

/// Describes a wait that was given up, and returns its status.
fn given_up(ended: &Ended) -> (String, Option<Status>) {
    let Ending::GaveUp(_) = ended.ending else {
        return (outcome(ended), None);
    };
    let last = ended
        .saved
        .trouble
        .as_ref()
        .and_then(Trouble::last_failure)
        .map_or("none", |last| last.code().name());
    let text = format!("{}, {} polls, last failure {last}", outcome(ended), ended.saved.tally.polls);
    (text, ended.ending.decode::<()>().err())
}
