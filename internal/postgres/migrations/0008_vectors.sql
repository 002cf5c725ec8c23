-- +goose Up
CREATE EXTENSION IF NOT EXISTS vector;

-- spaces: embedding models that have vectors. One serves; served: it serves or did
-- before. gone: forgotten, its vectors are removed bit by bit.
CREATE TABLE spaces (
	num        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	model      text NOT NULL UNIQUE,
	dimensions integer NOT NULL,
	serving    boolean NOT NULL DEFAULT false,
	served     boolean NOT NULL DEFAULT false,
	gone       boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX spaces_serving ON spaces (serving) WHERE serving;

-- vectors: of length 1, so that the inner product is the cosine. Their dimension is their
-- space's. Each larger space has an index of its own, vectors_space_N, made by the store.
-- What removes chunks removes these; a reference would have to look at each chunk.
CREATE TABLE vectors (
	chunk      bigint NOT NULL,
	space      integer NOT NULL REFERENCES spaces (num),
	collection integer NOT NULL,
	data       halfvec NOT NULL,
	PRIMARY KEY (chunk, space)
) WITH (toast_tuple_target = 8160);
-- a vector lies in its row as long as it fits: comparing all is nine times as fast
ALTER TABLE vectors ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX vectors_scope ON vectors (space, collection);

-- vector_counts: kept by the triggers below
CREATE TABLE vector_counts (
	space      integer NOT NULL,
	collection integer NOT NULL,
	vectors    bigint NOT NULL,
	PRIMARY KEY (space, collection)
);
-- +goose StatementBegin
CREATE FUNCTION count_vectors_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO vector_counts (space, collection, vectors)
	SELECT space, collection, count(*) FROM changed GROUP BY space, collection ORDER BY space, collection
	ON CONFLICT (space, collection) DO UPDATE SET vectors = vector_counts.vectors + excluded.vectors;
	RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION count_vectors_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO vector_counts (space, collection, vectors)
	SELECT space, collection, -count(*) FROM changed GROUP BY space, collection ORDER BY space, collection
	ON CONFLICT (space, collection) DO UPDATE SET vectors = vector_counts.vectors + excluded.vectors;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER added AFTER INSERT ON vectors REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_vectors_added();
CREATE TRIGGER removed AFTER DELETE ON vectors REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_vectors_removed();

ALTER TABLE vectors ENABLE ROW LEVEL SECURITY;
ALTER TABLE vector_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON vectors FOR SELECT USING (collection = ANY ((SELECT library_scope())::integer[]));
CREATE POLICY scope ON vector_counts FOR SELECT USING (collection = ANY ((SELECT library_scope())::integer[]));
-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'parley_search') THEN
		GRANT SELECT ON vectors, vector_counts, spaces TO parley_search;
	END IF;
END $$;
-- +goose StatementEnd
