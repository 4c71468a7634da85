-- One counter numbers every arrival. Its only row is locked by whoever writes, until the commit:
-- so numbers are given in the order of commits, and a transaction undone leaves no gap.
CREATE TABLE arrival (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    last bigint  NOT NULL,
    day  date    NOT NULL
);
INSERT INTO arrival VALUES (true, 0, '2000-01-01');

-- Partitioned by the day of arrival. The day is part of each key because PostgreSQL wants it so;
-- that a key is unique over all days is the work of the writer, which looks before it writes.
CREATE TABLE prediction (
    day        date    NOT NULL,
    sequence   bigint  NOT NULL,
    request_id text    COLLATE "C" NOT NULL,
    row_index  integer NOT NULL,
    deployment text    COLLATE "C" NOT NULL,
    revision   text    COLLATE "C" NOT NULL,
    prediction text    COLLATE "C" NOT NULL,
    confidence double precision,
    mirrored   boolean NOT NULL,
    at         double precision NOT NULL,
    PRIMARY KEY (request_id, row_index, revision, day)
) PARTITION BY RANGE (day);

CREATE TABLE label (
    day        date    NOT NULL,
    sequence   bigint  NOT NULL,
    request_id text    COLLATE "C" NOT NULL,
    row_index  integer NOT NULL,
    label      text    COLLATE "C" NOT NULL,
    at         double precision NOT NULL,
    PRIMARY KEY (request_id, row_index, day)
) PARTITION BY RANGE (day);

CREATE TABLE event (
    day        date    NOT NULL,
    sequence   bigint  NOT NULL,
    event_id   text    COLLATE "C" NOT NULL,
    request_id text    COLLATE "C" NOT NULL,
    row_index  integer NOT NULL,
    name       text    COLLATE "C" NOT NULL,
    value      double precision NOT NULL,
    at         double precision NOT NULL,
    PRIMARY KEY (event_id, day)
) PARTITION BY RANGE (day);
CREATE INDEX event_about ON event (request_id, row_index);

-- Whom a request was about, for erasure; the key of the person is kept as its digest only.
CREATE TABLE subject (
    day        date  NOT NULL,
    subject    bytea NOT NULL,
    request_id text  COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, request_id, day)
) PARTITION BY RANGE (day);

-- What gates ask for, summed up by each commit for what became complete in it.
CREATE TABLE paired (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    first      text   COLLATE "C" NOT NULL,
    second     text   COLLATE "C" NOT NULL,
    worse      bigint NOT NULL,
    same       bigint NOT NULL,
    better     bigint NOT NULL,
    PRIMARY KEY (deployment, first, second, sequence, day)
) PARTITION BY RANGE (day);

CREATE TABLE arm (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    revision   text   COLLATE "C" NOT NULL,
    total      bigint NOT NULL,
    wrong      bigint NOT NULL,
    PRIMARY KEY (deployment, revision, sequence, day)
) PARTITION BY RANGE (day);

CREATE TABLE kpi (
    day        date   NOT NULL,
    sequence   bigint NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    revision   text   COLLATE "C" NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    count      bigint NOT NULL,
    total      double precision NOT NULL,
    squares    double precision NOT NULL,
    PRIMARY KEY (deployment, revision, name, sequence, day)
) PARTITION BY RANGE (day);

-- Small tables, a row per day and pair of revisions, or per mishap.
CREATE TABLE waiting (
    day        date   NOT NULL,
    deployment text   COLLATE "C" NOT NULL,
    first      text   COLLATE "C" NOT NULL,
    second     text   COLLATE "C" NOT NULL,
    pairs      bigint NOT NULL,
    PRIMARY KEY (deployment, first, second, day)
);

CREATE TABLE conflict (
    day        date    NOT NULL,
    kind       text    NOT NULL CHECK (kind IN ('prediction', 'label', 'event')),
    request_id text    COLLATE "C" NOT NULL,
    row_index  integer NOT NULL,
    witness    text    COLLATE "C" NOT NULL,
    kept       text    COLLATE "C" NOT NULL,
    refused    text    COLLATE "C" NOT NULL,
    at         double precision NOT NULL
);
CREATE UNIQUE INDEX conflict_key ON conflict
    (kind, request_id, row_index, witness, md5(refused));

-- Digests of the requests that were erased, lest a spool bring them back.
CREATE TABLE erased (
    request bytea PRIMARY KEY,
    day     date  NOT NULL
);
