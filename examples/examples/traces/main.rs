//! Exports the spans and events of waits over OTLP, and shows what arrives at a collector.

mod collector;

use std::{error::Error, time::Duration};

use collector::Collector;
use futures::future::{join_all, try_join_all};
use lro_emulator::{Emulator, Reply};
use lro_fleet::Fleet;
use lro_route_optimization::{
    RouteOptimization,
    messages::{OptimizeToursRequest, OptimizeToursResponse},
};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Instrument, info_span, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let collector = Collector::start().await?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(collector.endpoint())
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name("planner").build())
        .build();
    // The calls of the exporter itself must not be traced.
    let traced =
        Targets::new().with_target("lro", LevelFilter::DEBUG).with_target("traces", LevelFilter::INFO);
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("planner"));
    let spans = spans.with_location(false).with_threads(false).with_tracked_inactivity(false);
    tracing_subscriber::registry().with(traced).with(spans).init();

    plan().instrument(info_span!("plan")).await?;

    // The exporter sends what is left, and blocks meanwhile.
    tokio::task::spawn_blocking(move || provider.shutdown()).await??;
    let trace = collector.trace();
    println!("{trace}");
    let wait = trace.find("lro.wait").ok_or("no wait has arrived")?;
    let (name, ended) = (wait.attribute("lro.operation"), wait.event("operation succeeded"));
    let ended = ended.ok_or("no outcome has arrived")?;
    assert!(name.is_some() && name == ended.attribute("lro.operation"));
    assert_eq!(
        wait.event("poll failed").and_then(|event| event.attribute("lro.code")).as_deref(),
        Some("UNAVAILABLE")
    );
    Ok(())
}

/// Waits for a plan alone, and for three others in a fleet.
async fn plan() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::builder().runs_for(Duration::from_secs(1)).start().await?;
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build()?;
    let request: OptimizeToursRequest = serde_json::from_str(include_str!("../../data/optimize_tours.json"))?;
    let alone = routes.optimize_tours_long_running(&request).await?;
    emulator.reply_next(1, Reply::status(503));
    println!("{} routes", alone.await?.routes.len());

    let started = try_join_all((0..3).map(|_| routes.optimize_tours_long_running(&request))).await?;
    let fleet = Fleet::builder(routes.clone()).start();
    let others = started.iter().filter_map(|wait| wait.name().cloned()).map(|name| {
        // A fleet has no span for an operation: the program gives one to the future that it awaits.
        let span = info_span!("tour", lro.operation = name.as_str());
        fleet.watch::<OptimizeToursResponse>(name).instrument(span)
    });
    for tours in join_all(others).await {
        println!("{} routes", tours?.routes.len());
    }
    Ok(())
}
