-- Each function returns the positions, from 1 on, of the writes that were stored. The position is negative if the record is due
-- sooner than the write asks for.
CREATE FUNCTION {schema}.reschedule_v1(
    p_keys text[], p_epochs bigint[], p_claims text[], p_names text[], p_delays bigint[], p_saved text[],
    p_pacing text[], p_cancels bigint[], p_failures bigint[], p_errors text[]
) RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_now bigint;
BEGIN
    PERFORM {schema}.lock_v1(v_keys);
    v_now := {schema}.now_v1();
    -- `w.cancel` is 0 if the worker has not seen a request, 1 if it could not send it, 2 if it has.
    RETURN QUERY
    UPDATE {schema}.records AS r SET
        state = 1,
        name = coalesce({schema}.text_v1(w.name), r.name),
        created = CASE WHEN r.state = 0 THEN v_now ELSE r.created END,
        due = CASE WHEN r.cancel = 1 AND w.cancel = 0 THEN v_now ELSE v_now + w.delay END,
        cancel = CASE WHEN w.cancel = 2 THEN 2 ELSE r.cancel END,
        claim = NULL,
        claims = 0,
        saved = decode(w.saved, 'hex'),
        pacing = decode(w.pacing, 'hex'),
        failures = w.failures,
        error = coalesce({schema}.text_v1(w.error), r.error)
    FROM unnest(v_keys, p_epochs, p_claims, p_names, p_delays, p_saved, p_pacing, p_cancels, p_failures,
        p_errors) WITH ORDINALITY AS w(key, epoch, claim, name, delay, saved, pacing, cancel, failures, error, i)
    WHERE r.key = w.key AND r.epoch = w.epoch AND r.claim = decode(w.claim, 'hex') AND r.state IN (0, 1)
        AND (r.name IS NOT NULL OR w.name IS NOT NULL)
    RETURNING CASE WHEN r.due < v_now + w.delay THEN -w.i ELSE w.i END;
END $f$;

CREATE FUNCTION {schema}.complete_v1(
    p_keys text[], p_epochs bigint[], p_claims text[], p_names text[], p_outcomes text[], p_saved text[],
    p_workers bigint[], p_kinds text[], p_running bigint[], p_done bigint[], p_polls bigint[]
) RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_now bigint;
BEGIN
    PERFORM {schema}.lock_v1(v_keys);
    v_now := {schema}.now_v1();
    RETURN QUERY
    WITH stored AS (
        UPDATE {schema}.records AS r SET
            state = 3,
            name = coalesce({schema}.text_v1(w.name), r.name),
            created = CASE WHEN r.state = 0 THEN v_now ELSE r.created END,
            due = v_now,
            claim = NULL,
            claims = 0,
            deliveries = 0,
            error = NULL,
            saved = decode(w.saved, 'hex'),
            outcome = decode(w.outcome, 'hex')
        FROM unnest(v_keys, p_epochs, p_claims, p_names, p_outcomes, p_saved)
            WITH ORDINALITY AS w(key, epoch, claim, name, outcome, saved, i)
        WHERE r.key = w.key AND r.epoch = w.epoch AND r.claim = decode(w.claim, 'hex') AND r.state IN (0, 1)
        RETURNING w.i
    ), history AS (
        INSERT INTO {schema}.finished (worker, kind, running, done, polls)
        SELECT f.worker, {schema}.text_v1(f.kind), f.running, f.done, f.polls
        FROM unnest(p_workers, p_kinds, p_running, p_done, p_polls)
            WITH ORDINALITY AS f(worker, kind, running, done, polls, i)
        JOIN stored ON stored.i = f.i
        WHERE f.worker IS NOT NULL ORDER BY f.i
    )
    SELECT stored.i FROM stored;
END $f$;

CREATE FUNCTION {schema}.give_back_v1(
    p_keys text[], p_epochs bigint[], p_claims text[], p_delays bigint[], p_counts boolean[], p_errors text[]
) RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_now bigint;
BEGIN
    PERFORM {schema}.lock_v1(v_keys);
    v_now := {schema}.now_v1();
    RETURN QUERY
    UPDATE {schema}.records AS r SET
        due = CASE WHEN r.state = 1 AND r.cancel = 1 AND NOT w.counts THEN v_now ELSE v_now + w.delay END,
        claims = CASE WHEN r.state = 1 AND NOT w.counts THEN greatest(r.claims - 1, 0) ELSE r.claims END,
        claim = NULL,
        error = coalesce({schema}.text_v1(w.error), r.error)
    FROM unnest(v_keys, p_epochs, p_claims, p_delays, p_counts, p_errors)
        WITH ORDINALITY AS w(key, epoch, claim, delay, counts, error, i)
    WHERE r.key = w.key AND r.epoch = w.epoch AND r.claim = decode(w.claim, 'hex') AND r.state IN (0, 1, 3)
    RETURNING w.i;
END $f$;

CREATE FUNCTION {schema}.acknowledge_v1(p_keys text[], p_epochs bigint[], p_claims text[])
RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
BEGIN
    PERFORM {schema}.lock_v1(v_keys);
    RETURN QUERY
    UPDATE {schema}.records AS r SET state = 4, due = NULL, claim = NULL, acknowledged = {schema}.now_v1()
    FROM unnest(v_keys, p_epochs, p_claims) WITH ORDINALITY AS w(key, epoch, claim, i)
    WHERE r.key = w.key AND r.epoch = w.epoch AND r.claim = decode(w.claim, 'hex') AND r.state = 3
    RETURNING w.i;
END $f$;

CREATE FUNCTION {schema}.withdraw_v1(p_keys text[], p_epochs bigint[], p_claims text[])
RETURNS SETOF bigint LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_keys text[] := {schema}.texts_v1(p_keys);
    v_rows tid[] := {schema}.lock_to_delete_v1(v_keys);
BEGIN
    RETURN QUERY
    DELETE FROM {schema}.records AS r
    USING unnest(v_keys, p_epochs, p_claims) WITH ORDINALITY AS w(key, epoch, claim, i)
    WHERE r.key = w.key AND r.ctid = ANY (v_rows) AND r.epoch = w.epoch AND r.claim = decode(w.claim, 'hex') AND r.state = 0
    RETURNING w.i;
END $f$;
