//! The tables, and the versions of them.

use lro_registry::{StoreError, StoreErrorKind};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::fault::Faults;

/// The number in the header of the file that says which program it belongs to: `lroR` in ASCII.
const APPLICATION: i32 = 0x6c72_6f52;

/// The version of the schema that this crate writes.
const VERSION: i64 = 1;

/// The statements that lead from each version to the next one. The first one begins with an empty file.
///
/// A version that earlier crates cannot use raises `reads_from` in `meta`.
const MIGRATIONS: [&str; VERSION as usize] = [include_str!("schema/1.sql")];

/// Brings the schema up to date, in one transaction. The first process to come does it, and others wait.
pub(crate) fn migrate(connection: &mut Connection, faults: &Faults) -> Result<(), StoreError> {
    if version(connection, faults)? >= VERSION {
        return Ok(());
    }
    let fault = |error| faults.translate(error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    // Another process may have done it in the meantime.
    let version = version(&transaction, faults)?;
    for statements in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        transaction.execute_batch(statements).map_err(fault)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(fault)?;
    transaction.commit().map_err(fault)
}

/// Returns the version of the schema, zero for an empty file.
///
/// It is an error if the file belongs to another program, or to a version of this one that excludes this version.
pub(crate) fn version(connection: &Connection, faults: &Faults) -> Result<i64, StoreError> {
    let fault = |error| faults.translate(error);
    // One snapshot: another process may be creating the tables between two reads.
    let snapshot = connection.is_autocommit().then(|| connection.unchecked_transaction());
    let _snapshot = snapshot.transpose().map_err(fault)?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fault)?;
    let is_empty: bool = connection
        .query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
        .map_err(fault)?;
    if is_empty && application == 0 {
        return Ok(0);
    }
    if application != APPLICATION {
        return Err(faults.new_error(StoreErrorKind::Refused, "is the SQLite database of another program"));
    }
    let meta = connection
        .query_row("SELECT version, reads_from FROM meta", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(fault)?;
    let Some((version, reads_from)): Option<(i64, i64)> = meta else {
        return Err(faults.new_error(StoreErrorKind::Corrupt, "has lost the version of its schema"));
    };
    if reads_from > VERSION {
        let message = format!(
            "has schema version {version}, which needs a crate that knows version {reads_from}, and this one knows {VERSION}: \
             update lro-registry-sqlite"
        );
        return Err(faults.new_error(StoreErrorKind::Newer, &message));
    }
    Ok(version)
}
