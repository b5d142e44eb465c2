//! The sizes that every store accepts. Beyond them the registry refuses before anything is written.

/// The longest key, in bytes: 2,560. An index of PostgreSQL holds entries of at most 2,704 bytes.
pub const LONGEST_KEY: usize = 2_560;
/// The longest fingerprint, in bytes: 2,560.
pub const LONGEST_FINGERPRINT: usize = 2_560;
/// The longest kind, key of a service, version and quota key, in bytes: 256.
pub const LONGEST_WORD: usize = 256;
/// The largest tag and the largest outcome, in bytes: 16 MiB.
pub const LARGEST_PAYLOAD: usize = 16 << 20;
/// The longest stored error, in bytes: 4,000.
pub const LONGEST_ERROR: usize = 4_000;
