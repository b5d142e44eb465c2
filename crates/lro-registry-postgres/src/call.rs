use std::fmt::Write;

/// The text of a call of a function of the schema, as a statement or as a part of one.
///
/// Nothing needs to be quoted: numbers and flags are written as they are, bytes and texts as hexadecimal digits.
#[derive(Debug)]
pub(crate) struct Call {
    text: String,
    has_arguments: bool,
}

impl Call {
    pub(crate) fn new(schema: &str, function: &str) -> Self {
        Self { text: format!("SELECT * FROM \"{schema}\".{function}("), has_arguments: false }
    }

    /// Begins a call that is a part of a statement.
    pub(crate) fn function(schema: &str, function: &str) -> Self {
        Self { text: format!("\"{schema}\".{function}("), has_arguments: false }
    }

    /// Adds an argument that is a column of the statement.
    pub(crate) fn column(mut self, name: &str) -> Self {
        self.next().push_str(name);
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.next().push('\'');
        push_hex(&mut self.text, bytes);
        self.text.push('\'');
        self
    }

    pub(crate) fn number(mut self, number: i64) -> Self {
        // Quoted, because the least number is not a literal.
        let _ = write!(self.next(), "'{number}'");
        self
    }

    pub(crate) fn float(mut self, number: f64) -> Self {
        let _ = write!(self.next(), "'{number:e}'");
        self
    }

    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.next().push_str(if flag { "true" } else { "false" });
        self
    }

    pub(crate) fn null(mut self) -> Self {
        self.next().push_str("NULL");
        self
    }

    pub(crate) fn each_bytes<'a>(self, items: impl Iterator<Item = &'a [u8]>) -> Self {
        self.each(items.map(Some), push_quoted_hex)
    }

    pub(crate) fn each_text<'a>(self, items: impl Iterator<Item = &'a str>) -> Self {
        self.each_bytes(items.map(str::as_bytes))
    }

    pub(crate) fn each_bytes_or_null<'a>(self, items: impl Iterator<Item = Option<&'a [u8]>>) -> Self {
        self.each(items, push_quoted_hex)
    }

    pub(crate) fn each_number(self, items: impl Iterator<Item = i64>) -> Self {
        self.each_number_or_null(items.map(Some))
    }

    pub(crate) fn each_number_or_null(self, items: impl Iterator<Item = Option<i64>>) -> Self {
        self.each(items, |text, number| {
            let _ = write!(text, "{number}");
        })
    }

    pub(crate) fn each_flag(self, items: impl Iterator<Item = bool>) -> Self {
        self.each(items.map(Some), |text, flag| text.push(if flag { 't' } else { 'f' }))
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push(')');
        self.text
    }

    fn each<T>(mut self, items: impl Iterator<Item = Option<T>>, push: impl Fn(&mut String, T)) -> Self {
        let text = self.next();
        text.push_str("'{");
        for (i, item) in items.enumerate() {
            if i > 0 {
                text.push(',');
            }
            match item {
                Some(item) => push(text, item),
                None => text.push_str("NULL"),
            }
        }
        text.push_str("}'");
        self
    }

    fn next(&mut self) -> &mut String {
        if self.has_arguments {
            self.text.push(',');
        }
        self.has_arguments = true;
        &mut self.text
    }
}

fn push_quoted_hex(text: &mut String, bytes: &[u8]) {
    // Quoted, because an empty element of an array is not a literal.
    text.push('"');
    push_hex(text, bytes);
    text.push('"');
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    text.reserve(2 * bytes.len());
    for byte in bytes {
        let i = 2 * usize::from(*byte);
        text.push_str(&PAIRS[i..i + 2]);
    }
}

/// The two digits of each byte.
const PAIRS: &str = "\
    000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\
    202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\
    404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f\
    606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f\
    808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f\
    a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\
    c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf\
    e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
