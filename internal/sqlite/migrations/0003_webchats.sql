-- +goose Up
-- what is said in the browser chat, as the visitor sees it
CREATE TABLE webchat_visitors (
	channel TEXT NOT NULL,
	visitor TEXT NOT NULL,
	chats   INTEGER NOT NULL, -- how many this visitor has begun; the last one is the current one
	PRIMARY KEY (channel, visitor)
) STRICT, WITHOUT ROWID;

CREATE TABLE webchat_entries (
	channel     TEXT NOT NULL,
	chat        TEXT NOT NULL,
	seq         INTEGER NOT NULL, -- from 1, without gaps in a chat
	id          TEXT NOT NULL,    -- of a visitor: made by the browser; of the bot: the key of the reply part
	bot         INTEGER NOT NULL,
	in_reply_to TEXT NOT NULL,
	text        TEXT NOT NULL,
	sources     TEXT NOT NULL,    -- JSON
	final       INTEGER NOT NULL,
	notice      INTEGER NOT NULL,
	rating      INTEGER NOT NULL DEFAULT 0 CHECK (rating BETWEEN -1 AND 1),
	said_at     INTEGER NOT NULL,
	PRIMARY KEY (channel, chat, seq),
	UNIQUE (channel, chat, bot, id)
) STRICT;
