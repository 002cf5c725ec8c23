-- +goose Up
-- users: the staff. username is in lower case; sessions of another epoch are over.
CREATE TABLE users (
	id              TEXT PRIMARY KEY,
	username        TEXT NOT NULL UNIQUE,
	name            TEXT NOT NULL,
	role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
	disabled        INTEGER NOT NULL DEFAULT 0,
	password        TEXT NOT NULL, -- argon2id, with its parameters
	epoch           INTEGER NOT NULL DEFAULT 0,
	created_at      INTEGER NOT NULL,
	last_sign_in_at INTEGER
) STRICT, WITHOUT ROWID;

-- setup_token: the one-time token for the first user; at most one row.
CREATE TABLE setup_token (
	only    INTEGER PRIMARY KEY CHECK (only = 1),
	hash    BLOB NOT NULL, -- sha256
	made_at INTEGER NOT NULL
) STRICT;

-- sessions: who is signed in. token is a hash. An ended session stays until it
-- would have expired, so that a request that was under way cannot bring it back.
CREATE TABLE sessions (
	token      TEXT PRIMARY KEY,
	data       BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	ended      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expires ON sessions (expires_at);

-- api_keys: secrets are kept as sha256.
CREATE TABLE api_keys (
	id           TEXT PRIMARY KEY,
	hash         BLOB NOT NULL UNIQUE,
	name         TEXT NOT NULL,
	prefix       TEXT NOT NULL,
	permissions  TEXT NOT NULL, -- separated by spaces
	user         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	created_at   INTEGER NOT NULL,
	expires_at   INTEGER,
	last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_user ON api_keys (user);

-- audit: who did what, when, to what. Nothing is ever changed or deleted here, and
-- users may be gone: no foreign keys.
CREATE TABLE audit (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	at       INTEGER NOT NULL,
	user     TEXT NOT NULL, -- ID
	username TEXT NOT NULL, -- as it was then
	key      TEXT NOT NULL, -- ID of the API key, '' if in person
	action   TEXT NOT NULL,
	target   TEXT NOT NULL,
	request  TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
-- +goose StatementBegin
CREATE TRIGGER audit_stays_as_written BEFORE UPDATE ON audit BEGIN
	SELECT raise(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
	SELECT raise(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- what package activity counts, without touching the texts beside it
CREATE INDEX turns_figures ON turns (received_at, reply_key, state, answered_at, done_at);
CREATE INDEX receipts_figures ON receipts (reply_key, command, known, input_tokens, output_tokens);
