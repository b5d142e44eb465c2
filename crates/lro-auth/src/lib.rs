//! The credentials of calls about long-running operations.

mod credentials;
#[cfg(feature = "google-cloud-auth")]
mod google_cloud;
mod headers;
mod token;
mod token_fn;

#[cfg(feature = "google-cloud-auth")]
pub use crate::google_cloud::GoogleCloudCredentials;
pub use crate::{
    credentials::{Credentials, NoCredentials},
    headers::quota_project,
    token::Token,
    token_fn::{TokenFn, token_fn},
};
#[cfg(feature = "google-cloud-auth")]
pub use google_cloud_auth;
