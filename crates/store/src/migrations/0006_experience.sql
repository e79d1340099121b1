-- What runs have taught. Times are in microseconds since the Unix epoch, utilities from 0 to 1.
--
-- Patterns have a table of their own and are no chunks: they are found by a key and not by words, they are nobody's source
-- to be cited, and a search that met them would have to leave them out again. Their rows have a constant size, so that
-- judging one writes no text anew.
CREATE TABLE patterns (
    id         INTEGER PRIMARY KEY,
    key        BLOB    NOT NULL UNIQUE, -- of the situation and the agents
    situation  BLOB    NOT NULL,        -- of the question's features, the scope and the paths
    utility    REAL    NOT NULL,
    successes  INTEGER NOT NULL,
    failures   INTEGER NOT NULL,
    first_used INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT;

CREATE INDEX patterns_by_situation ON patterns (situation);
CREATE INDEX patterns_by_use ON patterns (utility, last_used);

-- The pattern as JSON, apart from its counts.
CREATE TABLE pattern_bodies (
    id   INTEGER PRIMARY KEY REFERENCES patterns (id) ON DELETE CASCADE,
    body TEXT    NOT NULL
) STRICT;

CREATE TABLE agent_utilities (
    agent   TEXT    NOT NULL,
    card    BLOB    NOT NULL, -- the key of the agent's card
    utility REAL    NOT NULL,
    last    INTEGER NOT NULL,
    PRIMARY KEY (agent, card)
) STRICT, WITHOUT ROWID;

CREATE INDEX agent_utilities_by_use ON agent_utilities (last);
