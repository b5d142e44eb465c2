//! Texts of a server, and durations, as a terminal shows them.

use std::{
    fmt::{self, Write},
    time::Duration,
};

/// A text on one line, with what is hidden escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match lro::is_hidden(character) {
            true => write!(f, "{}", character.escape_default()),
            false => f.write_char(character),
        })
    }
}

/// A duration as people say it.
pub(crate) struct Time(pub(crate) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..10 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            10..60 => write!(f, "{seconds} s"),
            60..3_600 => write!(f, "{} m {} s", seconds / 60, seconds % 60),
            3_600..86_400 => write!(f, "{} h {} m", seconds / 3_600, seconds / 60 % 60),
            _ => write!(f, "{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
        }
    }
}

/// Returns a count with its noun: `1 poll`, `2 polls`.
pub(crate) fn counted(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_escaped() {
        assert_eq!(Shown("a\u{1b}[2J\n\u{202e}é").to_string(), "a\\u{1b}[2J\\n\\u{202e}é");
    }

    #[test]
    fn a_duration_has_two_units_at_most() {
        let shown = |seconds| Time(Duration::from_secs_f64(seconds)).to_string();
        assert_eq!(
            [0.25, 59.9, 61.0, 3_660.0, 90_000.0].map(shown),
            ["0.2 s", "59 s", "1 m 1 s", "1 h 1 m", "1 d 1 h"]
        );
    }
}
