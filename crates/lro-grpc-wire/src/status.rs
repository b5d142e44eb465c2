//! The status of a call in the headers or trailers of a reply.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lro::{Code, Status};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use prost::Message;

use crate::messages;

/// The name of the header with the number of the code.
pub const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The name of the header with the message, percent-encoded.
pub const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The name of the header with the details: a `google.rpc.Status` in base64.
pub const GRPC_STATUS_DETAILS_BIN: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Reads the result of a call from the trailers, or from the headers of a reply without a body.
///
/// Returns `None` if there is no `grpc-status`: then [`by_http`] reads the reply. An unknown number is kept, and text that is
/// no number reads as `UNKNOWN`. Code and message come from `grpc-status` and `grpc-message`, also if the details have others.
/// Details that cannot be decoded are left out.
///
/// A rate limit reads as `RESOURCE_EXHAUSTED` under any code. A quota that is spent is final
/// ([`with_transient`](Status::with_transient)).
pub fn read(headers: &HeaderMap) -> Option<Result<(), Status>> {
    let mut values = headers.get_all(GRPC_STATUS).iter();
    let number = number(values.next()?);
    let number = number.filter(|number| values.all(|other| self::number(other) == Some(*number)));
    if number == Some(0) {
        return Some(Ok(()));
    }
    let details = details(headers);
    let message = headers.get(GRPC_MESSAGE).map_or_else(String::new, decoded);
    let message = match (message.is_empty(), number) {
        (false, _) => message,
        (true, Some(_)) => details.message,
        (true, None) => "the reply has no valid grpc-status".to_owned(),
    };
    let code = number.unwrap_or_else(|| Code::Unknown.number());
    Some(Err(Status::from(messages::Status { code, message, ..details }).by_its_limits()))
}

/// Corrects the code of a status that [`Status::from_http`] has read from a reply without `grpc-status`, such as that of a proxy.
///
/// The code of an error in Google's JSON form stays. Otherwise the HTTP status decides, by the table of gRPC: it differs from
/// that of Google's HTTP APIs.
pub fn by_http(http: StatusCode, status: Status) -> Status {
    if !status.message().starts_with(&format!("HTTP {http}")) {
        return status;
    }
    let code = match http.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    if status.code() == code {
        return status;
    }
    let by_code = Status::new(code, status.message());
    let hinted = status.retry_after().into_iter().fold(by_code, Status::with_retry_after);
    // A redirect is not followed.
    if http.is_redirection() { hinted.with_transient(false) } else { hinted }
}

/// Writes the result of a call to headers or trailers.
///
/// An error with code 0 is written as `UNKNOWN`, because 0 is success. Details that cannot be encoded are left out.
pub fn write(result: Result<(), &Status>, headers: &mut HeaderMap) {
    let Err(status) = result else {
        headers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
        return;
    };
    let code = if status.raw_code() == 0 { Code::Unknown.number() } else { status.raw_code() };
    headers.insert(GRPC_STATUS, code.into());
    if !status.message().is_empty() {
        let message = utf8_percent_encode(status.message(), ENCODED).to_string();
        headers.extend(HeaderValue::try_from(message).ok().map(|message| (GRPC_MESSAGE, message)));
    }
    if let Ok(message) = messages::Status::try_from(status)
        && !message.details.is_empty()
    {
        let details = BASE64.encode(messages::Status { code, ..message }.encode_to_vec());
        headers.extend(HeaderValue::try_from(details).ok().map(|details| (GRPC_STATUS_DETAILS_BIN, details)));
    }
}

/// Parses the number of a code. Returns `None` if the text is not a decimal number.
fn number(value: &HeaderValue) -> Option<i32> {
    let text = value.to_str().ok()?;
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Decodes a percent-encoded message. Malformed escapes stay as they are.
fn decoded(message: &HeaderValue) -> String {
    percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned()
}

/// Returns the first status that decodes. There may be several values, and proxies join them by commas.
fn details(headers: &HeaderMap) -> messages::Status {
    let values = headers.get_all(GRPC_STATUS_DETAILS_BIN).iter();
    let texts = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    texts
        .map(<[u8]>::trim_ascii)
        .filter(|text| !text.is_empty())
        .find_map(|text| messages::Status::decode(&*BASE64.decode(text).ok()?).ok())
        .unwrap_or_default()
}

/// What `grpc-message` encodes: all but space to `~`, and `%`. Bytes beyond ASCII are always encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// Writes no padding, as the protocol recommends, and reads both forms.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
