//! Many polls.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream::iter};
use lro::{Any, rules::Ending};
use lro_emulator::Script;
use lro_restate::Registration;
use tokio::time::sleep;

use super::{NOTHING, Scenarios, registered};
use crate::{Fault, operations::CALLS_AT_ONCE, worker::Order};

impl Scenarios {
    /// An operation of 5,000 polls.
    pub(crate) async fn five_thousand_polls(&mut self) -> Result<(), Fault> {
        let script =
            Script::new().runs_for_calls(5_000).responds(Any::from_json(r#"{"@type": "t/print.v1.Job"}"#)?);
        let order = Order { kind: Some("10".to_owned()), ..Order::new("operations/long") };
        let begun = Instant::now();
        let calls = self.emulator.call_count();
        let ending = self.ends(script, order).await?;
        let polls = self.emulator.call_count() - calls;
        let seconds = begun.elapsed().as_secs();
        let is_done = matches!(ending, Ending::Done(_)) && polls >= 5_001;
        self.row("an operation of 5,000 polls", format!("{polls} polls, {seconds} s"), is_done);
        // The outcome is kept for 10 s.
        sleep(Duration::from_secs(15)).await;
        let of_it = "where target_service_key like '%operations/long'";
        let invocations = self.engine.query(&format!("from sys_invocation {of_it}")).await?;
        let journal = self
            .engine
            .query(&format!("from sys_journal j join sys_invocation i on j.id = i.id {of_it}"))
            .await?;
        let state = self.engine.query("from state where service_key like '%operations/long'").await?;
        let measured =
            format!("{invocations} invocations, {journal} journal entries, {state} values of state");
        self.row(
            "rows left of it when its outcome is forgotten",
            measured,
            invocations + journal + state == 0,
        );
        Ok(())
    }

    /// 1,000 operations that do not end, polled each second and then as often as possible.
    pub(crate) async fn rate(&mut self) -> Result<(), Fault> {
        for (kind, what) in [
            ("1000", "polls a second, 1,000 operations each second"),
            ("100", "polls a second, 1,000 operations each 100 ms"),
        ] {
            let orders = (0..1_000).map(|i| {
                let order =
                    Order { kind: Some(kind.to_owned()), ..Order::new(format!("operations/rate{kind}/{i}")) };
                self.emulator.operation(order.name.clone(), Script::new().runs_for(Duration::MAX));
                registered(&order)
            });
            let orders = orders.collect::<Result<Vec<_>, Fault>>()?;
            let start = async |(key, registration): &(String, Registration)| {
                self.engine.call(&format!("/Lro/{key}/outcome/send"), Some(registration)).await
            };
            iter(&orders).map(start).buffer_unordered(CALLS_AT_ONCE).try_collect::<()>().await?;
            sleep(Duration::from_secs(5)).await;
            let (begun, calls) = (Instant::now(), self.emulator.call_count());
            sleep(Duration::from_secs(20)).await;
            let rate = (self.emulator.call_count() - calls) as f64 / begun.elapsed().as_secs_f64();
            let [server, worker] = self.engine.memory();
            self.row(what, format!("{rate:.0}; server {server} MB, worker {worker} MB"), rate > 0.0);
            let clear = async |(key, _): &(String, Registration)| {
                self.engine.call(&format!("/Lro/{key}/clear"), NOTHING).await
            };
            iter(&orders).map(clear).buffer_unordered(CALLS_AT_ONCE).try_collect::<()>().await?;
        }
        Ok(())
    }
}
