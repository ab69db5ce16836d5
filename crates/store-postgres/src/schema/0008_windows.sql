-- Windows of triggers: what they are, what came to them, and which window each event came to.
CREATE TABLE keyed_window (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
ALTER TABLE keyed_window ALTER COLUMN value SET STORAGE EXTERNAL;
