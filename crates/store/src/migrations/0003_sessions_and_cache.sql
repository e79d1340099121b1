-- Sessions of dialogues, and the second-level cache. Times are in microseconds since the Unix epoch.
CREATE TABLE sessions (
    id      INTEGER PRIMARY KEY,
    session TEXT    NOT NULL UNIQUE,
    events  INTEGER NOT NULL, -- how many
    started INTEGER NOT NULL,
    last    INTEGER NOT NULL  -- the latest time of a turn
) STRICT;

CREATE INDEX sessions_by_last ON sessions (last);

CREATE TABLE session_events (
    id      INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL, -- from 0, without gaps
    at      INTEGER NOT NULL,
    event   TEXT    NOT NULL,
    UNIQUE (session, number)
) STRICT;

-- Apart from the session's own row, which every turn writes.
CREATE TABLE session_snapshots (
    session INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    covers  INTEGER NOT NULL, -- how many events
    state   TEXT    NOT NULL
) STRICT;

-- Values under keys. What changes when a value is read stands apart from the value. Puts are many and prunes are few, so
-- these rows have no index by time: a prune passes over those of its space.
CREATE TABLE cache (
    id      INTEGER PRIMARY KEY,
    space   TEXT    NOT NULL,
    key     BLOB    NOT NULL,
    expires INTEGER,          -- from when on it counts as absent
    read    INTEGER NOT NULL, -- about when it was last read or written
    bytes   INTEGER NOT NULL, -- of the value
    UNIQUE (space, key)
) STRICT;

CREATE TABLE cache_values (
    id    INTEGER PRIMARY KEY REFERENCES cache (id) ON DELETE CASCADE,
    value BLOB NOT NULL
) STRICT;
