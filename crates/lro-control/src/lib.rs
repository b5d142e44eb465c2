//! How many calls a client makes under one quota, and which item it asks about next.
//!
//! A client that polls many operations of one service shares a quota among them. A failed call can be a sign of four different
//! things, and each asks for another answer:
//!
//! | what is wrong | how it shows | answer |
//! |---|---|---|
//! | one operation | it fails again and again | its own backoff and hint, the second line |
//! | the service is down | different operations fail one after another | probes only, then a slow start |
//! | the rate is too high | fewer calls are refused when fewer are made | the rate that was delivered, then slow growth |
//! | chance | as many calls are refused at any rate | nothing |
//!
//! A [`Control`] is the state of one quota key and decides how much is asked. [`Lines`] hold what is due under the key and give
//! out the next item. A [`Window`] is the configured [`Rate`] as a hard bound beside both. [`failures_after`] and
//! [`delay_after`] decide when a failed item is due again.
//!
//! Everything is pure arithmetic: time and random numbers are passed in, and no code of the caller is called but the check
//! whether an item still waits.
//!
//! ```
//! use std::time::Duration;
//!
//! use lro_control::{Control, Line, Lines, Rate, Reply, Window, delay_after, failures_after};
//!
//! let rate = Rate::per_second(100);
//! let (mut control, mut window) = (Control::new(Some(rate), 64), Window::new(rate));
//! let mut lines = Lines::default();
//! lines.push(Line::First, "operations/1");
//!
//! // A call: both are open, and something waits.
//! let (now, chance) = (Duration::from_secs(1), 0.5); // by the caller's clock and random number generator
//! assert!(control.opens_at().is_some_and(|at| at <= now) && window.opens_at() <= now);
//! let pick = control.pick(now, lines.waiting(Line::First), lines.waiting(Line::Second)).unwrap();
//! let name = lines.take(pick, chance, |_| true).unwrap();
//! let failures = 0; // in a row, of this operation
//! window.count(now);
//! let call = control.sent(now, failures, chance);
//!
//! // Its reply: the service asks to wait.
//! let now = now + Duration::from_millis(20);
//! let reply = Reply::Refused { hint: Some(Duration::from_secs(5)) };
//! let operations = 1; // that are waited for under this key
//! control.ended(call, now, reply, operations, chance);
//! let failures = failures_after(failures, reply, control.is_shut());
//! let due = now + delay_after(failures, reply, chance);
//! assert_eq!((name, failures, due), ("operations/1", 1, Duration::from_millis(6_020)));
//! // When it is due: lines.push(Line::of(failures), name).
//! ```
//!
//! # How it works
//!
//! - **One operation.** A failed call delays that operation alone, by the longer of its backoff and its hint. A call that hung
//!   counts as two failures. While the key is shut, failures add nothing.
//! - **Two lines.** What failed at most once in a row waits in the first line and goes by worth, every sixteenth by how long it
//!   has been due. The rest waits in the second line, which has at most every fourth turn and a quarter of the slots.
//! - **Doubt.** A failure of an operation that had not failed adds one, a good reply takes two. From 4 on the next operations are
//!   drawn at random. At 24 the key is shut: probes ask other operations until one succeeds. Then the calls in flight grow from 2.
//! - **A test of the rate.** If more calls are refused than chance explains, the share is measured at the present rate and in a
//!   dip below it. A likelihood ratio decides between chance and a quota.
//! - **Calls that hang.** While all slots are taken, a call is cut short once one sent a second later has been answered.
//!
//! | module | what it holds |
//! |---|---|
//! | `control`, `call`, `pick`, `reply` | [`Control`], the composition; what goes in and comes out |
//! | `rate` | [`Rate`] and [`Window`], the configured bound |
//! | `lines`, `queue`, `ranking` | [`Lines`], what is due |
//! | `delay` | backoff and hints of one operation |
//! | `doubt`, `outage`, `slow_start` | is the service down: suspicion, probes, reopening |
//! | `rate_test`, `round`, `finding`, `dip` | does the share that is refused depend on the rate |
//! | `pace`, `chance`, `cycle` | what the tests found: the rate, the share of chance, the quota of a window |
//! | `hang` | which calls hang |
//!
//! `DESIGN.md` beside the code explains the method. Every constant has its reason where it is defined.

mod call;
mod chance;
mod control;
mod cycle;
mod delay;
mod dip;
mod doubt;
mod finding;
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

pub use call::Call;
pub use control::Control;
pub use delay::{backoff, delay_after, failures_after};
pub use lines::{Line, Lines};
pub use pick::Pick;
pub use ranking::Ranking;
pub use rate::{Rate, Window};
pub use reply::Reply;

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
