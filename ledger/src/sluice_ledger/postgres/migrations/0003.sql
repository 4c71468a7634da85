-- Scores of the answers that a row counts, in no order: they are put into bins when somebody asks,
-- for edges are known only then. Rows of before have none. A program of version 2 that still runs
-- copies rows without them, which fails: its clients keep their records until one of this version
-- takes them.
ALTER TABLE said ADD COLUMN numbers     double precision[] NOT NULL DEFAULT '{}';
ALTER TABLE said ADD COLUMN confidences double precision[] NOT NULL DEFAULT '{}';
