//! The thread of the connection that only reads. No read lasts longer than one call.

use std::{cell::Cell, sync::mpsc::Receiver};

use rusqlite::Connection;

use crate::{
    call::{Call, Transaction},
    fault::Faults,
    time,
};

/// Runs calls until nobody can make one any more.
pub(crate) fn run(connection: &Connection, faults: &Faults, calls: &Receiver<Box<dyn Call>>) {
    for mut call in calls.iter().filter(|call| call.is_wanted()) {
        match read(connection, &mut *call) {
            Ok(()) => call.succeed(),
            Err(error) => call.fail(faults.translate(error)),
        }
    }
}

/// Runs a call in a transaction, so that it sees the store as it is at one moment.
fn read(connection: &Connection, call: &mut dyn Call) -> rusqlite::Result<()> {
    // Dropping it ends it.
    let _transaction = connection.unchecked_transaction()?;
    call.run(&Transaction { connection, now: time::now(), is_due: Cell::new(false) })
}
