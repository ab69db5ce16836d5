-- Counts and latencies by span of time. The same few rows are written again and again: room in their pages keeps that from
-- touching the index.
CREATE TABLE keyed_rollup (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (fillfactor = 50);
