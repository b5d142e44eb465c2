use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use crate::{OperationName, Status};

/// What to save in order to go on with an operation after a restart.
///
/// It holds the service, the API version and the operation's name: neither a URL nor a credential, so a handle from
/// elsewhere cannot send a token astray. As JSON it is `{"format": 1, "service": …, "version": …, "name": …}`, with a member
/// `kind` if the wait was given one; members that are not known are passed over, a later format is refused.
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

/// The format of what is saved: it is written along, so that a later one is refused and not misread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub(crate) struct Format;

/// A service and the version of its API: the space in which an operation's name means something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Service {
    #[serde(rename = "service")]
    key: Cow<'static, str>,
    version: Cow<'static, str>,
}

impl Handle {
    /// The handle of an operation of this service.
    pub fn new(service: &Service, name: OperationName) -> Self {
        Self { format: Format, service: service.clone(), name, kind: None }
    }

    /// Sets the [kind](crate::Wait::kind) of the operation.
    pub fn with_kind(self, kind: impl Into<String>) -> Self {
        Self { kind: Some(kind.into()), ..self }
    }

    /// The [kind](crate::Wait::kind) of the operation, if it was given one.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The service that the operation belongs to.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The operation's name, for a transport of the service it belongs to.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for another service or another version of its API, with both named.
    pub fn name_for(&self, service: &Service) -> Result<OperationName, Status> {
        if self.service == *service {
            return Ok(self.name.clone());
        }
        Err(Status::invalid_argument(format!(
            "{} belongs to {}, not to {service}: resume it with a transport of that service and version",
            self.name, self.service
        )))
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
    /// A service by its key, such as `workspaceevents.googleapis.com`, and the version of its API, such as `v1`.
    pub const fn new(key: &'static str, version: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), version: Cow::Borrowed(version) }
    }

    /// A service by a key and a version that are not known when the program is compiled.
    pub fn owned(key: impl Into<String>, version: impl Into<String>) -> Self {
        Self { key: Cow::Owned(key.into()), version: Cow::Owned(version.into()) }
    }

    /// The key, such as `workspaceevents.googleapis.com`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The version of the API, such as `v1`.
    pub fn version(&self) -> &str {
        &self.version
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

const FORMAT: u32 = 1;
