use lro::rules::guard;
use tracing::error;

/// Runs code of the caller whose panic changes no outcome. A panic is logged.
pub(crate) fn run(whose: &str, code: impl FnOnce()) {
    if let Err(panicked) = guard(whose, code) {
        // The subscriber is code of the caller, too.
        let _ = guard(whose, || error!(%panicked, "code of the caller panicked"));
    }
}

/// Drops values of the caller one by one: the destructor of one that panics does not abort at the next.
pub(crate) fn drop_each<T>(whose: &str, values: impl IntoIterator<Item = T>) {
    values.into_iter().for_each(|value| run(whose, || drop(value)));
}
