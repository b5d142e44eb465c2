//! ```
//! use std::time::Duration;
//! use lro_auth::{Credentials, Token, token_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
//! # async fn log_in() -> Result<(String, Duration), lro::Status> { Ok(("ya29.c0AY".into(), Duration::from_secs(3_600))) }
//! let credentials = token_fn(|| async {
//!     let (token, lifetime) = log_in().await?;
//!     Ok(Token::bearer(&token)?.expires_in(lifetime))
//! });
//!
//! let token = credentials.token().await?.expect("these credentials have a token");
//! for (name, value) in token.headers() {
//!     assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Bearer ya29.c0AY"));
//! }
//! # Ok(()) }
//! ```
//!
//! The credentials of calls about long-running operations, for transports of any protocol.
//!
//! | credentials | for |
//! |---|---|
//! | [`Token::bearer`] | a bearer token that does not change |
//! | [`Token::header`] | an API key, or any other header |
//! | [`token_file`] | a bearer token in a file that is kept current |
//! | [`token_fn`] | tokens that expire, from a closure |
//! | `GoogleCloudCredentials`, by the feature `google-cloud-auth` | application default credentials, service accounts and the other kinds of Google Cloud |
//! | [`NoCredentials`] | servers that need none |
//! | an implementation of [`Credentials`] | everything else |
//!
//! A client takes any of them. An `Arc` of credentials gives several clients the same tokens:
//!
//! ```
//! use std::sync::Arc;
//! use lro_auth::{Credentials, Token, token_fn};
//!
//! let credentials = Arc::new(token_fn(|| async { Token::bearer("ya29.c0AY") }));
//! let (of_one_client, of_another) = (Arc::clone(&credentials), credentials);
//! # fn taken(_: impl Credentials + 'static) {}
//! # taken(of_one_client); taken(of_another);
//! ```
//!
//! # For transports
//!
//! A transport asks [`Credentials::token_at_hand`] and then [`Credentials::token`] before every call, sends
//! [`Token::headers`], passes a token that the server refused to [`Credentials::invalidate`], and shows texts of the
//! server by [`Token::hidden_in`].

#![cfg_attr(docsrs, feature(doc_cfg))]

mod credentials;
mod echo;
#[cfg(feature = "google-cloud-auth")]
mod google_cloud;
mod headers;
mod renewal;
mod token;
mod token_file;
mod token_fn;

#[cfg(feature = "google-cloud-auth")]
pub use crate::google_cloud::GoogleCloudCredentials;
pub use crate::{
    credentials::{Credentials, NoCredentials},
    headers::{is_of_connection, quota_project},
    token::Token,
    token_file::token_file,
    token_fn::{TokenFn, token_fn},
};
#[cfg(feature = "google-cloud-auth")]
pub use google_cloud_auth;

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
