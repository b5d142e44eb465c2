-- Returns the services that have pending records, and the earliest due time of each. It reads one entry of the index a service.
CREATE FUNCTION {schema}.pending_services_v1(p_most bigint) RETURNS TABLE (service text, version text, due bigint)
LANGUAGE plpgsql STABLE {settings} SET enable_sort = off AS $f$
#variable_conflict use_column
DECLARE
    v_service text := '';
    v_version text := '';
    v_due bigint;
    v_after bigint := -9223372036854775808;
BEGIN
    FOR i IN 1 .. p_most LOOP
        SELECT r.service, r.version, r.due INTO v_service, v_version, v_due FROM {schema}.records AS r
        WHERE r.state = 1 AND (r.service, r.version, r.due) > (v_service, v_version, v_after)
        ORDER BY r.service, r.version, r.due LIMIT 1;
        EXIT WHEN NOT FOUND;
        v_after := 9223372036854775807;
        RETURN QUERY SELECT v_service, v_version, v_due;
    END LOOP;
END $f$;

-- Returns the lists that the records of a state are in: their part of `records_listed`, and the service whose records are meant
-- if not all are.
CREATE FUNCTION {schema}.lists_v1(p_state smallint, p_service text, p_version text, p_overdue boolean)
RETURNS TABLE (hash bigint, service text, version text) LANGUAGE plpgsql STABLE {settings} SET enable_sort = off AS $f$
#variable_conflict use_column
DECLARE
    v_hash bigint;
BEGIN
    IF p_service IS NOT NULL THEN
        RETURN QUERY SELECT hashtextextended(p_version, hashtextextended(p_service, 0)), p_service, p_version;
    ELSIF p_state = 1 AND p_overdue THEN
        RETURN QUERY SELECT hashtextextended(p.version, hashtextextended(p.service, 0)), p.service, p.version
        FROM {schema}.pending_services_v1(2147483647) AS p;
    ELSE
        SELECT r.service_hash INTO v_hash FROM {schema}.records AS r
        WHERE r.state = p_state ORDER BY r.service_hash, r.key LIMIT 1;
        WHILE v_hash IS NOT NULL LOOP
            RETURN QUERY SELECT v_hash, NULL, NULL;
            SELECT r.service_hash INTO v_hash FROM {schema}.records AS r
            WHERE r.state = p_state AND r.service_hash > v_hash ORDER BY r.service_hash, r.key LIMIT 1;
        END LOOP;
    END IF;
END $f$;

-- Returns the first keys of a list. If `p_due` is not NULL: of the records that were due then, and NULL if they are not among the
-- first 10,000 of the list.
CREATE FUNCTION {schema}.listed_v1(
    p_state smallint, p_hash bigint, p_service text, p_version text, p_due bigint, p_from text, p_until text, p_most integer
) RETURNS text[] LANGUAGE plpgsql STABLE {settings} SET enable_sort = off AS $f$
DECLARE
    v_keys text[];
BEGIN
    -- A state that is not a constant is part of the order, which only this index has.
    v_keys := ARRAY(
        SELECT k.key FROM (
            SELECT r.state, r.key, r.service, r.version, r.due FROM {schema}.records AS r
            WHERE r.state = ANY (ARRAY[p_state]) AND r.service_hash = p_hash AND r.key >= p_from AND r.key < p_until
            ORDER BY r.state, r.key LIMIT CASE WHEN p_due IS NOT NULL THEN 10000 END
        ) AS k
        WHERE (p_service IS NULL OR (k.service = p_service AND k.version = p_version)) AND (p_due IS NULL OR k.due <= p_due)
        ORDER BY k.state, k.key LIMIT p_most
    );
    IF p_due IS NOT NULL AND cardinality(v_keys) < p_most THEN
        PERFORM FROM {schema}.records AS r
        WHERE r.state = ANY (ARRAY[p_state]) AND r.service_hash = p_hash AND r.key >= p_from AND r.key < p_until
        ORDER BY r.state, r.key OFFSET 10000 LIMIT 1;
        RETURN CASE WHEN NOT FOUND THEN v_keys END;
    END IF;
    RETURN v_keys;
END $f$;

