//! What single operations and calls from outside get.

use std::time::{Duration, Instant};

use futures::future::{join, try_join_all};
use lro::{Any, Code, Status, rules::Ending, stored::Ended};
use lro_emulator::{Reply, Script};
use tokio::time::sleep;

use super::{NOTHING, Scenarios, registered, shown};
use crate::{
    Fault,
    operations::Operations,
    worker::{Order, PANICS},
};

impl Scenarios {
    /// The answers of the handlers to calls from outside.
    pub(crate) async fn answers(&mut self) -> Result<(), Fault> {
        self.emulator.operation("operations/answers", Script::new().runs_for(Duration::MAX));
        let (key, registration) = registered(&Order::new("operations/answers"))?;
        let other = registration.clone().deadline(Duration::from_secs(60));
        let outcome = format!("/Lro/{key}/outcome");
        self.engine.call(&format!("{outcome}/send"), Some(&registration)).await?;
        sleep(Duration::from_secs(2)).await;
        let answers = [
            self.engine.answer(&outcome, Some(&other)).await?,
            self.engine.answer("/Lro/unknown/outcome", Some(&registration)).await?,
            self.engine.answer(&format!("/Lro/{key}/poll"), Some(&1)).await?,
            self.engine.answer(&format!("/Lro/{key}/clear"), NOTHING).await?,
            self.engine.answer(&format!("/Lro/{key}/cancel"), NOTHING).await?,
            self.engine.answer(&outcome, Some(&registration)).await?,
        ];
        let codes = answers.each_ref().map(|(code, _)| *code);
        let is_right =
            codes == [409, 400, 400, 200, 200, 404] && answers[3].1 == true && answers[4].1 == false;
        self.row(
            "outcome: another registration, wrong key; poll; clear; cleared: cancel, outcome",
            format!("{codes:?}"),
            is_right,
        );
        Ok(())
    }

    /// Three calls wait for the outcome of one operation. One of them is cancelled, and one comes after the end, with another deadline.
    pub(crate) async fn attached(&mut self) -> Result<(), Fault> {
        let script = Script::new().runs_for(Duration::from_secs(6)).responds(Any::from_value(&7)?);
        self.emulator.operation("operations/attach", script);
        let (key, registration) = registered(&Order::new("operations/attach"))?;
        let (outcome, calls) = (format!("/Lro/{key}/outcome"), self.emulator.call_count());
        let (_, sent) = self.engine.answer(&format!("{outcome}/send"), Some(&registration)).await?;
        let cancel = async {
            sleep(Duration::from_secs(2)).await;
            self.engine.cancel(sent["invocationId"].as_str().unwrap_or_default()).await
        };
        let (waited, cancelled) = join(self.engine.answer(&outcome, Some(&registration)), cancel).await;
        cancelled?;
        let polls = self.emulator.call_count() - calls;
        let late =
            self.engine.answer(&outcome, Some(&registration.deadline(Duration::from_secs(60)))).await?;
        let more = self.emulator.call_count() - calls - polls;
        let is_seven =
            |(_, body)| serde_json::from_value(body).is_ok_and(|ended: Ended| ended.decode() == Ok(7));
        let (waited, late) = (is_seven(waited?), is_seven(late));
        self.row(
            "outcome of one operation, when another call is cancelled, and after the end",
            format!("own: {waited}, {late}; {polls} polls, {more} after the end"),
            waited && late && more == 0,
        );
        Ok(())
    }

    /// An outcome of 6 MB, for which a handler and five calls from outside wait: together they exceed the limit of a message.
    pub(crate) async fn large_outcome(&mut self) -> Result<(), Fault> {
        let text = "x".repeat(6_000_000);
        let script = Script::new().runs_for(Duration::from_secs(3)).responds(Any::from_value(&text)?);
        let order = Order::new("operations/large");
        let (key, registration) = registered(&order)?;
        let path = format!("/Lro/{key}/outcome");
        let waits = (0..5).map(|_| self.engine.answer(&path, Some(&registration)));
        let (ending, waited) = join(self.ends(script, order), try_join_all(waits)).await;
        let is_text = |ended: &Ended| ended.decode::<String>().is_ok_and(|response| response == text);
        let (ending, waited) = (ending?, waited?);
        let waited = waited.into_iter().filter_map(|(_, body)| serde_json::from_value(body).ok());
        let delivered = waited.filter(is_text).count();
        let is_right = ending.decode::<String>().is_ok_and(|response| response == text) && delivered == 5;
        let measured = if is_right { "delivered to all".to_owned() } else { shown(&ending) };
        self.row("an outcome of 6 MB, for six that wait", measured, is_right);
        Ok(())
    }

