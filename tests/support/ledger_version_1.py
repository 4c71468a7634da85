"""What the program of version 1 made of an empty file, as it was released."""

VERSION_1 = """
CREATE TABLE arrival (last INTEGER NOT NULL);
INSERT INTO arrival VALUES (0);

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

CREATE TABLE conflict (
    kind       TEXT NOT NULL CHECK (kind IN ('prediction', 'label')),
    request_id TEXT NOT NULL,
    row        INTEGER NOT NULL,
    revision   TEXT NOT NULL,
    kept       TEXT NOT NULL,
    refused    TEXT NOT NULL,
    at         REAL NOT NULL,
    PRIMARY KEY (kind, request_id, row, revision, refused)
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
PRAGMA user_version = 1;
"""
