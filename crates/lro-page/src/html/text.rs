//! Writing HTML: what is not a literal of this crate is escaped.

use std::fmt::{self, Display, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// The text of a page. Only literals are added as they are.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

/// Adds literals as they are, and values in parentheses as text: `put!(html; "<b>" (name) "</b>")`.
macro_rules! put {
    ($html:expr;) => {};
    ($html:expr; $literal:literal $($rest:tt)*) => {
        $html.literal($literal);
        $crate::html::text::put!($html; $($rest)*);
    };
    ($html:expr; ($value:expr) $($rest:tt)*) => {
        $html.text(&$value);
        $crate::html::text::put!($html; $($rest)*);
    };
}
pub(crate) use put;

impl Html {
    pub(crate) fn literal(&mut self, literal: &'static str) {
        self.0.push_str(literal);
    }

    /// Adds a value as text. It is safe between tags and in attributes with quotes.
    pub(crate) fn text(&mut self, value: &dyn Display) {
        // Writing to a string does not fail.
        let _ = write!(Escaped(&mut self.0), "{value}");
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Returns a text as a part of an address.
pub(crate) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(character),
                _ if lro::is_hidden(character) => write!(self.0, "⟨{:04X}⟩", u32::from(character))?,
                _ => self.0.push(character),
            }
        }
        Ok(())
    }
}

/// A duration as people say it, from seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(crate) f64);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.max(0.0);
        let whole = seconds as u64;
        match whole {
            0 => write!(f, "{:.0} ms", seconds * 1_000.0),
            1..10 => write!(f, "{seconds:.1} s"),
            10..60 => write!(f, "{whole} s"),
            60..3_600 => write!(f, "{} m {} s", whole / 60, whole % 60),
            3_600..86_400 => write!(f, "{} h {} m", whole / 3_600, whole / 60 % 60),
            _ => write!(f, "{} d {} h", whole / 86_400, whole / 3_600 % 24),
        }
    }
}

/// A number with a separator between thousands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) u64);

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_literal_is_escaped() {
        let mut html = Html::default();
        put!(html; "<b>" ("<script>'\"&\0\u{202e}\u{200b}é\n") "</b>");
        assert_eq!(html.finish(), "<b>&lt;script&gt;&#39;&quot;&amp;⟨0000⟩⟨202E⟩⟨200B⟩é\n</b>");
        assert_eq!(encoded("a/b?&\0\"é..").to_string(), "a%2Fb%3F%26%00%22%C3%A9..");
    }

    #[test]
    fn numbers_and_times_are_short() {
        let numbers = [0, 999, 1_000, 1_234_567].map(|number| Number(number).to_string());
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
        let times = [-1.0, 0.25, 1.25, 59.9, 3_599.0, 3_661.0, 90_000.0].map(|time| Time(time).to_string());
        assert_eq!(times, ["0 ms", "250 ms", "1.2 s", "59 s", "59 m 59 s", "1 h 1 m", "1 d 1 h"]);
    }
}
