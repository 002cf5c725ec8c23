-- +goose Up
-- All times are microseconds since 1970 UTC by the clock of this server, so that the
-- clocks of replicas do not matter. Keys are compared byte by byte (COLLATE "C"):
-- faster, and an upgrade of the system's languages cannot spoil their indexes.

-- conversations: each place where something was said, and who works on it now.
-- waiting_at is when the oldest message that is not ended was received; NULL: no work.
-- fence rises whenever the conversation changes hands or is freed.
CREATE TABLE conversations (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel       text COLLATE "C" NOT NULL,
	chat          text COLLATE "C" NOT NULL,
	thread        text COLLATE "C" NOT NULL,
	owner         text NOT NULL DEFAULT '',
	fence         bigint NOT NULL DEFAULT 0,
	lease_ends_at bigint NOT NULL DEFAULT 0,
	retry_at      bigint NOT NULL DEFAULT 0,
	waiting_at    bigint,
	last_at       bigint NOT NULL, -- a message was received last
	UNIQUE (channel, chat, thread)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX conversations_waiting ON conversations (waiting_at) WHERE waiting_at IS NOT NULL;
CREATE INDEX conversations_last ON conversations (last_at);

-- turns: one or more messages that are answered together, and how that went.
-- state: taken, answered, posting, done, dead. reason is for people.
CREATE TABLE turns (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	conversation  bigint NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
	reply_key     text COLLATE "C" NOT NULL UNIQUE,
	state         text NOT NULL CHECK (state IN ('taken', 'answered', 'posting', 'done', 'dead')),
	reason        text NOT NULL DEFAULT '',
	attempt       integer NOT NULL DEFAULT 1,
	released      integer NOT NULL DEFAULT 0,
	answer        jsonb,           -- gateway.Answer, from answered on
	received_at   bigint NOT NULL, -- of the first message
	taken_at      bigint NOT NULL, -- first time
	first_text_at bigint,          -- the first words were seen on the platform
	answered_at   bigint,
	done_at       bigint
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX turns_open ON turns (conversation) WHERE state NOT IN ('done', 'dead');
CREATE INDEX turns_conversation ON turns (conversation, id);
CREATE INDEX turns_received ON turns (received_at);

-- messages: all that people said to us, each once. seq is the order of receipt within a
-- conversation. state: received, taken (its turn tells the rest), done, dead.
CREATE TABLE messages (
	seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	channel      text COLLATE "C" NOT NULL,
	id           text COLLATE "C" NOT NULL,
	conversation bigint NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
	turn         bigint REFERENCES turns (id) ON DELETE CASCADE,
	state        text NOT NULL CHECK (state IN ('received', 'taken', 'done', 'dead')),
	text         text NOT NULL,
	body         text NOT NULL, -- JSON of gateway.Message without its text
	sent_at      bigint NOT NULL,
	received_at  bigint NOT NULL,
	sender_id    text NOT NULL,
	sender_name  text NOT NULL,
	UNIQUE (channel, id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX messages_open ON messages (conversation, seq) WHERE state IN ('received', 'taken');
CREATE INDEX messages_conversation ON messages (conversation, seq);
CREATE INDEX messages_turn ON messages (turn);

-- posts: the parts of an answer on the platform. platform_id is '' while it is not
-- known whether the post was made; done: it shows its final text.
CREATE TABLE posts (
	seq         bigint GENERATED ALWAYS AS IDENTITY, -- their order within a part
	key         text COLLATE "C" PRIMARY KEY,
	turn        bigint NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
	part        integer NOT NULL,
	platform_id text COLLATE "C" NOT NULL DEFAULT '',
	done        boolean NOT NULL DEFAULT false,
	intended_at bigint NOT NULL
);
CREATE INDEX posts_turn ON posts (turn, part, seq);
CREATE INDEX posts_platform ON posts USING hash (platform_id) WHERE platform_id <> '';

-- ratings: thumbs, one for each answer and person. value is +1 or -1.
CREATE TABLE ratings (
	turn        bigint NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
	person      text COLLATE "C" NOT NULL,
	person_name text NOT NULL DEFAULT '',
	value       smallint NOT NULL CHECK (value IN (1, -1)),
	reason      text NOT NULL DEFAULT '',
	rated_at    bigint NOT NULL,
	PRIMARY KEY (turn, person)
);

-- cursors: how far the history of each channel has been read.
CREATE TABLE cursors (
	channel  text COLLATE "C" PRIMARY KEY,
	cursor   text NOT NULL,
	moved_at bigint NOT NULL
);
