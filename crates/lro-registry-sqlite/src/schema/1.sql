CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    reads_from INTEGER NOT NULL
) STRICT;

INSERT INTO meta (id, version, reads_from) VALUES (1, 1, 1);

CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    service TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state INTEGER NOT NULL,
    created INTEGER NOT NULL,
    deadline INTEGER,
    due INTEGER,
    epoch INTEGER NOT NULL DEFAULT 0,
    claim BLOB,
    claims INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    cancel INTEGER NOT NULL DEFAULT 0,
    started INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0,
    acknowledged INTEGER,
    error TEXT,
    cursor BLOB NOT NULL DEFAULT x'',
    saved BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE INDEX records_due ON records (service, version, due) WHERE state = 1;
CREATE INDEX records_intents ON records (due) WHERE state = 0;
CREATE INDEX records_undelivered ON records (due) WHERE state = 3;
CREATE INDEX records_acknowledged ON records (acknowledged) WHERE state = 4;
CREATE INDEX records_listed ON records (state, service, version, key);

CREATE TABLE payloads (
    id INTEGER PRIMARY KEY,
    tag BLOB NOT NULL DEFAULT x'',
    outcome BLOB
) STRICT;

CREATE TRIGGER records_deleted AFTER DELETE ON records BEGIN
    DELETE FROM payloads WHERE id = old.id;
END;

CREATE TABLE buckets (
    quota TEXT PRIMARY KEY,
    tokens REAL NOT NULL,
    updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE finished (
    id INTEGER PRIMARY KEY,
    worker INTEGER NOT NULL,
    kind TEXT NOT NULL,
    running INTEGER NOT NULL,
    done INTEGER,
    polls INTEGER NOT NULL
) STRICT;

CREATE INDEX finished_kind ON finished (kind, id);
