//! What lists read of a store with many records.
//!
//! `LRO_RECORDS=1000000 cargo test --release -p lro-registry-postgres --test lists_of_many -- --nocapture` prints the time and
//! the pages of each list.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::time::Instant;

use common::{database, session, store, value};
use lro::Service;
use lro_registry::{
    RecordState, Store,
    store::{CountRequest, ListRequest},
};
use lro_registry_postgres::PostgresStore;
use tokio_postgres::{Client, SimpleQueryMessage};

/// g29: no list reads a whole state, whatever its filter is.
#[tokio::test]
async fn a_list_reads_about_a_page() {
    let Some(config) = database() else { return };
    let lists = Lists::filled(&config).await;
    lists.count().await;
    let [pending, set_aside] = [RecordState::Pending, RecordState::SetAside].map(Some);
    let all = ListRequest::default();
    let middle = Some(format!("job-{:07}", lists.records / 2));
    lists.check("all", &all).await;
    for (what, state) in [("any state", None), ("pending", pending), ("set aside", set_aside)] {
        let of = ListRequest { state, ..all.clone() };
        lists.check(what, &of).await;
        lists.check(&format!("{what}, middle"), &ListRequest { after: middle.clone(), ..of.clone() }).await;
        for service in ["common", "other", "rare", "absent"] {
            let of = ListRequest { service: Some(of_name(service)), ..of.clone() };
            lists.check(&format!("{what}, {service}"), &of).await;
        }
    }
    let few = format!("state = 1 AND created % {} = 0", lists.records / 100);
    let last = format!("state = 1 AND key > 'job-{:07}'", lists.records - lists.records / 20);
    let due = [
        ("none", "false"),
        ("few", &few),
        ("many at the end", &last),
        ("many", "state = 1 AND created % 8 < 4"),
    ];
    for (number, are) in due {
        let sql = format!("UPDATE lro.records SET due = 1 WHERE {are}; VACUUM ANALYZE lro.records");
        for sql in sql.split(';') {
            lists.session.batch_execute(sql).await.unwrap();
        }
        for (what, state) in [("any state", None), ("pending", pending)] {
            let of = ListRequest { state, overdue: true, ..all.clone() };
            lists.check(&format!("{number} due, {what}"), &of).await;
            let of = ListRequest { after: middle.clone(), ..of };
            lists.check(&format!("{number} due, {what}, middle"), &of).await;
            for service in ["common", "rare"] {
                let of = ListRequest { service: Some(of_name(service)), after: None, ..of.clone() };
                lists.check(&format!("{number} due, {what}, {service}"), &of).await;
            }
        }
    }
}

struct Lists {
    store: PostgresStore,
    session: Client,
    records: usize,
}

impl Lists {
    async fn filled(config: &str) -> Self {
        let records = std::env::var("LRO_RECORDS").map_or(60_000, |records| records.parse().unwrap());
        let (store, session) = (store(config), session(config).await);
        store.connect().await.unwrap();
        // Where a record is says nothing about its key.
        let sql = format!(
            "INSERT INTO lro.records (key, service, version, name, kind, fingerprint, state, created, due, saved)
             SELECT 'job-' || lpad((i * 7919 % {records})::text, 7, '0'),
                 CASE WHEN i % ({records} / 10) = 1 THEN 'rare' WHEN i % 2 = 0 THEN 'common' ELSE 'other' END, 'v1',
                 'operations/' || i, 'report', 'f', state, i,
                 CASE WHEN state IN (0, 1, 3) THEN lro.now_v1() + 86400000000 END, decode(repeat('00', 60), 'hex')
             FROM generate_series(0, {records}::bigint - 1) AS i,
                 LATERAL (SELECT CASE WHEN i % 100 < 90 THEN 1 WHEN i % 100 < 92 THEN 2 WHEN i % 100 < 96 THEN 3
                     WHEN i % 100 < 99 THEN 4 ELSE 0 END AS state) AS s"
        );
        session.batch_execute(&sql).await.unwrap();
        // Without statistics: the plans must not depend on them.
        session.batch_execute("VACUUM lro.records").await.unwrap();
        Self { store, session, records }
    }

    /// Checks the keys of a page and how many pages of the database are read for it.
    async fn check(&self, what: &str, request: &ListRequest) {
        let begin = Instant::now();
        let page = self.store.list(request).await.unwrap();
        let time = begin.elapsed();
        let keys: Vec<_> = page.into_iter().map(|record| record.key).collect();
        assert_eq!(keys, self.expected(request).await, "{what}");
        let (state, service) = (request.state.map(RecordState::number), request.service.as_ref());
        let null = || "NULL".to_owned();
        let text = |text: Option<&str>| text.map_or_else(null, |text| format!("encode('{text}', 'hex')"));
        let call = format!(
            "lro.list_v1(lro.now_v1(), {}, {}, {}, {}, {}, {})",
            state.map_or_else(null, |state| format!("'{state}'")),
            text(service.map(Service::key)),
            text(service.map(Service::version)),
            request.overdue,
            text(request.after.as_deref()),
            request.most,
        );
        // Many records that are due and far behind are all read, after 10,000 of each service were read without success.
        let most = if what.starts_with("many at the end") { 20_000 + self.records / 20 } else { 1_500 };
        self.measure(what, time, &call, most).await;
    }

    async fn count(&self) {
        let request = CountRequest::default().most(100_000).most_read(2_000).most_groups(100);
        let begin = Instant::now();
        self.store.counts(&request).await.unwrap();
        // The indexes alone: with the tables' pages these are more than 100,000.
        self.measure("counts", begin.elapsed(), "lro.counts_v1(100000, 2000, 100)", 60_000).await;
    }

    async fn measure(&self, what: &str, time: std::time::Duration, call: &str, most: usize) {
        // The first call reads the catalog.
        self.session.simple_query(&format!("SELECT count(*) FROM {call}")).await.unwrap();
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT * FROM {call}");
        let plan = value(&self.session, &explain).await;
        let [hit, read] = ["Shared Hit Blocks", "Shared Read Blocks"].map(|name| block_count(&plan, name));
        println!("{what:36} {:8.1} ms {:8} pages", time.as_secs_f64() * 1_000.0, hit + read);
        assert!(hit + read <= most, "{what}: {} pages", hit + read);
    }

    async fn expected(&self, request: &ListRequest) -> Vec<String> {
        let mut sql = "SELECT key FROM lro.records WHERE true".to_owned();
        if let Some(state) = request.state {
            sql += &format!(" AND state = {}", state.number());
        }
        if let Some(service) = &request.service {
            sql += &format!(" AND service = '{}' AND version = '{}'", service.key(), service.version());
        }
        if request.overdue {
            sql += " AND due <= lro.now_v1()";
        }
        if let Some(after) = &request.after {
            sql += &format!(" AND key > '{after}'");
        }
        sql += &format!(" ORDER BY key LIMIT {}", request.most);
        let rows = self.session.simple_query(&sql).await.unwrap();
        rows.iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect()
    }
}

fn of_name(name: &'static str) -> Service {
    Service::new(name, "v1")
}

/// The first number with this name is that of the whole plan.
fn block_count(plan: &str, name: &str) -> usize {
    let (_, rest) = plan.split_once(&format!("\"{name}\": ")).unwrap();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}
