-- From version 3 to 4: who sees failing what was proved.
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
