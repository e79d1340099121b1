-- Distinct sets of labels, few in number. The counters are what ranking needs to know of the visible part of the
-- store: how many chunks carry the set and how many terms they have together.
CREATE TABLE label_sets (
    id     INTEGER PRIMARY KEY,
    labels TEXT    NOT NULL UNIQUE, -- a JSON array, sorted
    chunks INTEGER NOT NULL DEFAULT 0,
    terms  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sources (
    id        INTEGER PRIMARY KEY,
    path      TEXT    NOT NULL UNIQUE,
    hash      BLOB    NOT NULL,
    label_set INTEGER NOT NULL REFERENCES label_sets (id)
) STRICT;

-- What filters and ranks: a search passes over many of these rows and reads few texts.
CREATE TABLE chunks (
    id        INTEGER PRIMARY KEY,
    chunk     INTEGER NOT NULL UNIQUE, -- the 64 bits of the chunk's identity, as a signed number
    source    INTEGER NOT NULL REFERENCES sources (id),
    label_set INTEGER NOT NULL REFERENCES label_sets (id),
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    length    INTEGER NOT NULL,        -- in terms
    vector    BLOB    NOT NULL         -- how often the chunk holds which term: see `vector.rs`
) STRICT;

CREATE INDEX chunks_of_source ON chunks (source);

CREATE TABLE texts (
    id    INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
    kind  TEXT NOT NULL,
    title TEXT NOT NULL,
    text  TEXT NOT NULL
) STRICT;

-- Keyed by the chunk's identity, not by its row: usage survives that a file is written again.
CREATE TABLE usage (
    chunk     INTEGER PRIMARY KEY,
    uses      INTEGER NOT NULL,
    last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Holds terms made by `ninefold_core::terms`, joined by spaces. Of ASCII a term has letters and digits only, and this
-- tokenizer takes every other character for a letter: what goes in as one term is found as one term.
CREATE VIRTUAL TABLE terms USING fts5 (title, body, content = '', contentless_delete = 1, tokenize = 'ascii');

-- Every look-up of a term goes to every segment of the index: few segments are worth more merging.
INSERT INTO terms (terms, rank) VALUES ('automerge', 2);

CREATE VIRTUAL TABLE vocabulary USING fts5vocab (terms, row);

CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    run        BLOB    NOT NULL UNIQUE,
    pipeline   TEXT    NOT NULL,
    definition BLOB    NOT NULL,
    input      TEXT    NOT NULL,
    started    INTEGER NOT NULL, -- times in microseconds since the Unix epoch
    finished   INTEGER
) STRICT;

CREATE INDEX runs_unfinished ON runs (started, id) WHERE finished IS NULL;
CREATE INDEX runs_finished ON runs (finished) WHERE finished IS NOT NULL;

CREATE TABLE entries (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    branch  INTEGER NOT NULL, -- 64 bits, as a signed number
    ordinal INTEGER NOT NULL,
    phase   TEXT    NOT NULL,
    key     BLOB    NOT NULL,
    output  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (run, branch, ordinal)
) STRICT;
