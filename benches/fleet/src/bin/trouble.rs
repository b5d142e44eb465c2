//! A table of the cases in which a fleet without `lro-control` failed, before and now.
//!
//! `trouble NAME` prints the rows whose name begins with `NAME`. All rows take two minutes, most of it for f03, f09 and f10, which use the
//! real clock.

use std::{
    env,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use fleet_benches::loopback::Loopback;
use futures::StreamExt;
use lro::{Attempt, LroTransport, Operation, OperationName, Service, Status, Tolerance, async_trait};
use lro_fleet::{Fleet, Rate};
use lro_http::{Binding, HttpClient, HttpTransport, NameTemplate, Token, token_fn};
use lro_testkit::trouble::{Figures, Scenario, case, run_fleet};
use tokio::{
    runtime::Builder,
    time::{sleep, timeout},
};

fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).unwrap_or_default();
    println!("| case | | without `lro-control` | now |\n| --- | --- | --- | --- |");
    for (case, what, before, now) in ROWS.iter().filter(|(case, ..)| case.starts_with(&name)) {
        println!("| {case} | {what} | {before} | {} |", now()?);
    }
    Ok(())
}

type Row = (&'static str, &'static str, &'static str, fn() -> Result<String, Box<dyn Error>>);

const ROWS: &[Row] = &[
    (
        "f01",
        "300 operations that always answer `INTERNAL`, then 1,500 that are done; 1,000/s",
        "the first after 1,246 s",
        || Ok(first_and_last(&Scenario { until: 2_500.0, ..case("f01") })),
    ),
    ("f02", "the same with `RESOURCE_EXHAUSTED`", "the first after 14,707 s", || {
        Ok(first_and_last(&Scenario { until: 20_000.0, ..case("f02") }))
    }),
    (
        "f03",
        "over HTTP: 100 that answer 500, then 100 that are done; then a single one that is done",
        "none in 75 s",
        behind_broken_over_http,
    ),
    (
        "f04",
        "0.2 / 1 / 5 / 20 % of the calls refused at random; 1,000/s",
        "384 / 40 / 1.5 / 0.3 calls a second",
        || Ok(refused_at_random()),
    ),
    ("f05", "10 of 3,000 operations always answer 429; 1,000/s", "30 calls a second", || Ok(few_refused())),
    (
        "f06",
        "the server is a token bucket of 500/s, burst 50, the fleet has no rate",
        "126 good calls a second",
        || Ok(token_bucket()),
    ),
    (
        "f07",
        "the service answers 503 for 60 s, 100,000 operations, 4,000/s",
        "77 calls meanwhile, the latest outcome after 25.1 s",
        || Ok(outage()),
    ),
    (
        "f08",
        "20 collections of 5 that can be listed, one operation alone, done after 5 s; 10/s",
        "36,010 lists, no get, never noticed",
        || Ok(lists()),
    ),
    (
        "f09",
        "over HTTP: the first token takes 4 s; 10/s, 64 in flight; most calls in a second at the server",
        "50",
        slow_token,
    ),
    (
        "f10",
        "300,000 names registered by another thread while 100,000 are polled at 4,000/s; most calls in a second, in 100 ms",
        "4,200, 600",
        busy_lock,
    ),
];

/// Replays a scenario with the default tolerance and grid.
fn replay(scenario: &Scenario) -> Figures {
    run_fleet(scenario, 1, |builder| builder.tolerance(Tolerance::default()))
}

fn first_and_last(scenario: &Scenario) -> String {
    let figures = replay(scenario);
    let seconds = |at: Option<f64>| at.map_or_else(|| "never".to_owned(), |at| format!("after {at:.1} s"));
    format!("the first {}, all {}", seconds(figures.first_good), seconds(figures.all_answered))
}

fn refused_at_random() -> String {
    let good = ["f04 0.2%", "f04 1.0%", "f04 5.0%", "f04 20.0%"].map(|name| {
        let figures = run_fleet(&case(name), 1, |builder| builder);
        format!("{:.1}", figures.good as f64 / case(name).until)
    });
    format!("{} good calls a second", good.join(" / "))
}

fn few_refused() -> String {
    let scenario = Scenario { until: 300.0, ..case("f05") };
    let figures = run_fleet(&scenario, 1, |builder| builder);
    format!("{:.0} calls a second", figures.good as f64 / scenario.until)
}

fn token_bucket() -> String {
    let scenario = case("f06");
    let figures = run_fleet(&scenario, 1, |builder| builder);
    format!(
        "{:.0} good calls a second, {} calls refused, {:.1} % after the first 10 s",
        figures.good as f64 / scenario.until,
        figures.refused,
        100.0 * figures.refused_share_when_warm()
    )
}

fn outage() -> String {
    let figures = run_fleet(&case("f07"), 1, |builder| builder);
    format!(
        "{} calls meanwhile, {} outcomes, the latest after {:.1} s, at most {} calls in a second",
        figures.calls_when_down,
        figures.delivered,
        figures.last_noticed - 90.0,
        figures.most_in_a_second
    )
}

fn lists() -> String {
    let figures = run_fleet(&Scenario { until: 3_600.0, ..case("f08") }, 1, |builder| builder);
    match figures.unnoticed {
        0 => format!("noticed after {:.1} s", figures.longest_notice),
        _ => format!("{} calls, never noticed", figures.calls),
    }
}

fn behind_broken_over_http() -> Result<String, Box<dyn Error>> {
    let [hundred, one] = [100, 1].map(|good| {
        real(async move {
            let server = Loopback::start()?;
            let client = HttpClient::builder(server.endpoint()).build()?;
            let fleet = Fleet::builder(transport(client)).start();
            register(&fleet, "broken", 100)?;
            register(&fleet, "done", good)?;
            let began = Instant::now();
            let done = fleet.completions().filter(|completion| {
                let is_done = completion.outcome().is_ok();
                async move { is_done }
            });
            let all = timeout(PATIENCE, done.take(good).count()).await;
            Ok(match all {
                Ok(_) => format!("after {:.2} s", began.elapsed().as_secs_f64()),
                Err(_) => format!("not in {} s", PATIENCE.as_secs()),
            })
        })
    });
    Ok(format!("all 100 {}; the single one {}", hundred?, one?))
}

fn slow_token() -> Result<String, Box<dyn Error>> {
    real(async {
        let server = Loopback::start()?;
        let credentials = token_fn(|| async {
            sleep(Duration::from_secs(4)).await;
            Token::bearer("token")
        });
        let client = HttpClient::builder(server.endpoint()).credentials(credentials).build()?;
        let fleet = Fleet::builder(transport(client)).rate(Rate::per_second(10)).max_in_flight(64).start();
        register(&fleet, "running", 200)?;
        sleep(Duration::from_secs(10)).await;
        Ok(most_within(&server.arrivals(), Duration::from_secs(1)).to_string())
    })
}

fn busy_lock() -> Result<String, Box<dyn Error>> {
    let arrivals = real(async {
        let server = Stamps::default();
        let fleet = Fleet::builder(server.clone()).rate(Rate::per_second(4_000)).max_in_flight(512).start();
        register(&fleet, "running", 100_000)?;
        sleep(Duration::from_secs(2)).await;
        let registering = fleet.clone();
        let thread = thread::spawn(move || register(&registering, "more", 300_000));
        sleep(Duration::from_secs(6)).await;
        thread.join().map_err(|_| "the registration panicked")??;
        let mut arrivals = server.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        arrivals.sort_unstable();
        Ok(arrivals)
    })?;
    let [second, tenth] = [1_000, 100].map(|millis| most_within(&arrivals, Duration::from_millis(millis)));
    Ok(format!("{second}, {tenth}"))
}

/// A server in memory whose operations run for ever. It records the time of each call by the real clock.
#[derive(Clone, Debug, Default)]
struct Stamps(Arc<Mutex<Vec<Instant>>>);

#[async_trait]
impl LroTransport for Stamps {
    lro::plain_calls!(self: get);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        attempt.permit().await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        sleep(Duration::from_millis(10)).await;
        Ok(Operation::running(name.as_str()))
    }
}

fn transport(client: HttpClient) -> HttpTransport {
    let names = NameTemplate::from_static("operations/*");
    HttpTransport::new(client, Binding::new(Service::new("jobs.example.com", "v1"), names))
}

fn register(fleet: &Fleet, kind: &str, count: usize) -> Result<(), Status> {
    (0..count)
        .try_for_each(|number| fleet.register(OperationName::parse(&format!("operations/{kind}-{number}"))?))
}

/// Runs a future with the real clock.
fn real<T>(run: impl Future<Output = Result<T, Box<dyn Error>>>) -> Result<T, Box<dyn Error>> {
    Builder::new_current_thread().enable_all().build()?.block_on(run)
}

fn most_within(arrivals: &[Instant], window: Duration) -> usize {
    let mut first = 0;
    let within = arrivals.iter().enumerate().map(|(last, at)| {
        first += arrivals[first..].iter().take_while(|from| **from + window <= *at).count();
        last - first + 1
    });
    within.max().unwrap_or(0)
}

/// How long f03 waits for outcomes.
const PATIENCE: Duration = Duration::from_secs(20);
