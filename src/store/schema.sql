-- Version 5; `to-2.sql` to `to-5.sql` bring a file of an earlier version here. Times are RFC 3339 in UTC, except leases, which are milliseconds since 1970.
-- Tables are STRICT, and the audit table defends itself: a row that does not follow cannot get in, and none gets changed or out.

CREATE TABLE audit (
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

-- `state`: open (being driven, or its console died), unknown (nobody drives it, to be reconciled), closed.
-- `lane`: one open run per service and lane. A rollback (`brake`) may be begun while a `change` is under way, and a stop (`halt`) while
-- either is: whatever was begun, there is a way to stop it.
-- `seat`: account, region and endpoint in one word; empty where not all of them are told. The same name there is another service, and
-- is locked by itself.
CREATE TABLE run (
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
    seat        TEXT    NOT NULL DEFAULT '',
    CHECK ((state = 'closed') = (outcome IS NOT NULL)),
    CHECK ((state = 'closed') = (finished_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX run_lock ON run (environment, service, lane, seat) WHERE state = 'open' AND service IS NOT NULL;
CREATE INDEX run_open ON run (environment, state) WHERE state <> 'closed';

CREATE TABLE run_line (
    run   TEXT    NOT NULL REFERENCES run (run),
    n     INTEGER NOT NULL,
    at    TEXT    NOT NULL,
    phase TEXT    NOT NULL,
    text  TEXT    NOT NULL,
    PRIMARY KEY (run, n)
) STRICT;

-- What a run needs in order to be picked up by somebody else: ids that the vendor gave, and calls about to be made.
CREATE TABLE run_mark (
    run   TEXT NOT NULL REFERENCES run (run),
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
) STRICT;

CREATE TABLE signoff (
    id          INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    criterion   TEXT NOT NULL CHECK (criterion <> ''),
    kind        TEXT NOT NULL CHECK (kind IN ('signed_off', 'waived', 'withdrawn')),
    who         TEXT NOT NULL CHECK (who <> ''),
    why         TEXT NOT NULL,
    link        TEXT NOT NULL,
    at          TEXT NOT NULL,
    until       TEXT,
    run         TEXT NOT NULL UNIQUE REFERENCES run (run),
    CHECK ((kind = 'waived') = (until IS NOT NULL))
) STRICT;

CREATE INDEX signoff_newest ON signoff (environment, criterion, id);

CREATE TRIGGER signoff_keeps BEFORE UPDATE ON signoff
BEGIN SELECT raise(ABORT, 'sign-offs are never changed: write a new one'); END;

CREATE TRIGGER signoff_stays BEFORE DELETE ON signoff
BEGIN SELECT raise(ABORT, 'sign-offs are never removed: withdraw them'); END;

-- When a criterion was first seen proved, and when it last became so again after it had been seen to fail (`lapsed`). Days for the
-- timeline: nothing is proved by this table.
CREATE TABLE proved (
    environment TEXT    NOT NULL,
    criterion   TEXT    NOT NULL CHECK (criterion <> ''),
    first_at    TEXT    NOT NULL CHECK (length(first_at) >= 20),
    last_at     TEXT    NOT NULL CHECK (length(last_at) >= 20),
    lapsed      INTEGER NOT NULL CHECK (lapsed IN (0, 1)),
    PRIMARY KEY (environment, criterion)
) STRICT;

-- Who sees a criterion failing that was proved, since when and when last; gone when the same observer sees it proved. `told`: the proof has ended
-- while it lasted, so that nobody ends the next one for the same failure.
CREATE TABLE failing (
    environment TEXT    NOT NULL,
    criterion   TEXT    NOT NULL CHECK (criterion <> ''),
    observer    TEXT    NOT NULL CHECK (observer <> ''),
    since       TEXT    NOT NULL CHECK (length(since) >= 20),
    seen        TEXT    NOT NULL CHECK (length(seen) >= 20),
    told        INTEGER NOT NULL CHECK (told IN (0, 1)),
    PRIMARY KEY (environment, criterion, observer)
) STRICT;
