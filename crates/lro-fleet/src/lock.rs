use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex. A panic with the lock leaves nothing half done, because code of the caller runs without it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
