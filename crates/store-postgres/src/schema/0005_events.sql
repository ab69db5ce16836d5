-- Events, by id, and what they are found by.
CREATE TABLE keyed_event (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
ALTER TABLE keyed_event ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE TABLE keyed_event_index (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
