//! The statements of each call of the store.

pub(crate) mod change;
pub(crate) mod claim;
pub(crate) mod count;
pub(crate) mod deliver;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod register;
pub(crate) mod retain;
pub(crate) mod write;

mod bucket;
mod row;

/// Makes a text storable that people read with tools that end a text at its first NUL.
fn readable(text: Option<&str>) -> Option<String> {
    Some(text?.replace('\0', "\u{fffd}"))
}

/// Returns a number of rows as a limit of a statement.
fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
