-- +goose Up
-- settings of this installation: its identity and what the set-up made
CREATE TABLE settings (
	name  text PRIMARY KEY,
	value text NOT NULL
);
