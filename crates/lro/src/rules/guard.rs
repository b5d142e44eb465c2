use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{Code, Origin, Status};

/// Runs code of the caller. A panic ends the wait of one operation and nothing else.
///
/// # Errors
///
/// `INTERNAL` of [`Origin::StoppedAsking`] if the code panics; the message names `whose` code it is.
pub fn guard<T>(whose: &str, code: impl FnOnce() -> T) -> Result<T, Status> {
    // What the code has left half done is not used again: the wait ends.
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let message = format!("stopped asking: {whose} panicked: {}", text(&*payload));
        discard(payload);
        Status::new(Code::Internal, message).with_origin(Origin::StoppedAsking)
    })
}

/// The destructor of a payload is code of the caller too. If it panics, the second payload is leaked, not dropped.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second);
    }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
