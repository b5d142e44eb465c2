//! ```
//! use lro_emulator::Emulator;
//! use lro_workspace_events::{
//!     WorkspaceEvents,
//!     messages::{NotificationEndpoint, Subscription, SubscriptionState},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
//! let emulator = Emulator::start().await?;
//! let events = WorkspaceEvents::builder().endpoint(emulator.endpoint()).build()?;
//!
//! let topic = "projects/my-project/topics/events".to_owned();
//! let wanted = Subscription {
//!     target_resource: "//chat.googleapis.com/spaces/AAAA".into(),
//!     event_types: vec!["google.workspace.chat.message.v1.created".into()],
//!     notification_endpoint: Some(NotificationEndpoint { pubsub_topic: Some(topic) }),
//!     ..Subscription::default()
//! };
//! let subscription = events.create_subscription(&wanted).await?.await?;
//! assert_eq!(subscription.state, SubscriptionState::Active);
//! # Ok(()) }
//! ```
//!
//! Starts and awaits the long-running operations of Google's Workspace Events API, `v1` and `v1beta`.
//!
//! A starting call returns a [`Wait`](lro::Wait). Awaiting it polls the operation and returns the typed outcome.
//! [`WorkspaceEvents`] is also the transport for [`poll_until_done`](lro::poll_until_done), which waits for an
//! operation by name.
//!
//! # Credentials
//!
//! The emulator needs no credentials. The service does. With the feature `google-cloud-auth`, application default
//! credentials are:
//!
//! ```no_run
//! # #[cfg(feature = "google-cloud-auth")]
//! # async fn example(wanted: lro_workspace_events::messages::Subscription) -> Result<(), lro::Status> {
//! # use lro_workspace_events::{GoogleCloudCredentials, WorkspaceEvents, scopes};
//! let credentials = GoogleCloudCredentials::application_default([scopes::CHAT_MESSAGES_READONLY])?;
//! let events = WorkspaceEvents::builder().credentials(credentials).build()?;
//! let subscription = events.create_subscription(&wanted).await?.await?;
//! # Ok(()) }
//! ```
//!
//! [`scopes`] lists the OAuth scopes that each call accepts. The credentials of
//! `gcloud auth application-default login` have the scopes of its option `--scopes`.
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
//! | `grpc` | `GrpcWorkspaceEvents`, a client over gRPC with the same messages, and the crate `lro-grpc` |
//! | `google-cloud-auth` | `GoogleCloudCredentials`, and the crate `google-cloud-auth` with the types that it takes |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "grpc")]
mod grpc;
pub mod kind;
pub mod messages;
pub mod scopes;
mod workspace_events;

pub use lro_http::{Credentials, HttpClientBuilder, NoCredentials, Token, TokenFn, token_file, token_fn};
#[cfg(feature = "google-cloud-auth")]
pub use lro_http::{GoogleCloudCredentials, google_cloud_auth};

#[cfg(feature = "grpc")]
pub use crate::grpc::GrpcWorkspaceEvents;
pub use crate::workspace_events::{Version, WorkspaceEvents};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
