use std::collections::VecDeque;

use crate::Dice;

/// A limit on the calls that a server works on at a time.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// The calls that it works on.
    pub at_once: usize,
    /// The calls that may wait. Further ones fail with `UNAVAILABLE`.
    pub queue: usize,
    /// The mean time for one call.
    pub service: f64,
}

/// The state of the slots.
#[derive(Debug)]
pub(super) struct Workers {
    slots: Slots,
    /// When each worker is free.
    free_at: Vec<f64>,
    /// When each of the waiting calls begins, the earliest first.
    begins: VecDeque<f64>,
}

impl Workers {
    pub(super) fn new(slots: Slots) -> Self {
        Self { slots, free_at: vec![0.0; slots.at_once], begins: VecDeque::new() }
    }

    /// Returns how long a call that arrives at `at` takes. `None` if the queue is full.
    pub(super) fn work(&mut self, at: f64, capacity: f64, dice: &mut Dice) -> Option<f64> {
        while self.begins.front().is_some_and(|begin| *begin <= at) {
            self.begins.pop_front();
        }
        let free_at = self.free_at.iter_mut().min_by(|one, other| one.total_cmp(other))?;
        let begin = at.max(*free_at);
        if begin > at {
            if self.begins.len() >= self.slots.queue {
                return None;
            }
            self.begins.push_back(begin);
        }
        let service = self.slots.service / capacity * (0.5 + dice.share());
        *free_at = begin + service;
        Some(begin - at + service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses() {
        let mut workers = Workers::new(Slots { at_once: 2, queue: 1, service: 1.0 });
        let mut dice = Dice::new(1);
        let took: Vec<_> = (0..4).map(|_| workers.work(0.0, 1.0, &mut dice)).collect();
        assert!(took[..2].iter().flatten().all(|took| (0.5..1.5).contains(took)), "{took:?}");
        assert!(took[2] > took[0] || took[2] > took[1], "the third waits: {took:?}");
        assert_eq!(took[3], None);
        assert!(workers.work(1.5, 1.0, &mut dice).is_some(), "one of the workers is free");
    }
}
