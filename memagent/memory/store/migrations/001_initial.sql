-- SPDX-License-Identifier: Apache-2.0
-- Everything a robot remembers. Times are seconds on the robot's clock, positions metres in the map.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The log of remembered things: rows are added and forgotten, their text never changes.
CREATE TABLE item (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    text       TEXT NOT NULL,
    stamp      REAL NOT NULL,
    x REAL, y REAL, z REAL,
    valid_from REAL,
    valid_to   REAL,
    episode    TEXT NOT NULL,
    confidence REAL NOT NULL,
    source     TEXT NOT NULL,
    data       TEXT NOT NULL,           -- JSON object
    thing      TEXT NOT NULL,           -- the object it is about, or ''
    fact       INTEGER                  -- the fact that it tells in words, or NULL
);
CREATE INDEX item_stamp ON item (stamp);
CREATE INDEX item_lesson ON item (data) WHERE kind = 'lesson';
CREATE INDEX item_thing ON item (thing) WHERE thing <> '';
CREATE INDEX item_fact ON item (fact) WHERE fact IS NOT NULL;

CREATE VIRTUAL TABLE item_text USING fts5 (
    text, content = 'item', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE item_place USING rtree (seq, x0, x1, y0, y1, z0, z1);

CREATE TRIGGER item_added AFTER INSERT ON item BEGIN
    INSERT INTO item_text (rowid, text) VALUES (new.seq, new.text);
    INSERT INTO item_place SELECT new.seq, new.x, new.x, new.y, new.y, new.z, new.z
        WHERE new.x IS NOT NULL;
END;
CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN
    INSERT INTO item_text (item_text, rowid, text) VALUES ('delete', old.seq, old.text);
    DELETE FROM item_place WHERE seq = old.seq;
END;

-- Relations with two time axes: when they held (valid_*), and when memory knew so (learned, expired).
CREATE TABLE fact (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    subject    TEXT NOT NULL,
    predicate  TEXT NOT NULL,
    object     TEXT NOT NULL,
    confidence REAL NOT NULL,
    valid_from REAL NOT NULL,
    valid_to   REAL,
    learned    REAL NOT NULL,
    expired    REAL,
    last_seen  REAL NOT NULL,
    x REAL, y REAL, z REAL,
    by_robot   INTEGER NOT NULL,
    source     TEXT NOT NULL
);
CREATE INDEX fact_open ON fact (subject) WHERE valid_to IS NULL;
CREATE INDEX fact_interval ON fact (valid_from, valid_to);

CREATE TABLE entity (
    name       TEXT PRIMARY KEY,
    label      TEXT NOT NULL,
    category   TEXT NOT NULL,
    colour     TEXT NOT NULL,
    size_x REAL NOT NULL, size_y REAL NOT NULL, size_z REAL NOT NULL,
    x REAL, y REAL, z REAL,
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL,
    confidence REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE container (
    name       TEXT PRIMARY KEY,
    is_open    INTEGER NOT NULL,
    opening    REAL NOT NULL,
    confidence REAL NOT NULL,
    stamp      REAL NOT NULL
) WITHOUT ROWID;

-- When a place was last inspected as a whole (thing = '') or searched in vain for one object.
CREATE TABLE search (
    place TEXT NOT NULL,
    thing TEXT NOT NULL,
    since REAL NOT NULL,
    stamp REAL NOT NULL,
    share REAL NOT NULL,
    PRIMARY KEY (place, thing)
) WITHOUT ROWID;

-- Stays of an object at a place that the robot did not cause: what habits are made of.
CREATE TABLE visit (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    thing     TEXT NOT NULL,
    predicate TEXT NOT NULL,
    place     TEXT NOT NULL,
    x REAL, y REAL, z REAL,
    first     REAL NOT NULL,
    last      REAL NOT NULL
);
CREATE INDEX visit_thing ON visit (thing);

CREATE TABLE episode (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    instruction TEXT NOT NULL,
    started     REAL NOT NULL,
    finished    REAL,
    status      TEXT NOT NULL DEFAULT '',
    reason      TEXT NOT NULL DEFAULT ''
);

CREATE TABLE outcome (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    episode  INTEGER,
    skill    TEXT NOT NULL,
    object   TEXT NOT NULL,
    place    TEXT NOT NULL,
    x REAL, y REAL, z REAL,
    label    TEXT NOT NULL,
    category TEXT NOT NULL,
    code     TEXT NOT NULL,
    message  TEXT NOT NULL,
    started  REAL NOT NULL,
    finished REAL NOT NULL
);
CREATE INDEX outcome_episode ON outcome (episode);
