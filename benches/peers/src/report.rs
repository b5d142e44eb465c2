//! Prints the tables.

mod fleet;
mod peers;

use std::str::FromStr;

pub use self::peers::Row;
use crate::Fault;

/// A table that can be printed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Bytes per pending operation.
    Memory,
    /// Polls per CPU second.
    Calls,
    /// CPU time of a poll in memory.
    Scheduling,
    /// A runtime of two threads.
    Threads,
    /// The time that a caller waits for another one.
    Locks,
}

impl FromStr for Table {
    type Err = Fault;

    fn from_str(name: &str) -> Result<Self, Fault> {
        Ok(match name {
            "memory" => Self::Memory,
            "calls" => Self::Calls,
            "scheduling" => Self::Scheduling,
            "threads" => Self::Threads,
            "locks" => Self::Locks,
            _ => return Err(format!("no such table: {name}").into()),
        })
    }
}

impl Table {
    /// Measures and prints the table.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub fn print(self) -> Result<(), Fault> {
        match self {
            Self::Memory => peers::print(true, false).map(drop),
            Self::Calls => peers::print(false, true).map(drop),
            Self::Scheduling => fleet::print_scheduling(),
            Self::Threads => fleet::print_threads(),
            Self::Locks => fleet::print_locks(),
        }
    }
}

/// Measures and prints all tables, and draws the first.
///
/// # Errors
///
/// Any error of the run.
pub fn print_all() -> Result<(), Fault> {
    let rows = peers::print(true, true)?;
    for table in [Table::Scheduling, Table::Threads, Table::Locks] {
        println!();
        table.print()?;
    }
    peers::draw(&rows)
}
