use std::{
    any::Any,
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
        Status::new(Code::Internal, message).with_origin(Origin::StoppedAsking)
    })
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
