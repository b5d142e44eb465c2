//! Tables of the codes of failed calls, written down apart from the library.

use lro::Code;

/// The codes that SPEC 26 survives. SPEC 28 to 31 have the others.
pub const SURVIVED: [Code; 6] = [
    Code::Unavailable,
    Code::DeadlineExceeded,
    Code::Internal,
    Code::Unknown,
    Code::Aborted,
    Code::ResourceExhausted,
];

/// The table of SPEC 25 for a reply without a status name, but for its "other" rows.
pub const BY_HTTP_STATUS: [(u16, Code); 11] = [
    (400, Code::InvalidArgument),
    (401, Code::Unauthenticated),
    (403, Code::PermissionDenied),
    (404, Code::NotFound),
    (409, Code::Aborted),
    (416, Code::OutOfRange),
    (429, Code::ResourceExhausted),
    (499, Code::Cancelled),
    (501, Code::Unimplemented),
    (503, Code::Unavailable),
    (504, Code::DeadlineExceeded),
];
