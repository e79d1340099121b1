-- Files at providers, and who needs them there. Times are in microseconds since the Unix epoch.
CREATE TABLE uploads (
    id        INTEGER PRIMARY KEY,
    provider  TEXT    NOT NULL,
    purpose   TEXT    NOT NULL,
    content   BLOB    NOT NULL, -- the hash of its bytes
    remote    TEXT    NOT NULL, -- the provider's id
    name      TEXT    NOT NULL,
    mime      TEXT    NOT NULL,
    bytes     INTEGER NOT NULL,
    expires   INTEGER,
    checked   INTEGER NOT NULL, -- when it was last known to be there
    condemned INTEGER NOT NULL DEFAULT 0, -- to be deleted at the provider, and not found any more
    UNIQUE (provider, remote)
) STRICT;

CREATE UNIQUE INDEX uploads_by_content ON uploads (content, provider, purpose) WHERE condemned = 0;

CREATE TABLE upload_holders (
    holder TEXT    NOT NULL,
    upload INTEGER NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    PRIMARY KEY (holder, upload)
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_holders_by_upload ON upload_holders (upload);
