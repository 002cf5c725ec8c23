-- +goose Up
-- what is said in the browser chat, as the visitor sees it (package webchats).
-- Keys are compared byte by byte (COLLATE "C"): an upgrade of the system's
-- languages cannot spoil their indexes.
CREATE TABLE webchat_visitors (
	channel text COLLATE "C" NOT NULL,
	visitor text COLLATE "C" NOT NULL,
	chats   bigint NOT NULL, -- how many this visitor has begun; the last one is the current one
	PRIMARY KEY (channel, visitor)
);

CREATE TABLE webchat_entries (
	channel     text COLLATE "C" NOT NULL,
	chat        text COLLATE "C" NOT NULL,
	seq         bigint NOT NULL, -- from 1, without gaps in a chat
	id          text COLLATE "C" NOT NULL, -- of a visitor: made by the browser; of the bot: the key of the reply part
	bot         boolean NOT NULL,
	in_reply_to text NOT NULL,
	text        text NOT NULL,
	sources     text NOT NULL, -- JSON
	final       boolean NOT NULL,
	notice      boolean NOT NULL,
	rating      smallint NOT NULL DEFAULT 0 CHECK (rating BETWEEN -1 AND 1),
	said_at     bigint NOT NULL, -- microseconds since 1970
	PRIMARY KEY (channel, chat, seq),
	UNIQUE (channel, chat, bot, id)
);
