package library

import (
	"strconv"
	"strings"

	"github.com/parley-im/parley/knowledge"
)

// sqlScope is the first statement of a search. It runs as the user of Parley, looks the
// collections up and decides how vectors are compared. Then it locks the transaction in:
// from here on it is parley_search, if there is such a role, and sees nothing but these
// collections.
//
// The settings are for the second statement alone: planned once for a connection, adding
// up in a table instead of by sorting, row by row through indexes also where the planner,
// which does not know the scope, expects most of a table, and as far through the graph as
// pays.
//
// Where the asker may see few enough of the vectors, comparing all of these is quicker
// than a walk through the index that leaves most of what it meets out, and it is exact:
// of a walk, all/allowed steps are needed for each neighbour.
const sqlScope = `
WITH scope AS MATERIALIZED (
	SELECT coalesce(array_agg(num), '{}') AS nums, coalesce(array_agg(id), '{}') AS ids, coalesce(sum(chunks), 0)::bigint AS chunks, coalesce(sum(length), 0)::bigint AS length
	FROM collections WHERE id = ANY (@collections) AND NOT gone),
labelled AS MATERIALIZED ({{labels}}),
counted AS MATERIALIZED ({{counted}}),
choice AS MATERIALIZED (
	SELECT c.*, {{indexed}} AND c.allowed * c.allowed > @walk::bigint * {{nearest}}::bigint * c.total AS walk FROM counted c)
SELECT s.ids, s.chunks, s.length, c.seen,
	set_config('parley.collections', s.nums::text, true) || set_config('parley.allowed', c.allowed::text, true) || set_config('parley.labelled', {{ranges}}, true) ||
	set_config('parley.walk', c.walk::text, true) || set_config('parley.wide', coalesce({{wide}} AND NOT {{everything}}, false)::text, true) ||
	set_config('hnsw.ef_search', greatest(40, least(1000, 3 * {{nearest}} / 2))::text, true) || set_config('hnsw.iterative_scan', 'relaxed_order', true) ||
	set_config('hnsw.max_scan_tuples', least(20000, greatest(1000, 6 * {{nearest}} * c.total / greatest(1, c.allowed)))::bigint::text, true) ||
	set_config('plan_cache_mode', 'force_generic_plan', true) || set_config('jit', 'off', true) || set_config('work_mem', '32MB', true) ||
	set_config('max_parallel_workers_per_gather', '0', true) || set_config('enable_sort', 'off', true) || set_config('enable_seqscan', 'off', true) ||
	set_config('enable_hashjoin', 'off', true) || set_config('enable_mergejoin', 'off', true) ||
	set_config('role', coalesce((SELECT rolname::text FROM pg_roles WHERE rolname = 'parley_search' AND pg_has_role(oid, 'SET')), 'none'), true)
FROM scope s, labelled l, choice c`

// labelled: the chunks of documents with one of the labels; seen: vectors of the
// collections; allowed: those of them with the labels; total: of all collections, which
// the index has too
const (
	sqlAnyLabel   = `SELECT NULL::bigint AS n`
	sqlSomeLabels = `SELECT coalesce(sum(d.chunks), 0)::bigint AS n FROM documents d, scope
	WHERE d.live > 0 AND d.collection = ANY (scope.nums) AND d.labels && @labels::text[]`
	sqlRanges = `CASE WHEN {{everything}} THEN '{[0,9223372036854775807)}' WHEN {{wide}} THEN '{}' ELSE (SELECT coalesce(range_agg(int8range(d.first_chunk, d.first_chunk + d.chunks)), '{}')::text
		FROM documents d, scope WHERE d.live > 0 AND d.collection = ANY (scope.nums) AND d.labels && @labels::text[]) END`
	sqlNoVectors = `SELECT 0::bigint AS seen, 0::bigint AS allowed, 0::bigint AS total`
	sqlVectors   = `SELECT v.seen, least(v.seen, labelled.n) AS allowed, v.total FROM labelled, (
		SELECT coalesce(sum(v.vectors) FILTER (WHERE v.collection = ANY (scope.nums)), 0)::bigint AS seen, coalesce(sum(v.vectors), 0)::bigint AS total
		FROM scope LEFT JOIN vector_counts v ON v.space = {{space}}) v`
)

