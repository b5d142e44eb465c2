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
//!         let lro = || ctx.object_client::<LroClient<'_>>(registration.key());
//!         lro().start(Json(registration.clone())).call().await?;
//!         let Json(ended) = lro().outcome().call().await?;
//!         lro().clear().send();
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
//! | `start` | [`Registration`] | Begins to wait. The same registration again does nothing and returns `false`. Another one for the key is an error 409 that shows both. |
//! | `outcome` | | Returns an [`Ended`] when the operation has ended. It makes no call of the service. 404 if the key is not registered. |
//! | `cancel` | | Sends `CancelOperation` once. The polls go on to the outcome. `false` if the operation has ended. |
//! | `clear` | | Removes the state. Waiters for an operation that is pending get 404. The operation goes on. |
//!
//! `poll`, `attach` and `deliver` are called by the object alone.
//!
//! # Start
//!
//! [`Start`] makes a starting call in a handler, and does not repeat it if its result is lost.

mod object;
mod start;

pub use lro::stored::{Driver, Ended, Registration, Started};

pub use crate::{
    object::{Lro, LroClient, LroIngressClient},
    start::Start,
};
