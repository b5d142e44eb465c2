//! Where the code is known to do otherwise than the rules say. A deviation that is mended fails here: take it off.

use std::time::Duration;

use crate::{
    hint::Hint,
    model::{Expected, Fate, Range},
};

/// The expectation as the code fulfils it.
pub(crate) fn as_it_is(http: u16, hint: Hint, rule: Expected) -> Expected {
    match (http, rule.fate) {
        // SPEC 19, 32: such a reply counts as a failed call, whose `Retry-After` is a floor; it is lost.
        (200..300, Fate::Failed(..)) => Expected { wish: Range::ZERO, ..rule },
        // SPEC 32: seconds have no sign, so it is garbage; it reads as 7.
        _ if hint == Hint::Text("+7") => {
            Expected { wish: rule.wish.or_longer(Range::exactly(Duration::from_secs(7))), ..rule }
        }
        _ => rule,
    }
}

/// SPEC 33: the delay doubles after each failed call; after NOT_FOUND before the first good reply it does not.
pub(crate) const EARLY_DELAY_DOUBLES: bool = false;
