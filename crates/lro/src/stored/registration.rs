use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Code, Handle, OperationName, Service, Status};

/// An operation to wait for, in the form that an engine stores.
///
/// Its JSON is `{"handle": …}`, the JSON of a [`Handle`], with the members `deadline_ms`, `started`, `attempt_timeout_ms` and `cancel`
/// if they are set.
/// It has neither a URL nor a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Registration {
    /// The service and the name of the operation. The [kind](Handle::with_kind) of the handle selects the pacing.
    pub handle: Handle,
    /// The time from the registration after which the polling stops. The operation goes on. `None` for no limit.
    #[serde(rename = "deadline_ms", default, skip_serializing_if = "Option::is_none", with = "millis")]
    pub deadline: Option<Duration>,
    /// Whether a starting call has just returned the operation, which the service may not find for a while.
    #[serde(default, skip_serializing_if = "is_not")]
    pub started: bool,
    /// The longest time for one call, if the rules of the driver do not limit it further.
    #[serde(
        rename = "attempt_timeout_ms",
        default,
        skip_serializing_if = "Option::is_none",
        with = "millis"
    )]
    pub attempt_timeout: Option<Duration>,
    /// Whether the operation is cancelled before the first poll. The polls go on to the outcome.
    ///
    /// An engine that can change a wait calls [`StoredWait::request_cancel`](super::StoredWait::request_cancel) instead.
    #[serde(default, skip_serializing_if = "is_not")]
    pub cancel: bool,
}

impl Registration {
    /// Creates the registration of an operation, without a deadline.
    pub fn new(handle: Handle) -> Self {
        Self { handle, deadline: None, started: false, attempt_timeout: None, cancel: false }
    }

    /// Sets the [deadline](Self::deadline). It is stored in whole milliseconds.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Sets that a starting call has just returned the operation.
    pub fn started(self) -> Self {
        Self { started: true, ..self }
    }

    /// Sets the [longest time for one call](Self::attempt_timeout). It is stored in whole milliseconds.
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        Self { attempt_timeout: Some(timeout), ..self }
    }

    /// Sets that the operation is [cancelled](Self::cancel) before the first poll.
    pub fn cancel(self) -> Self {
        Self { cancel: true, ..self }
    }

    /// Returns the registration of a wait that takes the place of one that began `elapsed` ago: its deadline is what is left.
    pub fn renewed_after(self, elapsed: Duration) -> Self {
        Self { deadline: self.deadline.map(|deadline| deadline.saturating_sub(elapsed)), ..self }
    }

    /// Returns the service, the version of its API and the name of the operation, separated by slashes. No two operations share it: a
    /// slash in the key of the service or in the version is written as `%2F`, and a percent sign as `%25`.
    pub fn key(&self) -> String {
        let escaped = |part: &str| part.replace('%', "%25").replace('/', "%2F");
        let service = self.service();
        format!("{}/{}/{}", escaped(service.key()), escaped(service.version()), self.handle.own_name())
    }

    /// Returns the service that the operation belongs to.
    pub fn service(&self) -> &Service {
        self.handle.service()
    }

    /// Returns the name of the operation.
    ///
    /// # Errors
    ///
    /// As [`Handle::name_for`]: the service has no key.
    pub fn name(&self) -> Result<OperationName, Status> {
        self.handle.name_for(self.service())
    }

    /// Checks that a caller who gives `key` and this registration may begin a wait there, or join the wait for `pending`.
    ///
    /// It is for engines that keep a wait by its key, and let any number of callers wait for it.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if `key` is not the [key](Self::key), and as [`name`](Self::name). `ALREADY_EXISTS` if `pending` has
    /// other settings. The message shows both.
    pub fn check_joins(&self, key: &str, pending: Option<&Self>) -> Result<(), Status> {
        let own = self.key();
        if own != key {
            let message = format!("the key of this registration is {own}, not {key}");
            return Err(Status::invalid_argument(message));
        }
        self.name()?;
        match pending.filter(|pending| *pending != self) {
            Some(pending) => {
                let message =
                    format!("the operation is registered with other settings: {pending:?}, and now {self:?}");
                Err(Status::new(Code::AlreadyExists, message))
            }
            None => Ok(()),
        }
    }

    /// Returns the kind of the operation. Without one it is the key of the service.
    pub fn kind(&self) -> &str {
        self.handle.kind().unwrap_or_else(|| self.service().key())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is that of serde")]
fn is_not(value: &bool) -> bool {
    !*value
}

/// A duration as a number of milliseconds.
mod millis {
    use super::{Deserialize, Duration, Serialize};

    #[expect(clippy::ref_option, reason = "the signature is that of serde")]
    pub(super) fn serialize<S: serde::Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
