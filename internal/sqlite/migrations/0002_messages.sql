-- +goose Up
-- conversations: each place where something was said, and who works on it now.
-- waiting_at is when the oldest message that is not ended was received; NULL: no work.
-- fence rises whenever the conversation changes hands or is freed.
CREATE TABLE conversations (
	id            INTEGER PRIMARY KEY,
	channel       TEXT NOT NULL,
	chat          TEXT NOT NULL,
	thread        TEXT NOT NULL,
	owner         TEXT NOT NULL DEFAULT '',
	fence         INTEGER NOT NULL DEFAULT 0,
	lease_ends_at INTEGER NOT NULL DEFAULT 0,
	retry_at      INTEGER NOT NULL DEFAULT 0,
	waiting_at    INTEGER,
	last_at       INTEGER NOT NULL, -- a message was received last
	UNIQUE (channel, chat, thread)
) STRICT;
CREATE INDEX conversations_waiting ON conversations (waiting_at) WHERE waiting_at IS NOT NULL;
CREATE INDEX conversations_last ON conversations (last_at);

-- turns: one or more messages that are answered together, and how that went.
-- state: taken, answered, posting, done, dead. reason is for people.
CREATE TABLE turns (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	conversation  INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
	reply_key     TEXT NOT NULL UNIQUE,
	state         TEXT NOT NULL CHECK (state IN ('taken', 'answered', 'posting', 'done', 'dead')),
	reason        TEXT NOT NULL DEFAULT '',
	attempt       INTEGER NOT NULL DEFAULT 1,
	released      INTEGER NOT NULL DEFAULT 0,
	answer        TEXT,             -- JSON of gateway.Answer, from answered on
	received_at   INTEGER NOT NULL, -- of the first message
	taken_at      INTEGER NOT NULL, -- first time
	first_text_at INTEGER,          -- the first words were seen on the platform
	answered_at   INTEGER,
	done_at       INTEGER
) STRICT;
CREATE UNIQUE INDEX turns_open ON turns (conversation) WHERE state NOT IN ('done', 'dead');
CREATE INDEX turns_conversation ON turns (conversation, id);
CREATE INDEX turns_received ON turns (received_at);

-- messages: all that people said to us, each once. seq is the order of receipt.
-- state: received, taken (its turn tells the rest), done, dead.
CREATE TABLE messages (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	channel      TEXT NOT NULL,
	id           TEXT NOT NULL,
	conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
	turn         INTEGER REFERENCES turns (id) ON DELETE CASCADE,
	state        TEXT NOT NULL CHECK (state IN ('received', 'taken', 'done', 'dead')),
	body         TEXT NOT NULL, -- JSON of gateway.Message
	sent_at      INTEGER NOT NULL,
	received_at  INTEGER NOT NULL,
	sender_id    TEXT GENERATED ALWAYS AS (body ->> '$.sender.id') VIRTUAL,
	sender_name  TEXT GENERATED ALWAYS AS (coalesce(body ->> '$.sender.name', '')) VIRTUAL,
	text         TEXT GENERATED ALWAYS AS (body ->> '$.text') VIRTUAL,
	UNIQUE (channel, id)
) STRICT;
CREATE INDEX messages_open ON messages (conversation, seq) WHERE state IN ('received', 'taken');
CREATE INDEX messages_conversation ON messages (conversation, seq);
CREATE INDEX messages_turn ON messages (turn);

-- posts: the parts of an answer on the platform. platform_id is '' while it is not
-- known whether the post was made; done: it shows its final text.
CREATE TABLE posts (
	key         TEXT PRIMARY KEY,
	turn        INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
	part        INTEGER NOT NULL,
	platform_id TEXT NOT NULL DEFAULT '',
	done        INTEGER NOT NULL DEFAULT 0,
	intended_at INTEGER NOT NULL
) STRICT;
CREATE INDEX posts_turn ON posts (turn, part);
CREATE INDEX posts_platform ON posts (platform_id) WHERE platform_id <> '';

-- ratings: thumbs, one for each answer and person. value is +1 or -1.
CREATE TABLE ratings (
	turn        INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL DEFAULT '',
	value       INTEGER NOT NULL CHECK (value IN (1, -1)),
	reason      TEXT NOT NULL DEFAULT '',
	rated_at    INTEGER NOT NULL,
	PRIMARY KEY (turn, person)
) STRICT, WITHOUT ROWID;

-- cursors: how far the history of each channel has been read.
CREATE TABLE cursors (
	channel  TEXT PRIMARY KEY,
	cursor   TEXT NOT NULL,
	moved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
