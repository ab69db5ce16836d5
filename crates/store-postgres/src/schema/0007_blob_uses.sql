-- In which round of sweeping a blob was named last, and what of the state names it; of an ended instance also
-- in which bucket it lies, by number.
ALTER TABLE blob ADD COLUMN named_in bigint NOT NULL DEFAULT 0;
ALTER TABLE blob SET (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE blob_use (
    holder bytea NOT NULL,
    hash bytea NOT NULL,
    bucket integer,
    PRIMARY KEY (holder, hash)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX blob_use_hash ON blob_use (hash);
CREATE INDEX blob_use_bucket ON blob_use (bucket) WHERE bucket IS NOT NULL;

-- Whether a node notes what names blobs.
ALTER TABLE node ADD COLUMN names_blobs boolean NOT NULL DEFAULT false;

-- The present round: one row. Of a store from before there is none until its first sweep, which says that
-- something unknown may name what it then has. It waits for nodes that do not note names to be gone; with
-- the first round none may come any more.
CREATE TABLE blob_round (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL,
    began_at bigint NOT NULL,
    noted boolean NOT NULL,
    after bytea
) WITH (fillfactor = 20);
INSERT INTO blob_round (number, began_at, noted) SELECT 1, 0, false WHERE NOT EXISTS (SELECT FROM heads);
UPDATE migration SET compatible_from = 7 WHERE version = 7 AND EXISTS (SELECT FROM blob_round);

-- What the state has to reach before the round is over.
CREATE TABLE blob_noted (
    partition integer PRIMARY KEY,
    position bigint NOT NULL
);
