//! A simulated server with one quota, and what a fleet gets from it.
//!
//! [`run`] replays a [`Scenario`] through a whole fleet on a paused clock and returns [`Figures`], counted by the server.
//! [`all`] returns the scenarios by class. They are the cases that a method of sending under a quota must survive: calls
//! refused at random, quotas, limits on calls in flight, outages, broken operations, hints to wait.
//!
//! ```
//! use lro_testkit::trouble::{Scenario, run};
//!
//! let calm = Scenario { operations: 10, until: 5.0, ..Scenario::DEFAULT };
//! let figures = run(&calm, 1);
//! assert_eq!(figures.refused + figures.failed, 0);
//! assert!(figures.good >= 40);
//! ```

mod figures;
mod ledger;
mod pace;
mod quota;
mod run;
mod scenario;
mod scenarios;
mod server;
mod slots;
mod state;
mod weather;

pub use self::{
    figures::Figures,
    quota::Quota,
    run::{run, run_fleet},
    scenario::{Broken, Done, Failure, Hint, Place, Scenario},
    scenarios::{all, case},
    server::Server,
    slots::Slots,
    weather::{Mode, Weather},
};
