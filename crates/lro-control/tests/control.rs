//! One key: what its control decides after some calls.

use std::time::Duration;

use lro_control::{Call, Control, Pick, Rate, Reply};

const REFUSED: Reply = Reply::Refused { hint: None };
const CROWD: usize = 1_000;

/// A key at a time, with calls that are answered after 10 ms.
struct Key {
    control: Control,
    now: Duration,
}

impl Key {
    fn new(rate: Option<Rate>) -> Self {
        Self { control: Control::new(rate, 64), now: Duration::from_secs(100) }
    }

    fn stated() -> Self {
        Self::new(Some(Rate::per_second(1_000)))
    }

    /// A key that an outage has shut.
    fn shut() -> Self {
        let mut key = Self::stated();
        key.call(24, Reply::Failed);
        assert!(key.control.is_shut());
        key
    }

    fn sent(&mut self, failures: u32) -> Call {
        self.control.sent(self.now, failures, 0.5)
    }

    fn ended(&mut self, call: Call, reply: Reply) {
        self.control.ended(call, self.now, reply, CROWD, 0.5);
    }

    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    /// Makes calls for operations that had not failed, one after the other.
    fn call(&mut self, calls: usize, reply: Reply) {
        for _ in 0..calls {
            let call = self.sent(0);
            self.wait(10);
            self.ended(call, reply);
        }
    }

    fn probe(&mut self, reply: Reply) {
        self.now = self.control.opens_at().map_or(self.now, |at| at.max(self.now));
        self.call(1, reply);
    }
}

#[test]
fn a_control_is_small() {
    assert!(size_of::<Control>() <= 384, "{}", size_of::<Control>());
    assert!(size_of::<Call>() <= 16);
}

#[test]
fn only_operations_that_had_not_failed_count_against_the_service() {
    let mut key = Key::stated();
    for _ in 0..1_000 {
        let call = key.sent(1);
        key.ended(call, Reply::Failed);
    }
    assert_eq!((key.control.doubt(), key.control.is_shut()), (0, false));
    assert!(Key::shut().control.is_shut());
}

#[test]
fn a_good_probe_opens_the_key_with_few_calls_in_flight() {
    let mut key = Key::shut();
    key.probe(Reply::Failed);
    assert!(key.control.is_shut());
    key.probe(Reply::Good);
    assert_eq!((key.control.is_shut(), key.control.width(), key.control.doubt()), (false, Some(2.0), 12));
    let calls = [key.sent(0), key.sent(0)];
    assert_eq!(key.control.opens_at(), None);
    key.wait(10);
    calls.into_iter().for_each(|call| key.ended(call, Reply::Good));
    assert_eq!(key.control.width(), Some(4.0));
}

#[test]
fn a_reply_to_a_call_from_before_does_not_open_the_key() {
    let mut key = Key::stated();
    let early = key.sent(0);
    key.call(24, Reply::Failed);
    key.ended(early, Reply::Good);
    assert!(key.control.is_shut());
}

#[test]
fn a_hint_shuts_nothing_and_delays_the_probes_of_a_quota() {
    let mut key = Key::stated();
    let hinted = Reply::Refused { hint: Some(Duration::from_secs(20)) };
    key.call(3, hinted);
    assert!(key.control.opens_at().is_some_and(|at| at <= key.now));
    key.call(21, hinted);
    assert_eq!(key.control.opens_at(), Some(key.now + Duration::from_secs(20)));
}

#[test]
fn the_second_line_has_every_fourth_turn_and_a_quarter_of_the_slots() {
    let mut key = Key::stated();
    let mut seconds = 0;
    for _ in 0..400 {
        let pick = key.control.pick(key.now, 5, 5);
        seconds += usize::from(pick == Some(Pick::Second));
        let call = key.sent(if pick == Some(Pick::Second) { 2 } else { 0 });
        key.wait(10);
        key.ended(call, Reply::Good);
    }
    assert_eq!(seconds, 100);
    for _ in 0..16 {
        assert_eq!(key.control.pick(key.now, 0, 5), Some(Pick::Second));
        key.sent(2);
    }
    assert_eq!(key.control.pick(key.now, 0, 5), None);
    assert!(key.control.pick(key.now, 5, 5).is_some_and(|pick| pick != Pick::Second));
}