// sqlSearch is the second statement. The rarest terms of the question are added up, by
// what each tells, until so many postings are reached, more in a large collection; of the commoner ones only how
// often they occur is told. The neighbours by meaning come from a search of their own.
// OFFSET 0 keeps the joins in their order: from few candidates, one by one, to their rows.
const sqlSearch = `
WITH {{labels}}whole AS MATERIALIZED (
	SELECT array_agg(num) AS nums, greatest(sum(chunks), 1)::float8 AS n
	FROM collections WHERE id = ANY (@collections) AND NOT gone),
counted AS MATERIALIZED (
	SELECT t.i, t.term, t.weight, p.df
	FROM unnest(@terms::text[], @weights::float4[]) WITH ORDINALITY AS t (term, weight, i), LATERAL (
		SELECT sum(count) AS df FROM postings WHERE collection = ANY ((SELECT nums FROM whole)::int[]) AND term = t.term) p
	WHERE p.df > 0),
chosen AS MATERIALIZED (
	SELECT term, gain FROM (
		SELECT term, gain, df, sum(df) OVER (ORDER BY gain DESC, i ROWS UNBOUNDED PRECEDING) AS sofar
		FROM (SELECT i, term, df, (weight * power(ln(1 + (n - least(df, n) + 0.5) / (least(df, n) + 0.5)), @power))::float4 AS gain FROM counted, whole) g) r
	WHERE sofar <= greatest(@postings, (SELECT n FROM whole) / 40) OR sofar = df),
scored AS (
	SELECT base + (e >> 15) AS chunk, sum(gain * (@gains::float4[])[(e & 1023) + 1]) AS score
	FROM (SELECT c.gain, p.first >> 16 << 16 AS base, unnest(p.data) AS e
		FROM chosen c JOIN postings p ON p.collection = ANY ((SELECT nums FROM whole)::int[]) AND p.term = c.term) x
	GROUP BY 1),
best AS MATERIALIZED (
	SELECT x.chunk FROM (SELECT chunk, score FROM scored ORDER BY score DESC, chunk {{most}}) x
	WHERE (NOT EXISTS (SELECT 1 FROM purges) OR NOT EXISTS (SELECT 1 FROM purges u WHERE x.chunk BETWEEN u.first AND u.last)) {{haslabel}}
	LIMIT {{words}}){{near}}
SELECT (SELECT array_agg(i::int ORDER BY i) FROM counted), (SELECT array_agg(df::int ORDER BY i) FROM counted), {{summary}},
	NULL::bigint, NULL, NULL::bigint, NULL, NULL, NULL, NULL, NULL::bigint, NULL, NULL, NULL, NULL, NULL::float8
UNION ALL
SELECT NULL, NULL, NULL, NULL, c.num, c.id, c.seq, c.text, c.heading, c.location, d.id, d.live, d.title, d.name, d.indexed_title, d.url, {{cosine}}
FROM ({{candidates}}) x,
	LATERAL (SELECT * FROM chunks WHERE num = x.chunk AND collection = ANY ((SELECT nums FROM whole)::int[]) OFFSET 0) c,
	LATERAL (SELECT * FROM documents d WHERE d.num = c.document AND d.live = c.version {{allowed}} OFFSET 0) d {{vectors}}`

