-- SPDX-License-Identifier: Apache-2.0
-- What forgetting needs: how often items were used, which never go, and counts of what went.

-- Items that were recalled; the others were used once, when they were remembered.
CREATE TABLE item_use (
    item INTEGER PRIMARY KEY,
    uses INTEGER NOT NULL,
    used REAL NOT NULL                  -- when last, seconds
);
-- Items that no budget takes.
CREATE TABLE pin (
    item  INTEGER PRIMARY KEY,
    stamp REAL NOT NULL
);
-- Items that stand for forgotten ones: their intervals are disjoint.
CREATE TABLE gist (
    item       INTEGER PRIMARY KEY,
    started    REAL NOT NULL,
    ended      REAL NOT NULL,
    stands_for INTEGER NOT NULL
);
CREATE TRIGGER item_retention_removed AFTER DELETE ON item BEGIN
    DELETE FROM item_use WHERE item = old.seq;
    DELETE FROM pin WHERE item = old.seq;
    DELETE FROM gist WHERE item = old.seq;
END;

-- A summary loses the words of what is forgotten on request; no other text ever changes.
CREATE TRIGGER item_reworded AFTER UPDATE OF text ON item BEGIN
    INSERT INTO item_text (item_text, rowid, text) VALUES ('delete', old.seq, old.text);
    INSERT INTO item_text (rowid, text) VALUES (new.seq, new.text);
    DELETE FROM vector WHERE seq = old.seq;
END;

-- A visit stands for several where an object has many: the oldest at one place become one.
ALTER TABLE visit ADD COLUMN count INTEGER NOT NULL DEFAULT 1;

-- How often a lesson's evidence that is gone ended how.
CREATE TABLE evidence_gone (
    lesson INTEGER NOT NULL,
    code   TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (lesson, code)
) WITHOUT ROWID;
