//! The table.

use std::fmt;

use lro_testkit::postgres::Postgres;
use tokio_postgres::NoTls;

use crate::{
    Fault,
    measure::{Measured, TIME},
    peer::Peer,
    pending::{bare, cost::Cost},
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Row {
    Peer(Peer),
    /// The statements that a poll needs at least, in one process.
    Bare,
}

/// What a row has taken in one round. A bare row has no worker.
#[derive(Clone, Copy, Debug)]
struct Figures {
    cost: Cost,
    worker: Option<Measured>,
}

impl Row {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Peer::ALL.into_iter().map(Self::Peer).chain([Self::Bare])
    }

    /// Runs the row in a new cluster. `None` if there are no PostgreSQL binaries.
    async fn measure(self, operations: u32) -> Result<Option<Figures>, Fault> {
        let Some(server) = Postgres::start_with(&["shared_buffers=512MB", "max_wal_size=4GB"]) else {
            return Ok(None);
        };
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port());
        let Self::Peer(peer) = self else {
            let cost = bare::postgres(&url, server.port(), operations, TIME).await?;
            return Ok(Some(Figures { cost, worker: None }));
        };
        peer.fill(&url, operations).await?;
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        let connection = tokio::spawn(connection);
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            client.batch_execute(statement).await?;
        }
        let worker = Measured::by_child(peer, &url, server.port(), operations)?;
        drop(client);
        connection.await??;
        Ok(Some(Figures { cost: worker.cost, worker: Some(worker) }))
    }
}

/// Measures the rows in turns, so that a slow minute of the machine meets all of them, and prints each round.
pub(crate) async fn print(rows: impl Iterator<Item = Row>, operations: u32) -> Result<(), Fault> {
    let mut rows: Vec<(Row, Vec<Figures>)> = rows.map(|row| (row, Vec::new())).collect();
    for _ in 0..ROUNDS {
        for (row, figures) in &mut rows {
            // The missing binaries have been reported.
            let Some(measured) = row.measure(operations).await? else { return Ok(()) };
            figures.push(measured);
        }
    }
    println!("| | CPU a poll | of that the worker | polls/s | memory of the worker |");
    println!("|---|---|---|---|---|");
    for (row, figures) in &rows {
        let each = |figure: &dyn Fn(&Figures) -> Option<String>| {
            figures.iter().filter_map(figure).collect::<Vec<_>>().join(", ")
        };
        let processor = each(&|figures| Some(format!("{:.0} µs", figures.cost.micros())));
        let worker = each(&|figures| Some(format!("{:.0} µs", figures.worker?.worker_micros())));
        let rate = each(&|figures| Some(format!("{:.0}", figures.cost.rate())));
        let memory = each(&|figures| Some(format!("{} MB", figures.worker?.memory / 1_024)));
        println!("| {row} | {processor} | {worker} | {rate} | {memory} |");
    }
    Ok(())
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(peer) => write!(f, "{peer}"),
            Self::Bare => f.write_str("bare statements"),
        }
    }
}

const ROUNDS: usize = 2;
