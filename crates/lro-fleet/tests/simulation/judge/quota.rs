use std::{collections::VecDeque, time::Duration};

use lro::Code;

use crate::model::TICK;

/// The calls under one quota.
#[derive(Debug, Default)]
pub(super) struct Quota {
    /// Within a second.
    sent: VecDeque<Duration>,
    /// Since when and until when the server asked to be left alone.
    shut: Option<(Duration, Duration)>,
    failures: u32,
    /// Whether the fleet may ask later than it would.
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
        if let Some((since, until)) = self.shut {
            // What was sent at the moment of the reply was sent before it.
            let may_send = at == since || at + TICK >= until;
            assert!(may_send, "a call at {at:?}, to be left alone until {until:?}");
        }
    }

    /// A call ended.
    pub(super) fn receive(&mut self, failure: Option<Code>, hint: Duration, at: Duration) {
        self.failures = if failure.is_some() { self.failures + 1 } else { 0 };
        let throttles = failure == Some(Code::ResourceExhausted) || !hint.is_zero();
        self.is_disturbed |= throttles || self.failures >= 5;
        if !hint.is_zero() && self.shut.is_none_or(|(_, until)| until < at + hint) {
            self.shut = Some((at, at + hint));
        }
    }
}
