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
    // Unwind safe: the wait ends, so the state that the code leaves behind is not used again.
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let message = format!("stopped asking: {whose} panicked: {}", text(&*payload));
        discard(payload);
        Status::new(Code::Internal, message).with_origin(Origin::StoppedAsking)
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
