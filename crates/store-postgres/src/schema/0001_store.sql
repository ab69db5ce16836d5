-- The store as a whole: one row.
CREATE TABLE store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- Of which cluster this is, and a keyed hash of it under the cluster's secret.
    cluster_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    -- Rises with each restore from a backup.
    incarnation integer NOT NULL,
    -- How much time one table of ended instances covers.
    bucket_ms bigint NOT NULL,
    -- Written by each checkpoint, so that its commit flushes all that was committed before.
    checkpoints bigint NOT NULL DEFAULT 0
);

-- The fence: an append moves its partition's row on, from the head and under the epoch it knows.
CREATE TABLE heads (
    partition integer PRIMARY KEY,
    epoch bigint NOT NULL,
    head bigint NOT NULL,
    batch_id bytea NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The tables journal_<number>, each made ahead of its time and dropped whole.
CREATE TABLE segment (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);

-- Payloads too large for their records, by content. They are written by appends, which do not
-- wait for them to be compressed.
CREATE TABLE blob (
    hash bytea PRIMARY KEY,
    bytes bytea NOT NULL
);
ALTER TABLE blob ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- How far the state has come, and under which epoch it may be written.
CREATE TABLE reached (
    partition integer PRIMARY KEY,
    position bigint NOT NULL,
    epoch bigint NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What instances have in common.
CREATE TABLE kind (
    kind integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace text NOT NULL,
    workflow text NOT NULL,
    version text NOT NULL,
    status text NOT NULL,
    priority text NOT NULL,
    UNIQUE (workflow, version, status, priority, namespace)
);

-- Open instances. correlation_id is null where it is the text of the instance's own id. terms are
-- the attributes and the words by which an instance is found; attributes stands beside them only
-- where one is too long for an index. Of other texts the index has the beginning.
CREATE TABLE instance (
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    ended_at bigint,
    seq bigint NOT NULL,
    slot integer NOT NULL,
    kind integer NOT NULL,
    pending_decisions integer NOT NULL,
    id uuid PRIMARY KEY,
    parent_id uuid,
    correlation_id text,
    subject text,
    error text,
    terms text[],
    attributes text,
    snapshot bytea NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX instance_created ON instance (created_at, id);
CREATE INDEX instance_correlation ON instance (left(correlation_id, 256), created_at, id) WHERE correlation_id IS NOT NULL;
CREATE INDEX instance_subject ON instance (left(subject, 256), created_at, id) WHERE subject IS NOT NULL;
CREATE INDEX instance_terms ON instance USING gin (terms) WHERE terms IS NOT NULL;
CREATE INDEX instance_parent ON instance (parent_id, created_at, id) WHERE parent_id IS NOT NULL;

-- Chunks (by number) and history (by first and last seq) of open instances, and of those whose
-- row is still to come.
CREATE TABLE part (
    id uuid NOT NULL,
    history boolean NOT NULL,
    number bigint NOT NULL,
    last bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (id, history, number)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE part ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The tables ended_<number> and ended_<number>_part: instances that ended at or after `start` and
-- before the next bucket's. When a bucket is closed it has all its indexes, and bounds are known.
CREATE TABLE bucket (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    start bigint NOT NULL UNIQUE,
    closed boolean NOT NULL DEFAULT false,
    first_id uuid,
    last_id uuid,
    first_created bigint,
    last_created bigint
);

-- The keyed tables, read in the order of their keys across slots.
CREATE TABLE keyed_task (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_timer (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_wait (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_key (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_outbox (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_inbox_mark (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_limit (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot)) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE keyed_schedule (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
CREATE TABLE keyed_decision (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
CREATE TABLE keyed_dead_letter (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
CREATE TABLE keyed_operation (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
CREATE TABLE keyed_catalog (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));
CREATE TABLE keyed_audit (key bytea NOT NULL, slot integer NOT NULL, value bytea NOT NULL, PRIMARY KEY (key, slot));

-- The nodes of the cluster. The counter rises with each heartbeat.
CREATE TABLE node (
    id uuid PRIMARY KEY,
    zone text NOT NULL,
    region text NOT NULL,
    url text NOT NULL,
    version text NOT NULL,
    format integer NOT NULL,
    counter bigint NOT NULL,
    beat_at timestamptz NOT NULL
) WITH (fillfactor = 20);

-- Who owns which partition. The owner raises the counter; each change of owner raises the epoch.
CREATE TABLE lease (
    partition integer PRIMARY KEY,
    owner uuid,
    epoch bigint NOT NULL,
    counter bigint NOT NULL
) WITH (fillfactor = 20);
