use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{OperationName, Status};

/// The data to save in order to resume a wait after a restart.
///
/// It holds the service, the API version and the operation's name.
/// It holds neither a URL nor a credential, so a handle from an untrusted source cannot redirect a token.
///
/// Its JSON is `{"format": 1, "service": …, "version": …, "name": …}`, with a member `kind` if the wait has a kind.
/// Deserialization ignores unknown members and rejects a later format.
///
/// ```
/// use lro::{Handle, OperationName, Service};
///
/// let service = Service::new("routeoptimization.googleapis.com", "v1");
/// let handle = Handle::new(&service, OperationName::parse("projects/p/locations/l/operations/1")?);
/// let saved = serde_json::to_string(&handle)?;
///
/// let restored: Handle = serde_json::from_str(&saved)?;
/// assert_eq!(restored.name_for(&service)?.as_str(), "projects/p/locations/l/operations/1");
/// assert!(restored.name_for(&Service::new("workspaceevents.googleapis.com", "v1")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handle {
    #[serde(default)]
    format: Format,
    #[serde(flatten)]
    service: Service,
    name: OperationName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

/// The format number in saved data. Deserialization rejects a later format instead of misreading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub(crate) struct Format;

/// A service and the version of its API. An operation's name is unique only within them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Service {
    #[serde(rename = "service")]
    key: Cow<'static, str>,
    version: Cow<'static, str>,
}

impl Handle {
    /// Creates the handle of an operation of this service.
    pub fn new(service: &Service, name: OperationName) -> Self {
        Self { format: Format, service: service.clone(), name, kind: None }
    }

    /// Sets the [kind](crate::Wait::kind) of the operation.
    pub fn with_kind(self, kind: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), ..self }
    }

    /// Returns the [kind](crate::Wait::kind) of the operation. `None` if the caller set none.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Returns the service that the operation belongs to.
    pub fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn own_name(&self) -> &OperationName {
        &self.name
    }

    /// Returns the operation's name if `service` is the service that it belongs to.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if `service` is another service or another version of its API, and if one of the two has no key.
    /// The message names both.
    pub fn name_for(&self, service: &Service) -> Result<OperationName, Status> {
        let (name, own) = (&self.name, &self.service);
        if own.key.is_empty() || service.key.is_empty() {
            return Err(Status::invalid_argument(format!(
                "{name} belongs to {}, and this transport to {}: a transport whose handles are saved implements \
                 `LroTransport::service`",
                own.or_keyless(),
                service.or_keyless()
            )));
        }
        if own != service {
            return Err(Status::invalid_argument(format!(
                "{name} belongs to {own}, not to {service}: resume it with a transport of that service and version"
            )));
        }
        Ok(name.clone())
    }
}

impl From<Format> for u32 {
    fn from(_: Format) -> Self {
        FORMAT
    }
}

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(format: u32) -> Result<Self, String> {
        match format {
            FORMAT => Ok(Self),
            other => Err(format!("it has format {other}, and this version of lro reads format {FORMAT}")),
        }
    }
}

impl Service {
    /// Creates a service from its key and the version of its API, such as `workspaceevents.googleapis.com` and `v1`.
    ///
    /// Slashes at the ends of the version are removed.
    pub const fn new(key: &'static str, version: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), version: Cow::Borrowed(without_slashes(version)) }
    }

    /// Creates a service from a key and a version that are known only at run time.
    ///
    /// Slashes at the ends of the version are removed.
    pub fn owned(key: impl Into<String>, version: impl Into<String>) -> Self {
        let version: String = version.into();
        Self { key: Cow::Owned(key.into()), version: Cow::Owned(without_slashes(&version).to_owned()) }
    }

    /// Returns the key, such as `workspaceevents.googleapis.com`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the version of the API, such as `v1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    fn or_keyless(&self) -> String {
        if self.key.is_empty() { "a service without a key".to_owned() } else { self.to_string() }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.key, &*self.version) {
            ("", _) => f.write_str("this service"),
            (key, "") => f.write_str(key),
            (key, version) => write!(f, "{key} {version}"),
        }
    }
}

/// Removes the slashes at the ends of a version: they belong to the paths that are made of it.
const fn without_slashes(version: &str) -> &str {
    let mut bytes = version.as_bytes();
    while let [b'/', rest @ ..] | [rest @ .., b'/'] = bytes {
        bytes = rest;
    }
    match str::from_utf8(bytes) {
        Ok(trimmed) => trimmed,
        Err(_) => version,
    }
}

/// The first format. It increases with each change that an older version of this crate would misread.
const FORMAT: u32 = 1;
