-- +goose Up
-- users: the staff. username is in lower case; sessions of another epoch are over.
CREATE TABLE users (
	id              text COLLATE "C" PRIMARY KEY,
	username        text COLLATE "C" NOT NULL UNIQUE,
	name            text NOT NULL,
	role            text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
	disabled        boolean NOT NULL DEFAULT false,
	password        text NOT NULL, -- argon2id, with its parameters
	epoch           bigint NOT NULL DEFAULT 0,
	created_at      bigint NOT NULL, -- microseconds since 1970, as all times here
	last_sign_in_at bigint
);

-- setup_token: the one-time token for the first user; at most one row.
CREATE TABLE setup_token (
	one     boolean PRIMARY KEY CHECK (one),
	hash    bytea NOT NULL, -- sha256
	made_at bigint NOT NULL
);

-- sessions: who is signed in. token is a hash. An ended session stays until it
-- would have expired, so that a request that was under way cannot bring it back.
CREATE TABLE sessions (
	token      text COLLATE "C" PRIMARY KEY,
	data       bytea NOT NULL,
	expires_at bigint NOT NULL,
	ended      boolean NOT NULL DEFAULT false
);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- api_keys: secrets are kept as sha256.
CREATE TABLE api_keys (
	id           text COLLATE "C" PRIMARY KEY,
	hash         bytea NOT NULL UNIQUE,
	name         text NOT NULL,
	prefix       text NOT NULL,
	permissions  text NOT NULL, -- separated by spaces
	user_id      text COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	created_at   bigint NOT NULL,
	expires_at   bigint,
	last_used_at bigint
);
CREATE INDEX api_keys_user ON api_keys (user_id);

-- audit: who did what, when, to what. Nothing is ever changed or deleted here, and
-- users may be gone: no foreign keys.
CREATE TABLE audit (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at       bigint NOT NULL,
	user_id  text NOT NULL,
	username text NOT NULL, -- as it was then
	key_id   text NOT NULL, -- of the API key, '' if in person
	action   text NOT NULL,
	target   text NOT NULL,
	request  text NOT NULL
);
CREATE INDEX audit_at ON audit (at);
-- +goose StatementBegin
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
	FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
