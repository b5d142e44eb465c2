use std::{collections::VecDeque, time::Duration};

use lro::Code;

/// The calls under one quota.
#[derive(Debug, Default)]
pub(super) struct Quota {
    /// Within a second.
    sent: VecDeque<Duration>,
    pub(super) failures: u32,
    /// Whether the fleet may ask later than it would, and may take the service to be down.
    pub(super) is_disturbed: bool,
}

impl Quota {
    /// A call is sent.
    pub(super) fn send(&mut self, rate: Option<u32>, at: Duration) {
        while self.sent.front().is_some_and(|sent| *sent + Duration::from_millis(999) <= at) {
            self.sent.pop_front();
        }
        self.sent.push_back(at);
        if let Some(rate) = rate {
            assert!(self.sent.len() <= rate as usize, "more than {rate} calls in the second to {at:?}");
        }
    }

    /// A call ended.
    pub(super) fn receive(&mut self, failure: Option<Code>) {
        self.failures += u32::from(failure.is_some());
        self.is_disturbed |= self.failures >= 4;
    }
}
