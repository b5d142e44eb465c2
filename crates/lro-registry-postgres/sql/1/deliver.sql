-- The rows: `what` is 1 for an outcome, 0 for the summary, which has the low-water mark of the due times as `epoch`.
CREATE FUNCTION {schema}.undelivered_v1(
    p_claim text, p_most bigint, p_lease bigint, p_first_pause bigint, p_longest_pause bigint, p_mark bigint
) RETURNS TABLE (
    what bigint, key text, epoch bigint, service text, version text, name text, kind text, tag bytea, age bigint,
    deliveries bigint, error text, outcome bytea, saved bytea
) LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
#variable_conflict use_column
DECLARE
    v_now bigint := {schema}.now_v1();
    v_rows tid[];
    v_due bigint;
BEGIN
    SELECT array_agg(picked.row) INTO v_rows FROM (
        SELECT r.ctid AS row FROM {schema}.records AS r
        WHERE r.state = 3 AND r.due >= p_mark AND r.due <= v_now
        ORDER BY r.due LIMIT p_most FOR NO KEY UPDATE SKIP LOCKED
    ) AS picked;
    -- The empty bytes: as in `claim_v1`.
    RETURN QUERY
    UPDATE {schema}.records AS r SET
        due = v_now + p_lease + CASE WHEN r.deliveries = 0 THEN 0
            ELSE least(p_first_pause * 2::double precision ^ least(r.deliveries - 1, 60), p_longest_pause)::bigint END,
        deliveries = r.deliveries + 1,
        epoch = r.epoch + 1,
        claim = decode(p_claim, 'hex')
    FROM unnest(v_rows) WITH ORDINALITY AS picked(row, i)
    WHERE r.ctid = picked.row
    RETURNING 1::bigint, r.key, r.epoch, r.service, r.version, r.name, r.kind, r.tag || ''::bytea, v_now - r.created, r.deliveries,
        r.error, r.outcome || ''::bytea, r.saved || ''::bytea;
    SELECT r.due INTO v_due FROM {schema}.records AS r
    WHERE r.state = 3 AND r.due >= p_mark ORDER BY r.due LIMIT 1;
    RETURN QUERY SELECT 0::bigint, NULL, least(coalesce(v_due, v_now), v_now - 1000000), NULL, NULL, NULL, NULL,
        NULL::bytea, NULL::bigint, NULL::bigint, NULL, NULL::bytea, NULL::bytea;
END $f$;

-- Returns the earliest due time of the outcomes below the low-water mark.
CREATE FUNCTION {schema}.undelivered_below_v1(p_mark bigint) RETURNS bigint
LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
BEGIN
    RETURN (SELECT r.due FROM {schema}.records AS r WHERE r.state = 3 AND r.due < p_mark ORDER BY r.due LIMIT 1);
END $f$;

CREATE FUNCTION {schema}.retain_v1(p_acknowledged_for bigint, p_most bigint) RETURNS bigint
LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
DECLARE
    v_now bigint := {schema}.now_v1();
    v_rows tid[];
    v_count bigint;
BEGIN
    SELECT array_agg(picked.row) INTO v_rows FROM (
        SELECT r.ctid AS row FROM {schema}.records AS r
        WHERE r.state = 4 AND r.acknowledged <= v_now - p_acknowledged_for
        ORDER BY r.acknowledged LIMIT p_most FOR UPDATE SKIP LOCKED
    ) AS picked;
    DELETE FROM {schema}.records AS r USING unnest(v_rows) AS picked(row) WHERE r.ctid = picked.row;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $f$;

-- Numbers the rows that are new, keeps the last 256 of each kind and returns those after a number.
CREATE FUNCTION {schema}.finished_v1(p_after bigint, p_most bigint) RETURNS TABLE (
    number bigint, worker bigint, kind text, running bigint, done bigint, polls bigint
) LANGUAGE plpgsql {settings} AS $f$
#variable_conflict use_column
DECLARE
    v_kind text;
BEGIN
    IF EXISTS (SELECT FROM {schema}.finished AS f WHERE f.number IS NULL) THEN
        PERFORM pg_advisory_xact_lock({lock}, 2);
        WITH last AS (
            SELECT coalesce(max(f.number), 0) AS number FROM {schema}.finished AS f WHERE f.number IS NOT NULL
        ), fresh AS (
            SELECT f.id, row_number() OVER (ORDER BY f.id) AS i FROM {schema}.finished AS f WHERE f.number IS NULL
        )
        UPDATE {schema}.finished AS f SET number = last.number + fresh.i FROM last, fresh WHERE f.id = fresh.id;
        FOR v_kind IN SELECT DISTINCT f.kind FROM {schema}.finished AS f WHERE f.number > p_after LOOP
            DELETE FROM {schema}.finished AS f WHERE f.kind = v_kind AND f.number <= (
                SELECT o.number FROM {schema}.finished AS o WHERE o.kind = v_kind AND o.number IS NOT NULL
                ORDER BY o.number DESC OFFSET 256 LIMIT 1
            );
        END LOOP;
    END IF;
    RETURN QUERY
    SELECT f.number, f.worker, f.kind, f.running, f.done, f.polls FROM {schema}.finished AS f
    WHERE f.number > p_after ORDER BY f.number LIMIT p_most;
END $f$;