const (
	// a few chunks with one of the labels are listed by the first statement; of many, each
	// candidate's document is looked at, unless all that there are have one
	sqlLabelled = `labelled AS MATERIALIZED (
	SELECT current_setting('parley.labelled')::int8multirange AS chunks, current_setting('parley.wide')::boolean AS wide),
`
	sqlHasLabel = `AND CASE WHEN (SELECT wide FROM labelled)
		THEN coalesce((SELECT d.labels && @labels::text[] FROM chunks c JOIN documents d ON d.num = c.document WHERE c.num = x.chunk), false)
		ELSE x.chunk <@ (SELECT chunks FROM labelled) END`

	sqlWalk = `,
walked AS MATERIALIZED (
	SELECT x.chunk, x.data::halfvec({{dims}}) <#> @vector::halfvec AS distance FROM vectors x
	WHERE x.space = {{space}} AND x.collection = ANY ((SELECT nums FROM whole)::int[]) AND (SELECT current_setting('parley.walk')::boolean) {{haslabel}}
	ORDER BY x.data::halfvec({{dims}}) <#> @vector::halfvec LIMIT {{nearest}}),
compared AS MATERIALIZED (
	SELECT chunk, distance FROM (
		SELECT v.chunk, v.data <#> @vector::halfvec AS distance FROM {{scanned}}
		AND (SELECT count(*) < least({{nearest}}, current_setting('parley.allowed')::bigint) FROM walked) OFFSET 0) d
	ORDER BY distance LIMIT {{nearest}}),
near AS MATERIALIZED (
	SELECT chunk, -distance AS cosine, row_number() OVER (ORDER BY distance, chunk) AS place
	FROM (SELECT * FROM walked WHERE (SELECT count(*) FROM compared) = 0 UNION ALL SELECT * FROM compared) n)`
	sqlScanAll = `vectors v WHERE v.space = {{space}} AND v.collection = ANY ((SELECT nums FROM whole)::int[])`
	// the ends are taken out first: what may fail is not reckoned before the rights of a row
	// are checked, and could not be looked up in the index
	sqlScanSome = `(
		SELECT v.chunk, v.data FROM (SELECT lower(r) AS first, upper(r) AS behind FROM labelled, unnest(chunks) r OFFSET 0) d,
			LATERAL (SELECT v.chunk, v.data FROM vectors v WHERE v.chunk >= d.first AND v.chunk < d.behind AND v.space = {{space}}
				AND v.collection = ANY ((SELECT nums FROM whole)::int[]) OFFSET 0) v
		UNION ALL
		SELECT x.chunk, x.data FROM vectors x WHERE x.space = {{space}} AND x.collection = ANY ((SELECT nums FROM whole)::int[])
			AND (SELECT wide AND count(walked.chunk) < least({{nearest}}, current_setting('parley.allowed')::bigint) FROM labelled LEFT JOIN walked ON true GROUP BY wide) {{haslabel}}
	) v WHERE true`
)

// scopeText and searchText put the statements together. Half as many chunks more are
// proposed than must be found by words: what was added up for them leaves the commonest
// terms out, so their order is not the last word. Numbers of rows are written out:
// planned with an unknown limit, the server expects a tenth of everything and reads it
// all. The texts are few all the same, so each is prepared once for a connection.
func scopeText(l knowledge.Look, space known) string {
	labels, counted, ranges, wide, everything := sqlAnyLabel, sqlNoVectors, `'{}'`, "l.n > 5000", "false"
	if len(l.Labels) > 0 {
		labels, ranges, everything = sqlSomeLabels, sqlRanges, "(l.n >= s.chunks AND {{wide}})"
	}
	if space.num > 0 {
		counted, wide = sqlVectors, "c.walk"
	}
	return fill(sqlScope, "labels", labels, "counted", counted, "ranges", ranges, "everything", everything, "wide", wide, "indexed", strconv.FormatBool(space.indexed), "space", strconv.Itoa(space.num), "nearest", strconv.Itoa(l.Near))
}

func searchText(l knowledge.Look, space known) string {
	labels, hasLabel, most, allowed, scanned := "", "", "LIMIT 4 * {{words}}", "", sqlScanAll
	if len(l.Labels) > 0 {
		labels, hasLabel, most, allowed, scanned = sqlLabelled, sqlHasLabel, "", `AND d.labels && @labels::text[]`, sqlScanSome
	}
	near, summary, cosine, candidates, vectors := "", `NULL::bigint[], NULL::float4[]`, `NULL::float8`, `SELECT chunk FROM best`, ""
	if space.num > 0 {
		near = sqlWalk
		summary = `(SELECT array_agg(chunk ORDER BY place) FROM near), (SELECT array_agg(cosine::float4 ORDER BY place) FROM near)`
		cosine = `-(v.data <#> @vector::halfvec)`
		candidates = `SELECT chunk FROM best UNION SELECT chunk FROM near WHERE place <= {{close}}`
		vectors = `LEFT JOIN LATERAL (SELECT data FROM vectors WHERE chunk = x.chunk AND space = {{space}} OFFSET 0) v ON true`
	}
	return fill(sqlSearch, "labels", labels, "near", near, "scanned", scanned, "haslabel", hasLabel, "most", most, "allowed", allowed, "summary", summary, "cosine", cosine,
		"candidates", candidates, "vectors", vectors, "space", strconv.Itoa(space.num), "dims", strconv.Itoa(space.dims),
		"words", strconv.Itoa(l.Words+l.Words/2), "nearest", strconv.Itoa(l.Near), "close", strconv.Itoa(l.Close))
}

// fill replaces {{name}} by the values, one name after the other: a value may have names
// that come later.
func fill(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{{"+pairs[i]+"}}", pairs[i+1])
	}
	return text
}
