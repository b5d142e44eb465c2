//! `google.longrunning` over HTTP/JSON for any service: paths, credentials, bounds, error bodies.
//!
//! ```
//! use lro::{OperationName, Service, poll_until_done};
//! use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = lro_emulator::Emulator::start().await?;
//! # let job = lro::Any::from_json(r#"{"@type": "t/printer.v1.Job", "pages": 20}"#)?;
//! # emulator.operation("operations/print", lro_emulator::Script::new().responds(job));
//! # let endpoint = emulator.endpoint();
//! let service = Service::new("printer.example.com", "v1");
//! let binding = Binding::new(service, NameTemplate::parse("operations/**")?);
//! let printer = HttpTransport::new(HttpClient::builder(endpoint).build()?, binding);
//!
//! let name = OperationName::parse("operations/print")?;
//! let job: serde_json::Value = poll_until_done(&printer, name).await?;
//! assert_eq!(job["pages"], 20);
//! # Ok(())
//! # }
//! ```
//!
//! [`HttpTransport`] implements [`LroTransport`](lro::LroTransport). It consists of an [`HttpClient`] and a
//! [`Binding`], which declares the names of a service's operations and the calls that it supports. [`Call`] and
//! [`HttpTransport::start`] send the calls that start operations. The crates of single services are built on these.
//!
//! Where a service deviates from the standard paths, a binding has its [`Paths`], and where its operations are not those of
//! `google.longrunning`, their [`Form`]. Its [`ProgressFields`] have the share of the work that is done. All are data, and a binding deserializes
//! from a configuration.
//!
//! [`raw`] sends the calls of protocols that are not JSON. The crate `lro-grpc` is built on it.
//!
//! Connections outside of the loopback interface use HTTPS unless the builder says otherwise. Redirects are not followed. `Debug`, errors and traces
//! never contain a token.
//!
//! The source is grouped by noun: `connection` (endpoint, proxy, TLS), `request` (call, name template, rule, encoding),
//! `reply` (body, failure) and `form` (replies of other forms). The credentials are those of the crate `lro-auth`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod binding;
mod builder;
mod calls;
mod client;
mod connection;
mod form;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod listed;
mod progress;
pub mod raw;
mod refusal;
mod reply;
mod request;
mod transport;

pub use lro::retry_after;
pub use lro_auth::{Credentials, NoCredentials, Token, TokenFn, token_file, token_fn};
#[cfg(feature = "google-cloud-auth")]
pub use lro_auth::{GoogleCloudCredentials, google_cloud_auth};

pub use crate::{
    binding::{Binding, Paths, WaitTimeout},
    builder::HttpClientBuilder,
    client::HttpClient,
    connection::Endpoint,
    form::Form,
    progress::ProgressFields,
    request::{Call, NameTemplate, resource_name},
    transport::HttpTransport,
};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
