//! ```
//! use lro_emulator::Emulator;
//! use lro_route_optimization::{
//!     RouteOptimization,
//!     messages::{LatLng, OptimizeToursRequest, Shipment, ShipmentModel, ShipmentVisitRequest, Vehicle},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
//! let emulator = Emulator::start().await?;
//! let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build()?;
//!
//! let at = |latitude, longitude| Some(LatLng { latitude, longitude });
//! let delivery = ShipmentVisitRequest { arrival_location: at(48.88, 2.32), ..Default::default() };
//! let shipment = Shipment { deliveries: vec![delivery], ..Default::default() };
//! let vehicle = Vehicle { start_location: at(48.86, 2.34), ..Default::default() };
//! let request = OptimizeToursRequest {
//!     parent: "projects/my-project".into(),
//!     model: Some(ShipmentModel { shipments: vec![shipment], vehicles: vec![vehicle], ..Default::default() }),
//!     ..Default::default()
//! };
//! let tours = routes.optimize_tours_long_running(&request).await?.await?;
//! assert_eq!(tours.routes[0].visits.len(), 1);
//! # Ok(()) }
//! ```
//!
//! Starts and awaits the long-running operations of Google's Route Optimization API, `v1`.
//!
//! A starting call returns a [`Wait`](lro::Wait). Awaiting it polls the operation and returns the typed outcome.
//! [`RouteOptimization`] is also the transport for [`poll_until_done`](lro::poll_until_done), which waits for an
//! operation by name.
//!
//! # Credentials
//!
//! The emulator needs no credentials. The service does. With the feature `google-cloud-auth`, application default
//! credentials are:
//!
//! ```no_run
//! # #[cfg(feature = "google-cloud-auth")]
//! # async fn example(request: lro_route_optimization::messages::OptimizeToursRequest) -> Result<(), lro::Status> {
//! # use lro_route_optimization::{GoogleCloudCredentials, RouteOptimization, scopes};
//! let credentials = GoogleCloudCredentials::application_default([scopes::CLOUD_PLATFORM])?;
//! let routes = RouteOptimization::builder().credentials(credentials).build()?;
//! let tours = routes.optimize_tours_long_running(&request).await?.await?;
//! # Ok(()) }
//! ```
//!
//! Without the feature, [`Token`] is a bearer token, an API key or another header, [`token_fn`] fetches and renews tokens
//! by a closure, and [`Credentials`] is the trait of both.
//!
//! # Features
//!
//! | feature | effect |
//! |---|---|
//! | `ring` (default) | TLS by `ring` |
//! | `aws-lc` | TLS by `aws-lc-rs` |
//! | `grpc` | `GrpcRouteOptimization`, a client over gRPC with the same messages, and the crate `lro-grpc` |
//! | `google-cloud-auth` | `GoogleCloudCredentials`, and the crate `google-cloud-auth` with the types that it takes |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "grpc")]
mod grpc;
pub mod kind;
pub mod messages;
mod route_optimization;
pub mod scopes;

pub use lro_http::{Credentials, HttpClientBuilder, NoCredentials, Token, TokenFn, token_file, token_fn};
#[cfg(feature = "google-cloud-auth")]
pub use lro_http::{GoogleCloudCredentials, google_cloud_auth};

#[cfg(feature = "grpc")]
pub use crate::grpc::GrpcRouteOptimization;
pub use crate::route_optimization::RouteOptimization;

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
