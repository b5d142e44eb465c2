-- Times are microseconds since 1970 UTC by the clock of the server, durations are microseconds.
CREATE TABLE {schema}.records (
    key text COLLATE "C" PRIMARY KEY,
    state smallint NOT NULL,
    service text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    name text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    created bigint NOT NULL,
    deadline bigint,
    due bigint,
    epoch bigint NOT NULL DEFAULT 0,
    claim bytea,
    claims bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    cancel smallint NOT NULL DEFAULT 0,
    started boolean NOT NULL DEFAULT false,
    deliveries bigint NOT NULL DEFAULT 0,
    acknowledged bigint,
    error text COLLATE "C",
    tag bytea NOT NULL DEFAULT '',
    saved bytea NOT NULL DEFAULT '',
    pacing bytea NOT NULL DEFAULT '',
    outcome bytea,
    -- Stands for service and version in an index, which has no room for both beside the longest key.
    service_hash bigint NOT NULL GENERATED ALWAYS AS (hashtextextended(version, hashtextextended(service, 0))) STORED,
    CHECK (state <> 1 OR (name IS NOT NULL AND due IS NOT NULL))
) WITH (
    -- Every poll writes two versions of its row. Room in the page keeps them beside the old ones.
    fillfactor = 70,
    -- A fifth of a large table, the default, is hours of dead rows. 2,000 polls a second make 240,000 in a minute.
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_limit = 2000,
    autovacuum_analyze_scale_factor = 0.1
);
CREATE INDEX records_due ON {schema}.records (service, version, due) WHERE state = 1;
CREATE INDEX records_waiting ON {schema}.records (state, due) WHERE state IN (0, 3);
CREATE INDEX records_acknowledged ON {schema}.records (acknowledged) WHERE state = 4;
CREATE INDEX records_listed ON {schema}.records (state, service_hash, key);

-- The token buckets. A bucket is its row of the highest generation.
-- A new row replaces an old one each ten seconds, because an open transaction elsewhere keeps all versions of a row.
CREATE TABLE {schema}.buckets (
    quota text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    tokens double precision NOT NULL,
    filled bigint NOT NULL,
    began bigint NOT NULL,
    PRIMARY KEY (quota, generation)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- How operations ended. `finished_v1` numbers the rows, so that no number becomes visible after a higher one.
CREATE TABLE {schema}.finished (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number bigint,
    worker bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    running bigint NOT NULL,
    done bigint,
    polls bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.1);
CREATE INDEX finished_number ON {schema}.finished (number) WHERE number IS NOT NULL;
CREATE INDEX finished_new ON {schema}.finished (id) WHERE number IS NULL;
CREATE INDEX finished_kind ON {schema}.finished (kind, number);

CREATE FUNCTION {schema}.now_v1() RETURNS bigint LANGUAGE sql VOLATILE AS
    $f$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $f$;

-- Texts travel as the hexadecimal digits of their UTF-8, so that no statement quotes them.
CREATE FUNCTION {schema}.text_v1(hex text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $f$ SELECT convert_from(decode(hex, 'hex'), 'UTF8') $f$;

CREATE FUNCTION {schema}.texts_v1(hex text[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS
    $f$ SELECT coalesce(array_agg({schema}.text_v1(h)), '{}') FROM unnest(hex) AS h $f$;

-- Locks records in the order of their keys, and returns where they are. Every function that changes records calls it first.
-- A later statement may see records with the same keys that were registered meanwhile. It must not touch these: they would
-- be locked out of order.
CREATE FUNCTION {schema}.lock_v1(p_keys text[]) RETURNS tid[] LANGUAGE plpgsql {settings} AS $f$
BEGIN
    RETURN ARRAY(SELECT ctid FROM {schema}.records WHERE key = ANY (p_keys) ORDER BY key FOR NO KEY UPDATE);
END $f$;

-- The same for records that are to be deleted.
CREATE FUNCTION {schema}.lock_to_delete_v1(p_keys text[]) RETURNS tid[] LANGUAGE plpgsql {settings} AS $f$
BEGIN
    RETURN ARRAY(SELECT ctid FROM {schema}.records WHERE key = ANY (p_keys) ORDER BY key FOR UPDATE);
END $f$;
