//! `google.longrunning` over HTTP/JSON for any service: paths, credentials, bounds, error bodies.
//!
//! [`HttpTransport`] is an [`LroTransport`](lro::LroTransport) made of an [`HttpClient`] and a [`Binding`], which says
//! what a service's names look like and which calls it has. The crates of single services stand on it, and add the
//! calls that start operations by [`Call`] and [`HttpTransport::start`].
//!
//! Only HTTPS leaves the machine, no redirect is followed, and no token is shown by `Debug`, an error or a trace.

mod binding;
mod builder;
mod client;
mod connection;
mod credentials;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod refusal;
mod reply;
mod request;
mod transport;

#[cfg(feature = "google-cloud-auth")]
pub use crate::credentials::GoogleCloudCredentials;
pub use crate::{
    binding::Binding,
    builder::HttpClientBuilder,
    client::HttpClient,
    connection::Endpoint,
    credentials::{Credentials, NoCredentials, Token, TokenFn, token_fn},
    request::{Call, NameTemplate, resource_name},
    transport::HttpTransport,
};