#[test]
fn the_longest_due_has_every_sixteenth_turn_beside_a_second_line() {
    let mut key = Key::stated();
    let mut longest = 0;
    for _ in 0..160 {
        longest += usize::from(key.control.pick(key.now, 5, 5) == Some(Pick::LongestDue));
        key.call(1, Reply::Good);
    }
    assert_eq!(longest, 10);
}

#[test]
fn operations_are_drawn_while_there_is_doubt() {
    let mut key = Key::stated();
    key.call(1, Reply::Good);
    assert_eq!(key.control.pick(key.now, 5, 0), Some(Pick::Best));
    key.call(4, Reply::Failed);
    assert_eq!(key.control.pick(key.now, 5, 0), Some(Pick::Random));
}

#[test]
fn calls_are_cut_only_where_a_slot_is_wanted() {
    let mut key = Key::stated();
    let hanging = key.sent(0);
    key.wait(1_100);
    key.call(1, Reply::Good);
    assert_eq!(key.control.cut_at(&hanging, key.now, true), None);
    assert_eq!(key.control.cut_at(&hanging, key.now, false), Some(key.now));
    for _ in 0..63 {
        key.sent(0);
    }
    assert_eq!(key.control.cut_at(&hanging, key.now, true), Some(key.now));
    key.ended(hanging, Reply::Cut);
    assert_eq!((key.control.doubt(), key.control.in_flight()), (0, 63));
}

#[test]
fn a_wait_before_the_call_leaves_does_not_count_as_a_call_that_hangs() {
    let mut key = Key::stated();
    let waits = key.sent(0);
    key.wait(4_000);
    let left = waits.left(key.now);
    key.call(1, Reply::Good);
    assert_eq!(key.control.cut_at(&waits, key.now, false), Some(key.now));
    assert_eq!(key.control.cut_at(&left, key.now, false), Some(key.now + Duration::from_secs(1)));
    assert_eq!(left.sent_at(), Duration::from_secs(104));
}

#[test]
fn a_call_that_is_withdrawn_is_a_sign_of_nothing() {
    let mut key = Key::shut();
    key.now = key.control.opens_at().unwrap();
    let probes: Vec<_> = (0..8).map(|_| key.sent(0)).collect();
    assert_eq!(key.control.opens_at(), None);
    probes.into_iter().for_each(|probe| key.control.withdrawn(probe));
    assert!(key.control.opens_at().is_some());
    assert_eq!((key.control.in_flight(), key.control.is_shut()), (0, true));
}

#[test]
fn a_key_is_idle_once_nothing_is_known_of_it() {
    let mut key = Key::stated();
    assert!(key.control.is_idle(key.now));
    let call = key.sent(0);
    assert!(!key.control.is_idle(key.now + Duration::from_secs(3_600)));
    key.ended(call, Reply::Good);
    assert!(key.control.is_idle(key.now));
    key.call(1, Reply::Failed);
    assert!(!key.control.is_idle(key.now));
    key.call(1, Reply::Good);
    assert!(key.control.is_idle(key.now));
    let key = Key::shut();
    assert!(!key.control.is_idle(key.now + Duration::from_secs(599)));
    assert!(key.control.is_idle(key.now + Duration::from_secs(601)));
}

/// Every call beyond 50 a second is refused; 100 a second are made.
#[test]
fn a_quota_is_found_and_kept_while_it_is_used() {
    let mut key = Key::stated();
    let mut refused = 0;
    for call in 0..1_000 {
        let at = key.control.opens_at().unwrap();
        let is_paced = at > key.now;
        key.now = at.max(key.now);
        let is_beyond = call % 2 == 0 && !is_paced;
        refused += usize::from(is_beyond);
        key.call(1, if is_beyond { REFUSED } else { Reply::Good });
    }
    assert!(
        key.control.found_rate().is_some_and(|rate| (40.0..60.0).contains(&rate)),
        "{:?}",
        key.control.found_rate()
    );
    assert!(refused < 200, "{refused}");
    assert!(!key.control.is_idle(key.now));
}
