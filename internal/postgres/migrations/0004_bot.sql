-- +goose Up
-- what was said and how each answer came about (package receipts)
CREATE TABLE receipts (
	seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which answers were first remembered
	reply_key      text COLLATE "C" NOT NULL UNIQUE, -- gateway.Turn.ReplyKey
	session        text COLLATE "C" NOT NULL,        -- opaque: conversation and, in groups, person
	channel        text NOT NULL,
	language       text NOT NULL,
	command        text NOT NULL,    -- "/help", "small talk", …; "" for a question
	known          boolean NOT NULL, -- the answer cites at least one passage
	confidence     double precision NOT NULL,
	mode           text NOT NULL,    -- "model", "extractive", or "" when nobody was asked
	model          text NOT NULL,
	prompt         text NOT NULL,
	prompt_version bigint NOT NULL,
	input_tokens   bigint NOT NULL,
	cached_tokens  bigint NOT NULL,
	output_tokens  bigint NOT NULL,
	stopped        boolean NOT NULL,
	error          text NOT NULL,    -- kind of failure, "" if it was answered
	question       text NOT NULL,
	answer         text NOT NULL,    -- "" if none was given
	body           text NOT NULL,    -- the whole bot.Receipt as JSON; not jsonb, which cannot hold a NUL
	created_at     bigint NOT NULL   -- microseconds since 1970
);
CREATE INDEX receipts_session ON receipts (session, seq);
CREATE INDEX receipts_created ON receipts (created_at);
-- what package activity counts, without touching the texts beside it
CREATE INDEX receipts_figures ON receipts (reply_key) INCLUDE (command, error, known, input_tokens, output_tokens);

-- sessions that were started afresh: what stands up to here is no longer read as context
CREATE TABLE forgotten_sessions (
	session      text COLLATE "C" PRIMARY KEY,
	up_to        bigint NOT NULL, -- receipts.seq
	forgotten_at bigint NOT NULL
);

-- versions of prompts (package promptversions); version 0, the default, is in the program
CREATE TABLE prompt_versions (
	name       text COLLATE "C" NOT NULL,
	version    bigint NOT NULL CHECK (version > 0),
	text       text NOT NULL,
	author     text NOT NULL,
	note       text NOT NULL,
	created_at bigint NOT NULL,
	PRIMARY KEY (name, version)
);

-- the version that answers; no row: the default
CREATE TABLE active_prompts (
	name    text COLLATE "C" PRIMARY KEY,
	version bigint NOT NULL,
	FOREIGN KEY (name, version) REFERENCES prompt_versions (name, version)
);
