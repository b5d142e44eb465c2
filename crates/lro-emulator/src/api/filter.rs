use lro::Status;

use super::error;

/// A filter of AIP-160, as far as the services support it: comparisons by `=` or `:`, `AND`, `OR` and parentheses.
#[derive(Debug, PartialEq)]
pub(crate) enum Filter {
    Everything,
    Is { field: String, value: String },
    All(Vec<Self>),
    Either(Vec<Self>),
}

impl Filter {
    /// Parses a filter. An empty one matches everything.
    pub(crate) fn parse(text: &str) -> Result<Self, Status> {
        let invalid = || error::bad_field("filter", format!("cannot parse {text:?}"));
        let tokens = tokens(text).ok_or_else(invalid)?;
        if tokens.is_empty() {
            return Ok(Self::Everything);
        }
        let mut rest = &*tokens;
        let filter = either(&mut rest, 0).ok_or_else(invalid)?;
        if rest.is_empty() { Ok(filter) } else { Err(invalid()) }
    }

    /// Returns whether a resource matches. `is` returns whether a field of it has a value.
    pub(crate) fn matches(&self, is: impl Copy + Fn(&str, &str) -> bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Is { field, value } => is(field, value),
            Self::All(filters) => filters.iter().all(|filter| filter.matches(is)),
            Self::Either(filters) => filters.iter().any(|filter| filter.matches(is)),
        }
    }

    /// Returns the fields that the filter compares.
    pub(crate) fn fields(&self) -> Vec<&str> {
        match self {
            Self::Everything => Vec::new(),
            Self::Is { field, .. } => vec![field],
            Self::All(filters) | Self::Either(filters) => filters.iter().flat_map(Self::fields).collect(),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Compare,
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, len) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '=' | ':' => (Token::Compare, 1),
            '"' => {
                let len = rest[1..].find('"')?;
                (Token::Quoted(rest[1..=len].to_owned()), len + 2)
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "()=:\"".contains(c);
                let len = rest.find(ends).unwrap_or(rest.len());
                (Token::Word(rest[..len].to_owned()), len)
            }
        };
        tokens.push(token);
        rest = rest[len..].trim_start();
    }
    Some(tokens)
}

fn either(tokens: &mut &[Token], depth: usize) -> Option<Filter> {
    let mut filters = vec![all(tokens, depth)?];
    while let [Token::Word(or), rest @ ..] = *tokens
        && or == "OR"
    {
        *tokens = rest;
        filters.push(all(tokens, depth)?);
    }
    Some(one_or(filters, Filter::Either))
}

fn all(tokens: &mut &[Token], depth: usize) -> Option<Filter> {
    let mut filters = vec![factor(tokens, depth)?];
    while let [Token::Word(and), rest @ ..] = *tokens
        && and == "AND"
    {
        *tokens = rest;
        filters.push(factor(tokens, depth)?);
    }
    Some(one_or(filters, Filter::All))
}

fn factor(tokens: &mut &[Token], depth: usize) -> Option<Filter> {
    match *tokens {
        [Token::Open, rest @ ..] if depth < DEEPEST => {
            *tokens = rest;
            let filter = either(tokens, depth + 1)?;
            let [Token::Close, rest @ ..] = *tokens else {
                return None;
            };
            *tokens = rest;
            Some(filter)
        }
        [Token::Word(field), Token::Compare, Token::Word(value) | Token::Quoted(value), rest @ ..] => {
            *tokens = rest;
            Some(Filter::Is { field: field.clone(), value: value.clone() })
        }
        _ => None,
    }
}

fn one_or(mut filters: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    if filters.len() == 1 { filters.remove(0) } else { several(filters) }
}

/// The deepest nesting of parentheses, which bounds the recursion of the parser.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str) -> bool {
        Filter::parse(filter).unwrap().matches(|field, value| {
            matches!((field, value), ("event_types", "a.created") | ("target_resource", "//chat/spaces/1"))
        })
    }

    #[test]
    fn conjunctions_bind_closer_than_disjunctions() {
        assert!(passes(r#"event_types:"a.created" OR event_types:"b" AND target_resource="x""#));
        assert!(!passes(r#"(event_types:"a.created" OR event_types:"b") AND target_resource="x""#));
        assert!(passes(
            r#"( event_types:"b" OR event_types:"a.created" ) AND target_resource="//chat/spaces/1""#
        ));
        assert!(passes(""));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in ["done", "done=", "done=true AND", "(done=true", "done=true)", "\"", "a=b c=d"] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
        assert!(Filter::parse(&"(".repeat(10_000)).is_err());
    }
}
