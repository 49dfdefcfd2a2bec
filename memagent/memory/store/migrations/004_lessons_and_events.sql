-- SPDX-License-Identifier: Apache-2.0
-- Lessons with the outcomes that support them, episodes within episodes, and events.

-- What outcomes teach, or a person said. Counts are not kept here: they are those of its evidence.
CREATE TABLE lesson (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    level   TEXT NOT NULL,              -- 'action', 'task' or 'rule'
    skill   TEXT NOT NULL,
    subject TEXT NOT NULL,              -- object, category, place or instruction; '' for any
    claim   TEXT NOT NULL,              -- 'works', 'unreliable' or 'fails'; '' where a person said it
    words   TEXT NOT NULL,              -- in somebody's words, or '' to tell its counts
    pinned  INTEGER NOT NULL,
    learned REAL NOT NULL
);
-- The outcome of a skill (action) or the end of an episode (task) that a lesson rests on.
CREATE TABLE evidence (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson  INTEGER NOT NULL,
    outcome INTEGER,
    episode INTEGER,
    code    TEXT NOT NULL               -- 'OK', or how it failed
);
CREATE INDEX evidence_lesson ON evidence (lesson);

-- What was believed when the skill began, a JSON object; NULL where nobody noted it.
ALTER TABLE outcome ADD COLUMN conditions TEXT;

ALTER TABLE episode ADD COLUMN parent INTEGER;
-- Whether lessons have been drawn from it.
ALTER TABLE episode ADD COLUMN learned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX episode_parent ON episode (parent) WHERE parent IS NOT NULL;
CREATE INDEX episode_unlearned ON episode (finished) WHERE learned = 0;

-- The log cut at event boundaries: an event lasts, and has the items, until the next one begins.
CREATE TABLE event (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    episode    INTEGER,                 -- the innermost one running, or NULL
    started    REAL NOT NULL,
    first_item INTEGER NOT NULL,        -- its items are those from this number on
    text       TEXT NOT NULL
);
CREATE INDEX event_item ON event (first_item);
CREATE INDEX event_episode ON event (episode);
INSERT INTO event (episode, started, first_item, text)
    SELECT e.seq, e.started, i.first, e.instruction FROM episode AS e
    JOIN (SELECT episode, min(seq) AS first FROM item GROUP BY episode) AS i
        ON i.episode = 'episode-' || e.seq
    ORDER BY i.first;

-- What held when a skill began is asked at its end; ends come in order, so that this one grows at
-- its end only.
CREATE INDEX fact_ended ON fact (valid_to) WHERE valid_to IS NOT NULL;
