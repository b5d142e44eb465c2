//! Waits whose state is stored between two calls. For authors of adapters to workflow engines and of stores; code that awaits
//! operations does not need it.
//!
//! An engine keeps a [`Registration`] and a [`StoredWait`] for each operation, and calls [`Driver::poll`] when a call is due. Every
//! process that serves the service can do so. A driver of its own makes the calls itself, and passes the replies to
//! [`StoredWait::polled`] and [`StoredWait::cancelled`], which are as pure as [`rules`](crate::rules).
//!
//! ```
//! use std::time::Duration;
//! use lro::{Handle, LroTransport, Operation, OperationName, Service, async_trait};
//! use lro::stored::{Driver, Registration, Step, StoredWait};
//!
//! # #[derive(Debug)]
//! # struct Printer;
//! # #[async_trait]
//! # impl LroTransport for Printer {
//! #     async fn get_operation(&self, name: &OperationName) -> Result<Operation, lro::Status> {
//! #         Operation::succeeded(name.as_str(), 7)
//! #     }
//! #     fn service(&self) -> Service { Service::new("printer.example.com", "v1") }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let driver = Driver::default().serve(Printer);
//! let name = OperationName::parse("operations/1")?;
//! let registration = Registration::new(Handle::new(&Service::new("printer.example.com", "v1"), name));
//!
//! let mut wait = StoredWait::default(); // what the engine has stored
//! let age = Duration::ZERO; // the time since the registration
//! match driver.poll(&registration, &mut wait, age).await? {
//!     Step::After(delay) => println!("stored, and polled again in {delay:?}"),
//!     Step::Ended(ended) => {
//!         let pages: u32 = ended.decode()?;
//!         assert_eq!(pages, 7);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod calls;
mod driver;
mod ended;
mod registration;
mod started;
mod wait;

pub use self::{
    driver::{Driver, Step},
    ended::Ended,
    registration::Registration,
    started::Started,
    wait::{Cancel, Polled, Requested, StoredWait},
};
