//! The statements of the documentation, for people who read and mend the tables.

mod common;

use common::{claim, complete, database, delivery, entries, entry, number, session, store};
use lro_registry::{RecordState, Store};

#[tokio::test]
async fn the_documented_statements_do_what_they_say() {
    let Some(config) = database() else { return };
    let (store, session) = (store(&config), session(&config).await);
    let mut waiting = entries("k", 0..3);
    waiting.push(entry("report-7"));
    for entry in &mut waiting {
        entry.delay = std::time::Duration::from_secs(3_600);
    }
    store.register(&waiting).await.unwrap();
    store.register(&[entry("report-8")]).await.unwrap();
    let fence = claim(&store, 1).await.records.remove(0).fence;
    store.complete(&[complete(&fence)]).await.unwrap();
    let delivered = store.undelivered(&delivery(1)).await.unwrap();
    store.acknowledge(&[delivered[0].fence.clone()]).await.unwrap();
    let set_aside = "UPDATE lro.records SET state = 2, due = NULL, claims = 5 WHERE key = 'report-7'";
    session.batch_execute(set_aside).await.unwrap();

    let statements = statements();
    assert_eq!(statements.len(), 9, "{statements:?}");
    let mut changed = Vec::new();
    for statement in &statements {
        changed.push(
            session.execute(statement, &[]).await.unwrap_or_else(|error| panic!("{statement}: {error:?}")),
        );
        match changed.len() {
            6 => assert_eq!(claim(&store, 10).await.records.len(), 4, "what was set aside is due again"),
            7 => assert_eq!(number(&session, "SELECT count(*) FROM lro.records WHERE cancel = 1").await, 1),
            _ => {}
        }
    }
    assert_eq!(changed, [1, 1, 0, 0, 3, 1, 1, 1, 1]);
    assert_eq!(store.undelivered(&delivery(5)).await.unwrap().len(), 1);
    let record = store.get(&["report-8".to_owned()]).await.unwrap().remove(0).unwrap();
    assert_eq!(record.state, RecordState::Finished);
}

/// The statements between the fences of the front page.
fn statements() -> Vec<String> {
    let page: Vec<_> = include_str!("../src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .collect();
    let mut sql = String::new();
    let mut is_sql = false;
    for line in page {
        match line {
            "```sql" => is_sql = true,
            "```" => is_sql = false,
            line if is_sql => {
                sql.push_str(line);
                sql.push(' ');
            }
            _ => {}
        }
    }
    sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()).map(str::to_owned).collect()
}
