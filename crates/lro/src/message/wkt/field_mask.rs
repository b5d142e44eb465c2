use std::{fmt, str::FromStr};

use super::json_string;
use crate::{Code, Status};

/// A set of field paths, `google.protobuf.FieldMask`. In JSON it is one string of `lowerCamelCase` paths, joined by commas.
///
/// ```
/// use lro::wkt::FieldMask;
///
/// let mask = FieldMask::new(["expire_time", "ttl"]);
/// assert_eq!(mask.to_string(), "expireTime,ttl");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldMask {
    /// The paths in `snake_case`, such as `payload_options.field_mask`.
    pub paths: Vec<String>,
}

impl FieldMask {
    /// Creates a mask of `snake_case` paths. The path `"*"` means every field.
    pub fn new<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self { paths: paths.into_iter().map(Into::into).collect() }
    }
}

impl FromStr for FieldMask {
    type Err = Status;

    /// Parses the JSON form: `lowerCamelCase` paths, joined by commas.
    fn from_str(text: &str) -> Result<Self, Status> {
        if text.contains('_') {
            return Err(Status::new(
                Code::InvalidArgument,
                format!("not a field mask in lowerCamelCase: {text:?}"),
            ));
        }
        let paths = if text.is_empty() { Vec::new() } else { text.split(',').map(snake_case).collect() };
        Ok(Self { paths })
    }
}

impl fmt::Display for FieldMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.paths.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write_camel_case(f, path)?;
        }
        Ok(())
    }
}

json_string!(FieldMask, "google.protobuf.FieldMask", super::parts::Paths);

fn snake_case(path: &str) -> String {
    let mut snake = String::with_capacity(path.len() + 4);
    for letter in path.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn write_camel_case(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    use fmt::Write as _;

    let mut starts_word = false;
    for letter in path.chars() {
        match letter {
            '_' => starts_word = true,
            _ if std::mem::take(&mut starts_word) => f.write_char(letter.to_ascii_uppercase())?,
            _ => f.write_char(letter)?,
        }
    }
    Ok(())
}
