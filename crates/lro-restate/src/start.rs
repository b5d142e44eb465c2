use std::sync::{Arc, Once};

use lro::{Operation, Status, stored::Started};
use restate_sdk::{context::RunClosure, prelude::Json};

/// Returns two steps of a handler, which start an operation at most once per invocation.
///
/// The first step journals the intent, and the second makes the call. If the second is repeated because the worker or the
/// connection to it died during the call, it makes no call and returns [`Started::Unresolved`].
/// A person, or code that knows the service, looks whether the operation exists.
/// Without the first step no call is made. A second invocation makes a second call: callers send an idempotency key with the first.
/// A failed call is a result of the second step, so the engine does not repeat it.
///
/// The inactivity timeout of the handler must be longer than the call.
///
/// ```
/// use lro::{Operation, Status};
/// use lro_restate::{Started, start};
/// use restate_sdk::prelude::*;
///
/// struct Printer;
///
/// #[service]
/// impl Printer {
///     #[handler]
///     async fn print(&self, ctx: Context<'_>) -> Result<String, TerminalError> {
///         // In the place of a client.
///         let (intent, call) = start(async { Ok::<_, Status>(Operation::running("operations/1")) });
///         ctx.run(intent).name("intent").await?;
///         let Json(started) = ctx.run(call).name("start").await?;
///         match started {
///             Started::Running(name) => Ok(name.to_string()),
///             other => Err(TerminalError::new(format!("not started: {other:?}"))),
///         }
///     }
/// }
/// ```
pub fn start(
    call: impl Future<Output = Result<Operation, Status>> + Send,
) -> (impl RunClosure<Output = (), Fut: Send> + Send, impl RunClosure<Output = Json<Started>, Fut: Send> + Send)
{
    // Whether this process has stored the intent. A replay takes it from the journal, and the mark stays clear.
    let intended = Arc::new(Once::new());
    let mark = intended.clone();
    let intent = async move || {
        mark.call_once(|| ());
        Ok(())
    };
    let call = async move || {
        let is_first = intended.is_completed();
        Ok(Json(if is_first { Started::from(call.await) } else { Started::Unresolved }))
    };
    (intent, call)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use lro::OperationName;

    use super::*;

    async fn run(step: impl RunClosure<Output = Json<Started>>) -> Started {
        let Ok(Json(started)) = step.run().await else { panic!("a start is never repeated by the engine") };
        started
    }

    // SPEC 42
    #[tokio::test]
    async fn a_replay_after_the_intent_makes_no_call() {
        let calls = AtomicU32::new(0);
        let steps = || {
            start(async {
                calls.fetch_add(1, Relaxed);
                Ok(Operation::running("operations/1"))
            })
        };
        let (intent, call) = steps();
        assert!(intent.run().await.is_ok());
        let name = OperationName::parse("operations/1").unwrap();
        assert_eq!(run(call).await, Started::Running(name));
        // The replay: the intent comes from the journal, so its step does not run.
        let (_, call) = steps();
        assert_eq!(run(call).await, Started::Unresolved);
        assert_eq!(calls.load(Relaxed), 1);
    }
}
