-- What people call a node, and why it must own nothing (empty when it may).
ALTER TABLE node ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE node ADD COLUMN unfit text NOT NULL DEFAULT '';
