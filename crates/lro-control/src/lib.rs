//! How many calls a client makes under one quota, and which operation is polled next.

mod chance;
mod control;
mod cycle;
mod delay;
mod dip;
mod doubt;
mod hang;
mod lines;
mod outage;
mod pace;
mod pick;
mod queue;
mod ranking;
mod rate;
mod rate_test;
mod reply;
mod round;
mod slow_start;
mod time;

pub use control::{Call, Control};
pub use delay::{backoff, delay_after, failures_after};
pub use lines::{Line, Lines};
pub use pick::Pick;
pub use ranking::Ranking;
pub use rate::{Rate, Window};
pub use reply::Reply;
