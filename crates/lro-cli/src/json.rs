//! The layout of JSON. Members, numbers and their order stay as they were received.

use std::fmt::Write;

use serde::Serialize;

use crate::exit::Failure;

/// Returns a value as JSON on one line.
pub(crate) fn line(value: &impl Serialize) -> Result<String, Failure> {
    Ok(compact(&text(value)?))
}

/// Returns a value as JSON with a member on each line.
pub(crate) fn indented(value: &impl Serialize) -> Result<String, Failure> {
    Ok(laid_out(&text(value)?, true))
}

/// Returns JSON on one line.
pub(crate) fn compact(json: &str) -> String {
    laid_out(json, false)
}

fn text(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|fault| Failure::call(format!("cannot write JSON: {fault}")))
}

/// Writes JSON again, with other whitespace, and with escapes in place of hidden characters.
fn laid_out(json: &str, is_indented: bool) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut depth, mut characters) = (0_usize, json.chars().peekable());
    let new_line = |out: &mut String, depth: usize| {
        if is_indented {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                out.push('"');
                copy_string(&mut characters, &mut out);
            }
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                    continue;
                }
                depth += 1;
                new_line(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ':' => out.push_str(if is_indented { ": " } else { ":" }),
            _ if character.is_ascii_whitespace() => {}
            _ => out.push(character),
        }
    }
    out
}

/// Copies a string up to its closing quotation mark.
fn copy_string(characters: &mut impl Iterator<Item = char>, out: &mut String) {
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                out.push('\\');
                out.extend(characters.next());
            }
            _ if lro::is_hidden(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
        if character == '"' {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_changes_and_the_data_does_not() {
        let received = "{ \"b\" : 1e999,\n\t\"a\":[ ], \"c\": [1, {\"d\\\" {\":null}] }";
        assert_eq!(compact(received), r#"{"b":1e999,"a":[],"c":[1,{"d\" {":null}]}"#);
        assert_eq!(laid_out("{\"a\":[1,{}]}", true), "{\n  \"a\": [\n    1,\n    {}\n  ]\n}");
    }

    #[test]
    fn hidden_characters_become_escapes_of_the_same_text() {
        let text = "\u{9b}2J \u{202e} \u{e0001} é";
        let json = line(&text).unwrap();
        assert_eq!(json, r#""\u009b2J \u202e \udb40\udc01 é""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
