-- +goose Up
-- collections: sets of documents. chunks and length (terms) count the live versions;
-- fresh are the chunks whose postings wait to be folded, fold_term the last term that is
-- done when some are ('': none). gone: dropped, its rows are
-- removed bit by bit.
CREATE TABLE collections (
	num        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id         text NOT NULL UNIQUE,
	name       text NOT NULL UNIQUE,
	note       text NOT NULL,
	chunks     bigint NOT NULL DEFAULT 0,
	length     bigint NOT NULL DEFAULT 0,
	fresh      bigint NOT NULL DEFAULT 0,
	fold_term  text COLLATE "C" NOT NULL DEFAULT '',
	gone       boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL
);

-- documents: one row for each file name in a collection. version, file, hash, size, stage
-- and what follows are of the newest upload; live, live_file, type, chunks and length of
-- the version that answers (0: none). A live version's chunks are first_chunk and the
-- following ones. fence rises whenever the work on the document changes hands.
CREATE TABLE documents (
	num           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id            text NOT NULL UNIQUE,
	collection    integer NOT NULL REFERENCES collections (num),
	name          text NOT NULL,
	title         text NOT NULL DEFAULT '',
	own_title     text NOT NULL DEFAULT '', -- given by people
	indexed_title text NOT NULL DEFAULT '', -- the live chunks were indexed with this one
	url           text NOT NULL DEFAULT '',
	labels        text[] NOT NULL DEFAULT '{}',
	added_by      text NOT NULL DEFAULT '',
	version       integer NOT NULL DEFAULT 1,
	file          text NOT NULL,
	hash          text NOT NULL,
	size          bigint NOT NULL,
	type          text NOT NULL DEFAULT '',
	live          integer NOT NULL DEFAULT 0,
	live_file     text NOT NULL DEFAULT '',
	first_chunk   bigint NOT NULL DEFAULT 0,
	chunks        integer NOT NULL DEFAULT 0,
	length        bigint NOT NULL DEFAULT 0,
	new_first     bigint NOT NULL DEFAULT 0, -- first chunk of the version in preparation
	new_length    bigint NOT NULL DEFAULT 0,
	reindex       boolean NOT NULL DEFAULT false, -- its words are to be indexed by newer rules
	stage         text NOT NULL CHECK (stage IN ('queued', 'extracting', 'chunking', 'indexing', 'embedding', 'ready', 'failed', 'cancelled')),
	progress      double precision NOT NULL DEFAULT 0,
	code          text NOT NULL DEFAULT '',
	reason        text NOT NULL DEFAULT '',
	attempt       integer NOT NULL DEFAULT 0,
	fence         bigint NOT NULL DEFAULT 0,
	lease_ends_at timestamptz NOT NULL DEFAULT 'epoch',
	embedded      text[] NOT NULL DEFAULT '{}', -- the models whose vectors are complete
	embed_at      timestamptz NOT NULL DEFAULT 'epoch', -- not before
	queued_at     timestamptz NOT NULL,
	created_at    timestamptz NOT NULL,
	updated_at    timestamptz NOT NULL,
	UNIQUE (collection, name)
);
CREATE INDEX documents_waiting ON documents (queued_at, num) WHERE stage IN ('queued', 'extracting', 'chunking', 'indexing');
CREATE INDEX documents_embedding ON documents (num) WHERE stage = 'embedding';
CREATE INDEX documents_file ON documents (file);
CREATE INDEX documents_live_file ON documents (live_file);
CREATE INDEX documents_reindex ON documents (num) WHERE reindex;
CREATE INDEX documents_labels ON documents USING gin (labels);
CREATE INDEX documents_listed ON documents (collection, num);

-- chunks: of live versions, and of versions in preparation (version > documents.live).
-- num is never used again.
CREATE TABLE chunks (
	num        bigint PRIMARY KEY,
	collection integer NOT NULL,
	document   bigint NOT NULL REFERENCES documents (num) ON DELETE CASCADE,
	version    integer NOT NULL,
	seq        integer NOT NULL,
	id         text NOT NULL,
	heading    text NOT NULL,
	location   text NOT NULL,
	text       text NOT NULL,
	UNIQUE (document, version, seq)
);

