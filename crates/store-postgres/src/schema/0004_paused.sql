-- Why no call goes out and no timer fires until a person says so; null when they do.
ALTER TABLE store ADD COLUMN paused text;
