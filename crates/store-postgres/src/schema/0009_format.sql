-- The newest record format that any node wrote: raised before the first record of it. 0 is none yet.
ALTER TABLE store ADD COLUMN format integer NOT NULL DEFAULT 0;
