use std::{error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::Store;

/// A fault outside of the calls of a store, such as a database that cannot be created.
pub type SubjectError = Box<dyn error::Error + Send + Sync>;

/// A kind of store under test.
#[async_trait]
pub trait Subject: fmt::Debug + Send + Sync {
    /// Creates an empty store for one rule.
    ///
    /// # Errors
    ///
    /// Any fault. The rule then counts as broken.
    async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError>;
}

/// A store that was empty when its rule began. It may be removed when it is dropped.
///
/// The setters are for states that no call of a store leads to in reasonable time. They change what is stored, for example
/// with SQL, and return whether they did. The default changes nothing. The rules that need it are then reported as not run.
#[async_trait]
pub trait Fresh: fmt::Debug + Send + Sync {
    /// Opens a handle to the store. Each handle has another connection, if the store has connections.
    ///
    /// # Errors
    ///
    /// Any fault. The rule then counts as broken.
    async fn open(&self) -> Result<Arc<dyn Store>, SubjectError>;

    /// Sets the epoch of a record.
    ///
    /// # Errors
    ///
    /// Any fault. The rule then counts as broken.
    async fn set_epoch(&self, _key: &str, _epoch: i64) -> Result<bool, SubjectError> {
        Ok(false)
    }

    /// Sets the number from which the numbers of [`finished`](Store::finished) operations go on.
    ///
    /// # Errors
    ///
    /// Any fault. The rule then counts as broken.
    async fn set_last_finished(&self, _number: i64) -> Result<bool, SubjectError> {
        Ok(false)
    }

    /// Moves the stored time of a bucket into the future, as if the clock of the store had been put back.
    ///
    /// # Errors
    ///
    /// Any fault. The rule then counts as broken.
    async fn set_bucket_ahead(&self, _quota: &str, _ahead: Duration) -> Result<bool, SubjectError> {
        Ok(false)
    }
}
