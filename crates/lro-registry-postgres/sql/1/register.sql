-- The rows have the order of the entries. `what` is 0 for a new record, 1 for an existing one, 2 for a conflict.
CREATE TYPE {schema}.registered_v1 AS (
    what bigint, key text, state smallint, service text, version text, name text, kind text, fingerprint text,
    created bigint, age bigint, deadline bigint, due bigint, is_claimed boolean, epoch bigint, claims bigint,
    cancel smallint, deliveries bigint, failures bigint, error text
);

CREATE FUNCTION {schema}.register_v1(
    p_keys text[], p_services text[], p_versions text[], p_names text[], p_kinds text[], p_fingerprints text[],
    p_tags text[], p_deadlines bigint[], p_started boolean[], p_delays bigint[], p_saved text[], p_claims text[]
) RETURNS SETOF {schema}.registered_v1 LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_new text[] := '{}';
    v_resolved bigint[] := '{}';
    v_now bigint;
    v_rows tid[];
    v_result {schema}.registered_v1[];
BEGIN
    LOOP
        BEGIN
            v_resolved := '{}';
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
            SELECT coalesce(array_agg(stored.key), '{}') INTO v_new FROM stored;
            -- An entry with a name resolves an intent of the same request.
            IF EXISTS (SELECT FROM {schema}.records AS r WHERE r.key = ANY (v_keys) AND r.state = 0) THEN
                v_rows := {schema}.lock_v1(v_keys);
                v_now := {schema}.now_v1();
                WITH resolved AS (
                    UPDATE {schema}.records AS r SET
                        state = 1,
                        service = {schema}.text_v1(e.service),
                        version = {schema}.text_v1(e.version),
                        name = {schema}.text_v1(e.name),
                        kind = {schema}.text_v1(e.kind),
                        created = v_now,
                        deadline = e.deadline,
                        due = CASE WHEN r.cancel = 1 THEN v_now ELSE v_now + e.delay END,
                        epoch = r.epoch + 1,
                        claim = NULL,
                        claims = 0,
                        started = e.started,
                        tag = decode(e.tag, 'hex'),
                        saved = decode(e.saved, 'hex')
                    FROM unnest(
                        v_keys, p_services, p_versions, p_names, p_kinds, p_fingerprints, p_tags, p_deadlines, p_started,
                        p_delays, p_saved, p_claims
                    ) WITH ORDINALITY AS e(key, service, version, name, kind, fingerprint, tag, deadline, started, delay, saved, claim, i)
                    WHERE r.key = e.key AND r.ctid = ANY (v_rows) AND r.state = 0 AND r.fingerprint = {schema}.text_v1(e.fingerprint)
                        AND e.name IS NOT NULL AND e.claim IS NULL
                    RETURNING e.i
                )
                SELECT v_resolved || coalesce(array_agg(resolved.i), '{}') INTO v_resolved FROM resolved;
            END IF;
            v_now := {schema}.now_v1();
            SELECT coalesce(array_agg(ROW(
                CASE WHEN e.i = ANY (v_resolved) THEN 0
                    WHEN r.key = ANY (v_new) AND e.is_first THEN 0
                    WHEN r.fingerprint = {schema}.text_v1(e.fingerprint) THEN 1 ELSE 2 END,
                r.key, r.state, r.service, r.version, r.name, r.kind, r.fingerprint, r.created, v_now - r.created, r.deadline,
                r.due, r.claim IS NOT NULL, r.epoch, r.claims, r.cancel, r.deliveries, r.failures, r.error
            )::{schema}.registered_v1 ORDER BY e.i), '{}') INTO v_result
            FROM (
                SELECT u.*, row_number() OVER (PARTITION BY u.key ORDER BY u.i) = 1 AS is_first
                FROM unnest(v_keys, p_fingerprints) WITH ORDINALITY AS u(key, fingerprint, i)
            ) AS e
            JOIN {schema}.records AS r ON r.key = e.key;
            EXIT WHEN cardinality(v_result) = cardinality(v_keys);
            -- A record that existed was forgotten before it was read. All is undone before it is tried again: another try
            -- would store its entry after those of higher keys, and two calls would wait for each other.
            RAISE EXCEPTION USING ERRCODE = 'LR001';
        EXCEPTION WHEN SQLSTATE 'LR001' THEN
            v_result := '{}';
        END;
    END LOOP;
    RETURN QUERY SELECT * FROM unnest(v_result);
END $f$;
