//! Long-running operations (`google.longrunning.Operation`) as steps of [Restate](https://restate.dev).
//!
//! A handler of a program registers an operation and waits for its outcome. The polls are calls of a virtual object to itself, with
//! the delays of [`lro::rules`] and of a pacing. They go on after the worker or the server has died. The outcome is that of the
//! service: its response, its error, or that the polling stopped.
//!
//! ```no_run
//! use lro::{Handle, Service};
//! use lro_restate::{Driver, Lro, LroClient, Registration};
//! use restate_sdk::prelude::*;
//! # fn printer() -> impl lro::LroTransport + 'static { lro::transport_fn(|_| async { Err(lro::Status::unavailable("")) }) }
//!
//! struct Orders;
//!
//! #[service(inactivity_timeout = "1s")]
//! impl Orders {
//!     /// Waits for a job of a printer, and returns its response.
//!     #[handler]
//!     async fn print(&self, ctx: Context<'_>, Json(job): Json<Handle>) -> Result<String, HandlerError> {
//!         let registration = Registration::new(job);
//!         let lro = ctx.object_client::<LroClient<'_>>(registration.key());
//!         let Json(ended) = lro.outcome(Json(registration)).call().await?;
//!         let response = ended.decode::<serde_json::Value>();
//!         Ok(response.map_err(|status| TerminalError::new(status.to_string()))?.to_string())
//!     }
//! }
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let lro = Lro::new(Driver::default().serve(printer()));
//! let endpoint = Endpoint::builder().bind(lro).bind(Orders).build();
//! HttpServer::new(endpoint).listen_and_serve("127.0.0.1:9080".parse()?).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Handlers
//!
//! The object is named `Lro`. Its key is [`Registration::key`]; in a URL the slashes of a key are written as `%2F`.
//!
//! | handler | input | effect |
//! |---|---|---|
//! | `outcome` | [`Registration`] | Begins to wait if nobody has, and returns an [`Ended`] when the operation has ended. While it is pending, another registration for the key is an error 409 that shows both. |
//! | `cancel` | | Sends `CancelOperation` once. The polls go on to the outcome. `false` if nothing polls the operation. |
//! | `clear` | | Ends the polls, for operators. Calls that wait get 404. The operation goes on. `false` if nothing polls it. |
//!
//! A program that only registers an operation sends `outcome` (`send`, or `/outcome/send` over HTTP).
//!
//! `wait`, `begin` and `poll` are called by the object alone. The engine keeps the outcome, the result of `wait`, for a day.
//!
//! # Start
//!
//! [`start`](start()) makes a starting call in a handler, and does not repeat it if its result is lost.

mod object;
mod start;

pub use lro::stored::{Driver, Ended, Registration, Started};

pub use crate::{
    object::{Lro, LroClient, LroIngressClient},
    start::start,
};
