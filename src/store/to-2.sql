-- From version 1 to 2: a stop has a lane of its own, and an action may end as stopped. SQLite cannot change a CHECK in place, so a table is made
-- anew, its rows are copied as they are, and it takes the old one's place (with foreign keys off, as SQLite's documentation says; they are checked before the commit).
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

CREATE TABLE audit_2 (
    environment TEXT    NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq >= 1),
    at          TEXT    NOT NULL CHECK (length(at) >= 20),
    who         TEXT    NOT NULL CHECK (who <> ''),
    host        TEXT    NOT NULL,
    action      TEXT    NOT NULL CHECK (action <> ''),
    subject     TEXT    NOT NULL,
    event       TEXT    NOT NULL CHECK (event IN ('intent', 'outcome', 'note')),
    parameters  TEXT    NOT NULL CHECK (json_valid(parameters)),
    preview     TEXT    NOT NULL CHECK (length(preview) IN (0, 64)),
    outcome     TEXT    CHECK (outcome IN ('succeeded', 'failed', 'refused', 'unknown', 'abandoned', 'stopped')),
    detail      TEXT    NOT NULL,
    duration_ms INTEGER CHECK (duration_ms >= 0),
    run         TEXT    NOT NULL,
    previous    TEXT    NOT NULL CHECK (length(previous) = 64),
    hash        TEXT    NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (environment, seq),
    UNIQUE (environment, previous),
    CHECK ((event = 'outcome') = (outcome IS NOT NULL))
) STRICT;

-- What somebody put there past the checks goes along: whoever judges the chain is to find it.
PRAGMA ignore_check_constraints = ON;
INSERT INTO audit_2 SELECT environment, seq, at, who, host, action, subject, event, parameters,
    preview, outcome, detail, duration_ms, run, previous, hash FROM audit;
PRAGMA ignore_check_constraints = OFF;
DROP TABLE audit;
ALTER TABLE audit_2 RENAME TO audit;

CREATE TRIGGER audit_follows BEFORE INSERT ON audit
WHEN NEW.seq <> 1 + (SELECT coalesce(max(seq), 0) FROM audit WHERE environment = NEW.environment)
  OR NEW.previous <> coalesce(
        (SELECT hash FROM audit WHERE environment = NEW.environment ORDER BY seq DESC LIMIT 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT raise(ABORT, 'an audit row must follow the last one'); END;

CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'audit rows are never changed'); END;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'audit rows are never removed'); END;
