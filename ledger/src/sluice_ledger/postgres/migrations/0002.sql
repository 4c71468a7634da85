-- When arrivals came, in ticks (tick.py). A program of version 1 that still runs copies rows without
-- one, which fails: its clients keep their records until a program of this version takes them.
ALTER TABLE arrival ADD COLUMN tick bigint NOT NULL DEFAULT 0;
-- Tick of this migration: what is older bears its own word for the time, but never a later one.
ALTER TABLE arrival ADD COLUMN begun bigint NOT NULL DEFAULT 0;
ALTER TABLE prediction ADD COLUMN tick bigint NOT NULL DEFAULT 0;

-- Answers that users saw, by the tick in which they arrived.
CREATE TABLE cohort (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    tick       bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    revision   text   COLLATE "C" NOT NULL,
    answers    bigint NOT NULL,
    PRIMARY KEY (deployment, revision, tick, sequence, day)
) PARTITION BY RANGE (day);

-- Those of them with a label, by the tick in which both were there.
CREATE TABLE labelled (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    tick       bigint NOT NULL,
    known      bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    revision   text   COLLATE "C" NOT NULL,
    answers    bigint NOT NULL,
    wrong      bigint NOT NULL,
    PRIMARY KEY (deployment, revision, tick, known, sequence, day)
) PARTITION BY RANGE (day);

-- What the events of an answer add up to, before and after each commit that changed it: any bounds
-- can then be cut when the question is asked.
CREATE TABLE worth (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    number     bigint NOT NULL,
    tick       bigint NOT NULL,
    known      bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    revision   text   COLLATE "C" NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    before     double precision NOT NULL,
    after      double precision NOT NULL,
    PRIMARY KEY (deployment, revision, name, tick, known, sequence, number, day)
) PARTITION BY RANGE (day);

-- Which predictions are counted by name, few for each deployment.
CREATE TABLE class (
    day        date NOT NULL,
    deployment text COLLATE "C" NOT NULL,
    prediction text COLLATE "C" NOT NULL,
    PRIMARY KEY (deployment, prediction)
);

-- How often they were predicted; NULL is the rest.
CREATE TABLE said (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    revision   text   COLLATE "C" NOT NULL,
    prediction text   COLLATE "C",
    answers    bigint NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX said_since ON said (deployment, revision, sequence);

CREATE TABLE agreed (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    first      text   COLLATE "C" NOT NULL,
    second     text   COLLATE "C" NOT NULL,
    same       bigint NOT NULL,
    different  bigint NOT NULL,
    PRIMARY KEY (deployment, first, second, sequence, day)
) PARTITION BY RANGE (day);
