//! The OAuth scopes of the service, and which calls take which.

/// See, change, configure and delete the user's Google Cloud data.
pub const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Every call takes it.
pub const ALL: &[&str] = &[CLOUD_PLATFORM];
