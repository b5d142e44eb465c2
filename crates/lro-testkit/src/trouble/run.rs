use std::time::Duration;

use futures::StreamExt;
use lro::Tolerance;
use lro_fleet::{Fleet, FleetBuilder, Rate};
use tokio::time::{Instant, timeout_at};

use super::{
    Figures, Scenario, Server,
    pace::{Pace, kind},
};
use crate::seeds::simulate;

/// Replays a scenario through a fleet on a paused clock.
///
/// The fleet makes its calls without a grid ([`FleetBuilder::tick`]), so that a difference from the oracle is that of the
/// controller.
pub fn run(scenario: &Scenario, seed: u64) -> Figures {
    run_fleet(scenario, seed, |builder| builder.tick(Duration::ZERO))
}

/// As [`run`], with other settings of the fleet.
pub fn run_fleet(scenario: &Scenario, seed: u64, set: impl FnOnce(FleetBuilder) -> FleetBuilder) -> Figures {
    simulate(
        seed,
        || format!("{scenario:?}"),
        async || {
            let server = Server::new(scenario, seed);
            let fleet = set(builder(scenario, server.clone(), seed)).start();
            let until = Instant::now() + Duration::from_secs_f64(scenario.until);
            let mut completions = fleet.completions();
            for name in server.names() {
                fleet.register(name).unwrap();
            }
            let mut delivered = 0;
            while let Ok(Some(_)) = timeout_at(until, completions.next()).await {
                delivered += 1;
            }
            Figures { delivered, ..server.figures() }
        },
    )
}

/// A fleet by the settings of a scenario. It never gives up an operation because of transient failures.
fn builder(scenario: &Scenario, server: Server, seed: u64) -> FleetBuilder {
    let pace = Pace { delay: Duration::from_secs_f64(scenario.pace), worth: scenario.worth };
    let rate = scenario.rate.map(|(calls, seconds)| match seconds {
        60 => Rate::per_minute(calls),
        _ => Rate::per_second(calls),
    });
    Fleet::builder(server)
        .kind(kind)
        .pacing(pace)
        .tolerance(Tolerance::default().failures(None).not_found_for(Duration::ZERO))
        .max_in_flight(scenario.max_in_flight)
        .rate(rate)
        .seed(seed)
}
