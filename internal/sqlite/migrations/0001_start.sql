-- +goose Up
-- settings of this installation: its identity and what the set-up made
CREATE TABLE settings (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
