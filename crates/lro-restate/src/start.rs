use std::{
    future::{Future, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use lro::{Operation, Status, stored::Started};
use restate_sdk::prelude::{HandlerResult, Json};

/// Starts an operation in two steps of a handler, at most once per invocation.
///
/// The first step journals the intent, and the second makes the call. If the second is repeated because the worker or the
/// connection to it died during the call, it makes no call and returns [`Started::Unresolved`].
/// A person, or code that knows the service, looks whether the operation exists.
/// Without the first step no call is made. A second invocation makes a second call: callers send an idempotency key with the first.
///
/// The inactivity timeout of the handler must be longer than the call.
///
/// ```
/// use lro::{Operation, Status};
/// use lro_restate::{Start, Started};
/// use restate_sdk::prelude::*;
///
/// struct Printer;
///
/// #[service]
/// impl Printer {
///     #[handler]
///     async fn print(&self, ctx: Context<'_>) -> Result<String, TerminalError> {
///         let start = Start::new();
///         ctx.run(start.intent()).name("intent").await?;
///         // In the place of a client.
///         let call = async { Ok::<_, Status>(Operation::running("operations/1")) };
///         let Json(started) = ctx.run(start.call(call)).name("start").await?;
///         match started {
///             Started::Running(name) => Ok(name.to_string()),
///             other => Err(TerminalError::new(format!("not started: {other:?}"))),
///         }
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Start {
    /// Whether this process has stored the intent. A replay takes it from the journal, and the mark stays clear.
    intended: Arc<AtomicBool>,
}

type Step<T> = Pin<Box<dyn Future<Output = HandlerResult<T>> + Send>>;

impl Start {
    /// Creates a start that makes no call yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the first step.
    pub fn intent(&self) -> impl FnOnce() -> Step<()> + Send + 'static + use<> {
        let mark = self.intended.clone();
        move || {
            mark.store(true, Relaxed);
            Box::pin(ready(Ok(())))
        }
    }

    /// Returns the second step. A failed call is a result of it, so the engine does not repeat it.
    pub fn call<F>(self, call: F) -> impl FnOnce() -> Step<Json<Started>> + Send + 'static
    where
        F: Future<Output = Result<Operation, Status>> + Send + 'static,
    {
        move || {
            Box::pin(async move {
                Ok(Json(if self.intended.load(Relaxed) {
                    Started::from(call.await)
                } else {
                    Started::Unresolved
                }))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use lro::OperationName;

    use super::*;

    async fn run(start: Start, calls: &Arc<AtomicU32>) -> Started {
        let calls = calls.clone();
        let call = async move {
            calls.fetch_add(1, Relaxed);
            Ok(Operation::running("operations/1"))
        };
        let Ok(Json(started)) = start.call(call)().await else {
            panic!("a start is never repeated by the engine")
        };
        started
    }

    // SPEC 42
    #[tokio::test]
    async fn a_replay_after_the_intent_makes_no_call() {
        let calls = Arc::default();
        let start = Start::new();
        assert!(start.intent()().await.is_ok());
        let name = OperationName::parse("operations/1").unwrap();
        assert_eq!(run(start, &calls).await, Started::Running(name));
        // The replay: the intent comes from the journal, so its step does not run.
        assert_eq!(run(Start::new(), &calls).await, Started::Unresolved);
        assert_eq!(calls.load(Relaxed), 1);
    }
}
