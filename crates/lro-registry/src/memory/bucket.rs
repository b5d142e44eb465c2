use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::LONGEST;
use crate::store::{Bucket, BucketLevel};

/// The levels of all buckets, by quota key.
#[derive(Debug, Default)]
pub(super) struct Buckets(HashMap<String, Level>);

/// The tokens of a bucket at a time.
#[derive(Debug)]
pub(super) struct Level {
    tokens: f64,
    at: SystemTime,
}

/// What the sum of many small refills may lack of a whole token.
const ROUNDING: f64 = 1e-9;

impl Buckets {
    /// Returns the level of a bucket, refilled.
    pub(super) fn level(&mut self, now: SystemTime, bucket: &Bucket) -> &mut Level {
        let level = self.0.entry(bucket.quota.clone()).or_insert(Level { tokens: 1.0, at: now });
        let elapsed = now.duration_since(level.at).unwrap_or_default().as_secs_f64();
        level.tokens = (level.tokens + bucket.refill.max(0.0) * elapsed).min(bucket.capacity.max(0.0));
        level.at = now;
        level
    }

    /// Returns the levels as they are stored, in the order of the quota keys.
    pub(super) fn levels(&self, now: SystemTime, most: usize) -> Vec<BucketLevel> {
        let age = |at| now.duration_since(at).unwrap_or_default();
        let level = |(quota, level): (&String, &Level)| BucketLevel {
            quota: quota.clone(),
            tokens: level.tokens,
            age: age(level.at),
        };
        let mut levels: Vec<_> = self.0.iter().map(level).collect();
        levels.sort_by(|a, b| a.quota.cmp(&b.quota));
        levels.truncate(most);
        levels
    }

    /// Sets the time at which a bucket had its level. Returns whether the bucket exists.
    #[cfg(feature = "contract")]
    pub(super) fn set_time(&mut self, quota: &str, time: SystemTime) -> bool {
        self.0.get_mut(quota).map(|level| level.at = time).is_some()
    }
}

impl Level {
    /// Returns the number of whole tokens.
    pub(super) fn available(&self) -> usize {
        (self.tokens + ROUNDING) as usize
    }

    pub(super) fn spend(&mut self, tokens: usize) {
        self.tokens = (self.tokens - tokens as f64).max(0.0);
    }

    /// Returns the time until there is a whole token.
    pub(super) fn next_token(&self, bucket: &Bucket) -> Duration {
        if self.available() > 0 {
            return Duration::ZERO;
        }
        let seconds = (1.0 - self.tokens) / bucket.refill.max(0.0);
        Duration::try_from_secs_f64(seconds).map_or(LONGEST, |time| time.min(LONGEST))
    }
}
