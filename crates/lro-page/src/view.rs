//! What the page shows, as data: the JSON of the page, and what its HTML is made of.

pub(crate) mod fleet;
pub(crate) mod list;
pub(crate) mod operation;
pub(crate) mod overview;
pub(crate) mod parts;
pub(crate) mod state;
pub(crate) mod time;

/// Cuts a text that may be long, for a list. The page of the operation has all of it.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The characters of a text in a list: some lines.
const LONGEST: usize = 240;
