use std::fmt;

/// A canonical error code, `google.rpc.Code`.
///
/// Numbers outside `0..=16` read as [`Code::Unknown`]; [`Status::raw_code`](crate::Status::raw_code) keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum Code {
    /// No error. Never the code of a failure: an error that carries it reads as [`Code::Unknown`].
    Ok = 0,
    /// The work was cancelled.
    Cancelled = 1,
    /// Nothing more is known.
    Unknown = 2,
    /// The request is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// Time ran out.
    DeadlineExceeded = 4,
    /// The named thing does not exist.
    NotFound = 5,
    /// The thing to create exists.
    AlreadyExists = 6,
    /// The caller may not do this.
    PermissionDenied = 7,
    /// A quota or another resource is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the request needs.
    FailedPrecondition = 9,
    /// A concurrent change won.
    Aborted = 10,
    /// Past the valid range.
    OutOfRange = 11,
    /// The service does not have this.
    Unimplemented = 12,
    /// An invariant of the service broke, or a reply could not be read.
    Internal = 13,
    /// The service cannot be reached just now.
    Unavailable = 14,
    /// Data is lost for good.
    DataLoss = 15,
    /// The credential is missing or not valid.
    Unauthenticated = 16,
}

impl Code {
    /// Every code, in the order of their numbers.
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

    /// The code of a number; [`Code::Unknown`] for a number that has none.
    pub fn from_number(number: i32) -> Self {
        usize::try_from(number).ok().and_then(|index| Self::ALL.get(index).copied()).unwrap_or(Self::Unknown)
    }

    /// The code of a name such as `NOT_FOUND`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The number, `0..=16`.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The name as it goes over the wire, such as `NOT_FOUND`.
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
