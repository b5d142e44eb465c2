//! The events of the children, in a file that outlives them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// An append-only file. A line is written by one call and then synced, so that a killed child leaves whole lines.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written, since 1970.
    pub at: Duration,
    /// The process that wrote it.
    pub process: u32,
    /// What happened.
    pub event: Event,
    /// The key of the record.
    pub key: String,
    /// The outcome of a delivery, or else empty.
    pub outcome: String,
}

/// What a child has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The registration was acknowledged by the store.
    Registered,
    /// An outcome was delivered. It is not acknowledged yet.
    Delivered,
    /// A starting call was made.
    Started,
    /// The call to start was refused, because the key exists.
    Existed,
}

impl Journal {
    /// Opens the file, and creates it if it is absent.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let file = File::options().create(true).append(true).open(&path)?;
        Ok(Self { file, path })
    }

    /// Appends a line for each key and outcome. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn append<'a>(
        &self,
        event: Event,
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> io::Result<()> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let (process, event) = (std::process::id(), event.letter());
        let lines: String = entries
            .into_iter()
            .map(|(key, outcome)| format!("{event}\t{at}\t{process}\t{key}\t{outcome}\n"))
            .collect();
        (&self.file).write_all(lines.as_bytes())?;
        self.file.sync_data()
    }

    /// Returns the lines so far.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn lines(&self) -> io::Result<Vec<Line>> {
        Self::read(&self.path)
    }

    fn read(path: &Path) -> io::Result<Vec<Line>> {
        Ok(fs::read_to_string(path)?.split_inclusive('\n').filter_map(Line::parse).collect())
    }
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.strip_suffix('\n')?.split('\t');
        let event = Event::from_letter(fields.next()?)?;
        let at = Duration::from_micros(fields.next()?.parse().ok()?);
        let process = fields.next()?.parse().ok()?;
        let (key, outcome) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        Some(Self { at, process, event, key, outcome })
    }
}

impl Event {
    fn letter(self) -> &'static str {
        match self {
            Self::Registered => "R",
            Self::Delivered => "D",
            Self::Started => "S",
            Self::Existed => "E",
        }
    }

    fn from_letter(letter: &str) -> Option<Self> {
        [Self::Registered, Self::Delivered, Self::Started, Self::Existed]
            .into_iter()
            .find(|event| event.letter() == letter)
    }
}
