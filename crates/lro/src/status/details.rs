//! The ten standard details of an error, from `google/rpc/error_details.proto`.

use std::collections::BTreeMap;

use crate::{Any, message, message::Message, wkt::Duration};

/// The details of a [`Status`](crate::Status) in their order, including those of unknown types.
///
/// ```
/// use lro::{Any, Code, Status, details::ErrorInfo};
///
/// let info = ErrorInfo { reason: "SUBSCRIPTION_ALREADY_EXISTS".into(), ..ErrorInfo::default() };
/// let status = Status::new(Code::AlreadyExists, "the subscription exists").with_details(vec![Any::pack(&info)?]);
/// assert_eq!(status.details().error_info().unwrap().reason, "SUBSCRIPTION_ALREADY_EXISTS");
/// # Ok::<(), Status>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Details<'a>(&'a [Any]);

impl Details<'_> {
    /// The most details that a status keeps. The others are left out, also while a reply is read.
    ///
    /// A status in use has fewer than ten. A detail that is an empty object takes 3 bytes of a reply, and some 60 bytes of memory.
    pub const MOST: usize = 1_000;
}

impl<'a> Details<'a> {
    pub(crate) fn new(details: &'a [Any]) -> Self {
        Self(details)
    }

    /// Returns all details as they were received.
    pub fn as_slice(self) -> &'a [Any] {
        self.0
    }

    /// Returns the first detail of type `M` that decodes.
    pub fn find<M: Message + serde::de::DeserializeOwned>(self) -> Option<M> {
        self.0.iter().filter(|any| any.is::<M>()).find_map(|any| any.decode().ok())
    }

    /// Returns each `ErrorInfo` that is not large, for what is read without a request of the caller.
    pub(crate) fn small_infos(self) -> impl Iterator<Item = ErrorInfo> {
        let length = |any: &Any| any.as_json().map(str::len).or_else(|| any.as_protobuf().map(<[u8]>::len));
        let is_small = move |any: &&Any| any.is::<ErrorInfo>() && length(any) <= Some(LARGEST_INFO);
        self.0.iter().filter(is_small).filter_map(|any| any.decode().ok())
    }

    /// Returns the reason of the failure for programs.
    pub fn error_info(self) -> Option<ErrorInfo> {
        self.find()
    }

    /// Returns the delay before a retry.
    pub fn retry_info(self) -> Option<RetryInfo> {
        self.find()
    }

    /// Returns where in the server the failure occurred.
    pub fn debug_info(self) -> Option<DebugInfo> {
        self.find()
    }

    /// Returns the exhausted quotas.
    pub fn quota_failure(self) -> Option<QuotaFailure> {
        self.find()
    }

    /// Returns the preconditions that do not hold.
    pub fn precondition_failure(self) -> Option<PreconditionFailure> {
        self.find()
    }

    /// Returns the invalid fields of the request.
    pub fn bad_request(self) -> Option<BadRequest> {
        self.find()
    }

    /// Returns the id that the server gave the request.
    pub fn request_info(self) -> Option<RequestInfo> {
        self.find()
    }

    /// Returns the resource that the failure concerns.
    pub fn resource_info(self) -> Option<ResourceInfo> {
        self.find()
    }

    /// Returns links to documentation.
    pub fn help(self) -> Option<Help> {
        self.find()
    }

    /// Returns the message for users in their language.
    pub fn localized_message(self) -> Option<LocalizedMessage> {
        self.find()
    }
}

