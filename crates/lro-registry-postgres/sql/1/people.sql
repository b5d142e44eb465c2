-- The rows have the order of the keys: 0 if the request is stored, 1 if it was before, 2 if the operation has ended, 3 if the
-- key is unknown.
CREATE FUNCTION {schema}.request_cancel_v1(p_keys text[]) RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_rows tid[] := {schema}.lock_v1(v_keys);
    v_now bigint := {schema}.now_v1();
BEGIN
    RETURN QUERY
    SELECT CASE WHEN r.key IS NULL THEN 3::bigint WHEN r.state >= 3 THEN 2 WHEN r.cancel <> 0 THEN 1
        WHEN row_number() OVER (PARTITION BY e.key ORDER BY e.i) > 1 THEN 1 ELSE 0 END
    FROM unnest(v_keys) WITH ORDINALITY AS e(key, i)
    LEFT JOIN {schema}.records AS r ON r.key = e.key AND r.ctid = ANY (v_rows)
    ORDER BY e.i;
    UPDATE {schema}.records AS r SET
        cancel = 1,
        due = CASE WHEN r.state = 1 AND r.claim IS NULL THEN least(r.due, v_now) ELSE r.due END
    WHERE r.ctid = ANY (v_rows) AND r.state < 3 AND r.cancel = 0;
END $f$;

CREATE FUNCTION {schema}.take_back_v1(p_keys text[]) RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_rows tid[] := {schema}.lock_v1(v_keys);
    v_now bigint := {schema}.now_v1();
BEGIN
    RETURN QUERY
    UPDATE {schema}.records AS r SET
        state = 1, due = v_now, claims = 0, claim = NULL,
        -- What has ended begins again.
        created = CASE WHEN r.state = 2 THEN r.created ELSE v_now END,
        deliveries = CASE WHEN r.state = 2 THEN r.deliveries ELSE 0 END,
        error = CASE WHEN r.state = 2 THEN r.error END,
        failures = CASE WHEN r.state = 2 THEN r.failures ELSE 0 END,
        saved = CASE WHEN r.state = 2 THEN r.saved ELSE '' END,
        pacing = CASE WHEN r.state = 2 THEN r.pacing ELSE '' END,
        outcome = NULL, acknowledged = NULL
    FROM unnest(v_keys) WITH ORDINALITY AS e(key, i)
    WHERE r.key = e.key AND r.ctid = ANY (v_rows) AND (r.state = 2 OR (r.state IN (3, 4) AND r.name IS NOT NULL))
    RETURNING e.i;
END $f$;

CREATE FUNCTION {schema}.forget_v1(p_keys text[]) RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_rows tid[] := {schema}.lock_to_delete_v1(v_keys);
BEGIN
    RETURN QUERY
    DELETE FROM {schema}.records AS r USING unnest(v_keys) WITH ORDINALITY AS e(key, i)
    WHERE r.key = e.key AND r.ctid = ANY (v_rows) RETURNING e.i;
END $f$;

-- The rows are pairs of a name and a value. The cost is bounded, whatever the number of records.
CREATE FUNCTION {schema}.health_v1() RETURNS TABLE (what text, service text, version text, value bigint)
LANGUAGE plpgsql {settings} AS $f$
#variable_conflict use_column
DECLARE
    v_now bigint := {schema}.now_v1();
BEGIN
    -- The limit keeps a store with a service for each customer readable.
    RETURN QUERY SELECT 'service', p.service, p.version, CASE WHEN p.due <= v_now THEN v_now - p.due END
    FROM {schema}.pending_services_v1(1000) AS p;
    RETURN QUERY SELECT 'intents', NULL, NULL, count(*) FROM (
        SELECT FROM {schema}.records AS r WHERE r.state = 0 AND r.due <= v_now LIMIT 10000) AS counted;
    RETURN QUERY SELECT 'set aside', NULL, NULL, count(*) FROM (
        SELECT FROM {schema}.records AS r WHERE r.state = 2 LIMIT 10000) AS counted;
    RETURN QUERY SELECT 'undelivered', NULL, NULL, count(*) FROM (
        SELECT FROM {schema}.records AS r WHERE r.state = 3 LIMIT 10000) AS counted;
    RETURN QUERY SELECT 'undelivered for', NULL, NULL, (
        SELECT v_now - r.due FROM {schema}.records AS r WHERE r.state = 3 AND r.due <= v_now ORDER BY r.due LIMIT 1);
END $f$;
