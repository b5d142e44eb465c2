//! Paths and names with variables, in the notation of `google.api.http`.

use http::Method;
use lro::Status;

use super::NameTemplate;

/// A part of a path: `v1/`, `{name=operations/**}`, `:cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Text(&'a str),
    Variable { key: &'a str, pattern: &'a str },
}

impl<'a> Token<'a> {
    pub(crate) fn key(&self) -> Option<&'a str> {
        self.variable().map(|(key, _)| key)
    }

    /// Returns the name and the pattern of a variable.
    pub(crate) fn variable(&self) -> Option<(&'a str, &'a str)> {
        match *self {
            Self::Text(_) => None,
            Self::Variable { key, pattern } => Some((key, pattern)),
        }
    }

    /// Returns how many segments of a name this is. Slashes at the ends of a text belong to the variables beside it.
    pub(crate) fn segments(&self) -> usize {
        let text = match self {
            Self::Text(text) => text.trim_matches('/'),
            Self::Variable { pattern, .. } => pattern,
        };
        if text.is_empty() { 0 } else { text.split('/').count() }
    }
}

/// Parses a path or the form of a name.
pub(crate) fn tokens(path: &str) -> Result<Vec<Token<'_>>, Status> {
    let mut tokens = Vec::new();
    let mut rest = path;
    while let Some((text, after)) = rest.split_once('{') {
        let Some((variable, after)) = after.split_once('}') else {
            return Err(refused(path, "it has a brace without the other one"));
        };
        let (key, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        let is_whole = (text.is_empty() && tokens.is_empty() || text.ends_with('/'))
            && (after.is_empty() || after.starts_with(['/', ':']));
        if !is_whole || key.is_empty() {
            return Err(refused(path, "a variable is `{name=pattern}` and whole segments"));
        }
        tokens.extend([Token::Text(text), Token::Variable { key, pattern }]);
        rest = after;
    }
    tokens.push(Token::Text(rest));
    tokens.retain(|token| *token != Token::Text(""));
    check(path, &tokens)?;
    Ok(tokens)
}

/// Returns the template of the names of a form.
pub(crate) fn names(form: &[Token<'_>]) -> Result<NameTemplate, Status> {
    NameTemplate::parse(patterns(form))
}

/// Whether a path contains a form without variables.
pub(crate) fn contains(path: &str, form: &[Token<'_>]) -> bool {
    path.contains(&format!("/{}/", patterns(form)))
}

/// Returns the texts before and after the only variable of a path, without the slash between.
pub(crate) fn around(path: &str) -> (&str, &str) {
    let before = path.split('{').next().unwrap_or_default();
    let after = path.rsplit('}').next().unwrap_or_default();
    (before.strip_suffix('/').unwrap_or(before), after)
}

/// Parses the method before a path.
pub(crate) fn method(verb: &str, rule: &str) -> Result<Method, Status> {
    match verb {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(refused(rule, "its method is not GET, POST or DELETE")),
    }
}

/// Refuses a path. A query in it is not shown, because it may have a secret.
pub(crate) fn refused(path: &str, fault: &str) -> Status {
    let path = path.split('?').next().unwrap_or_default();
    crate::refusal::refused(format!("not a path of a call: {path:?}: {fault}"))
}

fn patterns(tokens: &[Token<'_>]) -> String {
    tokens.iter().map(|token| token.variable().map_or_else(|| text(token), |(_, pattern)| pattern)).collect()
}

fn text<'a>(token: &Token<'a>) -> &'a str {
    match token {
        Token::Text(text) => text,
        Token::Variable { .. } => "",
    }
}

/// Refuses a path that is not safe, or that has characters which a path does not have unencoded.
fn check(path: &str, tokens: &[Token<'_>]) -> Result<(), Status> {
    if path.contains('?') {
        return Err(refused(path, "it has a query, which is a part of a form"));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~:@!$&'(),;=+".contains(&byte);
    if !tokens.iter().all(|token| text(token).bytes().all(is_plain)) {
        return Err(refused(path, "it has a character that is not one of a path"));
    }
    for (at, token) in tokens.iter().enumerate() {
        let is_repeated =
            token.key().is_some() && tokens[..at].iter().any(|other| other.key() == token.key());
        if is_repeated {
            return Err(refused(path, "it has a variable twice"));
        }
        if let Some((_, pattern)) = token.variable() {
            NameTemplate::parse(pattern).map_err(|status| refused(path, status.message()))?;
        }
    }
    let flat = patterns(tokens);
    if flat.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(refused(path, "it has an empty segment or a segment of dots"));
    }
    Ok(())
}
