-- What calls of models cost. Entries are only ever added; what an account holds follows from them and stands beside them,
-- so that asking costs the same whatever the history. Times are in microseconds since the Unix epoch, money in billionths
-- of a US dollar.
CREATE TABLE ledger_accounts (
    id              INTEGER PRIMARY KEY,
    account         TEXT    NOT NULL UNIQUE,
    settled_calls   INTEGER NOT NULL DEFAULT 0,
    settled_tokens  INTEGER NOT NULL DEFAULT 0,
    settled_cost    INTEGER NOT NULL DEFAULT 0,
    reserved_calls  INTEGER NOT NULL DEFAULT 0,
    reserved_tokens INTEGER NOT NULL DEFAULT 0,
    reserved_cost   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE ledger_entries (
    id      INTEGER PRIMARY KEY,
    charge  BLOB    NOT NULL,
    settles INTEGER NOT NULL, -- 0: the estimate before the call; 1: what it used
    at      INTEGER NOT NULL,
    calls   INTEGER NOT NULL,
    tokens  INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    UNIQUE (charge, settles)
) STRICT;

-- Which accounts a charge is on.
CREATE TABLE ledger_postings (
    entry   INTEGER NOT NULL REFERENCES ledger_entries (id),
    account INTEGER NOT NULL REFERENCES ledger_accounts (id),
    PRIMARY KEY (entry, account)
) STRICT, WITHOUT ROWID;
