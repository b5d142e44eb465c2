use std::fmt;

/// A canonical error code, `google.rpc.Code`.
///
/// Numbers outside `0..=16` read as [`Code::Unknown`]; [`Status::raw_code`](crate::Status::raw_code) keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum Code {
    /// No error. [`Status::code`](crate::Status::code) never returns it: a status with this number reads as
    /// [`Code::Unknown`].
    Ok = 0,
    /// The operation or the call was cancelled.
    Cancelled = 1,
    /// The cause is unknown.
    Unknown = 2,
    /// The request is invalid in every state of the system.
    InvalidArgument = 3,
    /// A deadline passed.
    DeadlineExceeded = 4,
    /// The named resource does not exist.
    NotFound = 5,
    /// The resource to create already exists.
    AlreadyExists = 6,
    /// The caller lacks the permission.
    PermissionDenied = 7,
    /// A quota or another resource is exhausted.
    ResourceExhausted = 8,
    /// The system is not in the state that the request needs.
    FailedPrecondition = 9,
    /// A conflict with a concurrent change aborted the call.
    Aborted = 10,
    /// A value is past the valid range.
    OutOfRange = 11,
    /// The service does not offer the call.
    Unimplemented = 12,
    /// An invariant of the service is broken, or a reply did not parse.
    Internal = 13,
    /// The service is currently unreachable.
    Unavailable = 14,
    /// Data is lost permanently.
    DataLoss = 15,
    /// The credential is missing or invalid.
    Unauthenticated = 16,
}

impl Code {
    /// Every code, ordered by number.
    pub const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// Returns the code of a number. Returns [`Code::Unknown`] for a number without a code.
    pub fn from_number(number: i32) -> Self {
        usize::try_from(number).ok().and_then(|index| Self::ALL.get(index).copied()).unwrap_or(Self::Unknown)
    }

    /// Returns the code of a name such as `NOT_FOUND`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// Returns the code of an HTTP status, for a failed call whose reply names no code.
    ///
    /// Statuses that are not errors, such as redirects, read as [`Code::Unknown`].
    pub fn from_http_status(http: u16) -> Self {
        match http {
            400 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::Aborted,
            416 => Self::OutOfRange,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            _ if (400..500).contains(&http) => Self::FailedPrecondition,
            501 => Self::Unimplemented,
            503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            _ if (500..600).contains(&http) => Self::Internal,
            _ => Self::Unknown,
        }
    }

    /// Returns the HTTP status of a reply with this code, as in `google/rpc/code.proto`.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Cancelled => 499,
            Self::Unknown | Self::Internal | Self::DataLoss => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// Returns the number, `0..=16`.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Returns the name on the wire, such as `NOT_FOUND`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