    /// 20 operations whose second and third poll hang for an hour.
    pub(crate) async fn calls_that_hang(&mut self) -> Result<(), Fault> {
        let mut operations = Operations::default();
        for i in 0..20 {
            let hangs = || Reply::usual().after(Duration::from_secs(3_600));
            let script = Script::new().runs_for(Duration::from_secs(5)).call(2, hangs()).call(3, hangs());
            operations.run(&self.emulator, format!("operations/hang/{i}"), script)?;
        }
        let begun = Instant::now();
        operations.order(&self.engine).await?;
        let delivered = operations.delivered(&self.engine, Duration::from_secs(60)).await?;
        self.delivered("20 operations with two polls that hang", &operations, &delivered, begun);
        Ok(())
    }

    /// The transport panics at two polls. Each is made again after a minute.
    pub(crate) async fn panics(&mut self) -> Result<(), Fault> {
        let (mut operations, begun) = (Operations::default(), Instant::now());
        operations.run(&self.emulator, PANICS.to_owned(), Script::new().runs_for(Duration::ZERO))?;
        operations.order(&self.engine).await?;
        let delivered = operations.delivered(&self.engine, Duration::from_secs(240)).await?;
        self.delivered("an operation whose transport panics twice", &operations, &delivered, begun);
        Ok(())
    }

    /// An operation fails 50 ms before its deadline, between two polls, and another does not end.
    pub(crate) async fn deadlines(&mut self) -> Result<(), Fault> {
        let status = Status::new(Code::Aborted, "out of ink");
        let fails = Script::new().runs_for(Duration::from_millis(5_950)).fails(status);
        let order = Order {
            kind: Some("4000".to_owned()),
            deadline_ms: Some(6_000),
            ..Order::new("operations/deadline/fails")
        };
        let ending = self.ends(fails, order).await?;
        let is_own =
            matches!(&ending, Ending::Done(lro::Outcome::Error(status)) if status.message() == "out of ink");
        self.row("an operation that fails at its deadline", shown(&ending), is_own);
        let runs = Script::new().runs_for(Duration::MAX);
        let ending = self
            .ends(runs, Order { deadline_ms: Some(3_000), ..Order::new("operations/deadline/runs") })
            .await?;
        let is_given_up =
            matches!(&ending, Ending::GaveUp(status) if status.code() == Code::DeadlineExceeded);
        self.row("an operation that does not end before its deadline", shown(&ending), is_given_up);
        Ok(())
    }

    /// An operation is cancelled between two polls that are an hour apart, three times.
    pub(crate) async fn cancelled(&mut self) -> Result<(), Fault> {
        let order = Order { kind: Some("3600000".to_owned()), ..Order::new("operations/cancel/1") };
        let (key, _) = registered(&order)?;
        self.emulator.operation("operations/cancel/1", Script::new().runs_for(Duration::MAX));
        self.engine.call("/Orders/wait/send", Some(&order)).await?;
        sleep(Duration::from_secs(2)).await;
        for _ in 0..3 {
            self.engine.call(&format!("/Lro/{key}/cancel"), NOTHING).await?;
        }
        let ending = self.ending("operations/cancel/1").await?;
        let calls = self.emulator.calls().iter().filter(|call| call.path.ends_with(":cancel")).count();
        let is_cancelled =
            ending.decode::<serde_json::Value>().is_err_and(|status| status.code() == Code::Cancelled);
        let measured = format!("{}, {calls} CancelOperation", shown(&ending));
        self.row("cancelled three times between polls an hour apart", measured, is_cancelled && calls == 1);
        Ok(())
    }
}
