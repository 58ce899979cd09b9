-- From version 2 to 3: the days on which criteria became proved.
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
