//! A call counts against the rate when it is sent, not when it is decided.

use std::{ops::Range, time::Duration};

use lro::{Attempt, Capabilities, LroTransport, Operation, OperationName, Status, async_trait};
use lro_fleet::{Fleet, Rate};
use lro_testkit::{
    seeds::{seeds, simulate},
    trouble::{Scenario, Server},
};
use tokio::time::sleep;

/// A server behind a transport that has no token or no connection at times. It sends what it holds at the end of each.
#[derive(Clone, Debug)]
struct Held {
    server: Server,
    times: &'static [Range<f64>],
}

#[async_trait]
impl LroTransport for Held {
    lro::plain_calls!(self: get);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let now = self.server.now();
        if let Some(time) = self.times.iter().find(|time| time.contains(&now)) {
            sleep(Duration::from_secs_f64(time.end - now)).await;
        }
        self.server.get_operation_within(name, attempt).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
}

#[test]
fn calls_that_a_transport_holds_do_not_exceed_the_rate_when_they_are_sent() {
    let first_token = &[0.0..4.0];
    let stalled = &[0.0..4.0, 10.0..10.3, 15.0..20.0];
    for (rate, max_in_flight) in [(10, 64), (100, 512)] {
        for times in [first_token.as_slice(), stalled.as_slice()] {
            for seed in seeds(1..4) {
                let scenario = Scenario {
                    operations: 5 * rate as usize,
                    rate: Some((rate, 1)),
                    max_in_flight,
                    until: 30.0,
                    ..Scenario::DEFAULT
                };
                let figures = simulate(
                    seed,
                    || format!("{scenario:?}"),
                    async || {
                        let server = Server::new(&scenario, seed);
                        let fleet = Fleet::builder(Held { server: server.clone(), times })
                            .rate(Rate::per_second(rate))
                            .max_in_flight(max_in_flight)
                            .seed(seed)
                            .start();
                        server.names().for_each(|name| fleet.register(name).unwrap());
                        sleep(Duration::from_secs_f64(scenario.until)).await;
                        server.figures()
                    },
                );
                assert_eq!(figures.over_rate, 0, "{times:?}: {figures:?}");
                // Of the 30 s the transport is held for at most 9.3.
                assert!(figures.good as f64 >= 19.0 * f64::from(rate), "{times:?}: {figures:?}");
            }
        }
    }
}
