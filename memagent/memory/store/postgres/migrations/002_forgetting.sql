-- SPDX-License-Identifier: Apache-2.0
-- What forgetting needs: how often items were used, which never go, and counts of what went.

CREATE TABLE item_use (
    item BIGINT PRIMARY KEY,
    uses BIGINT NOT NULL,
    used DOUBLE PRECISION NOT NULL
);
CREATE TABLE pin (
    item  BIGINT PRIMARY KEY,
    stamp DOUBLE PRECISION NOT NULL
);
CREATE TABLE gist (
    item       BIGINT PRIMARY KEY,
    started    DOUBLE PRECISION NOT NULL,
    ended      DOUBLE PRECISION NOT NULL,
    stands_for BIGINT NOT NULL
);
CREATE FUNCTION item_retention_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM item_use WHERE item = old.seq;
    DELETE FROM pin WHERE item = old.seq;
    DELETE FROM gist WHERE item = old.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER item_retention_removed AFTER DELETE ON item
    FOR EACH ROW EXECUTE FUNCTION item_retention_removed();

-- A summary loses the words of what is forgotten on request; no other text ever changes.
CREATE FUNCTION item_reworded() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO revision (item) VALUES (new.seq);
    DELETE FROM vector WHERE seq = old.seq;
    RETURN NULL;
END $$;
CREATE TRIGGER item_reworded AFTER UPDATE OF text ON item
    FOR EACH ROW EXECUTE FUNCTION item_reworded();

ALTER TABLE visit ADD COLUMN count BIGINT NOT NULL DEFAULT 1;

CREATE TABLE evidence_gone (
    lesson BIGINT NOT NULL,
    code   TEXT COLLATE "C" NOT NULL,
    count  BIGINT NOT NULL,
    PRIMARY KEY (lesson, code)
);
