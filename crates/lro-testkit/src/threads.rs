//! Futures and types that cross threads.

use std::future::IntoFuture;

use lro::{Status, Wait};
use serde::de::DeserializeOwned;

/// Compiles for a type that threads may share.
pub fn is_shared<T: Send + Sync + 'static>() {}

/// Compiles for a type that may be sent to another thread.
pub fn is_sent<T: Send + 'static>() {}

/// Compiles for a future that may be sent to another thread as long as what it borrows lives.
pub fn sent<T: Send>(future: T) {
    drop(future);
}

/// Compiles for a future that may be spawned.
pub fn spawned<T: Send + 'static>(future: T) {
    drop(future);
}

/// Steps through a wait and returns its outcome.
///
/// # Errors
///
/// That of the wait.
pub async fn stepped<R, M>(mut wait: Wait<'_, R, M>) -> Result<R, Status>
where
    R: DeserializeOwned + Send,
    M: DeserializeOwned + Send,
{
    while let Some(snapshot) = wait.next().await {
        snapshot?;
    }
    wait.into_future().await
}

/// Asserts that threads may share each of these types.
#[macro_export]
macro_rules! are_shared {
    ($($kind:ty,)+) => { $( const _: fn() = $crate::threads::is_shared::<$kind>; )+ };
}
