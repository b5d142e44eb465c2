//! The default schedules of other pollers, according to their source code.

use std::time::Duration;

use lro::pacing::{Moment, Pacing, PacingPolicy, Schedule};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// The schedule of another poller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peer {
    /// The name of the poller.
    pub name: &'static str,
    first_poll: Option<f64>,
    first_gap: f64,
    factor: f64,
    longest_gap: f64,
    jitter: Jitter,
    seed: u64,
}

/// How a delay is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Jitter {
    No,
    /// Evenly between zero and the delay.
    Full,
    /// A whole number of seconds between the first delay and this one.
    WholeSeconds,
    /// The delay plus up to a second.
    UpToASecond,
}

impl Peer {
    /// Returns its schedule as a pacing with a seed.
    pub fn pacing(&self, seed: u64) -> Pacing {
        Pacing::custom(Self { seed, ..*self })
    }

    const fn new(name: &'static str, first_poll: Option<f64>, gaps: [f64; 3], jitter: Jitter) -> Self {
        let [first_gap, factor, longest_gap] = gaps;
        Self { name, first_poll, first_gap, factor, longest_gap, jitter, seed: 0 }
    }
}

impl PacingPolicy for Peer {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(Run { peer: *self, gap: self.first_gap, random: StdRng::seed_from_u64(self.seed) })
    }
}

#[derive(Debug)]
struct Run {
    peer: Peer,
    gap: f64,
    random: StdRng,
}

impl Schedule for Run {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        if let (0, Some(first)) = (moment.polls, self.peer.first_poll) {
            return Some(Duration::from_secs_f64(first));
        }
        let (gap, chance) = (self.gap, self.random.random::<f64>());
        self.gap = (gap * self.peer.factor).min(self.peer.longest_gap);
        let delay = match self.peer.jitter {
            Jitter::No => gap,
            Jitter::Full => gap * chance,
            Jitter::WholeSeconds => {
                self.peer.first_gap + (chance * (gap - self.peer.first_gap + 1.0)).floor()
            }
            Jitter::UpToASecond => (gap + chance).min(self.peer.longest_gap),
        };
        Some(Duration::from_secs_f64(delay))
    }
}

/// The pollers. Their times in seconds: the first poll (if none, after the first delay), the first delay, the factor and the longest
/// delay.
pub const ALL: [Peer; 10] = [
    Peer::new("google-cloud-lro (Rust)", None, [1.0, 2.0, 60.0], Jitter::No),
    Peer::new("Go longrunning.Wait", Some(0.0), [1.0, 2.0, 60.0], Jitter::Full),
    Peer::new("Java gax (generated)", Some(0.0), [5.0, 1.5, 45.0], Jitter::Full),
    Peer::new("Python api_core", Some(0.0), [1.0, 1.5, 20.0], Jitter::Full),
    Peer::new("gcloud CLI waiter", Some(1.0), [2.0, 1.4, 180.0], Jitter::UpToASecond),
    Peer::new("Azure SDK, 30 s", None, [30.0, 1.0, 30.0], Jitter::No),
    Peer::new("Azure JS, 2 s", None, [2.0, 1.0, 2.0], Jitter::No),
    Peer::new("AWS smithy waiter 2..120", Some(0.0), [2.0, 2.0, 120.0], Jitter::WholeSeconds),
    Peer::new("boto3 waiter, 15 s", Some(0.0), [15.0, 1.0, 15.0], Jitter::No),
    Peer::new("Terraform StateChange", Some(0.0), [0.1, 2.0, 10.0], Jitter::No),
];
