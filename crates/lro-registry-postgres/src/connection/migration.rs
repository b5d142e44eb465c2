use lro_registry::{StoreError, StoreErrorKind};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::failure::{failure, is_missing};

/// The version of the schema that this crate creates and uses.
const VERSION: i64 = 1;

const STEPS: [&str; 1] = [concat!(
    include_str!("../../sql/1/tables.sql"),
    include_str!("../../sql/1/claim.sql"),
    include_str!("../../sql/1/register.sql"),
    include_str!("../../sql/1/write.sql"),
    include_str!("../../sql/1/deliver.sql"),
    include_str!("../../sql/1/list.sql"),
    include_str!("../../sql/1/people.sql"),
    include_str!("../../sql/1/count.sql"),
)];

/// The planner's settings of the functions. Every access is by an index, whatever the statistics and the user's settings are.
/// A plan that is penalized must not be compiled because of its cost.
const SETTINGS: &str = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off \
    SET enable_indexscan = on SET enable_tidscan = on SET enable_nestloop = on SET enable_hashjoin = off \
    SET enable_mergejoin = off SET jit = off";

/// Creates the schema, or brings it to the version of this crate. Returns at once if it has it.
///
/// Several processes may do that at the same time: one does the work, and the others wait.
pub(super) async fn migrate(client: &Client, schema: &str) -> Result<(), StoreError> {
    match version(client, schema).await? {
        Some((_, oldest)) if oldest > VERSION => Err(StoreError::new(
            StoreErrorKind::Newer,
            format!(
                "the schema {schema:?} belongs to a later version of lro-registry-postgres: it needs {oldest}, this one has {VERSION}"
            ),
        )),
        Some((version, _)) if version >= VERSION => Ok(()),
        _ => {
            tracing::info!(schema, version = VERSION, "creating or changing the schema");
            client.batch_execute(&script(schema)).await.map_err(failure)
        }
    }
}

/// Returns the version of the schema, and the oldest version of this crate that may use it.
async fn version(client: &Client, schema: &str) -> Result<Option<(i64, i64)>, StoreError> {
    let statement =
        format!("SELECT m.version, m.oldest, current_setting('server_encoding') FROM \"{schema}\".meta AS m");
    let messages = match client.simple_query(&statement).await {
        Ok(messages) => messages,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(failure(error)),
    };
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => number(row.get(0)).zip(number(row.get(1))),
        _ => None,
    }))
}

/// Returns the message that does all steps which the schema lacks, as one transaction.
///
/// A lock of the transaction, not of the session, works behind a pooler too.
fn script(schema: &str) -> String {
    let lock = lock_key(schema);
    let steps: String = (1..)
        .zip(STEPS)
        .map(|(version, step)| format!("IF stored < {version} THEN {step} END IF;\n"))
        .collect();
    let steps = steps
        .replace("{schema}", &format!("\"{schema}\""))
        .replace("{settings}", SETTINGS)
        .replace("{lock}", &lock.to_string());
    format!(
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
        SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL client_min_messages = warning; \
        SELECT pg_advisory_xact_lock({lock}, 1); DO $migrate$ DECLARE stored bigint := 0; BEGIN \
        IF current_setting('server_encoding') <> 'UTF8' THEN \
            RAISE invalid_authorization_specification USING MESSAGE = 'the encoding of the database is not UTF8'; \
        END IF; \
        IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '{schema}') THEN CREATE SCHEMA \"{schema}\"; END IF; \
        IF EXISTS (SELECT FROM pg_tables WHERE schemaname = '{schema}' AND tablename = 'meta') THEN \
            SELECT version INTO stored FROM \"{schema}\".meta; \
        ELSE \
            CREATE TABLE \"{schema}\".meta (is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only), version bigint NOT NULL, \
                oldest bigint NOT NULL); \
            INSERT INTO \"{schema}\".meta (version, oldest) VALUES (0, 0); \
        END IF; \
        {steps} \
        UPDATE \"{schema}\".meta SET version = greatest(version, {VERSION}), oldest = greatest(oldest, {VERSION}); \
        END $migrate$"
    )
}

/// Returns the first key of the advisory locks of a schema: FNV-1a of its name.
fn lock_key(schema: &str) -> i32 {
    let hash =
        schema.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.cast_signed()
}
