mod broken;
mod buckets;
mod cases;
mod chance;
mod outages;
mod sizes;
mod windows;

use super::{Broken, Failure, Mode, Place, Quota, Scenario, Weather};

/// Returns all scenarios by class.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    let classes = [
        cases::CASES,
        chance::CHANCE,
        chance::HINTS,
        broken::BROKEN,
        buckets::BUCKET,
        windows::WINDOW,
        windows::STEPS_OF_QUOTAS,
        windows::CONCURRENCY,
        outages::OUTAGE,
        outages::BROWNOUT,
        sizes::LATENCY,
        sizes::SIZE,
        sizes::NOTICE,
    ];
    classes.into_iter().flatten()
}

/// Returns the scenario of a case, such as `f01`.
///
/// # Panics
///
/// If there is none.
pub fn case(name: &str) -> Scenario {
    *cases::CASES.iter().find(|case| case.name == name).unwrap()
}

/// The defaults of a class.
const fn of(class: &'static str) -> Scenario {
    Scenario { class, ..Scenario::DEFAULT }
}

const fn bucket(rate: f64, burst: f64) -> Quota {
    Quota::Bucket { rate, burst }
}

const fn broken(count: usize, failure: Failure, place: Place) -> Option<Broken> {
    Some(Broken { count, failure, place })
}

const fn outage(from: f64, until: f64, failure: Failure) -> Weather {
    Weather::During { from, until, mode: Mode::Down(failure, 0.0) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_scenario_has_a_name_and_what_an_oracle_gets() {
        let names: HashSet<_> = all().map(|scenario| (scenario.class, scenario.name)).collect();
        assert_eq!(names.len(), 127);
        assert!(all().all(|scenario| scenario.oracle > 0.0));
    }
}
