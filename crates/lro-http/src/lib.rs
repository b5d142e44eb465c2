//! `google.longrunning` over HTTP/JSON for any service: paths, credentials, bounds, error bodies.
//!
//! [`HttpTransport`] is an [`LroTransport`](lro::LroTransport) made of an [`HttpClient`] and a [`Binding`], which says
//! what a service's names look like and which calls it has. The crates of single services stand on it, and add the
//! calls that start operations by [`Call`] and [`HttpTransport::start`].
//!
//! Only HTTPS leaves the machine, no redirect is followed, and no token is shown by `Debug`, an error or a trace.

mod builder;
mod call;
mod client;
mod connector;
mod credentials;
mod endpoint;
mod failure;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[cfg(feature = "google-cloud-auth")]
mod google_cloud_auth;
mod payload;
mod prepared;
mod proxy;
mod reply;
mod template;
mod transport;

#[cfg(feature = "google-cloud-auth")]
pub use crate::google_cloud_auth::GoogleCloudCredentials;
pub use crate::{
    builder::HttpClientBuilder,
    call::Call,
    client::HttpClient,
    credentials::{Credentials, NoCredentials, Token, TokenFn, token_fn},
    endpoint::Endpoint,
    template::{NameTemplate, resource_name},
    transport::{Binding, HttpTransport},
};
