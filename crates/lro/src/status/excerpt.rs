use std::fmt::{self, Write};

/// A text of a peer, as a message shows it: on one line, and cut after a number of characters.
///
/// Control characters are escaped. So are the characters that break a line or change the direction of the text.
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
            let escape = is_escaped(character).then(|| character.escape_default());
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

fn is_escaped(character: char) -> bool {
    // The separators of lines and paragraphs, and the controls of bidirectional text.
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
