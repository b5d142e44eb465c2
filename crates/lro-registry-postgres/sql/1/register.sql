-- The rows have the order of the entries. `what` is 0 for a new record, 1 for an existing one, 2 for a conflict.
CREATE FUNCTION {schema}.register_v1(
    p_keys text[], p_services text[], p_versions text[], p_names text[], p_kinds text[], p_fingerprints text[],
    p_tags text[], p_deadlines bigint[], p_started boolean[], p_delays bigint[], p_saved text[], p_claims text[]
) RETURNS TABLE (
    what bigint, key text, state smallint, service text, version text, name text, kind text, fingerprint text,
    created bigint, age bigint, deadline bigint, due bigint, is_claimed boolean, epoch bigint, claims bigint,
    cancel smallint, deliveries bigint, error text
) LANGUAGE plpgsql {settings} AS $f$
#variable_conflict use_column
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_new text[] := '{}';
    v_more text[];
    v_now bigint;
BEGIN
    LOOP
        v_now := {schema}.now_v1();
        WITH entries AS (
            SELECT DISTINCT ON (e.key COLLATE "C") e.* FROM unnest(
                v_keys, p_services, p_versions, p_names, p_kinds, p_fingerprints, p_tags, p_deadlines, p_started,
                p_delays, p_saved, p_claims
            ) WITH ORDINALITY AS e(key, service, version, name, kind, fingerprint, tag, deadline, started, delay, saved, claim, i)
            ORDER BY e.key COLLATE "C", e.i
        ), stored AS (
            INSERT INTO {schema}.records (key, state, service, version, name, kind, fingerprint, created, deadline,
                due, epoch, claim, started, tag, saved)
            SELECT e.key, CASE WHEN e.claim IS NULL THEN 1 ELSE 0 END, {schema}.text_v1(e.service),
                {schema}.text_v1(e.version), {schema}.text_v1(e.name), {schema}.text_v1(e.kind),
                {schema}.text_v1(e.fingerprint), v_now, e.deadline, v_now + e.delay,
                CASE WHEN e.claim IS NULL THEN 0 ELSE 1 END, decode(e.claim, 'hex'), e.started, decode(e.tag, 'hex'),
                decode(e.saved, 'hex')
            FROM entries AS e ORDER BY e.key COLLATE "C"
            ON CONFLICT DO NOTHING
            RETURNING records.key
        )
        SELECT coalesce(array_agg(stored.key), '{}') INTO v_more FROM stored;
        v_new := v_new || v_more;
        -- A record that existed may be forgotten before it is read. It is locked, and its entry is stored if it is gone.
        PERFORM 1 FROM (
            SELECT 1 FROM {schema}.records AS r WHERE r.key = ANY (v_keys) AND r.key <> ALL (v_new)
            ORDER BY r.key FOR KEY SHARE
        ) AS locked;
        EXIT WHEN NOT EXISTS (
            SELECT FROM unnest(v_keys) AS e(key)
            WHERE NOT EXISTS (SELECT FROM {schema}.records AS r WHERE r.key = e.key)
        );
    END LOOP;
    v_now := {schema}.now_v1();
    RETURN QUERY
    SELECT CASE WHEN r.key = ANY (v_new) AND row_number() OVER (PARTITION BY e.key ORDER BY e.i) = 1 THEN 0::bigint
            WHEN r.fingerprint = {schema}.text_v1(e.fingerprint) THEN 1 ELSE 2 END,
        r.key, r.state, r.service, r.version, r.name, r.kind, r.fingerprint, r.created, v_now - r.created, r.deadline,
        r.due, r.claim IS NOT NULL, r.epoch, r.claims, r.cancel, r.deliveries, r.error
    FROM unnest(v_keys, p_fingerprints) WITH ORDINALITY AS e(key, fingerprint, i)
    JOIN {schema}.records AS r ON r.key = e.key
    ORDER BY e.i;
END $f$;
