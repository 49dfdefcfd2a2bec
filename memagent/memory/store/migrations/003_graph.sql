-- SPDX-License-Identifier: Apache-2.0
-- The graph's second thoughts: evidence, contradictions, claims that wait, and what can be undone.

ALTER TABLE fact ADD COLUMN evidence INTEGER NOT NULL DEFAULT 1;

-- Without these, what is asked of one object would read all of history.
CREATE INDEX fact_subject ON fact (subject);
-- An index on ends would be written anew whenever a fact ends, at a place far from the others.
DROP INDEX fact_interval;
CREATE INDEX fact_began ON fact (valid_from);
CREATE INDEX fact_held ON fact (object) WHERE predicate = 'holding';

CREATE TABLE contradiction (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    stamp REAL NOT NULL,
    old   INTEGER NOT NULL,             -- a fact
    new   INTEGER,                      -- the fact that replaced it, or NULL
    why   TEXT NOT NULL
);
CREATE INDEX contradiction_stamp ON contradiction (stamp);
CREATE INDEX contradiction_old ON contradiction (old);
CREATE INDEX contradiction_new ON contradiction (new) WHERE new IS NOT NULL;

-- Facts of little confidence that wait for a second witness, one per object.
CREATE TABLE claim (
    thing      TEXT PRIMARY KEY,
    subject    TEXT NOT NULL,
    predicate  TEXT NOT NULL,
    object     TEXT NOT NULL,
    confidence REAL NOT NULL,
    stamp      REAL NOT NULL,
    source     TEXT NOT NULL
) WITHOUT ROWID;

-- Further labels under which an object is observed.
CREATE TABLE alias (
    label TEXT NOT NULL,
    name  TEXT NOT NULL,
    PRIMARY KEY (label, name)
) WITHOUT ROWID;

-- What people changed by hand, with every row that it touched.
CREATE TABLE operation (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    stamp   REAL NOT NULL,
    text    TEXT NOT NULL,
    names   TEXT NOT NULL,              -- JSON array of the objects concerned
    changes TEXT NOT NULL,              -- JSON array: table, key, row before, row after
    undone  REAL
);
