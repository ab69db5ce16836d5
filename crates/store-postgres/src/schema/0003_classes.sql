-- Under which rule the instances of a bucket are kept; the empty one is that of all others. A
-- bucket that is being dropped is read and written by nobody any more.
ALTER TABLE bucket ADD COLUMN class text NOT NULL DEFAULT '';
ALTER TABLE bucket ADD COLUMN dropping boolean NOT NULL DEFAULT false;
ALTER TABLE bucket DROP CONSTRAINT bucket_start_key;
CREATE UNIQUE INDEX bucket_place ON bucket (start, class) WHERE NOT dropping;
