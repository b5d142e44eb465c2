//! The same history in gives the same decisions out as the reference implementation of the method.
//!
//! `reference.txt` holds histories of many kinds, recorded in a simulator, with the decisions of the reference after each event:
//!
//! ```text
//! = 200/1 64 f04: chance 5 %        rate (calls/seconds or -), most in flight, name
//! s1500 2                           1,500 µs later a call is sent for an operation that failed twice in a row
//! R3000 1700 3 =50 ~90              1,700 µs later the fourth oldest call ends, refused with a hint of 3,000 ms; from now on
//!                                   there are 50 operations, and chance is 90 %
//! ```
//!
//! `G` is good, `F` failed, `T` timed out, `C` cut. Failures and positions of zero are left out, and chance where it matters not.
//!
//! What follows is what the reference decides from then on, if it has changed: `o` opens, in µs from now, `p` what is picked with
//! 5 and 5, 5 and 0, or 0 and 5 in the two lines, `r` rate, `b` share of chance, `d` doubt, `w` width, `x` whether it is shut,
//! `c` when the oldest call can be cut, in µs from now, and whether the key is full. `n` is never or none.

#![allow(clippy::unwrap_used, reason = "the histories are part of the test")]

use std::time::Duration;

use lro_control::{Call, Control, Pick, Rate, Reply};

#[test]
fn decides_as_the_reference_does() {
    let histories: Vec<&str> = include_str!("reference.txt").split("= ").skip(1).collect();
    assert!(histories.len() >= 30);
    for history in histories {
        let mut replay = Replay::of(history.lines().next().unwrap());
        for (number, line) in history.lines().enumerate().skip(1) {
            replay.step(line).unwrap_or_else(|difference| {
                panic!("{}, event {number}: {line}\n{difference}\n{:?}", replay.name, replay.control)
            });
        }
    }
}

struct Replay {
    name: String,
    control: Control,
    now: Duration,
    calls: Vec<Call>,
    crowd: usize,
    expected: Expected,
}

/// The last decisions of the reference.
#[derive(Default)]
struct Expected {
    opens: String,
    rate: String,
    chance: String,
    doubt: String,
    width: String,
    shut: String,
}

impl Replay {
    fn of(head: &str) -> Self {
        let [rate, most, name] = head.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
        let rate = rate.split_once('/').map(|(calls, per)| match per {
            "1" => Rate::per_second(calls.parse().unwrap()),
            _ => Rate::per_minute(calls.parse().unwrap()),
        });
        Self {
            name: name.to_owned(),
            control: Control::new(rate, most.parse().unwrap()),
            now: Duration::ZERO,
            calls: Vec::new(),
            crowd: 0,
            expected: Expected::default(),
        }
    }

