-- The rows are counts by state, service and kind, and levels of buckets. The limits bound the cost, whatever the number of records.
CREATE FUNCTION {schema}.counts_v1(p_most bigint, p_most_read bigint, p_most_groups bigint) RETURNS TABLE (
    what text, service text, version text, kind text, first bigint, second bigint, third bigint, fourth bigint,
    tokens double precision
) LANGUAGE plpgsql {settings} SET enable_sort = off AS $f$
#variable_conflict use_column
DECLARE
    v_now bigint := {schema}.now_v1();
    v_services text[];
    v_versions text[];
    v_share bigint;
    v_count bigint;
BEGIN
    FOR i IN 0 .. 4 LOOP
        SELECT count(*) INTO v_count FROM (
            SELECT FROM {schema}.records AS r WHERE r.state = i ORDER BY r.service_hash, r.key LIMIT p_most + 1) AS counted;
        RETURN QUERY SELECT 'state', NULL, NULL, NULL, i::bigint, v_count, 0::bigint, 0::bigint, 0::double precision;
    END LOOP;
    SELECT coalesce(array_agg(p.service), '{}'), coalesce(array_agg(p.version), '{}') INTO v_services, v_versions
    FROM {schema}.pending_services_v1(p_most_groups) AS p;
    v_share := greatest(cardinality(v_services), 1);
    FOR i IN 1 .. cardinality(v_services) LOOP
        RETURN QUERY SELECT 'service', v_services[i], v_versions[i], NULL, p_most / v_share, (
            SELECT count(*) FROM (
                SELECT FROM {schema}.records AS r
                WHERE r.state = 1 AND r.service = v_services[i] AND r.version = v_versions[i]
                ORDER BY r.due LIMIT p_most / v_share + 1) AS counted
        ), (
            SELECT count(*) FROM (
                SELECT FROM {schema}.records AS r
                WHERE r.state = 1 AND r.service = v_services[i] AND r.version = v_versions[i] AND r.due <= v_now
                ORDER BY r.due LIMIT p_most / v_share + 1) AS counted
        ), 0::bigint, 0::double precision;
        RETURN QUERY SELECT 'kind', v_services[i], v_versions[i], k.kind, count(*), count(*) FILTER (WHERE k.due <= v_now),
            count(*) FILTER (WHERE k.failures > 0), v_now - min(k.created), 0::double precision
        FROM (
            SELECT r.kind, r.due, r.failures, r.created FROM {schema}.records AS r
            WHERE r.state = 1 AND r.service = v_services[i] AND r.version = v_versions[i]
            ORDER BY r.due LIMIT p_most_read / v_share
        ) AS k
        GROUP BY k.kind ORDER BY count(*) DESC, k.kind LIMIT p_most_groups;
    END LOOP;
    RETURN QUERY SELECT 'bucket', b.quota, NULL, NULL, v_now - b.filled, 0::bigint, 0::bigint, 0::bigint, b.tokens
    FROM (
        SELECT DISTINCT ON (a.quota) a.quota, a.filled, a.tokens FROM {schema}.buckets AS a
        ORDER BY a.quota, a.generation DESC LIMIT p_most_groups
    ) AS b ORDER BY b.quota;
END $f$;
