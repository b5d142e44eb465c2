//! The statements that the front page offers do what they say.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::time::Duration;

use common::{Folder, LEASE, claim, claim_request, complete, delivery, entry, get};
use lro_registry::{
    RecordState, Store,
    store::{ClaimId, ClaimRequest, Entry, Intent},
};

const STATEMENTS: &str = include_str!("../src/schema/people.sql");

#[tokio::test]
async fn people_can_read_and_mend_the_store_with_sql() {
    let folder = Folder::new();
    let store = folder.open().await;
    // One record in each state.
    let tagged = |key: &str| Entry { tag: b"tag".to_vec(), ..entry(key) };
    store.register(&[tagged("report-7")]).await.unwrap();
    let fence = claim(&store, 1).await.records.remove(0).fence;
    store.complete(&[complete(fence, b"done")]).await.unwrap();
    let fence = store.undelivered(&delivery(1)).await.unwrap().remove(0).fence;
    store.acknowledge(&[fence]).await.unwrap();
    store.register(&[entry("aside")]).await.unwrap();
    let none = ClaimRequest { most_claims: 0, ..claim_request(1) };
    assert_eq!(store.claim(&none).await.unwrap().set_aside, ["aside"]);
    let intent = Some(Intent { claim: ClaimId::random(), lease: Duration::ZERO });
    store.register(&[Entry { name: None, intent, ..entry("intent") }]).await.unwrap();
    store
        .register(&[Entry { delay: LEASE, ..entry("later") }, Entry { delay: LEASE, ..tagged("report-8") }])
        .await
        .unwrap();

    // The time of SQLite is rounded down to milliseconds.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let rows = [4, 2, 1, 1, 1, 3, 1, 1];
    let statements: Vec<_> = STATEMENTS.split(';').filter(|it| !it.trim().is_empty()).collect();
    assert_eq!(statements.len(), rows.len());
    let shell = folder.shell();
    for (sql, expected) in statements.into_iter().zip(rows) {
        let mut statement = shell.prepare(sql).unwrap();
        let rows = if statement.column_count() > 0 {
            statement.query_map([], |_| Ok(())).unwrap().count()
        } else {
            statement.execute([]).unwrap()
        };
        assert_eq!(rows, expected, "{sql}");
    }

    assert_eq!(get(&store, "report-8").await, None);
    let payloads: i64 = shell.query_row("SELECT count(*) FROM payloads", [], |row| row.get(0)).unwrap();
    assert_eq!(payloads, 1, "payloads without a record");
    let mut polled: Vec<_> = claim(&store, 9).await.records.into_iter().map(|it| it.fence.key).collect();
    polled.sort();
    assert_eq!(polled, ["aside", "later"]);
    let again = store.undelivered(&delivery(9)).await.unwrap().remove(0);
    assert_eq!((&*again.fence.key, again.deliveries, &*again.outcome), ("report-7", 1, &b"done"[..]));
    assert_eq!(get(&store, "intent").await.unwrap().state, RecordState::Intent);
}

#[tokio::test]
async fn the_front_page_names_every_column() {
    let folder = Folder::new();
    let _store = folder.open().await;
    let page = include_str!("../src/lib.rs");
    let shell = folder.shell();
    let sql = "SELECT t.name, c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c
               WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'";
    let mut columns = shell.prepare(sql).unwrap();
    let columns =
        columns.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let columns: Vec<_> =
        columns.map(Result::unwrap).filter(|(table, column)| table != "meta" || column != "id").collect();
    assert!(columns.len() > 30);
    for (table, column) in columns {
        assert!(
            page.contains(&format!("`{table}`")) && page.contains(&format!("`{column}`")),
            "{table}.{column}"
        );
    }
}
