use std::{error, fmt};

use super::{Fault, Verdict};

/// What became of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    held: Vec<&'static str>,
    broken: Vec<Broken>,
    not_run: Vec<NotRun>,
}

/// A rule that a store breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    rule: &'static str,
    why: String,
}

/// A rule that was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRun {
    rule: &'static str,
    why: &'static str,
}

impl Report {
    pub(super) fn add(&mut self, rule: &'static str, verdict: Verdict) {
        match verdict {
            Ok(()) => self.held.push(rule),
            Err(Fault::Broken(why)) => self.broken.push(Broken { rule, why }),
            Err(Fault::NotRun(why)) => self.not_run.push(NotRun { rule, why }),
        }
    }

    /// Returns the names of the rules that hold.
    pub fn held(&self) -> &[&'static str] {
        &self.held
    }

    /// Returns the rules that are broken.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Returns the rules that were not checked.
    pub fn not_run(&self) -> &[NotRun] {
        &self.not_run
    }

    /// Prints the rules that were not checked.
    ///
    /// # Panics
    ///
    /// If a rule is broken.
    pub fn assert_holds(&self) {
        for not_run in &self.not_run {
            println!("{not_run}");
        }
        assert!(self.broken.is_empty(), "{self}");
    }
}

impl Broken {
    /// Returns the name of the rule.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl NotRun {
    /// Returns the name of the rule.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rules hold", self.held.len())?;
        self.broken.iter().try_for_each(|broken| write!(f, "\n{broken}"))?;
        self.not_run.iter().try_for_each(|not_run| write!(f, "\n{not_run}"))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store breaks the rule `{}`: {}", self.rule, self.why)
    }
}

impl error::Error for Broken {}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rule `{}` was not run: {}", self.rule, self.why)
    }
}
