/// What a fleet got from a server, by the server's clock. Times are seconds since the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// The calls, pages of lists included.
    pub calls: u64,
    /// Those in the steady state.
    pub calls_when_warm: u64,
    /// Those while the service was down.
    pub calls_when_down: u64,
    /// The successful replies.
    pub good: u64,
    /// Those in the steady state.
    pub good_when_warm: u64,
    /// The calls that failed with `RESOURCE_EXHAUSTED` or `UNAVAILABLE`.
    pub refused: u64,
    /// Those in the steady state.
    pub refused_when_warm: u64,
    /// The calls that failed in another way or had no reply.
    pub failed: u64,
    /// The first successful reply.
    pub first_good: Option<f64>,
    /// The time until each operation that is not broken had a successful reply. `None` if one had none.
    pub all_answered: Option<f64>,
    /// The longest time from a poll being due to the call. Operations that are broken or whose last call failed do not count.
    pub longest_wait: f64,
    /// The mean time from the end of an operation to the reply that said so.
    pub notice_delay: f64,
    /// The longest of these times.
    pub longest_notice: f64,
    /// The last reply that said that an operation is done.
    pub last_noticed: f64,
    /// The operations that ended without such a reply.
    pub unnoticed: usize,
    /// The calls beyond the configured rate, in any second and in any tenth of a second.
    pub over_rate: u64,
    /// The most calls in any second.
    pub most_in_a_second: usize,
    /// The most calls in any tenth of a second.
    pub most_in_a_tenth: usize,
    /// The completions that the fleet delivered.
    pub delivered: usize,
}

impl Figures {
    /// Returns the share of the calls that were refused.
    pub fn refused_share(&self) -> f64 {
        share(self.refused, self.calls)
    }

    /// Returns the share of the calls in the steady state that were refused.
    pub fn refused_share_when_warm(&self) -> f64 {
        share(self.refused_when_warm, self.calls_when_warm)
    }

    /// Returns the share of the calls that were refused or failed.
    pub fn bad_share(&self) -> f64 {
        share(self.refused + self.failed, self.calls)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
