//! The OAuth scopes of the service, and the scopes that each call accepts.

/// Read, update, configure and delete the user's Google Cloud data.
pub const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The scopes that every call accepts.
pub const ALL: &[&str] = &[CLOUD_PLATFORM];
