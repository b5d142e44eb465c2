//! The rules alone against a model: every sequence of calls, up to a length.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

mod callers_code;
mod ending;
mod events;
mod messages;
mod model;
mod saved;
mod search;
mod settings;
mod times;

use events::{every_event, few_events, secs};
use search::Search;
use settings::Setting;

#[test]
fn every_call_is_decided_as_the_model_says_in_every_setting() {
    // SPEC 1-10, 20, 26-35
    for setting in Setting::all() {
        Search::new(setting, every_event()).run(1);
    }
}

#[test]
fn every_pair_of_calls_is_decided_as_the_model_says() {
    // SPEC 1-10, 20, 26-35
    Search::new(Setting::DEFAULT, every_event()).run(2);
}

#[test]
fn every_sequence_of_four_calls_is_decided_as_the_model_says() {
    // SPEC 1-10, 20, 26-35
    for setting in settings([None, Some(0), Some(2)]) {
        Search::deep(setting, every_event()).run(4);
    }
}

#[test]
fn every_sequence_of_eight_calls_of_some_kinds_is_decided_as_the_model_says() {
    // SPEC 27, 30, 31, 33
    for setting in settings([None, Some(0), Some(1), Some(2), Some(5)]) {
        Search::deep(setting, few_events()).run(8);
    }
}

/// After any call, in another process.
#[test]
fn every_sequence_of_three_calls_goes_on_from_what_was_stored() {
    // SPEC 27, 30, 31, 33
    let setting = Setting { failures: Some(1), ..Setting::DEFAULT };
    Search::deep(setting, every_event()).stored().run(3);
}

fn settings<const N: usize>(budgets: [Option<u32>; N]) -> [Setting; N] {
    budgets.map(|failures| Setting { failures, window: secs(5), ..Setting::DEFAULT })
}
