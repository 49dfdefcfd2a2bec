-- SPDX-License-Identifier: Apache-2.0
-- What a text means, as a unit vector of float32 in the machine's order. Derived from `item` by the
-- embedder named; vectors of different embedders cannot be compared.

CREATE TABLE vector (
    seq      INTEGER PRIMARY KEY,
    embedder TEXT NOT NULL,
    value    BLOB NOT NULL
);

CREATE TRIGGER item_vector_removed AFTER DELETE ON item BEGIN
    DELETE FROM vector WHERE seq = old.seq;
END;
