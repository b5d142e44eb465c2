-- The rows: `what` is 1 for a claimed record, 2 for one that was set aside, 0 for the summary, which has the time to the next due
-- record as `age`, the time to the next token as `deadline` and the low-water mark of the due times as `epoch`.
CREATE FUNCTION {schema}.claim_v1(
    p_service text, p_version text, p_claim text, p_most bigint, p_lease bigint, p_most_claims bigint,
    p_is_random boolean, p_quota text, p_capacity double precision, p_refill double precision, p_mark bigint
) RETURNS TABLE (
    what bigint, key text, epoch bigint, name text, kind text, age bigint, deadline bigint, started boolean,
    cancel smallint, claims bigint, saved bytea, pacing bytea
) LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
#variable_conflict use_column
DECLARE
    v_service text := {schema}.text_v1(p_service);
    v_version text := {schema}.text_v1(p_version);
    v_claim bytea := decode(p_claim, 'hex');
    v_bucket {schema}.buckets;
    v_most bigint := p_most;
    v_now bigint;
    v_rows tid[];
    v_drawn tid[];
    v_due bigint;
    v_wait bigint := 0;
BEGIN
    IF p_quota IS NOT NULL THEN
        v_bucket := {schema}.bucket_v1({schema}.text_v1(p_quota), p_capacity);
    END IF;
    v_now := {schema}.now_v1();
    IF p_quota IS NOT NULL THEN
        v_bucket.tokens := least(p_capacity,
            v_bucket.tokens + p_refill * greatest(0, v_now - v_bucket.filled) / 1000000);
        v_bucket.filled := v_now;
        -- The sum of many small refills may lack a little of a whole token.
        v_most := least(v_most, floor(v_bucket.tokens + 1e-9)::bigint);
    END IF;
    IF v_most > 0 AND p_is_random THEN
        -- Only what is drawn is locked. What others have locked, or changed since it was drawn, is left out.
        v_drawn := {schema}.draw_v1(v_service, v_version, v_most, p_mark, v_now);
        SELECT array_agg(picked.row) INTO v_rows FROM (
            SELECT r.ctid AS row FROM {schema}.records AS r
            -- The sum keeps the plan from the index of the due times, which would be read as a whole.
            WHERE r.ctid = ANY (v_drawn) AND r.state + 0 = 1 AND r.service = v_service AND r.version = v_version
                AND r.due <= v_now
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS picked;
    ELSIF v_most > 0 THEN
        -- A statement of its own: as part of a larger one it may run several times, and lock more rows than the limit.
        SELECT array_agg(picked.row) INTO v_rows FROM (
            SELECT r.ctid AS row FROM {schema}.records AS r
            WHERE r.state = 1 AND r.service = v_service AND r.version = v_version
                AND r.due >= p_mark AND r.due <= v_now
            ORDER BY r.due LIMIT v_most FOR NO KEY UPDATE SKIP LOCKED
        ) AS picked;
    END IF;
    IF v_most > 0 THEN
        -- The empty bytes make the function read what is stored apart. Otherwise the commit would, which has no time-out.
        RETURN QUERY
        UPDATE {schema}.records AS r SET
            state = CASE WHEN r.claims < p_most_claims THEN 1 ELSE 2 END,
            due = CASE WHEN r.claims < p_most_claims THEN v_now + p_lease END,
            claim = CASE WHEN r.claims < p_most_claims THEN v_claim END,
            claims = CASE WHEN r.claims < p_most_claims THEN r.claims + 1 ELSE r.claims END,
            error = CASE WHEN r.claims < p_most_claims THEN r.error
                ELSE coalesce(r.error, format('%s claims ended without a result', r.claims)) END,
            epoch = r.epoch + 1
        FROM unnest(v_rows) WITH ORDINALITY AS picked(row, i)
        WHERE r.ctid = picked.row
        RETURNING r.state::bigint, r.key, r.epoch, r.name, r.kind, v_now - r.created, r.deadline, r.started,
            r.cancel, r.claims, r.saved || ''::bytea, r.pacing || ''::bytea;
        GET DIAGNOSTICS v_most = ROW_COUNT;
    END IF;
    IF p_quota IS NOT NULL THEN
        v_bucket.tokens := greatest(0, v_bucket.tokens - greatest(v_most, 0));
        PERFORM {schema}.spend_v1(v_bucket);
        IF v_bucket.tokens + 1e-9 < 1 THEN
            v_wait := least(ceil((1 - v_bucket.tokens) * 1000000 / greatest(p_refill, 1e-9)), 1e17)::bigint;
        END IF;
    END IF;
    SELECT r.due INTO v_due FROM {schema}.records AS r
    WHERE r.state = 1 AND r.service = v_service AND r.version = v_version AND r.due >= p_mark
    ORDER BY r.due LIMIT 1;
    -- A transaction that has begun within the last second may still commit an earlier due time.
    RETURN QUERY SELECT 0::bigint, NULL, least(coalesce(v_due, v_now), v_now - 1000000), NULL, NULL,
        CASE WHEN v_due > v_now THEN v_due - v_now ELSE v_due * 0 END, v_wait, NULL::boolean, NULL::smallint, NULL::bigint, NULL::bytea, NULL::bytea;
END $f$;

-- Draws due records at random from any 1,000 of the 10,000 that have been due for the longest time or, as often, from the 1,000 that
-- became due last: those with the fewest failures first. It locks nothing.
CREATE FUNCTION {schema}.draw_v1(p_service text, p_version text, p_most bigint, p_mark bigint, p_now bigint) RETURNS tid[]
LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
DECLARE
    v_skipped bigint;
BEGIN
    IF random() < 0.5 THEN
        SELECT floor(random() * (greatest(count(*) - 1000, 0) + 1)) INTO v_skipped FROM (
            SELECT FROM {schema}.records AS r
            WHERE r.state = 1 AND r.service = p_service AND r.version = p_version
                AND r.due >= p_mark AND r.due <= p_now
            ORDER BY r.due LIMIT 10000
        ) AS counted;
        RETURN ARRAY(
            WITH oldest AS MATERIALIZED (
                SELECT r.ctid AS row, r.failures FROM {schema}.records AS r
                WHERE r.state = 1 AND r.service = p_service AND r.version = p_version
                    AND r.due >= p_mark AND r.due <= p_now
                ORDER BY r.due OFFSET v_skipped LIMIT 1000
            )
            SELECT oldest.row FROM oldest ORDER BY oldest.failures, random() LIMIT p_most
        );
    END IF;
    RETURN ARRAY(
        WITH newest AS MATERIALIZED (
            SELECT r.ctid AS row, r.failures FROM {schema}.records AS r
            WHERE r.state = 1 AND r.service = p_service AND r.version = p_version
                AND r.due >= p_mark AND r.due <= p_now
            ORDER BY r.due DESC LIMIT 1000
        )
        SELECT newest.row FROM newest ORDER BY newest.failures, random() LIMIT p_most
    );
END $f$;

-- Returns the row of a bucket, locked. Creates it with one token.
CREATE FUNCTION {schema}.bucket_v1(p_quota text, p_capacity double precision) RETURNS {schema}.buckets
LANGUAGE plpgsql {settings} AS $f$
DECLARE
    v_bucket {schema}.buckets;
BEGIN
    LOOP
        SELECT b.* INTO v_bucket FROM {schema}.buckets AS b WHERE b.quota = p_quota
        ORDER BY b.generation DESC LIMIT 1 FOR UPDATE;
        -- Nothing is found either if another claim has replaced the row while this one waited.
        IF FOUND THEN
            RETURN v_bucket;
        END IF;
        INSERT INTO {schema}.buckets (quota, generation, tokens, filled, began)
        SELECT p_quota, 0, least(1, p_capacity), {schema}.now_v1(), {schema}.now_v1()
        WHERE NOT EXISTS (SELECT FROM {schema}.buckets AS b WHERE b.quota = p_quota)
        ON CONFLICT DO NOTHING;
    END LOOP;
END $f$;

CREATE FUNCTION {schema}.spend_v1(p_bucket {schema}.buckets) RETURNS void LANGUAGE plpgsql {settings} AS $f$
BEGIN
    IF abs(p_bucket.filled - p_bucket.began) < 10000000 THEN
        UPDATE {schema}.buckets AS b SET tokens = p_bucket.tokens, filled = p_bucket.filled
        WHERE b.quota = p_bucket.quota AND b.generation = p_bucket.generation;
    ELSE
        DELETE FROM {schema}.buckets AS b
        WHERE b.quota = p_bucket.quota AND b.generation = p_bucket.generation;
        INSERT INTO {schema}.buckets (quota, generation, tokens, filled, began)
        VALUES (p_bucket.quota, p_bucket.generation + 1, p_bucket.tokens, p_bucket.filled, p_bucket.filled);
    END IF;
END $f$;

-- Returns the earliest due time of the pending records of a service below its low-water mark.
CREATE FUNCTION {schema}.below_v1(p_service text, p_version text, p_mark bigint) RETURNS bigint
LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
BEGIN
    RETURN (
        SELECT r.due FROM {schema}.records AS r
        WHERE r.state = 1 AND r.service = {schema}.text_v1(p_service) AND r.version = {schema}.text_v1(p_version)
            AND r.due < p_mark
        ORDER BY r.due LIMIT 1
    );
END $f$;
