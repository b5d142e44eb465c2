use lro::rules::guard;
use tracing::error;

/// Runs code of the caller. A panic of it is logged, and changes no outcome.
pub(crate) fn run(whose: &str, code: impl FnOnce()) {
    if let Err(panicked) = guard(whose, code) {
        // The subscriber is code of the caller, too.
        let _ = guard(whose, || error!(%panicked, "code of the caller panicked"));
    }
}

/// Values of the caller, which are dropped one by one.
#[derive(Debug)]
pub(crate) struct Each<T>(pub(crate) Vec<T>);

impl<T> Drop for Each<T> {
    fn drop(&mut self) {
        drop_each("a destructor", self.0.drain(..));
    }
}

/// Drops values of the caller one by one, so that a destructor that panics does not abort the process at the next one.
pub(crate) fn drop_each<T>(whose: &str, values: impl IntoIterator<Item = T>) {
    values.into_iter().for_each(|value| run(whose, || drop(value)));
}

pub(crate) const SUBSCRIBER: &str = "the subscriber of the events";
