use std::ops::Range;

use http::Method;
use lro::Status;

use super::{
    Call, NameTemplate,
    encode::push_name,
    shape::Shape,
    variable::{self, Token},
};

/// A path of a call, and the names that have it: an HTTP rule of `google.api.http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    method: Method,
    /// `None` for a path without a name.
    names: Option<NameTemplate>,
    /// That of `names`, if it has one.
    shape: Option<Shape>,
    path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Path {
    /// The name, between a text that is `v1` or longer and a text such as `:cancel`. The variable is that of the name.
    Whole { before: String, variable: String, after: String },
    /// A path without a name.
    Fixed(String),
    /// Parts of the name.
    Cut(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The segments of the name that are the value of a variable.
    Variable(String, Range<usize>),
}

impl Rule {
    /// Creates the rule for `/{version}/{name}{verb}`.
    pub(crate) fn standard(method: Method, version: &str, names: &NameTemplate, verb: &str) -> Self {
        let (before, variable, after) = (version.to_owned(), "name".to_owned(), verb.to_owned());
        Self::new(method, Some(names.clone()), Path::Whole { before, variable, after })
    }

    /// Creates the rule for a path without a name, behind the version.
    pub(crate) fn fixed(path: String) -> Self {
        Self::new(Method::GET, None, Path::Fixed(path))
    }

    fn new(method: Method, names: Option<NameTemplate>, path: Path) -> Self {
        let shape = names.as_ref().and_then(Shape::of);
        Self { method, names, shape, path }
    }

    /// Returns the first of the rules that [matches](Self::matches) a name.
    pub(crate) fn first<'r>(rules: &'r [Self], name: &str) -> Option<&'r Self> {
        let segments: Vec<&str> = name.split('/').collect();
        let may_match = |rule: &&Self| rule.shape.as_ref().is_none_or(|shape| shape.fits(&segments));
        rules.iter().filter(may_match).find(|rule| rule.matches(name))
    }

    /// Parses a path in the notation of `google.api.http`, perhaps after a method and a space.
    ///
    /// The variables of a form are joined with those of the path by their names. A form may have more of them. Without such a
    /// form, the only variable of the path is the name.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` with the path and what is wrong with it.
    pub(crate) fn parse(text: &str, method: Method, forms: &[Vec<Token<'_>>]) -> Result<Self, Status> {
        let (method, path) = match text.split_once(' ') {
            Some((verb, path)) => (variable::method(verb, text)?, path),
            None => (method, text),
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        let tokens = variable::tokens(path)?;
        let keys = |tokens: &[Token<'_>]| -> Vec<String> {
            let mut keys: Vec<_> = tokens.iter().filter_map(Token::key).map(str::to_owned).collect();
            keys.sort_unstable();
            keys
        };
        let wanted = keys(&tokens);
        // A form without variables has nothing to join but its text.
        let fits = |form: &[Token<'_>]| {
            keys(form) == wanted && (!wanted.is_empty() || variable::contains(path, form))
        };
        let has_more = |form: &[Token<'_>]| {
            let keys = keys(form);
            !wanted.is_empty() && wanted.iter().all(|key| keys.contains(key))
        };
        let form = forms.iter().find(|form| fits(form)).or_else(|| forms.iter().find(|form| has_more(form)));
        if let Some(form) = form {
            return Ok(Self::new(method, Some(variable::names(form)?), cut(&tokens, form)));
        }
        let mut variables = tokens.iter().filter_map(Token::variable);
        let (names, path) = match (variables.next(), variables.next()) {
            (None, _) => (None, Path::Fixed(path.to_owned())),
            (Some((variable, names)), None) => {
                let (before, after) = variable::around(path);
                let (before, variable, after) = (before.to_owned(), variable.to_owned(), after.to_owned());
                (Some(NameTemplate::parse(names)?), Path::Whole { before, variable, after })
            }
            _ => {
                return Err(variable::refused(
                    text,
                    "it has several variables and no form of a name has the same",
                ));
            }
        };
        Ok(Self::new(method, names, path))
    }

    /// Returns the names that have this path.
    pub(crate) fn names(&self) -> Option<&NameTemplate> {
        self.names.as_ref()
    }

    /// Whether the rule is for a name. The empty name is for a path without a name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.names.as_ref().map_or(name.is_empty(), |names| names.matches(name))
    }

    /// Whether the path of a link may be that of this rule up to its name: the last segment before the name is the same. A
    /// version does not count, because a link may have another one.
    pub(crate) fn follows(&self, before_name: &str) -> bool {
        let Path::Whole { before, .. } = &self.path else {
            return true;
        };
        let last = before.rsplit('/').next().unwrap_or_default();
        let is_version =
            last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        last.is_empty() || is_version || before_name.trim_end_matches('/').rsplit('/').next() == Some(last)
    }

    /// Whether a list by this path may contain a name. Only a path whose variable is the parent or the collection excludes any.
    pub(crate) fn lists(&self, own: &NameTemplate) -> bool {
        match (&self.path, &self.names) {
            (Path::Whole { after, .. }, Some(names)) => own.overlaps_collection(&format!("{names}{after}")),
            _ => true,
        }
    }

    /// Returns the collection in a path that ends with it inside of the variable, such as `v1/{name=projects/*/operations}`.
    pub(crate) fn collection(&self) -> Option<&str> {
        let Path::Whole { after, .. } = &self.path else {
            return None;
        };
        let last = self.names.as_ref()?.as_str().rsplit('/').next()?;
        (after.is_empty() && !last.starts_with('*')).then_some(last)
    }

    /// Returns the call for a name that [matches](Self::matches).
    pub(crate) fn call(&self, name: &str) -> Call {
        match &self.path {
            Path::Whole { before, variable, after } => {
                Call::new(self.method.clone(), before, name, after).param(variable, name)
            }
            Path::Fixed(path) => {
                let (version, rest) = path.rsplit_once('/').unwrap_or(("", path));
                Call::new(self.method.clone(), version, rest, "")
            }
            Path::Cut(pieces) => self.cut(pieces, name),
        }
    }

    fn cut(&self, pieces: &[Piece], name: &str) -> Call {
        let (mut path, mut values) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece {
                Piece::Text(text) => path.extend_from_slice(text.as_bytes()),
                Piece::Variable(key, segments) => {
                    let value: Vec<&str> =
                        name.split('/').skip(segments.start).take(segments.len()).collect();
                    let value = value.join("/");
                    push_name(&mut path, &value);
                    values.push((key, value));
                }
            }
        }
        let call = Call::to(self.method.clone(), path);
        values.iter().fold(call, |call, (key, value)| call.param(key, value))
    }
}

/// Returns the path whose variables are cut out of a name of this form.
fn cut(path: &[Token<'_>], form: &[Token<'_>]) -> Path {
    let place = |key: &str| {
        let mut start = 0;
        for token in form {
            let end = start + token.segments();
            if token.key() == Some(key) {
                return start..end;
            }
            start = end;
        }
        start..start
    };
    let piece = |token: &Token<'_>| match *token {
        Token::Text(text) => Piece::Text(text.to_owned()),
        Token::Variable { key, .. } => Piece::Variable(key.to_owned(), place(key)),
    };
    let slash = Piece::Text("/".to_owned());
    Path::Cut([slash].into_iter().chain(path.iter().map(piece)).collect())
}
