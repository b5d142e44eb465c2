use std::time::{Duration, SystemTime};

use lro::{OperationName, Service};
use lro_registry::{StoreError, StoreErrorKind};
use tokio_postgres::SimpleQueryRow;

/// The values of a row, from left to right.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    row: &'a SimpleQueryRow,
    next: usize,
}

impl<'a> Row<'a> {
    pub(crate) fn new(row: &'a SimpleQueryRow) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<&'a str>, StoreError> {
        let value = self.row.try_get(self.next).map_err(|error| corrupt("a text").with_source(error))?;
        self.next += 1;
        Ok(value)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, StoreError> {
        self.maybe_text()?.ok_or_else(|| corrupt("a text"))
    }

    pub(crate) fn string(&mut self) -> Result<String, StoreError> {
        Ok(self.text()?.to_owned())
    }

    pub(crate) fn maybe_string(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.maybe_text()?.map(str::to_owned))
    }

    pub(crate) fn maybe_number(&mut self) -> Result<Option<i64>, StoreError> {
        let text = self.maybe_text()?;
        text.map(|text| text.parse().map_err(|_| corrupt("a number"))).transpose()
    }

    pub(crate) fn number(&mut self) -> Result<i64, StoreError> {
        self.maybe_number()?.ok_or_else(|| corrupt("a number"))
    }

    pub(crate) fn float(&mut self) -> Result<f64, StoreError> {
        self.text()?.parse().map_err(|_| corrupt("a number"))
    }

    /// Reads a count, which a person may have set to any number.
    pub(crate) fn count(&mut self) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.number()?.max(0)).unwrap_or(u32::MAX))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        Ok(self.text()? == "t")
    }

    pub(crate) fn maybe_duration(&mut self) -> Result<Option<Duration>, StoreError> {
        Ok(self.maybe_number()?.map(|micros| Duration::from_micros(micros.max(0).unsigned_abs())))
    }

    /// Reads a duration. A negative one, after the clock has gone back, is zero.
    pub(crate) fn duration(&mut self) -> Result<Duration, StoreError> {
        self.maybe_duration()?.ok_or_else(|| corrupt("a duration"))
    }

    pub(crate) fn maybe_time(&mut self) -> Result<Option<SystemTime>, StoreError> {
        let Some(micros) = self.maybe_number()? else { return Ok(None) };
        let distance = Duration::from_micros(micros.unsigned_abs());
        let time = if micros < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        };
        time.map(Some).ok_or_else(|| corrupt("a time"))
    }

    pub(crate) fn time(&mut self) -> Result<SystemTime, StoreError> {
        self.maybe_time()?.ok_or_else(|| corrupt("a time"))
    }

    pub(crate) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(text) = self.maybe_text()? else { return Ok(None) };
        from_hex(text).map(Some).ok_or_else(|| corrupt("bytes"))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes()?.ok_or_else(|| corrupt("bytes"))
    }

    pub(crate) fn service(&mut self) -> Result<Service, StoreError> {
        Ok(Service::owned(self.text()?, self.text()?))
    }

    /// Reads the name of an operation. A text that somebody stored by hand and that is no name counts as none.
    pub(crate) fn maybe_name(&mut self) -> Result<Option<OperationName>, StoreError> {
        Ok(self.maybe_text()?.and_then(|name| OperationName::parse(name).ok()))
    }
}

pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, format!("the database returned a value that is not {what}"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.strip_prefix("\\x")?.as_bytes().as_chunks() else { return None };
    // Loops that are fast without optimization too: a payload has megabytes.
    let mut bytes = Vec::with_capacity(pairs.len());
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(bytes)
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
