"""Tables of the SQLite ledger, and the number by which a file says which tables it has.

One counter numbers every arrival, prediction or label, inside its write transaction. SQLite lets
one writer at a time in, so numbers are given in the order of commits: who has seen number n has
seen all before it. That is what makes a cursor exact.

Times are ticks (`tick.py`): `present` holds the tick of the last write, `moment` with which number
each tick begins. So the arrival of every row is told by its number.

How many pairs wait for a label is kept up to date by triggers, because counting them anew would
cost more with every prediction.
"""

VERSION = 2

TABLES = """
CREATE TABLE present (last INTEGER NOT NULL, tick INTEGER NOT NULL);
INSERT INTO present VALUES (0, 0);

CREATE TABLE moment (
    tick  INTEGER PRIMARY KEY,
    first INTEGER NOT NULL
);

CREATE TABLE prediction (
    sequence   INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    deployment TEXT NOT NULL,
    revision   TEXT NOT NULL,
    prediction TEXT NOT NULL,
    confidence REAL,
    mirrored   INTEGER NOT NULL,
    at         REAL NOT NULL
);
CREATE UNIQUE INDEX prediction_key ON prediction (request_id, row, revision);
CREATE INDEX prediction_arrival ON prediction (deployment, revision, sequence);

CREATE TABLE label (
    sequence   INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    label      TEXT NOT NULL,
    at         REAL NOT NULL
);
CREATE UNIQUE INDEX label_key ON label (request_id, row);

CREATE TABLE event (
    sequence   INTEGER PRIMARY KEY,
    event_id   TEXT NOT NULL,
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    name       TEXT NOT NULL,
    value      REAL NOT NULL,
    at         REAL NOT NULL
);
CREATE UNIQUE INDEX event_key ON event (event_id);
CREATE INDEX event_about ON event (request_id, row, name);

CREATE TABLE conflict (
    kind       TEXT NOT NULL CHECK (kind IN ('prediction', 'label', 'event')),
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    witness    TEXT NOT NULL,
    kept       TEXT NOT NULL,
    refused    TEXT NOT NULL,
    at         REAL NOT NULL,
    PRIMARY KEY (kind, request_id, row, witness, refused)
) WITHOUT ROWID;

CREATE TABLE pair (
    deployment TEXT NOT NULL,
    first      TEXT NOT NULL,
    second     TEXT NOT NULL,
    answered   INTEGER NOT NULL,
    labelled   INTEGER NOT NULL,
    PRIMARY KEY (deployment, first, second)
) WITHOUT ROWID;

CREATE TRIGGER pair_answered AFTER INSERT ON prediction BEGIN
    INSERT INTO pair
    SELECT NEW.deployment, MIN(NEW.revision, other.revision), MAX(NEW.revision, other.revision),
           1, label.sequence IS NOT NULL
    FROM prediction AS other LEFT JOIN label USING (request_id, row)
    WHERE other.request_id = NEW.request_id AND other.row = NEW.row
      AND other.deployment = NEW.deployment AND other.revision <> NEW.revision
    ON CONFLICT DO UPDATE SET answered = answered + 1, labelled = labelled + excluded.labelled;
END;

CREATE TRIGGER pair_labelled AFTER INSERT ON label BEGIN
    INSERT INTO pair
    SELECT one.deployment, one.revision, two.revision, 0, 1
    FROM prediction AS one JOIN prediction AS two USING (request_id, row)
    WHERE one.request_id = NEW.request_id AND one.row = NEW.row
      AND one.deployment = two.deployment AND one.revision < two.revision
    ON CONFLICT DO UPDATE SET labelled = labelled + excluded.labelled;
END;
"""

TO_VERSION_2 = """
CREATE TABLE present (last INTEGER NOT NULL, tick INTEGER NOT NULL);
CREATE TABLE moment (
    tick  INTEGER PRIMARY KEY,
    first INTEGER NOT NULL
);
INSERT INTO moment
SELECT tick, MIN(sequence) FROM (
    SELECT sequence,
           MAX(CAST(MAX(MIN(at, :now), 0) / :seconds AS INTEGER)) OVER (ORDER BY sequence) AS tick
    FROM (SELECT sequence, at FROM prediction UNION ALL SELECT sequence, at FROM label)
) GROUP BY tick;
INSERT INTO present SELECT last, COALESCE((SELECT MAX(tick) FROM moment), 0) FROM arrival;
DROP TABLE arrival;
CREATE TABLE event (
    sequence   INTEGER PRIMARY KEY,
    event_id   TEXT NOT NULL,
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    name       TEXT NOT NULL,
    value      REAL NOT NULL,
    at         REAL NOT NULL
);
CREATE UNIQUE INDEX event_key ON event (event_id);
CREATE INDEX event_about ON event (request_id, row, name);
ALTER TABLE conflict RENAME TO conflict_of_version_1;
CREATE TABLE conflict (
    kind       TEXT NOT NULL CHECK (kind IN ('prediction', 'label', 'event')),
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    witness    TEXT NOT NULL,
    kept       TEXT NOT NULL,
    refused    TEXT NOT NULL,
    at         REAL NOT NULL,
    PRIMARY KEY (kind, request_id, row, witness, refused)
) WITHOUT ROWID;
INSERT INTO conflict SELECT * FROM conflict_of_version_1;
DROP TABLE conflict_of_version_1;
"""
