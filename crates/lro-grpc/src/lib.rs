//! `google.longrunning` over gRPC for any service, on the connections of `lro-http`.
//!
//! ```no_run
//! use lro::{OperationName, Service, poll_until_done};
//! use lro_grpc::{GrpcTransport, Proto};
//! # use prost::{Message, Name};
//! # #[derive(Clone, PartialEq, Message)] struct Transcript {}
//! # impl Name for Transcript {
//! #     const PACKAGE: &'static str = "speech.v1";
//! #     const NAME: &'static str = "Transcript";
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
//! let speech = GrpcTransport::builder(Service::new("speech.googleapis.com", "v1")).build()?;
//! let name = OperationName::parse("7612202767953098924")?;
//! let Proto(transcript): Proto<Transcript> = poll_until_done(&speech, name).await?;
//! # Ok(()) }
//! ```
//!
//! [`GrpcTransport`] implements [`LroTransport`](lro::LroTransport). Its builder is that of `lro-http`, which sets
//! credentials, proxies, TLS and bounds, or takes another client of HTTP/2. [`GrpcTransport::start`] sends a [`GrpcCall`] that starts
//! an operation.
//!
//! `prost` is of version 0.14, whose messages [`Proto`] decodes.
//!
//! A response, metadata and details stay encoded as they came. [`Proto`] decodes them as a message of prost.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod proto;
mod secret;
mod transport;
mod unary;

pub use lro_http::{Credentials, HttpClient, HttpClientBuilder, NoCredentials, Token, token_file, token_fn};

pub use crate::{
    call::GrpcCall,
    proto::{AnyProto, Proto},
    transport::GrpcTransport,
};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
