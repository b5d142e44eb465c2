use lro::{Capabilities, Service, Status};
use serde::Deserialize;

use crate::{Form, NameTemplate, ProgressFields, calls::Calls, refusal::refused};

/// How a service binds `google.longrunning` to HTTP.
///
/// The standard paths follow from the service, the names and the capabilities. A service with other paths has them as
/// data:
///
/// ```
/// use lro_http::Binding;
///
/// let printer: Binding = serde_json::from_str(
///     r#"{
///         "service": "printer.example.com",
///         "version": "v2",
///         "get": ["v1/{name=operations/**}", "v1/{name=printers/*/jobs/*}"],
///         "cancel": ["GET v1/{name=printers/*/jobs/*}:stop"],
///         "progress": ["percentPrinted"]
///     }"#,
/// )?;
/// assert!(printer.capabilities.cancel && !printer.capabilities.delete);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Configured")]
#[non_exhaustive]
pub struct Binding {
    /// The service. Its version is the first segment of every standard path.
    pub service: Service,
    /// The names of its operations, for the standard paths. If the binding has [`Paths`], the first of their names.
    pub names: NameTemplate,
    /// The calls that the service binds besides get.
    pub capabilities: Capabilities,
    /// The fields of the metadata with the share of the work that is done. Default: none.
    pub progress: ProgressFields,
    /// Whether the [target](Form::target) of an operation that is done is read, by a call that no rate counts. Default: no.
    pub reads_targets: bool,
    /// `None` for the standard paths.
    calls: Option<Calls>,
    /// `None` for `google.longrunning`.
    form: Option<Box<Form>>,
}

/// The paths of the calls of a service, in the notation of `google.api.http`: `v1/{name=operations/**}:cancel`.
///
/// The variable is the operation's name. It is encoded; the text around it is sent verbatim. A path may follow a method and a
/// space, such as `GET v1/{name=operations/*}:cancel`, where the method is not the usual one: GET to get and to list, DELETE to
/// delete, POST to cancel and to wait. The first path that matches a name is sent.
///
/// Where a path has several variables, the name is cut into them. [`names`](Self::names) then contains a form of the name with
/// the same variables: `projects/_/buckets/{bucket}/operations/{id}` for `storage/v1/b/{bucket}/operations/{id}`. The form may
/// have more variables than the path. A POST that gets an operation has its whole name in the body, as `operationName`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Paths {
    /// The forms of names that are cut into several variables.
    pub names: Vec<String>,
    /// The paths of the call that gets an operation. At least one.
    pub get: Vec<String>,
    /// The paths of the call that lists operations. Their variable is the parent, or the parent and the last segment of
    /// the path, as in `v1/{name=projects/*/operations}`.
    pub list: Vec<String>,
    /// The paths of the call that cancels an operation.
    pub cancel: Vec<String>,
    /// The paths of the call that deletes an operation.
    pub delete: Vec<String>,
    /// The paths of the call that waits for an operation.
    pub wait: Vec<String>,
    /// Where the call that waits has its timeout.
    pub wait_timeout: WaitTimeout,
}

/// Where the call that waits for an operation has its timeout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitTimeout {
    /// In the body: `{"timeout": "10s"}`. A GET has it in the query.
    #[default]
    Body,
    /// In the query: `?timeout=10s`. The call has no body.
    Query,
    /// Nowhere: the server chooses the timeout. The call has no body.
    Absent,
}

impl Binding {
    /// Creates the binding of a service that has only get.
    pub fn new(service: Service, names: NameTemplate) -> Self {
        Self {
            service,
            names,
            capabilities: Capabilities::default(),
            progress: ProgressFields::default(),
            reads_targets: false,
            calls: None,
            form: None,
        }
    }

    /// Creates the binding of a service with these paths.
    ///
    /// Its capabilities are the calls that have a path for a name that get takes. For list, it is one whose collection may
    /// contain such a name.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for a path that cannot be parsed, and if there is none to get an operation.
    pub fn with_paths(service: Service, paths: &Paths) -> Result<Self, Status> {
        let calls = Calls::parse(paths)?;
        let Some(names) = calls.names().next().cloned() else {
            return Err(refused(format!("{service} has no path to get an operation by its name")));
        };
        let binding = Self::new(service, names).capabilities(calls.capabilities());
        Ok(Self { calls: Some(calls), ..binding })
    }

    /// Sets the calls that the service binds besides get. Default: none, or those that have [`Paths`].
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Sets the form of the replies. Default: that of `google.longrunning`.
    pub fn with_form(mut self, form: Form) -> Self {
        self.form = Some(Box::new(form));
        self
    }

    /// Sets the fields of the metadata with the share of the work that is done. Default: none.
    ///
    /// The pacing and [`Snapshot::progress`](lro::Snapshot::progress) then have the share without a closure.
    pub fn with_progress(mut self, fields: ProgressFields) -> Self {
        self.progress = fields;
        self
    }

    /// Has the target of an operation that is done read, as [`HttpTransport::reading_targets`](crate::HttpTransport::reading_targets)
    /// does.
    pub fn reading_targets(mut self) -> Self {
        self.reads_targets = true;
        self
    }

    /// Returns the form of the replies, `None` for that of `google.longrunning`.
    pub fn form(&self) -> Option<&Form> {
        self.form.as_deref()
    }

    /// Returns the forms of the names that get takes.
    pub fn name_templates(&self) -> Vec<NameTemplate> {
        self.calls().names().cloned().collect()
    }

    /// Whether operations that are done may have targets to read.
    pub(crate) fn has_targets(&self) -> bool {
        self.reads_targets && self.form().is_some_and(|form| !form.target.is_empty())
    }

    /// Returns the calls with their paths.
    pub(crate) fn calls(&self) -> Calls {
        self.calls.clone().unwrap_or_else(|| Calls::standard(self.service.version(), &self.names))
    }
}

/// A binding in a configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configured {
    service: String,
    version: String,
    #[serde(default)]
    names: Vec<String>,
    get: Vec<String>,
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    cancel: Vec<String>,
    #[serde(default)]
    delete: Vec<String>,
    #[serde(default)]
    wait: Vec<String>,
    #[serde(default)]
    wait_timeout: WaitTimeout,
    #[serde(default)]
    progress: ProgressFields,
    #[serde(default)]
    reads_targets: bool,
    form: Option<Form>,
}

impl TryFrom<Configured> for Binding {
    type Error = Status;

    fn try_from(configured: Configured) -> Result<Self, Status> {
        let Configured { service, version, names, get, list, cancel, delete, wait, wait_timeout, .. } =
            configured;
        let paths = Paths { names, get, list, cancel, delete, wait, wait_timeout };
        let binding = Self::with_paths(Service::owned(service, version), &paths)?;
        let binding =
            Self { reads_targets: configured.reads_targets, ..binding.with_progress(configured.progress) };
        configured.form.as_ref().map_or(Ok(()), Form::check)?;
        Ok(configured.form.into_iter().fold(binding, Self::with_form))
    }
}
