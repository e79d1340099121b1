-- What chunks define and refer to, their embeddings, and their use over time.

ALTER TABLE sources ADD COLUMN modified INTEGER; -- in microseconds since the Unix epoch
ALTER TABLE sources ADD COLUMN rebuildable INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sources_modified ON sources (modified) WHERE modified IS NOT NULL;

-- The kind stands in `texts` by name; here it is a number, in the order of `ChunkKind`, where filters look.
ALTER TABLE chunks ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN offset INTEGER NOT NULL DEFAULT 0;
UPDATE chunks SET kind = (
    SELECT CASE t.kind WHEN 'code' THEN 0 WHEN 'markdown' THEN 1 WHEN 'text' THEN 2 ELSE 3 END
    FROM texts t WHERE t.id = chunks.id
) WHERE EXISTS (SELECT 1 FROM texts t WHERE t.id = chunks.id AND t.kind <> 'code');

-- The names of a chunk, of those that have any.
CREATE TABLE symbols (
    id      INTEGER PRIMARY KEY, -- the chunk's row
    defines TEXT    NOT NULL,    -- a JSON array of names
    refers  TEXT    NOT NULL,    -- a JSON array of pairs: the number of the relation's kind, the name
    count   INTEGER NOT NULL     -- how many pairs
) STRICT;

-- From names to the rows of the chunks that define them and refer to them. It holds hashes of names, see
-- `relations.rs`: as an index of words a name costs a fraction of what rows in a tree of names would.
CREATE VIRTUAL TABLE names USING fts5 (
    defines, calls, imports, contains, mentions,
    content = '', contentless_delete = 1, tokenize = 'ascii', detail = column
);

-- As for terms: every name that activation spreads over is looked up in every segment.
INSERT INTO names (names, rank) VALUES ('automerge', 2);

CREATE TABLE models (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    dimensions INTEGER NOT NULL
) STRICT;

-- A number is never given twice, so that whoever keeps a copy of the vectors in memory knows what is new by its
-- number, and what he no longer finds is gone.
CREATE TABLE embeddings (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk  INTEGER NOT NULL, -- the chunk's row
    model  INTEGER NOT NULL REFERENCES models (id),
    vector BLOB    NOT NULL  -- numbers of 32 bits, little end first
) STRICT;

CREATE UNIQUE INDEX embeddings_of_chunk ON embeddings (chunk, model);

-- What activation is computed from: a row has the same size after a million uses as after one. Keyed by the chunk's
-- identity, not by its row: usage survives that a file is written again.
CREATE TABLE uses (
    chunk  INTEGER PRIMARY KEY,
    uses   INTEGER NOT NULL,
    first  INTEGER NOT NULL, -- times in microseconds since the Unix epoch
    newest INTEGER NOT NULL, -- and the ones before it; the least number where there are not so many
    second INTEGER NOT NULL,
    third  INTEGER NOT NULL,
    fourth INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Of earlier uses only their number and the last time were kept: they count as if all were then.
INSERT INTO uses
SELECT chunk, uses, last_used, last_used,
       iif(uses > 1, last_used, -9223372036854775808),
       iif(uses > 2, last_used, -9223372036854775808),
       iif(uses > 3, last_used, -9223372036854775808)
FROM usage;
DROP TABLE usage;
ALTER TABLE uses RENAME TO usage;
