//! Where the page gets what it shows, with a bound on each call.

mod fleet;
mod registry;
mod seen;

use std::{future::Future, time::Duration};

use tokio::time::timeout;

pub(crate) use self::{fleet::OfFleet, registry::OfRegistry};

/// What the page is about.
#[derive(Debug)]
pub(crate) enum Source {
    Registry(OfRegistry),
    Fleet(OfFleet),
}

/// Why something is not shown.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The request asks for an operation that does not exist.
    NotFound,
    /// The request asks for a page that does not exist.
    NoPage,
    /// The parameters of the request are not valid.
    Unreadable,
    /// The store failed, with this message.
    Store(String),
    /// The store did not answer in time.
    Late,
}

/// Waits for a call, but not for long.
async fn bounded<T, E: ToString>(call: impl Future<Output = Result<T, E>>) -> Result<T, Fault> {
    match timeout(LONGEST, call).await {
        Ok(result) => result.map_err(|error| Fault::Store(error.to_string())),
        Err(_) => Err(Fault::Late),
    }
}

/// The longest call. People reload a page that takes longer.
const LONGEST: Duration = Duration::from_secs(5);
