use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Something about few entries, by their numbers.
pub(crate) type ById<T> = HashMap<u32, T, BuildHasherDefault<Spread>>;

/// Spreads the numbers of entries, which nobody outside chooses, by Fibonacci hashing (Knuth, TAOCP 3, 6.4).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        // The table goes by the lowest bits and by the highest.
        self.0.rotate_left(26)
    }
}
