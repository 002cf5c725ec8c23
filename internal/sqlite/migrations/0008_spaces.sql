-- +goose Up
-- spaces: embedding models that have vectors. One serves; served: it serves or did before.
CREATE TABLE spaces (
	model      TEXT PRIMARY KEY,
	dimensions INTEGER NOT NULL,
	serving    INTEGER NOT NULL DEFAULT 0,
	served     INTEGER NOT NULL DEFAULT 0,
	gone       INTEGER NOT NULL DEFAULT 0, -- forgotten, its vectors are removed bit by bit
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- a chunk may have a vector of each model
CREATE TABLE vectors_by_model (
	chunk      INTEGER NOT NULL REFERENCES chunks (num) ON DELETE CASCADE,
	model      TEXT NOT NULL,
	collection INTEGER NOT NULL,
	data       BLOB NOT NULL,
	PRIMARY KEY (chunk, model)
) STRICT;
INSERT INTO vectors_by_model (chunk, model, collection, data) SELECT chunk, model, collection, data FROM vectors;
DROP TABLE vectors;
ALTER TABLE vectors_by_model RENAME TO vectors;
CREATE INDEX vectors_model ON vectors (collection, model, chunk);
INSERT INTO spaces (model, dimensions, created_at) SELECT model, max(length(data)) / 4, 0 FROM vectors GROUP BY model;
UPDATE spaces SET serving = 1, served = 1 WHERE model = (SELECT model FROM vectors GROUP BY model ORDER BY count(*) DESC LIMIT 1);

-- embedded is a list now, each model between line ends
UPDATE documents SET embedded = char(10) || embedded || char(10) WHERE embedded <> '';
DROP INDEX documents_embedded;
