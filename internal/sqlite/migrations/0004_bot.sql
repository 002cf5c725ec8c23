-- +goose Up
-- what was said and how each answer came about (package receipts)
CREATE TABLE receipts (
	seq            INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which answers were first remembered
	reply_key      TEXT NOT NULL UNIQUE,              -- gateway.Turn.ReplyKey
	session        TEXT NOT NULL,                     -- opaque: conversation and, in groups, person
	channel        TEXT NOT NULL,
	language       TEXT NOT NULL,
	command        TEXT NOT NULL,    -- "/help", "small talk", …; "" for a question
	known          INTEGER NOT NULL, -- 1: the answer cites at least one passage
	confidence     REAL NOT NULL,
	mode           TEXT NOT NULL,    -- "model", "extractive", or "" when nobody was asked
	model          TEXT NOT NULL,
	prompt         TEXT NOT NULL,
	prompt_version INTEGER NOT NULL,
	input_tokens   INTEGER NOT NULL,
	cached_tokens  INTEGER NOT NULL,
	output_tokens  INTEGER NOT NULL,
	stopped        INTEGER NOT NULL,
	error          TEXT NOT NULL,    -- kind of failure, "" if it was answered
	question       TEXT NOT NULL,
	answer         TEXT NOT NULL,    -- "" if none was given
	body           TEXT NOT NULL,    -- the whole bot.Receipt as JSON
	created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX receipts_session ON receipts (session, seq);
CREATE INDEX receipts_created ON receipts (created_at);

-- sessions that were started afresh: what stands up to here is no longer read as context
CREATE TABLE forgotten_sessions (
	session      TEXT PRIMARY KEY,
	up_to        INTEGER NOT NULL, -- receipts.seq
	forgotten_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- versions of prompts (package promptversions); version 0, the default, is in the program
CREATE TABLE prompt_versions (
	name       TEXT NOT NULL,
	version    INTEGER NOT NULL CHECK (version > 0),
	text       TEXT NOT NULL,
	author     TEXT NOT NULL,
	note       TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

-- the version that answers; no row: the default
CREATE TABLE active_prompts (
	name    TEXT PRIMARY KEY,
	version INTEGER NOT NULL,
	FOREIGN KEY (name, version) REFERENCES prompt_versions (name, version)
) STRICT, WITHOUT ROWID;
