CREATE INDEX records_name ON records (name);
