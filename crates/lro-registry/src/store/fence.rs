use std::fmt;

/// A random number that identifies one call of [`Store::claim`](super::Store::claim) or
/// [`Store::undelivered`](super::Store::undelivered).
///
/// An epoch alone does not fence: a database that lost its last commits gives out the same epoch twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimId(u128);

/// What a write must know of the record that it changes: which claim it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The key of the record.
    pub key: String,
    /// The epoch that the claim gave the record.
    pub epoch: i64,
    /// The claim.
    pub claim: ClaimId,
}

impl ClaimId {
    /// Draws a claim id.
    pub fn random() -> Self {
        Self(fastrand::u128(..))
    }

    /// Returns the bytes to store.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Restores a claim id from the stored bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Debug for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
