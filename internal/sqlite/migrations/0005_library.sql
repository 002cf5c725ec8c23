-- +goose Up
-- collections: sets of documents. chunks and length (terms) count the live versions.
-- gone: dropped, its rows are removed bit by bit.
-- fold_term: parts marked folding are in postings up to this term (exclusive); NULL: no fold goes on.
CREATE TABLE collections (
	num        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL UNIQUE,
	note       TEXT NOT NULL,
	chunks     INTEGER NOT NULL DEFAULT 0,
	length     INTEGER NOT NULL DEFAULT 0,
	fold_term  TEXT,
	gone       INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL
) STRICT;

-- documents: one row for each file name in a collection. version, file, hash, size, stage
-- and what follows are of the newest upload; live, live_file, type, chunks and length of
-- the version that answers (0: none). A live version's chunks are first_chunk and the
-- following ones. fence rises whenever the work on the document changes hands.
CREATE TABLE documents (
	num           INTEGER PRIMARY KEY AUTOINCREMENT,
	id            TEXT NOT NULL UNIQUE,
	collection    INTEGER NOT NULL REFERENCES collections (num),
	name          TEXT NOT NULL,
	title         TEXT NOT NULL DEFAULT '',
	own_title     TEXT NOT NULL DEFAULT '', -- given by people
	indexed_title TEXT NOT NULL DEFAULT '', -- the live chunks were indexed with this one
	url           TEXT NOT NULL DEFAULT '',
	added_by      TEXT NOT NULL DEFAULT '',
	version       INTEGER NOT NULL DEFAULT 0,
	file          TEXT NOT NULL,
	hash          TEXT NOT NULL,
	size          INTEGER NOT NULL,
	type          TEXT NOT NULL DEFAULT '',
	live          INTEGER NOT NULL DEFAULT 0,
	live_file     TEXT NOT NULL DEFAULT '',
	first_chunk   INTEGER NOT NULL DEFAULT 0,
	chunks        INTEGER NOT NULL DEFAULT 0,
	length        INTEGER NOT NULL DEFAULT 0,
	new_first     INTEGER NOT NULL DEFAULT 0, -- first chunk of the version in preparation
	new_length    INTEGER NOT NULL DEFAULT 0,
	reindex       INTEGER NOT NULL DEFAULT 0, -- its words are to be indexed by newer rules
	stage         TEXT NOT NULL CHECK (stage IN ('queued', 'extracting', 'chunking', 'indexing', 'embedding', 'ready', 'failed', 'cancelled')),
	progress      REAL NOT NULL DEFAULT 0,
	code          TEXT NOT NULL DEFAULT '',
	reason        TEXT NOT NULL DEFAULT '',
	attempt       INTEGER NOT NULL DEFAULT 0,
	fence         INTEGER NOT NULL DEFAULT 0,
	lease_ends_at INTEGER NOT NULL DEFAULT 0,
	embedded      TEXT NOT NULL DEFAULT '', -- the model whose vectors are complete
	embed_at      INTEGER NOT NULL DEFAULT 0, -- not before
	queued_at     INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	UNIQUE (collection, name)
) STRICT;
CREATE INDEX documents_waiting ON documents (queued_at) WHERE stage IN ('queued', 'extracting', 'chunking', 'indexing');
CREATE INDEX documents_embedded ON documents (embedded) WHERE live > 0;
CREATE INDEX documents_embedding ON documents (num) WHERE stage = 'embedding';
CREATE INDEX documents_file ON documents (file);
CREATE INDEX documents_live_file ON documents (live_file);
CREATE INDEX documents_reindex ON documents (num) WHERE reindex = 1;

CREATE TABLE document_labels (
	document INTEGER NOT NULL REFERENCES documents (num) ON DELETE CASCADE,
	label    TEXT NOT NULL,
	PRIMARY KEY (document, label)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_labels_label ON document_labels (label, document);

-- chunks: of live versions, and of versions in preparation (version > documents.live).
-- num is never used again.
CREATE TABLE chunks (
	num      INTEGER PRIMARY KEY,
	document INTEGER NOT NULL REFERENCES documents (num) ON DELETE CASCADE,
	version  INTEGER NOT NULL,
	seq      INTEGER NOT NULL,
	id       TEXT NOT NULL,
	heading  TEXT NOT NULL,
	location TEXT NOT NULL,
	text     TEXT NOT NULL,
	UNIQUE (document, version, seq)
) STRICT;

-- postings: of each term, blocks of packed postings (package knowledge/words)
CREATE TABLE postings (
	collection INTEGER NOT NULL,
	term       TEXT NOT NULL,
	first      INTEGER NOT NULL,
	last       INTEGER NOT NULL,
	count      INTEGER NOT NULL,
	data       BLOB NOT NULL,
	PRIMARY KEY (collection, term, first)
) STRICT, WITHOUT ROWID;

-- parts: small indexes of fresh chunks, to be folded into postings. Without a document:
-- several live ones, merged.
CREATE TABLE parts (
	num        INTEGER PRIMARY KEY AUTOINCREMENT,
	collection INTEGER NOT NULL,
	document   INTEGER REFERENCES documents (num) ON DELETE CASCADE,
	version    INTEGER NOT NULL,
	first      INTEGER NOT NULL,
	last       INTEGER NOT NULL,
	chunks     INTEGER NOT NULL,
	folding    INTEGER NOT NULL DEFAULT 0,
	data       BLOB NOT NULL
) STRICT;
CREATE INDEX parts_collection ON parts (collection);
CREATE INDEX parts_document ON parts (document);

-- purges: removed chunks whose postings are still to be taken out; nobody sees them
CREATE TABLE purges (
	num        INTEGER PRIMARY KEY AUTOINCREMENT,
	collection INTEGER NOT NULL,
	first      INTEGER NOT NULL,
	last       INTEGER NOT NULL,
	terms      TEXT NOT NULL -- one a line
) STRICT;

-- vectors: unit vectors, float32 little-endian
CREATE TABLE vectors (
	chunk      INTEGER PRIMARY KEY REFERENCES chunks (num) ON DELETE CASCADE,
	collection INTEGER NOT NULL,
	model      TEXT NOT NULL,
	data       BLOB NOT NULL
) STRICT;
CREATE INDEX vectors_model ON vectors (collection, model, chunk);

-- file_garbage: files on disk that belong to no document any more
CREATE TABLE file_garbage (
	key TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- library_state: next_chunk, rules (of the words in the index), scrub (removed text may still be in the log file)
CREATE TABLE library_state (
	name  TEXT PRIMARY KEY,
	value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO library_state (name, value) VALUES ('next_chunk', 1), ('rules', ''), ('scrub', 0);
