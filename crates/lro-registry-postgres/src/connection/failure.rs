use lro_registry::{StoreError, StoreErrorKind};
use tokio_postgres::{Error, error::SqlState};

/// Says what an error of the database means for a registry.
pub(crate) fn failure(error: Error) -> StoreError {
    let Some(database) = error.as_db_error() else {
        return StoreError::new(StoreErrorKind::Unavailable, "the database cannot be reached")
            .with_source(error);
    };
    let (kind, message) = match kind(database.code()) {
        StoreErrorKind::Unavailable => (StoreErrorKind::Unavailable, "the database is not available"),
        StoreErrorKind::ReadOnly => (StoreErrorKind::ReadOnly, "the database is read-only"),
        StoreErrorKind::Full => (StoreErrorKind::Full, "the database has no space left"),
        StoreErrorKind::Corrupt => (StoreErrorKind::Corrupt, "the data of the database is damaged"),
        StoreErrorKind::Refused => (StoreErrorKind::Refused, "the database refuses the user"),
        StoreErrorKind::Invalid => (StoreErrorKind::Invalid, "the database cannot store the request"),
        kind => (kind, "the database reported a fault"),
    };
    StoreError::new(kind, format!("{message}: {} ({})", database.message(), database.code().code()))
        .with_source(error)
}

/// Returns whether the same call succeeds if it is simply repeated.
pub(super) fn is_conflict(error: &Error) -> bool {
    matches!(error.code(), Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE))
}

/// Returns whether the schema, or one of its tables, does not exist.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error.code(), Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME))
}

fn kind(state: &SqlState) -> StoreErrorKind {
    match (&state.code()[..2.min(state.code().len())], state) {
        (_, &SqlState::READ_ONLY_SQL_TRANSACTION) => StoreErrorKind::ReadOnly,
        (_, &SqlState::DISK_FULL) => StoreErrorKind::Full,
        (_, &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => StoreErrorKind::Corrupt,
        (_, &SqlState::INSUFFICIENT_PRIVILEGE) | ("28", _) => StoreErrorKind::Refused,
        (_, &SqlState::PROGRAM_LIMIT_EXCEEDED) | ("22", _) => StoreErrorKind::Invalid,
        (_, &SqlState::LOCK_NOT_AVAILABLE) | ("08" | "40" | "53" | "57" | "58", _) => {
            StoreErrorKind::Unavailable
        }
        _ => StoreErrorKind::Other,
    }
}
