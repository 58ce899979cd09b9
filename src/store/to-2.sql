-- From version 1 to 2: a stop has a lane of its own. SQLite cannot change a CHECK in place, so the table is made anew, its rows are
-- copied, and it takes the old one's place (with foreign keys off, as SQLite's documentation says; they are checked before the commit).
CREATE TABLE run_2 (
    run         TEXT    NOT NULL PRIMARY KEY,
    environment TEXT    NOT NULL,
    who         TEXT    NOT NULL CHECK (who <> ''),
    host        TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    holder      TEXT    NOT NULL,
    fence       INTEGER NOT NULL CHECK (fence >= 1),
    lease_until INTEGER NOT NULL,
    subject     TEXT    NOT NULL,
    service     TEXT,
    lane        TEXT    NOT NULL CHECK (lane IN ('change', 'brake', 'halt', 'word')),
    action      TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    intent      TEXT    NOT NULL CHECK (json_valid(intent)),
    inputs      TEXT    NOT NULL CHECK (json_valid(inputs)),
    fingerprint TEXT    NOT NULL CHECK (length(fingerprint) = 64),
    phase       TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'unknown', 'closed')),
    started_at  TEXT    NOT NULL,
    finished_at TEXT,
    outcome     TEXT,
    CHECK ((state = 'closed') = (outcome IS NOT NULL)),
    CHECK ((state = 'closed') = (finished_at IS NOT NULL))
) STRICT;

INSERT INTO run_2 SELECT run, environment, who, host, pid, holder, fence, lease_until, subject, service, lane, action, title, intent,
    inputs, fingerprint, phase, state, started_at, finished_at, outcome FROM run;
DROP TABLE run;
ALTER TABLE run_2 RENAME TO run;
CREATE UNIQUE INDEX run_lock ON run (environment, service, lane) WHERE state = 'open' AND service IS NOT NULL;
CREATE INDEX run_open ON run (environment, state) WHERE state <> 'closed';
