use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use lro::{Any, Origin, Outcome, Status};

use crate::reply::Reply;

/// How an operation runs and ends, and the replies to calls about it.
///
/// A script changes only what it sets. Otherwise an operation runs for the time that [`Builder`](crate::Builder) sets, with the
/// metadata and the result of its service. An operation that a test defines ends with an empty response.
///
/// ```
/// use std::time::Duration;
/// use lro::Any;
/// use lro_emulator::{Reply, Script};
/// # #[derive(serde::Serialize)] struct Progress { seconds: u64 }
///
/// let script = Script::new()
///     .runs_for(Duration::from_secs(90))
///     .metadata(|elapsed| Any::pack_as("example.v1.Progress", &Progress { seconds: elapsed.as_secs() }).unwrap())
///     .responds(Any::from_json(r#"{"@type": "type.googleapis.com/example.v1.Job", "pages": 7}"#)?)
///     .call(2, Reply::status(503).header("retry-after", "1"));
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Default)]
pub struct Script {
    pub(crate) run: Option<Run>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) ignores_cancel: bool,
    pub(crate) appears_after: Duration,
    pub(crate) replies: BTreeMap<u32, Reply>,
}

/// The time that an operation runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    Time(Duration),
    Calls(u32),
}

/// The metadata as a function of the time since the start.
pub(crate) type Metadata = Arc<dyn Fn(Duration) -> Any + Send + Sync>;

impl Script {
    /// Creates a script that sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the operation runs. [`Duration::MAX`] is for ever.
    pub fn runs_for(self, time: Duration) -> Self {
        Self { run: Some(Run::Time(time)), ..self }
    }

    /// Sets for how many calls about it the operation runs, whatever the time. It is done at the call after these.
    ///
    /// A call that waits (`WaitOperation`) counts as one, and returns at once.
    pub fn runs_for_calls(self, calls: u32) -> Self {
        Self { run: Some(Run::Calls(calls)), ..self }
    }

    /// Sets the metadata as a function of the time since the start. It does not change after the operation is done.
    ///
    /// The function may use the emulator.
    pub fn metadata(self, metadata: impl Fn(Duration) -> Any + Send + Sync + 'static) -> Self {
        Self { metadata: Some(Arc::new(metadata)), ..self }
    }

    /// Ends the operation with this response.
    pub fn responds(self, response: Any) -> Self {
        self.ends(Outcome::Response(response))
    }

    /// Ends the operation with this error: its code, message and details.
    pub fn fails(self, error: Status) -> Self {
        self.ends(Outcome::Error(error.with_origin(Origin::OperationFailed)))
    }

    /// Ends the operation with neither a response nor an error.
    pub fn ends_with_neither(self) -> Self {
        self.ends(Outcome::Neither)
    }

    /// Sets for how long after its start the operation is `NOT_FOUND`, as happens with some services.
    ///
    /// The operation runs in this time, and calls about it count.
    pub fn appears_after(self, time: Duration) -> Self {
        Self { appears_after: time, ..self }
    }

    /// Makes the operation continue after a call to cancel it. That call succeeds.
    pub fn ignores_cancel(self) -> Self {
        Self { ignores_cancel: true, ..self }
    }

    /// Sets the reply to the k-th call about the operation, counted from 1 over all methods.
    ///
    /// The call that starts the operation does not count.
    pub fn call(mut self, k: u32, reply: Reply) -> Self {
        self.replies.insert(k, reply);
        self
    }

    fn ends(self, outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..self }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("run", &self.run)
            .field("outcome", &self.outcome)
            .field("ignores_cancel", &self.ignores_cancel)
            .field("appears_after", &self.appears_after)
            .field("replies", &self.replies)
            .finish_non_exhaustive()
    }
}