-- parts: the words of a version in preparation, as knowledge/words packs them
CREATE TABLE parts (
	document bigint NOT NULL REFERENCES documents (num) ON DELETE CASCADE,
	version  integer NOT NULL,
	seq      integer NOT NULL, -- of the first chunk
	data     bytea NOT NULL,
	PRIMARY KEY (document, version, seq)
);

-- postings: which live chunks have a term. An element of data is
--   (chunk & 65535) << 15 | more occurrences than 4 (at most 31) << 10 | occurrences up to 4, less 1 << 8 | length of the chunk (words.Quantize);
-- all chunks of a row have the same chunk >> 16. fresh: not folded into longer rows yet.
CREATE TABLE postings (
	collection integer NOT NULL,
	term       text COLLATE "C" NOT NULL,
	first      bigint NOT NULL,
	last       bigint NOT NULL,
	count      integer NOT NULL,
	fresh      boolean NOT NULL,
	data       integer[] NOT NULL,
	PRIMARY KEY (collection, term, first) INCLUDE (count)
);
ALTER TABLE postings ALTER COLUMN data SET STORAGE EXTERNAL; -- it does not get smaller by compression
CREATE INDEX postings_fresh ON postings (collection, term) WHERE fresh;

-- purges: removed chunks whose postings are still to be taken out; nobody sees them
CREATE TABLE purges (
	num        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	collection integer NOT NULL,
	first      bigint NOT NULL,
	last       bigint NOT NULL,
	terms      text[] NOT NULL
);

-- file_garbage: files that belong to no document any more
CREATE TABLE file_garbage (
	key text PRIMARY KEY
);

-- library_state: next_chunk; rules of the words in the index
CREATE TABLE library_state (
	name  text PRIMARY KEY,
	value text NOT NULL
);
INSERT INTO library_state (name, value) VALUES ('next_chunk', '1'), ('rules', '');

-- The second lock. A search says in its transaction whose collections it is for
-- (parley.collections) and goes on as the role parley_search, which owns nothing: a
-- filter that somebody forgot then finds nothing, instead of everything.
-- +goose StatementBegin
CREATE FUNCTION library_scope() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT coalesce(nullif(current_setting('parley.collections', true), ''), '{}')::integer[]
$$;
-- +goose StatementEnd
ALTER TABLE collections ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE parts ENABLE ROW LEVEL SECURITY; -- no policy: nobody but the owner
ALTER TABLE postings ENABLE ROW LEVEL SECURITY;
ALTER TABLE purges ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON collections FOR SELECT USING (num = ANY ((SELECT library_scope())::integer[]));
CREATE POLICY scope ON documents FOR SELECT USING (collection = ANY ((SELECT library_scope())::integer[]));
CREATE POLICY scope ON chunks FOR SELECT USING (collection = ANY ((SELECT library_scope())::integer[]));
CREATE POLICY scope ON postings FOR SELECT USING (collection = ANY ((SELECT library_scope())::integer[]));
CREATE POLICY scope ON purges FOR SELECT USING (collection = ANY ((SELECT library_scope())::integer[]));

-- A role is made once for a server. Who may not make roles is told how by parley doctor.
-- +goose StatementBegin
DO $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'parley_search') THEN
		CREATE ROLE parley_search NOLOGIN;
	END IF;
EXCEPTION
	WHEN insufficient_privilege THEN RAISE NOTICE 'the role parley_search cannot be made: %', SQLERRM;
	WHEN duplicate_object OR unique_violation THEN NULL; -- another database was quicker
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'parley_search') THEN
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO parley_search', current_schema());
		GRANT SELECT ON collections, documents, chunks, postings, purges TO parley_search;
		IF NOT pg_has_role(current_user, 'parley_search', 'SET') THEN
			EXECUTE format('GRANT parley_search TO %I', current_user);
		END IF;
	END IF;
EXCEPTION
	WHEN insufficient_privilege THEN RAISE NOTICE 'the role parley_search cannot be used: %', SQLERRM;
END $$;
-- +goose StatementEnd
