use std::{collections::HashMap, fmt};

use lro::{Any, OperationName, Service, Status};
use lro_http::{Binding, Form, HttpClient, HttpClientBuilder, HttpTransport, ProgressFields};

use crate::{
    find::pollable,
    paths::paths,
    region,
    table::{Row, rows, rows_of},
};

/// A service in the table: one version of its API.
///
/// Copies are cheap.
#[derive(Clone, Copy)]
pub struct Entry(pub(crate) &'static Row);

impl Entry {
    pub(crate) fn of(row: &'static Row) -> Self {
        Self(row)
    }

    /// Returns the host, such as `aiplatform.googleapis.com`.
    pub fn host(&self) -> &'static str {
        self.0.host
    }

    /// Returns the host without `.googleapis.com`.
    pub fn short_name(&self) -> &'static str {
        self.0.short
    }

    /// Returns the version of the API, such as `v1`. The paths may have another one.
    pub fn version(&self) -> &'static str {
        self.0.version
    }

    /// Returns the form of the operations: `longrunning` for `google.longrunning`, or the name of another one.
    pub fn form(&self) -> &'static str {
        self.0.form
    }

    /// Returns the entry of the same version with another form, `None` if there is none.
    ///
    /// Cloud DNS has operations of two forms in one version.
    pub fn other_form(&self) -> Option<Self> {
        let is_other = |row: &&Row| row.version == self.0.version && row.form != self.0.form;
        rows_of(self.0.short).iter().find(is_other).map(Self)
    }

    /// Returns the service, as handles name it.
    pub fn service(&self) -> Service {
        Service::new(self.0.host, self.0.version)
    }

    /// Returns the OAuth scopes with which operations can be polled. Empty if the service uses API keys or publishes none.
    pub fn scopes(&self) -> impl Iterator<Item = String> + use<> {
        self.0.scopes.split_ascii_whitespace().map(|scope| format!("https://www.googleapis.com/auth/{scope}"))
    }

    /// Returns the host in a location, such as `us-central1-aiplatform.googleapis.com`. `None` if the service has none there.
    ///
    /// Not every location that has the form of one has a host.
    pub fn host_in(&self, location: &str) -> Option<String> {
        region::host_in(self.0, location)
    }

    /// Returns how the service binds `google.longrunning` to HTTP.
    ///
    /// # Errors
    ///
    /// `UNIMPLEMENTED` if it publishes no call over HTTP to get an operation. The message says what is left.
    pub fn binding(&self) -> Result<Binding, Status> {
        pollable(self.0)?;
        let binding =
            Binding::with_paths(self.service(), &paths(self.0))?.with_progress(self.progress_fields()?);
        let mut forms: HashMap<String, Form> = lro::from_json(include_bytes!("../forms.json"))?;
        Ok(match forms.remove(self.0.form) {
            Some(form) => binding.with_form(form),
            None => binding,
        })
    }

    /// Returns the builder of a transport to the host of the service.
    ///
    /// ```no_run
    /// # fn example(token: lro_http::Token) -> Result<(), lro::Status> {
    /// let run = lro_services::find("run", "v2")?.connect()?.credentials(token).build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`binding`](Self::binding).
    pub fn connect(&self) -> Result<HttpClientBuilder<HttpTransport>, Status> {
        self.connect_to(self.0.host)
    }

    /// Returns the builder of a transport to the host of the service in a location.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the service has no host there, and as [`binding`](Self::binding).
    pub fn connect_in(&self, location: &str) -> Result<HttpClientBuilder<HttpTransport>, Status> {
        self.connect_to(&self.host_at(location)?)
    }

    /// Returns the builder of a transport to the host in the location of the operation, or to the host of the service if the
    /// name has no location or the service has no host there.
    ///
    /// # Errors
    ///
    /// As [`binding`](Self::binding).
    pub fn connect_for(&self, name: &OperationName) -> Result<HttpClientBuilder<HttpTransport>, Status> {
        self.connect_to(&self.host_for(name))
    }

    /// Returns the host in a location.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the service has none there.
    pub(crate) fn host_at(&self, location: &str) -> Result<String, Status> {
        self.host_in(location).ok_or_else(|| {
            let (host, at) =
                (self.0.host, location.escape_debug().take(LONGEST_LOCATION).collect::<String>());
            Status::invalid_argument(format!(
                "{host} has no host of its own in the location \"{at}\": connect without one"
            ))
        })
    }

    /// Returns the host in the location of an operation, or that of the service if the name has no location or the service has
    /// no host there. [`connect_for`](Self::connect_for) connects to it.
    ///
    /// A program with operations in several locations groups them by it.
    pub fn host_for(&self, name: &OperationName) -> String {
        let regional = region::location_of(name).and_then(|location| self.host_in(location));
        regional.unwrap_or_else(|| self.0.host.to_owned())
    }

    fn connect_to(&self, host: &str) -> Result<HttpClientBuilder<HttpTransport>, Status> {
        let binding = self.binding()?;
        let builder = HttpClient::builder(format!("https://{host}"));
        Ok(builder.map(move |client| HttpTransport::new(client, binding)))
    }

    /// Returns the share of the work that is done, from 0 to 1, from the metadata of an operation.
    ///
    /// `None` if the service has no field for it, or the metadata has no number in it. Most services have none.
    ///
    /// A transport of the entry does the same, so that [`Snapshot::progress`](lro::Snapshot::progress) and the pacing have the
    /// share without a closure.
    ///
    /// ```
    /// use lro::Any;
    ///
    /// let speech = lro_services::find("speech", "v1")?;
    /// let metadata = Any::from_json(r#"{"@type": "t/LongRunningRecognizeMetadata", "progressPercent": 40}"#)?;
    /// assert_eq!(speech.progress(&metadata), Some(0.4));
    /// # Ok::<(), lro::Status>(())
    /// ```
    pub fn progress(&self, metadata: &Any) -> Option<f64> {
        self.progress_fields().ok()?.share(metadata)
    }

    fn progress_fields(&self) -> Result<ProgressFields, Status> {
        ProgressFields::parse(self.0.progress.split_ascii_whitespace())
    }

    /// Whether the table knows a field of the metadata for [`progress`](Self::progress).
    pub fn has_progress(&self) -> bool {
        !self.0.progress.is_empty()
    }
}

/// Returns every entry of the table, also those whose operations cannot be polled over HTTP.
pub fn entries() -> impl ExactSizeIterator<Item = Entry> {
    rows().iter().map(Entry)
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { host, version, form, .. } = self.0;
        write!(f, "Entry({host} {version} {form})")
    }
}

/// Compares the service, the version and the form.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Entry {}

/// A longer location is cut in a message.
const LONGEST_LOCATION: usize = 40;
