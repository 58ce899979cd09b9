-- From version 4 to 5: a run says in one word of which account, region and endpoint it is, and locks its service there alone.
ALTER TABLE run ADD COLUMN seat TEXT NOT NULL DEFAULT '';
DROP INDEX run_lock;
CREATE UNIQUE INDEX run_lock ON run (environment, service, lane, seat) WHERE state = 'open' AND service IS NOT NULL;
