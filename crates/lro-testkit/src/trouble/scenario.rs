use super::{Quota, Slots, Weather};

/// A server, its operations and the settings of a fleet, as data. Times are seconds since the server was made.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The class, such as `outage`.
    pub class: &'static str,
    /// The name, unique in its class.
    pub name: &'static str,
    /// The operations. The fleet registers all of them at the start, in order.
    pub operations: usize,
    /// The delay from a successful reply to the next poll of the operation.
    pub pace: f64,
    /// When the operations are done.
    pub done: Done,
    /// The operations whose calls always fail.
    pub broken: Option<Broken>,
    /// The first operations form so many collections of [`COLLECTION`](Self::COLLECTION) that can be listed. They are
    /// never done.
    pub collections: usize,
    /// Whether polls of some operations are worth more than those of others.
    pub worth: bool,
    /// The states of the whole service.
    pub weather: Weather,
    /// The share of the calls that fail at random.
    pub chance: f64,
    /// How they fail.
    pub chance_failure: Failure,
    /// The delay that refused calls ask for.
    pub hint: Hint,
    /// The first call after 20 s is refused with this delay. 0 for none.
    pub hint_once: f64,
    /// The quota of the service.
    pub quota: Quota,
    /// The limit on concurrent calls.
    pub slots: Option<Slots>,
    /// The round trip.
    pub round_trip: f64,
    /// The standard deviation of the logarithm of the round trip.
    pub spread: f64,
    /// The rate of the fleet: so many calls in so many seconds, 1 or 60.
    pub rate: Option<(u32, u32)>,
    /// The most calls of the fleet in flight.
    pub max_in_flight: usize,
    /// The start of what counts as the steady state.
    pub warm: f64,
    /// The end of the run.
    pub until: f64,
    /// The successful replies of an oracle, the mean of three seeds.
    ///
    /// The oracle knows which operations are broken and which calls the state of the server refuses, but not which are
    /// refused at random. The numbers come from an event-driven simulation of the same server, without rounding to the
    /// milliseconds of tokio's clock.
    pub oracle: f64,
}

/// When operations are done.
#[derive(Clone, Copy, Debug)]
pub enum Done {
    /// Never.
    Never,
    /// All at the same time.
    At(f64),
    /// Evenly distributed between two times.
    Between(f64, f64),
}

/// Operations whose calls always fail.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    /// How many.
    pub count: usize,
    /// How their calls fail.
    pub failure: Failure,
    /// Where they are in the order of the operations.
    pub place: Place,
}

/// A position in the order of the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the others.
    First,
    /// After the others.
    Last,
    /// Among the others.
    Shuffled,
}

/// A failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `RESOURCE_EXHAUSTED`.
    Refused,
    /// `UNAVAILABLE`.
    Unavailable,
    /// `INTERNAL`.
    Internal,
    /// `NOT_FOUND`.
    Missing,
    /// No reply.
    Hangs,
}

/// The delay that refused calls ask for.
#[derive(Clone, Copy, Debug)]
pub enum Hint {
    /// None.
    None,
    /// Always the same.
    Seconds(f64),
    /// The time until the quota has room, in whole seconds.
    UntilRoom,
}

impl Scenario {
    /// 3,000 operations that are polled every second and never done, 64 calls in flight, no rate and no trouble.
    pub const DEFAULT: Self = Self {
        class: "calm",
        name: "calm",
        operations: 3_000,
        pace: 1.0,
        done: Done::Never,
        broken: None,
        collections: 0,
        worth: false,
        weather: Weather::Fair,
        chance: 0.0,
        chance_failure: Failure::Refused,
        hint: Hint::None,
        hint_once: 0.0,
        quota: Quota::None,
        slots: None,
        round_trip: 0.01,
        spread: 0.0,
        rate: None,
        max_in_flight: 64,
        warm: 10.0,
        until: 120.0,
        oracle: 0.0,
    };

    /// The operations of a collection that can be listed.
    pub const COLLECTION: usize = 5;
}

impl Failure {
    /// Returns whether the call counts as refused. Other failures count as failed.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Refused | Self::Unavailable)
    }
}
