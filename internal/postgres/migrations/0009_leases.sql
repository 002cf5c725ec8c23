-- +goose Up
-- leases: who of several processes does what only one may do. A lease that has ended,
-- by the clock of this database, may be taken by anybody; fence rises then.
CREATE TABLE leases (
	name    text PRIMARY KEY,
	owner   text NOT NULL,
	fence   bigint NOT NULL,
	ends_at timestamptz NOT NULL
);
