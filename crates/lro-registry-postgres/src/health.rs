use lro::Service;
use lro_registry::{
    StoreError,
    store::{Health, ServiceHealth},
};
use tokio_postgres::SimpleQueryRow;

use crate::{call::Call, row::Row};

pub(crate) fn statement(schema: &str) -> String {
    let records = Call::new(schema, "health_v1").finish();
    // The age of a session of another user is NULL without the role pg_read_all_stats.
    format!(
        "{records} UNION ALL SELECT 'detail', d.name, d.value, NULL::bigint FROM (VALUES \
         ('server version', current_setting('server_version')), \
         ('in recovery', pg_is_in_recovery()::text), \
         ('oldest snapshot', (SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::bigint || ' s' \
             FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid())), \
         ('oldest snapshot in transactions', (SELECT max(age(x.xmin))::text FROM ( \
             SELECT backend_xmin AS xmin FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
             UNION ALL SELECT xmin FROM pg_replication_slots UNION ALL SELECT transaction FROM pg_prepared_xacts) AS x)), \
         ('live rows', pg_stat_get_live_tuples('\"{schema}\".records'::regclass)::text), \
         ('dead rows', pg_stat_get_dead_tuples('\"{schema}\".records'::regclass)::text), \
         ('dead rows of buckets', pg_stat_get_dead_tuples('\"{schema}\".buckets'::regclass)::text), \
         ('bytes', pg_total_relation_size('\"{schema}\".records'::regclass)::text) \
         ) AS d(name, value)"
    )
}

pub(crate) fn health(rows: &[SimpleQueryRow]) -> Result<Health, StoreError> {
    let mut health = Health::default();
    for row in rows {
        let mut row = Row::new(row);
        let (what, first, second) = (row.text()?, row.maybe_text()?, row.maybe_text()?);
        match (what, first, second) {
            ("service", Some(key), Some(version)) => {
                let service = Service::owned(key, version);
                health.services.push(ServiceHealth::new(service, row.maybe_duration()?));
            }
            ("detail", Some(name), value) => {
                health.details.push((name.to_owned(), value.unwrap_or("none").to_owned()));
            }
            ("intents", ..) => health.unresolved_intents = row.count()?.into(),
            ("set aside", ..) => health.set_aside = row.count()?.into(),
            ("undelivered", ..) => health.undelivered = row.count()?.into(),
            ("undelivered for", ..) => health.undelivered_for = row.maybe_duration()?,
            _ => {}
        }
    }
    Ok(health)
}
