use std::{collections::HashSet, io, time::Duration};

use lro::{LroTransport, Service, rules::Ending};
use lro_learned::Learned;
use lro_registry::{
    ListRequest, Quota, Rate, RecordState, Registry, Worker,
    store::{CountRequest, ServiceCounts},
};
use tracing_subscriber::filter::LevelFilter;

use super::{open, record};
use crate::{
    args::{Run, Show},
    exit::{Exit, Failure},
    output::{Output, complain, note},
    service::Target,
    signal::interrupted,
    text::{Shown, Time},
};

/// Polls what is registered until Ctrl-C, and writes and acknowledges the outcomes.
pub(super) async fn run(show: Show, args: &Run) -> Result<Exit, Failure> {
    log(show.quiet);
    let registry = open(&args.store, false).await?;
    let mut worker = Worker::builder(&registry)
        .pacing(Learned::new())
        .attempt_timeout(args.call_timeout)
        .lease(args.lease);
    let mut services = Vec::new();
    for name in &args.services {
        let transport = Target::named(name, &args.template, &args.access)?.connect(None)?;
        let service = transport.service();
        worker = match args.rate {
            Some(rate) => {
                worker.serve_under(Quota::new(service.to_string(), Rate::per_second(rate)), transport)
            }
            None => worker.serve(transport),
        };
        services.push(service);
    }
    let worker = worker.start().await?;
    let interrupted = interrupted();
    if !show.quiet {
        note(&format!("polling {}", services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
    }
    let result =
        deliver(Output { format: show.format }, args, &registry, &services, &worker, interrupted).await;
    worker.stop().await;
    if args.until_idle && result.is_ok() && !show.quiet {
        say_left(&registry, &services).await?;
    }
    result
}

/// Writes each outcome and acknowledges it then, so that one that was not written is delivered again.
async fn deliver(
    output: Output,
    args: &Run,
    registry: &Registry,
    services: &[Service],
    worker: &Worker,
    interrupted: impl Future<Output = io::Result<()>>,
) -> Result<Exit, Failure> {
    tokio::pin!(interrupted);
    let mut deliveries = registry.deliveries();
    let mut look = tokio::time::interval(LOOK);
    let mut exit = Exit::Done;
    // The keys of outcomes that a later version has to read.
    let mut left = HashSet::new();
    loop {
        tokio::select! {
            biased;
            signal = &mut interrupted => {
                signal.map_err(|error| Failure::call(format!("cannot wait for Ctrl-C: {error}")))?;
                return Ok(Exit::Done);
            }
            Some(delivery) = deliveries.next(), if !args.no_deliver => {
                let ending = delivery.ending();
                let is_readable = matches!(ending, Ok(Ending::Done(_) | Ending::GaveUp(_)));
                if is_readable || left.insert(delivery.key().to_owned()) {
                    let (key, tag, name) = (delivery.key(), delivery.tag(), delivery.name());
                    exit = exit.max(record::write_end(output, key, tag, name, ending)?);
                }
                if is_readable {
                    delivery.acknowledge().await?;
                } else {
                    delivery.retry_later("this version of `lro` cannot read the outcome").await?;
                }
            }
            _ = look.tick() => {
                if worker.state().has_ended {
                    return Err(Failure::call("the worker has ended: its log says why; run the command again"));
                }
                if args.until_idle && is_idle(registry, services, &left).await? {
                    return Ok(exit);
                }
            }
        }
    }
}

/// Returns whether no operation of the services is pending, and no outcome is to be delivered but those that are left to others.
async fn is_idle(registry: &Registry, services: &[Service], left: &HashSet<String>) -> Result<bool, Failure> {
    for service in services {
        for state in [RecordState::Pending, RecordState::Finished] {
            let request = ListRequest {
                state: Some(state),
                service: Some(service.clone()),
                most: left.len() + 1,
                ..ListRequest::default()
            };
            if registry.list(&request).await?.iter().any(|record| !left.contains(&record.key)) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Says on stderr what the registry still has that this worker does not handle.
async fn say_left(registry: &Registry, served: &[Service]) -> Result<(), Failure> {
    let health = registry.health().await?;
    for ServiceCounts { service, pending, .. } in registry.counts(&CountRequest::default()).await?.services {
        if served.contains(&service) {
            continue;
        }
        let (key, version) = (service.key(), service.version());
        let line = format!(
            "{pending} pending of {service}, which this worker does not handle: add --service {key}/{version}"
        );
        let of_service = health.services.iter().find(|health| health.service == service);
        match of_service.and_then(|health| health.overdue) {
            Some(time) => {
                let line = format!("left {line}; the oldest is overdue by {}", Time(time));
                complain("warning", &Shown(&line).to_string());
            }
            None => note(&Shown(&format!("left {line}")).to_string()),
        }
    }
    if health.set_aside > 0 {
        let aside = health.set_aside;
        note(&format!("left {aside} set aside: `lro registry list --state set-aside` has the reasons"));
    }
    if health.unresolved_intents > 0 {
        let intents = health.unresolved_intents;
        note(&format!(
            "left {intents} without a known operation: `lro registry list --state intent` has them"
        ));
    }
    Ok(())
}

/// Writes the warnings of the worker to stderr.
fn log(is_quiet: bool) {
    let level = if is_quiet { LevelFilter::ERROR } else { LevelFilter::WARN };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr);
    // An error about stderr would go to stderr, and panic.
    let log = log.log_internal_errors(false);
    // It fails only if there is another one already.
    let _ = log.with_ansi(false).with_target(false).try_init();
}

/// A person notices no less, and a look reads one row of each service.
const LOOK: Duration = Duration::from_millis(500);