    fn step(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split(' ').peekable();
        let event = words.next().unwrap();
        let mut number = || words.next_if(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let sent = event.strip_prefix('s');
        let later = sent.or_else(&mut number).unwrap();
        self.now += Duration::from_micros(later.parse().unwrap());
        let which: usize = number().map_or(0, |number| number.parse().unwrap());
        let percent = words.clone().find_map(|word| word.strip_prefix('~'));
        let chance = percent.map_or(0.5, |percent| percent.parse::<f64>().unwrap() / 100.0);
        let crowd = words.clone().find_map(|word| word.strip_prefix('='));
        self.crowd = crowd.map_or(self.crowd, |crowd| crowd.parse().unwrap());
        if sent.is_some() {
            self.calls.push(self.control.sent(self.now, which as u32, chance));
        } else {
            let call = self.calls.remove(which);
            self.control.ended(call, self.now, reply(event), self.crowd, chance);
        }
        for decision in words.filter(|word| !word.starts_with(['~', '='])) {
            let (name, value) = decision.split_at(1);
            let expected = &mut self.expected;
            match name {
                "o" => {
                    // The time does not change until the next event that moves it.
                    expected.opens = value.to_owned();
                    self.check_opening(value)?;
                }
                "p" => self.check_picks(value)?,
                "c" => self.check_cut(value)?,
                "r" => expected.rate = value.to_owned(),
                "b" => expected.chance = value.to_owned(),
                "d" => expected.doubt = value.to_owned(),
                "w" => expected.width = value.to_owned(),
                "x" => expected.shut = value.to_owned(),
                _ => panic!("{decision}"),
            }
        }
        self.check()
    }

    fn check(&self) -> Result<(), String> {
        let (control, expected) = (&self.control, &self.expected);
        if matches!(expected.opens.as_str(), "n" | "z") {
            self.check_opening(&expected.opens)?;
        }
        same("rate", number(&expected.rate), control.found_rate())?;
        same("chance", number(&expected.chance), Some(control.chance_share()))?;
        same("width", number(&expected.width), control.width())?;
        same("doubt", number(&expected.doubt), Some(f64::from(control.doubt())))?;
        same("shut", number(&expected.shut), Some(f64::from(u8::from(control.is_shut()))))?;
        if control.in_flight() != self.calls.len() {
            return Err(format!("{} in flight", self.calls.len()));
        }
        Ok(())
    }

    fn check_opening(&self, expected: &str) -> Result<(), String> {
        let opens_at = self.control.opens_at();
        match expected {
            "n" => same("opens", None, opens_at.map(|at| at.as_secs_f64())),
            "z" => same("opens", Some(0.0), opens_at.map(|at| at.as_secs_f64())),
            micros => self.close("opens", micros, opens_at),
        }
    }

    fn check_cut(&self, expected: &str) -> Result<(), String> {
        let (is_full, micros) = (expected.starts_with('f'), &expected[1..]);
        let oldest = &self.calls[0];
        if self.control.cut_at(oldest, self.now, true).is_some() != is_full {
            return Err(format!("full: {is_full}"));
        }
        let at = self.control.cut_at(oldest, self.now, false).map(|at| at.max(self.now));
        self.close("cut", micros, at)
    }

    fn check_picks(&self, expected: &str) -> Result<(), String> {
        let picks = [(5, 5), (5, 0), (0, 5)].map(|(first, second)| {
            match self.control.pick(self.now, first, second) {
                None => '0',
                Some(Pick::Best | Pick::LongestDue) => '1',
                Some(Pick::Random) => '2',
                Some(_) => '3',
            }
        });
        if expected.chars().eq(picks) { Ok(()) } else { Err(format!("picks {expected}, not {picks:?}")) }
    }

    /// Whether a time is this number of microseconds from now, within the rounding.
    fn close(&self, what: &str, micros: &str, at: Option<Duration>) -> Result<(), String> {
        let after = at.map(|at| (at.as_secs_f64() - self.now.as_secs_f64()) * 1e6);
        match (after, micros.parse::<f64>()) {
            (Some(after), Ok(micros)) if (after - micros).abs() <= 1.0 => Ok(()),
            _ => Err(format!("{what}: {micros} expected, not {after:?}")),
        }
    }
}

fn reply(event: &str) -> Reply {
    match event.split_at(1) {
        ("G", _) => Reply::Good,
        ("F", _) => Reply::Failed,
        ("T", _) => Reply::TimedOut,
        ("C", _) => Reply::Cut,
        ("R", hint) => Reply::Refused { hint: hint.parse().ok().map(Duration::from_millis) },
        _ => panic!("{event}"),
    }
}

fn number(text: &str) -> Option<f64> {
    (text != "n").then(|| text.parse().unwrap())
}

/// Equal but for the last digits, in which logarithms of different libraries differ.
fn same(what: &str, expected: Option<f64>, found: Option<f64>) -> Result<(), String> {
    let is_same = match (expected, found) {
        (Some(expected), Some(found)) => (expected - found).abs() <= 1e-9 * expected.abs(),
        (None, None) => true,
        _ => false,
    };
    if is_same { Ok(()) } else { Err(format!("{what}: {expected:?} expected, not {found:?}")) }
}
