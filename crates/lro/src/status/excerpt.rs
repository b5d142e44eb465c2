use std::fmt::{self, Write};

/// A text of a peer, as a message shows it: on one line, and cut after a number of characters.
///
/// Control characters are escaped. So are invisible characters, and those that break a line or change the direction of the
/// text.
pub(crate) struct Excerpt<'a> {
    text: &'a str,
    most: usize,
}

impl<'a> Excerpt<'a> {
    /// Shows at most `most` characters of a text. An escape counts by its length.
    pub(crate) fn new(text: &'a str, most: usize) -> Self {
        Self { text, most }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.most;
        for character in self.text.chars() {
            let escape = is_hidden(character).then(|| character.escape_default());
            let length = escape.as_ref().map_or(1, ExactSizeIterator::len);
            if length > left {
                return f.write_char('…');
            }
            left -= length;
            match escape {
                Some(escape) => write!(f, "{escape}")?,
                None => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Returns a text without the full stop at its end, to continue the sentence.
pub(crate) fn without_stop(text: &str) -> &str {
    text.trim_end().trim_end_matches(['.', ':', ';', ','])
}

/// Returns whether a character is not visible, or changes how the text around it is shown.
///
/// These are the control characters, those that break a line, those that change the direction of a text, and those without
/// a width, which make two different names look equal. [`Status`](crate::Status) escapes them in its `Display`. A program
/// that shows names and messages of a server escapes them too.
///
/// ```
/// assert!(lro::is_hidden('\u{1b}') && lro::is_hidden('\u{202e}'));
/// assert!(!lro::is_hidden('é') && !lro::is_hidden(' '));
/// ```
pub fn is_hidden(character: char) -> bool {
    // All ASCII is below the first range.
    character.is_control()
        || character >= INVISIBLE[0].0
            && INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// The characters that are not visible or that change the order of the text around them: the categories Cf, Zl and Zp of
/// Unicode and the `Default_Ignorable_Code_Point`s.
///
/// They include joiners and variation selectors, which make two different names look equal.
const INVISIBLE: [(char, char); 26] = [
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{600}', '\u{605}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{6DD}', '\u{6DD}'),
    ('\u{70F}', '\u{70F}'),
    ('\u{890}', '\u{891}'),
    ('\u{8E2}', '\u{8E2}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{2028}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{110BD}', '\u{110BD}'),
    ('\u{110CD}', '\u{110CD}'),
    ('\u{13430}', '\u{1343F}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];