message! {
    /// The reason of a failure, for programs.
    pub struct ErrorInfo("google.rpc.ErrorInfo") {
        /// The reason, constant within a domain, such as `RATE_LIMIT_EXCEEDED`.
        reason: String = 1,
        /// The domain that defines the reason, such as `googleapis.com`.
        domain: String = 2,
        /// Further data about the failure, by key.
        metadata: BTreeMap<String, String> = 3,
    }

    /// The delay before a retry.
    pub struct RetryInfo("google.rpc.RetryInfo") {
        /// The least time to wait.
        retry_delay: Option<Duration> = 1,
    }

    /// Where in the server a failure occurred.
    pub struct DebugInfo("google.rpc.DebugInfo") {
        /// The stack trace, innermost frame first.
        stack_entries: Vec<String> = 1,
        /// Further information.
        detail: String = 2,
    }

    /// The exhausted quotas.
    pub struct QuotaFailure("google.rpc.QuotaFailure") {
        /// One entry per quota.
        violations: Vec<QuotaViolation> = 1,
    }

    /// One exhausted quota, `QuotaFailure.Violation`.
    pub struct QuotaViolation("google.rpc.QuotaFailure.Violation") {
        /// The owner of the quota, such as `project:my-project`.
        subject: String = 1,
        /// How the quota was exceeded.
        description: String = 2,
        /// The service that enforces the quota.
        api_service: String = 3,
        /// The metric that the quota limits.
        quota_metric: String = 4,
        /// The id of the quota.
        quota_id: String = 5,
        /// The dimensions of the metric.
        quota_dimensions: BTreeMap<String, String> = 6,
        /// The limit in force.
        quota_value: i64 = 7,
        /// The future limit, if a change of the limit is in progress.
        future_quota_value: Option<i64> = 8,
    }

    /// The preconditions that do not hold.
    pub struct PreconditionFailure("google.rpc.PreconditionFailure") {
        /// One entry per precondition.
        violations: Vec<PreconditionViolation> = 1,
    }

    /// One precondition that does not hold, `PreconditionFailure.Violation`.
    pub struct PreconditionViolation("google.rpc.PreconditionFailure.Violation") {
        /// The kind of precondition, such as `TOS`.
        r#type: String = 1,
        /// The subject that does not meet the precondition.
        subject: String = 2,
        /// How the precondition failed and how to meet it.
        description: String = 3,
    }

    /// The invalid fields of a request.
    pub struct BadRequest("google.rpc.BadRequest") {
        /// One entry per field.
        field_violations: Vec<FieldViolation> = 1,
    }

    /// One invalid field, `BadRequest.FieldViolation`.
    pub struct FieldViolation("google.rpc.BadRequest.FieldViolation") {
        /// The path of the field.
        field: String = 1,
        /// Why the field is invalid.
        description: String = 2,
        /// The reason, for programs.
        reason: String = 3,
        /// The description for users.
        localized_message: Option<LocalizedMessage> = 4,
    }

    /// The id that a server gave a request.
    pub struct RequestInfo("google.rpc.RequestInfo") {
        /// An opaque id.
        request_id: String = 1,
        /// Data for the operators of the server.
        serving_data: String = 2,
    }

    /// The resource that a failure concerns.
    pub struct ResourceInfo("google.rpc.ResourceInfo") {
        /// The kind of resource.
        resource_type: String = 1,
        /// The name of the resource.
        resource_name: String = 2,
        /// The owner of the resource.
        owner: String = 3,
        /// The error on access to the resource.
        description: String = 4,
    }

    /// Links to documentation.
    pub struct Help("google.rpc.Help") {
        /// The links.
        links: Vec<HelpLink> = 1,
    }

    /// One link, `Help.Link`.
    pub struct HelpLink("google.rpc.Help.Link") {
        /// What the link offers.
        description: String = 1,
        /// The URL.
        url: String = 2,
    }

    /// A message for users.
    pub struct LocalizedMessage("google.rpc.LocalizedMessage") {
        /// The language as a BCP 47 tag, such as `en-US`.
        locale: String = 1,
        /// The message.
        message: String = 2,
    }
}

/// Decoded, metadata of many small entries take ten times their length. An `ErrorInfo` in use has a few hundred bytes.
const LARGEST_INFO: usize = 64 << 10;
