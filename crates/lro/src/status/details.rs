//! The ten standard details of an error, `google/rpc/error_details.proto`.

use std::collections::BTreeMap;

use crate::{Any, message, message::Message, wkt::Duration};

/// The details of a [`Status`](crate::Status), known or not, in their order.
///
/// ```
/// use lro::{Any, Code, Status, details::ErrorInfo};
///
/// let info = ErrorInfo { reason: "SUBSCRIPTION_ALREADY_EXISTS".into(), ..ErrorInfo::default() };
/// let status = Status::new(Code::AlreadyExists, "it is there").with_details(vec![Any::pack(&info)?]);
/// assert_eq!(status.details().error_info().unwrap().reason, "SUBSCRIPTION_ALREADY_EXISTS");
/// # Ok::<(), Status>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Details<'a>(&'a [Any]);

impl<'a> Details<'a> {
    pub(crate) fn new(details: &'a [Any]) -> Self {
        Self(details)
    }

    /// All of them as they came.
    pub fn as_slice(self) -> &'a [Any] {
        self.0
    }

    /// The first detail of this type that can be read.
    pub fn find<M: Message + serde::de::DeserializeOwned>(self) -> Option<M> {
        self.0.iter().filter(|any| any.is::<M>()).find_map(|any| any.decode().ok())
    }

    /// Why it failed, for machines.
    pub fn error_info(self) -> Option<ErrorInfo> {
        self.find()
    }

    /// When to try again.
    pub fn retry_info(self) -> Option<RetryInfo> {
        self.find()
    }

    /// Where in the server it failed.
    pub fn debug_info(self) -> Option<DebugInfo> {
        self.find()
    }

    /// Which quota is used up.
    pub fn quota_failure(self) -> Option<QuotaFailure> {
        self.find()
    }

    /// What the request needs that is not so.
    pub fn precondition_failure(self) -> Option<PreconditionFailure> {
        self.find()
    }

    /// Which fields of the request are wrong.
    pub fn bad_request(self) -> Option<BadRequest> {
        self.find()
    }

    /// What the server calls this request.
    pub fn request_info(self) -> Option<RequestInfo> {
        self.find()
    }

    /// Which resource it is about.
    pub fn resource_info(self) -> Option<ResourceInfo> {
        self.find()
    }

    /// Where to read more.
    pub fn help(self) -> Option<Help> {
        self.find()
    }

    /// The message for users, in their language.
    pub fn localized_message(self) -> Option<LocalizedMessage> {
        self.find()
    }
}

message! {
    /// Why a request failed, for machines.
    pub struct ErrorInfo("google.rpc.ErrorInfo") {
        /// The reason, constant within a domain, such as `RATE_LIMIT_EXCEEDED`.
        reason: String,
        /// Who gives the reason its meaning, such as `googleapis.com`.
        domain: String,
        /// What belongs to the reason.
        metadata: BTreeMap<String, String>,
    }

    /// When to try again.
    pub struct RetryInfo("google.rpc.RetryInfo") {
        /// The least time to wait.
        retry_delay: Option<Duration>,
    }

    /// Where in the server it failed.
    pub struct DebugInfo("google.rpc.DebugInfo") {
        /// The stack, innermost first.
        stack_entries: Vec<String>,
        /// What else there is to say.
        detail: String,
    }

    /// Which quotas are used up.
    pub struct QuotaFailure("google.rpc.QuotaFailure") {
        /// One entry a quota.
        violations: Vec<QuotaViolation>,
    }

    /// One quota that is used up, `QuotaFailure.Violation`.
    pub struct QuotaViolation("google.rpc.QuotaFailure.Violation") {
        /// Whose quota, such as `project:my-project`.
        subject: String,
        /// What was asked too often.
        description: String,
        /// The service that counts.
        api_service: String,
        /// The metric that is counted.
        quota_metric: String,
        /// The quota's own id.
        quota_id: String,
        /// The dimensions of the metric.
        quota_dimensions: BTreeMap<String, String>,
        /// The limit in force.
        quota_value: i64,
        /// The limit to come, where a change is under way.
        future_quota_value: Option<i64>,
    }

    /// What the request needs that is not so.
    pub struct PreconditionFailure("google.rpc.PreconditionFailure") {
        /// One entry a condition.
        violations: Vec<PreconditionViolation>,
    }

    /// One condition that does not hold, `PreconditionFailure.Violation`.
    pub struct PreconditionViolation("google.rpc.PreconditionFailure.Violation") {
        /// The kind of condition, such as `TOS`.
        r#type: String,
        /// What it is about.
        subject: String,
        /// What to do.
        description: String,
    }

    /// Which fields of the request are wrong.
    pub struct BadRequest("google.rpc.BadRequest") {
        /// One entry a field.
        field_violations: Vec<FieldViolation>,
    }

    /// One wrong field, `BadRequest.FieldViolation`.
    pub struct FieldViolation("google.rpc.BadRequest.FieldViolation") {
        /// The path of the field.
        field: String,
        /// What is wrong.
        description: String,
        /// The reason, for machines.
        reason: String,
        /// The description for users.
        localized_message: Option<LocalizedMessage>,
    }

    /// What the server calls a request.
    pub struct RequestInfo("google.rpc.RequestInfo") {
        /// An opaque id.
        request_id: String,
        /// Data for those who run the server.
        serving_data: String,
    }

    /// Which resource it is about.
    pub struct ResourceInfo("google.rpc.ResourceInfo") {
        /// The kind of resource.
        resource_type: String,
        /// Its name.
        resource_name: String,
        /// Whose it is.
        owner: String,
        /// What went wrong with it.
        description: String,
    }

    /// Where to read more.
    pub struct Help("google.rpc.Help") {
        /// The places.
        links: Vec<HelpLink>,
    }

    /// One place to read more, `Help.Link`.
    pub struct HelpLink("google.rpc.Help.Link") {
        /// What is there.
        description: String,
        /// Where it is.
        url: String,
    }

    /// A message for users.
    pub struct LocalizedMessage("google.rpc.LocalizedMessage") {
        /// The language, BCP 47.
        locale: String,
        /// The message.
        message: String,
    }
}
