//! The headers of a token: what is accepted, and which part of a value is secret.

use http::{HeaderName, HeaderValue, header};
use lro::{Code, Status};

type Header = (HeaderName, HeaderValue);

/// Returns the header of the project that pays and provides the quota: `x-goog-user-project`.
///
/// # Errors
///
/// `INVALID_ARGUMENT` if the project is empty or contains characters that are invalid in a header.
pub fn quota_project(project: &str) -> Result<Header, Status> {
    let header = HeaderValue::try_from(project).ok().filter(|header| !header.is_empty());
    let refused = || Status::invalid_argument(format!("not a quota project: {project:?}"));
    header.map(|header| (QUOTA_PROJECT, header)).ok_or_else(refused)
}

/// Returns the value of `authorization` for a bearer token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Status> {
    let what = "the bearer token";
    let token = value(what, token)?;
    let first_word = token.split_once(char::is_whitespace).map(|(word, _)| word);
    if first_word.is_some_and(is_scheme) {
        let advice = "leave the scheme out: pass the token without the prefix, such as `Bearer `";
        return Err(unauthenticated(format!("{what} begins with a scheme: {advice}")));
    }
    let value = secret(what, &format!("Bearer {token}"))?;
    if first_word.is_some() {
        let advice = "pass the token alone, or set another scheme by `Token::header`";
        return Err(unauthenticated(format!("{what} contains a space, which no bearer token has: {advice}")));
    }
    Ok(value)
}

/// Returns a header with a secret value.
pub(crate) fn header(name: &str, text: &str) -> Result<Header, Status> {
    let Ok(name) = HeaderName::try_from(name) else {
        return Err(Status::invalid_argument(format!("not the name of a header: {name:?}")));
    };
    if is_of_connection(&name) {
        let message = format!("the header {name} belongs to the connection: it cannot authenticate a call");
        return Err(Status::invalid_argument(message));
    }
    if name == QUOTA_PROJECT {
        return quota_project(text);
    }
    let what = format!("the value of the header {name}");
    let value = secret(&what, value(&what, text)?)?;
    if name == header::AUTHORIZATION {
        check_scheme(&what, text)?;
    }
    Ok((name, value))
}

/// Refuses a value of `authorization` that no server accepts: with a second scheme, the name of the header, or a bearer
/// token that has a space.
fn check_scheme(what: &str, text: &str) -> Result<(), Status> {
    let Some((scheme, credential)) = text.split_once(char::is_whitespace) else {
        return Ok(());
    };
    if scheme.ends_with(':') {
        let advice = "expected a scheme and a credential, such as `Basic dXNlcjpwYXNz`";
        return Err(unauthenticated(format!("{what} has a colon after its first word: {advice}")));
    }
    let Some((second, _)) = credential.trim_start().split_once(char::is_whitespace) else {
        return Ok(());
    };
    if is_scheme(second) {
        return Err(unauthenticated(format!("{what} has two schemes: leave one out")));
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated(format!(
            "{what} has a bearer token with a space, which no bearer token has"
        )));
    }
    Ok(())
}

fn is_scheme(word: &str) -> bool {
    SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// Returns whether a header decides where a call goes or where it ends, so that no caller may set it.
pub fn is_of_connection(name: &HeaderName) -> bool {
    OF_THE_CONNECTION.contains(name)
}

/// Marks the value as sensitive: `Debug` omits it, and HTTP/2 does not index it. A project is not secret.
#[cfg(feature = "google-cloud-auth")]
pub(crate) fn sensitive((name, mut value): Header) -> Header {
    value.set_sensitive(name != QUOTA_PROJECT);
    (name, value)
}

/// Returns the secret parts of a value: all of it, and what follows its first word. The first word of `authorization` is
/// a scheme, which is not secret.
pub(crate) fn secrets<'a>((name, value): (&'a HeaderName, &'a HeaderValue)) -> impl Iterator<Item = &'a str> {
    let value = str::from_utf8(value.as_bytes()).ok();
    let after_scheme = value.and_then(|value| value.split_once(' ')).map(|(_, secret)| secret.trim_start());
    let whole = value.filter(|_| *name != header::AUTHORIZATION || after_scheme.is_none());
    whole.into_iter().chain(after_scheme)
}

fn value<'a>(what: &str, text: &'a str) -> Result<&'a str, Status> {
    match text.trim() {
        "" => {
            Err(unauthenticated(format!("{what} is empty: check the variable or file that it is read from")))
        }
        trimmed if trimmed != text => Err(unauthenticated(format!(
            "{what} has whitespace around it, such as the line feed of a file: trim it"
        ))),
        trimmed => Ok(trimmed),
    }
}

fn secret(what: &str, text: &str) -> Result<HeaderValue, Status> {
    let invalid = || unauthenticated(format!("{what} contains characters that are invalid in a header"));
    // Servers disagree on other characters, such as the byte order mark of a file.
    let mut value = HeaderValue::try_from(text).ok().filter(|_| text.is_ascii()).ok_or_else(invalid)?;
    value.set_sensitive(true);
    Ok(value)
}

fn unauthenticated(message: String) -> Status {
    Status::new(Code::Unauthenticated, message)
}

const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");
/// Words that people copy together with a token.
const SCHEMES: [&str; 8] =
    ["authorization:", "apikey", "basic", "bearer", "bearer:", "digest", "negotiate", "token"];
/// A credential with one of these would change where the call goes or where it ends.
const OF_THE_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
