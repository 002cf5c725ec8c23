-- +goose Up
-- files: uploads, in pieces, so that no row is large and a file is read bit by bit.
-- A file and its pieces are stored in one transaction: half a file is never seen.
CREATE TABLE files (
	key      text COLLATE "C" PRIMARY KEY,
	size     bigint NOT NULL,
	saved_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX files_saved ON files (saved_at);

CREATE TABLE file_pieces (
	key  text COLLATE "C" NOT NULL REFERENCES files (key) ON DELETE CASCADE,
	n    integer NOT NULL, -- from 0
	data bytea NOT NULL,
	PRIMARY KEY (key, n)
);
-- what people upload is compressed already
ALTER TABLE file_pieces ALTER COLUMN data SET STORAGE EXTERNAL;
