//! What was learned of the durations of operations, kept between commands.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
    process,
};

use lro_learned::{History, Learned};
use serde_json::Value;

use crate::text::Shown;

/// The learned pacing of this process, and the file that it begins with.
///
/// The file is `lro/history.json` in the cache folder of the user. Processes replace it as a whole. Of two that end at the same
/// time, the later one decides about the kinds that both used. A file that cannot be read or written costs a warning.
#[derive(Debug)]
pub(crate) struct Memory {
    file: Option<PathBuf>,
    learned: Learned,
    /// The kinds that this process has waited for.
    used: BTreeSet<String>,
}

impl Memory {
    /// Loads what was learned.
    pub(crate) fn load() -> Self {
        let (file, learned) = (file(), Learned::new());
        if let Some(history) = file.as_deref().and_then(read) {
            learned.remember(&history);
        }
        Self { file, learned, used: BTreeSet::new() }
    }

    pub(crate) fn learned(&self) -> &Learned {
        &self.learned
    }

    /// Notes that operations of this kind are waited for, so that [`save`](Self::save) writes what is learned of them.
    pub(crate) fn uses(&mut self, kind: &str) {
        self.used.insert(kind.to_owned());
    }

    /// Saves what was learned of the kinds that this process used.
    pub(crate) fn save(&self) {
        let Some(file) = self.file.as_deref().filter(|_| !self.used.is_empty()) else { return };
        // What others have learned meanwhile stays.
        let merged = Learned::new();
        if let Some(history) = read(file) {
            merged.remember(&history);
        }
        let written = self.of_used().map_err(io::Error::other).and_then(|history| {
            merged.remember(&history);
            replace(file, &serde_json::to_vec(&merged.history())?)
        });
        if let Err(error) = written {
            warn(file, &format!("cannot be written: {error}"));
        }
    }

    /// Returns what was learned of the kinds that this process used.
    fn of_used(&self) -> serde_json::Result<History> {
        let mut history = serde_json::to_value(self.learned.history())?;
        if let Some(kinds) = history.get_mut("kinds").and_then(Value::as_object_mut) {
            kinds.retain(|kind, _| self.used.contains(kind));
        }
        serde_json::from_value(history)
    }
}

/// Returns the path of the file. `None` without a home.
fn file() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Some(cache?.join("lro").join("history.json"))
}

fn read(file: &Path) -> Option<History> {
    let text = match fs::metadata(file) {
        Ok(metadata) if metadata.len() > LARGEST => Err("it is too large".to_owned()),
        Ok(_) => fs::read(file).map_err(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => Err(error.to_string()),
    };
    let history = text.and_then(|text| serde_json::from_slice(&text).map_err(|fault| fault.to_string()));
    history
        .map_err(|fault| warn(file, &format!("cannot be read, and what was learned is lost: {fault}")))
        .ok()
}

/// Replaces a file as a whole, so that no process reads a part of it.
fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = file.with_extension(format!("{}.tmp", process::id()));
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        // The first error counts.
        let _ = fs::remove_file(&new);
    }
    written
}

fn warn(file: &Path, fault: &str) {
    crate::output::complain("warning", &format!("{} {}", file.display(), Shown(fault)));
}

/// 256 kinds take about 400 KB. A larger file is not one of this command.
const LARGEST: u64 = 4 << 20;
