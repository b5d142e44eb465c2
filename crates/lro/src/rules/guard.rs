use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{Code, Origin, Status};

/// Runs the caller's code and catches its panic. A panic ends the wait for one operation and no other.
///
/// # Errors
///
/// `INTERNAL` with [`Origin::StoppedAsking`] if the code panics. The message names the code by `whose`.
pub fn guard<T>(whose: &str, code: impl FnOnce() -> T) -> Result<T, Status> {
    caught(whose, code).map_err(|panicked| {
        let message = format!("stopped asking: {panicked}");
        Status::new(Code::Internal, message).with_origin(Origin::StoppedAsking)
    })
}

/// Runs the caller's code within a call of a transport, and catches its panic.
///
/// # Errors
///
/// `INTERNAL` with [`Origin::CallFailed`] if the code panics, which is not retried. The message names the code by
/// `whose`.
pub fn guard_call<T>(whose: &str, code: impl FnOnce() -> T) -> Result<T, Status> {
    caught(whose, code).map_err(|panicked| Status::new(Code::Internal, panicked).with_transient(false))
}

/// Runs the code, and describes its panic.
pub(crate) fn caught<T>(whose: &str, code: impl FnOnce() -> T) -> Result<T, String> {
    // Unwind safe: the wait or the call ends, so the state that the code leaves behind is not used again.
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let panicked = format!("{whose} panicked: {}", text(&*payload));
        discard(payload);
        panicked
    })
}

/// Drops the payload of a panic. Its destructor is the caller's code too: if it panics, the second payload is leaked.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second);
    }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
