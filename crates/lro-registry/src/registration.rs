use std::time::Duration;

use lro::{Handle, OperationName, Service, Status};

use crate::{
    Error,
    limits::{self, LONGEST_FINGERPRINT, LONGEST_KEY, LONGEST_WORD},
    store::Entry,
};

/// An operation to register.
///
/// ```
/// use std::time::Duration;
///
/// use lro::{OperationName, Service};
/// use lro_registry::Registration;
///
/// let service = Service::new("routeoptimization.googleapis.com", "v1");
/// let name = OperationName::parse("projects/p/locations/l/operations/1")?;
/// let registration = Registration::new(&service, name).tag("order 7").deadline(Duration::from_secs(86_400));
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registration {
    key: Option<String>,
    service: Service,
    name: OperationName,
    fingerprint: Option<String>,
    delay: Duration,
    settings: Settings,
}

/// The settings that a registration and a start have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) kind: Option<String>,
    pub(crate) tag: Vec<u8>,
    pub(crate) deadline: Option<Duration>,
}

/// Defines the setters of [`Settings`]. The documentation of the deadline is passed in: it counts from another time.
macro_rules! settings {
    ($(#[$deadline:meta])*) => {
        /// Sets the kind, which selects the pacing. Default: the key of the service.
        pub fn kind(mut self, kind: impl Into<String>) -> Self {
            self.settings.kind = Some(kind.into());
            self
        }

        /// Sets bytes that come back with the outcome. Default: none.
        pub fn tag(mut self, tag: impl Into<Vec<u8>>) -> Self {
            self.settings.tag = tag.into();
            self
        }

        $(#[$deadline])*
        pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
            self.settings.deadline = deadline.into();
            self
        }
    };
}
pub(crate) use settings;

impl Settings {
    /// Returns an entry without a name, whose first poll is due at once.
    pub(crate) fn entry(self, key: String, service: Service, fingerprint: String) -> Entry {
        let Self { kind, tag, deadline } = self;
        Entry {
            key,
            kind: kind.unwrap_or_else(|| service.key().to_owned()),
            service,
            name: None,
            fingerprint,
            tag,
            deadline,
            started: false,
            delay: Duration::ZERO,
            state: Vec::new(),
            intent: None,
        }
    }
}

impl Registration {
    /// Creates the registration of an operation by its name.
    pub fn new(service: &Service, name: OperationName) -> Self {
        let (key, fingerprint, settings) = (None, None, Settings::default());
        Self { key, service: service.clone(), name, fingerprint, delay: Duration::ZERO, settings }
    }

    /// Creates the registration of the operation of a handle, with its kind.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle names no service.
    pub fn of(handle: &Handle) -> Result<Self, Status> {
        let service = handle.service();
        let registration = Self::new(service, handle.name_for(service)?);
        Ok(match handle.kind() {
            Some(kind) => registration.kind(kind),
            None => registration,
        })
    }

    /// Sets the key. Default: service, version and name, separated by slashes.
    ///
    /// A key is registered once. It is the idempotency key of the delivery.
    /// The default is not the key of a [`StartRequest`](crate::StartRequest): an operation that is both started and registered needs the
    /// same key in both, or it is polled and delivered twice.
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Sets the fingerprint of the request: a registration with the same key and another fingerprint is a conflict.
    ///
    /// Default: name, kind and deadline.
    pub fn fingerprint(self, fingerprint: impl Into<String>) -> Self {
        Self { fingerprint: Some(fingerprint.into()), ..self }
    }

    settings! {
        /// Sets the time from now after which the polling stops. The operation goes on. Default: no limit.
        ///
        /// A last poll is made then. The deadline is a part of the default fingerprint: the same name with another deadline is a conflict.
    }

    /// Sets the delay of the first poll. Default: zero, because the operation may be done already.
    pub fn first_poll_after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    pub(crate) fn entry(self) -> Result<Entry, Error> {
        let Self { key, service, name, fingerprint, delay, settings } = self;
        let key = key.unwrap_or_else(|| format!("{}/{}/{name}", service.key(), service.version()));
        let mut entry = settings.entry(key, service, String::new());
        entry.fingerprint = fingerprint.unwrap_or_else(|| by_settings(&name, &entry.kind, entry.deadline));
        (entry.name, entry.delay) = (Some(name), delay);
        check(&entry)?;
        Ok(entry)
    }
}

/// Checks an entry against the limits.
pub(crate) fn check(entry: &Entry) -> Result<(), Error> {
    limits::check_service(&entry.service)?;
    limits::check_text("key", &entry.key, LONGEST_KEY)?;
    limits::check_text("kind", &entry.kind, LONGEST_WORD)?;
    limits::check_text("fingerprint", &entry.fingerprint, LONGEST_FINGERPRINT)?;
    limits::check_payload("tag", &entry.tag)
}

/// The default fingerprint. It begins with what is short, so that two of them are easy to compare.
fn by_settings(name: &OperationName, kind: &str, deadline: Option<Duration>) -> String {
    let deadline =
        deadline.map_or_else(|| "none".to_owned(), |deadline| format!("{} ms", deadline.as_millis()));
    format!("deadline {deadline}, kind {kind}, name {name}")
}
