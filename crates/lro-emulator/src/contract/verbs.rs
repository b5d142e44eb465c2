use std::{future::Future, time::Duration};

use lro::{Attempt, Code, OperationName, Outcome, Status};

use super::{
    Verdict,
    pages::parent,
    subject::{Subject, accepted, failed},
};
use crate::{reply::Reply, script::Script};

pub(super) async fn missing_verbs_are_refused_without_a_call(subject: &Subject<'_>) -> Verdict {
    let transport = subject.transport;
    let name = subject.start("contract-missing-verbs", endless())?;
    let calls = subject.emulator.call_count();
    let has = transport.capabilities();
    let mut refused: Vec<(&str, Status)> = Vec::new();
    if !has.cancel {
        refused.push(("cancel", failed("to cancel", transport.cancel_operation(&name).await)?));
    }
    if !has.delete {
        refused.push(("delete", failed("to delete", transport.delete_operation(&name).await)?));
    }
    if !has.list {
        refused.push(("list", failed("to list", transport.list_operations(&parent(subject)).await)?));
    }
    if !has.wait {
        refused.push(("wait", failed("to wait", transport.wait_operation(&name, None).await)?));
    }
    for (verb, status) in refused {
        // SPEC 38
        ensure_eq!(status.code(), Code::Unimplemented, "the code of {verb}, which the service does not have");
    }
    ensure!(subject.emulator.call_count() == calls, "a call that the service does not have was made");
    Ok(())
}

pub(super) async fn calls_within_an_attempt_are_the_same(subject: &Subject<'_>) -> Verdict {
    let (transport, attempt) = (subject.transport, Attempt::within(LONG));
    let has = transport.capabilities();
    let name = subject.start("contract-within", endless())?;
    let got = accepted("to get within", transport.get_operation_within(&name, &attempt).await)?;
    ensure_eq!(got, subject.get(&name).await?, "the operation of a get within an attempt");
    if has.wait {
        let waited = transport.wait_operation_within(&name, Some(SHORT), &attempt).await;
        ensure_eq!(accepted("to wait within", waited)?, got, "the operation of a wait within an attempt");
    }
    if has.list {
        let page = transport.list_operations_within(&parent(subject), &attempt).await;
        let plain = accepted("to list", transport.list_operations(&parent(subject)).await)?;
        ensure_eq!(accepted("to list within", page)?, plain, "the page of a list within an attempt");
    }
    if has.cancel {
        accepted("to cancel within", transport.cancel_operation_within(&name, &attempt).await)?;
        ensure!(subject.get(&name).await?.is_done(), "a cancellation within an attempt has no effect");
    }
    if has.delete {
        accepted("to delete within", transport.delete_operation_within(&name, &attempt).await)?;
        ensure_eq!(
            subject.fail(&name).await?.code(),
            Code::NotFound,
            "a get after a deletion within an attempt"
        );
    }
    Ok(())
}

pub(super) async fn cancel(subject: &Subject<'_>) -> Verdict {
    let transport = subject.transport;
    if !transport.capabilities().cancel {
        return Ok(());
    }
    let name = subject.start("contract-cancel", endless())?;
    accepted("to cancel", transport.cancel_operation(&name).await)?;
    let outcome = subject.get(&name).await?.outcome;
    ensure!(
        matches!(&outcome, Some(Outcome::Error(error)) if error.code() == Code::Cancelled),
        "a cancelled operation is done with CANCELLED, not {outcome:?}"
    );

    // SPEC 39
    let name = subject.start("contract-cancel-ignored", endless().ignores_cancel())?;
    accepted("to cancel what goes on", transport.cancel_operation(&name).await)?;
    ensure!(!subject.get(&name).await?.is_done(), "an operation that ignores a cancellation is done");
    failures(subject, "cancel", |name| async move { transport.cancel_operation(&name).await }).await
}

pub(super) async fn delete(subject: &Subject<'_>) -> Verdict {
    let transport = subject.transport;
    if !transport.capabilities().delete {
        return Ok(());
    }
    let name = subject.start("contract-delete", endless())?;
    accepted("to delete", transport.delete_operation(&name).await)?;
    ensure_eq!(subject.fail(&name).await?.code(), Code::NotFound, "the code of a get after a deletion");
    failures(subject, "delete", |name| async move { transport.delete_operation(&name).await }).await
}

pub(super) async fn wait(subject: &Subject<'_>) -> Verdict {
    let transport = subject.transport;
    if !transport.capabilities().wait {
        return Ok(());
    }
    let name = subject.start("contract-wait", Script::new().runs_for(Duration::from_millis(100)))?;
    let waited = accepted("to wait", transport.wait_operation(&name, Some(LONG)).await)?;
    ensure!(waited.is_done(), "a wait returns before the operation is done");

    // SPEC 40
    let name = subject.start("contract-wait-in-vain", endless())?;
    let wait = transport.wait_operation(&name, Some(SHORT));
    let Ok(waited) = tokio::time::timeout(PATIENCE, wait).await else {
        return Err(format!("a wait with a timeout of {SHORT:?} takes longer than {PATIENCE:?}"));
    };
    ensure!(!accepted("to wait in vain", waited)?.is_done(), "a wait in vain returns an outcome");
    Ok(())
}

/// A call that is refused fails with the code of the refusal, whatever its HTTP status.
async fn failures<F>(subject: &Subject<'_>, verb: &str, call: impl Fn(OperationName) -> F) -> Verdict
where
    F: Future<Output = Result<(), Status>>,
{
    let unknown =
        failed(&format!("to {verb} what is not there"), call(subject.name("contract-unknown")?).await)?;
    ensure_eq!(unknown.code(), Code::NotFound, "the code of a {verb} of what is not there");

    for http in [403, 200] {
        let reply = Reply::status(http).body(REFUSAL);
        let name = subject.start(&format!("contract-{verb}-refused"), endless().call(1, reply))?;
        // SPEC 46
        let refused = failed(&format!("to {verb} what is refused with HTTP {http}"), call(name).await)?;
        let expected = (Code::PermissionDenied, "it is not yours");
        ensure_eq!((refused.code(), refused.message()), expected, "the error of a {verb} with HTTP {http}");
    }
    Ok(())
}

fn endless() -> Script {
    Script::new().runs_for(Duration::MAX)
}

/// The error of a call that the service refuses.
pub(super) const REFUSAL: &str =
    r#"{"error": {"code": 403, "message": "it is not yours", "status": "PERMISSION_DENIED"}}"#;

const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(10);

/// Below the longest time that the emulator lets a wait take, and far above [`SHORT`].
const PATIENCE: Duration = Duration::from_secs(5);