-- Returns the first keys of the records of a state and service that are due. It reads all that are due. If these are more than
-- `p_few` it returns NULL: the index alone says that.
CREATE FUNCTION {schema}.due_v1(
    p_state smallint, p_service text, p_version text, p_due bigint, p_from text, p_until text, p_most integer, p_few bigint
) RETURNS text[] LANGUAGE plpgsql STABLE {settings} SET enable_sort = off AS $f$
BEGIN
    IF p_state = 1 THEN
        PERFORM FROM {schema}.records AS r
        WHERE r.state = 1 AND r.service = p_service AND r.version = p_version AND r.due <= p_due AND p_few IS NOT NULL
        ORDER BY r.due OFFSET p_few LIMIT 1;
        RETURN CASE WHEN NOT FOUND THEN ARRAY(
            SELECT d.key FROM (
                SELECT r.key FROM {schema}.records AS r
                WHERE r.state = 1 AND r.service = p_service AND r.version = p_version AND r.due <= p_due
                ORDER BY r.due OFFSET 0
            ) AS d
            WHERE d.key >= p_from AND d.key < p_until ORDER BY d.key LIMIT p_most
        ) END;
    END IF;
    PERFORM FROM {schema}.records AS r
    WHERE r.state = p_state AND r.state IN (0, 3) AND r.due <= p_due AND p_few IS NOT NULL
    ORDER BY r.due OFFSET p_few LIMIT 1;
    RETURN CASE WHEN NOT FOUND THEN ARRAY(
        SELECT d.key FROM (
            SELECT r.key, r.service, r.version FROM {schema}.records AS r
            WHERE r.state = p_state AND r.state IN (0, 3) AND r.due <= p_due ORDER BY r.due OFFSET 0
        ) AS d
        WHERE (p_service IS NULL OR (d.service = p_service AND d.version = p_version)) AND d.key >= p_from AND d.key < p_until
        ORDER BY d.key LIMIT p_most
    ) END;
END $f$;

-- Returns a page of records in the order of their keys. It is one snapshot, because the function is STABLE.
-- The page is merged from the lists of each state and service. Each of them is read up to the end of the page that the lists
-- before it have filled. Records that are due are read by their due times if they are few, or if they are far behind in the list.
CREATE FUNCTION {schema}.list_v1(
    p_now bigint, p_state smallint, p_service text, p_version text, p_overdue boolean, p_after text, p_most integer
) RETURNS SETOF {schema}.records LANGUAGE plpgsql STABLE {settings} SET enable_sort = off AS $f$
DECLARE
    v_service text := {schema}.text_v1(p_service);
    v_version text := {schema}.text_v1(p_version);
    v_due bigint := CASE WHEN p_overdue THEN p_now END;
    -- No text is between another one and the same one with this character at its end.
    v_from text := coalesce({schema}.text_v1(p_after) || chr(1), '');
    -- Behind every key: it has the last character, and is longer than a key.
    v_until text := repeat(chr(1114111), 700);
    v_few bigint := 10000;
    v_keys text[] := '{}';
    v_found text[];
    v_state smallint;
    v_list record;
BEGIN
    IF p_state IS NULL AND p_service IS NULL AND NOT p_overdue THEN
        RETURN QUERY SELECT r.* FROM {schema}.records AS r WHERE r.key >= v_from ORDER BY r.key LIMIT p_most;
        RETURN;
    END IF;
    FOREACH v_state IN ARRAY CASE WHEN p_overdue THEN '{0,1,3}' ELSE '{0,1,2,3,4}' END::smallint[] LOOP
        CONTINUE WHEN v_state <> p_state;
        IF p_overdue AND v_state <> 1 THEN
            v_found := {schema}.due_v1(v_state, v_service, v_version, v_due, v_from, v_until, p_most, v_few);
            v_keys := v_keys || v_found;
            CONTINUE WHEN v_found IS NOT NULL;
        END IF;
        FOR v_list IN SELECT * FROM {schema}.lists_v1(v_state, v_service, v_version, p_overdue) LOOP
            v_found := NULL;
            IF p_overdue AND v_state = 1 THEN
                v_found := {schema}.due_v1(
                    v_state, v_list.service, v_list.version, v_due, v_from, v_until, p_most, v_few);
            END IF;
            IF v_found IS NULL THEN
                v_found := coalesce(
                    {schema}.listed_v1(v_state, v_list.hash, v_list.service, v_list.version, v_due, v_from, v_until, p_most),
                    {schema}.due_v1(v_state, v_list.service, v_list.version, v_due, v_from, v_until, p_most, NULL)
                );
            END IF;
            CONTINUE WHEN cardinality(v_found) = 0;
            -- The few of many services would be many.
            v_few := greatest(v_few / 2, 1000);
            v_keys := ARRAY(
                SELECT DISTINCT k COLLATE "C" FROM unnest(v_keys || v_found) AS k ORDER BY k COLLATE "C" LIMIT p_most
            );
            v_until := coalesce(v_keys[p_most], v_until);
        END LOOP;
    END LOOP;
    RETURN QUERY SELECT r.* FROM {schema}.records AS r WHERE r.key = ANY (v_keys) ORDER BY r.key LIMIT p_most;
END $f$;
