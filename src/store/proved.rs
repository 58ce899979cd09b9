//! The days on which criteria became proved. A probe tells how things are, and not since when: what a console sees for the first
//! time is put down here, so that the next one knows. Who sees a criterion failing, and since when, is put down by observer: a proof ends
//! when one of them has seen it failing at two looks that are far enough apart, and did not see it proved in between. What a probe said
//! last outlives the connection to what it asks, too: an older word of a person does not count again because nobody can ask any more.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{Store, fault, migrate};
use crate::domain::audit::{Proven, Sighting, Spell};
use crate::domain::observer::{LastFailure, Observer};
use crate::domain::problem::Problem;

/// What an observer saw that long ago is not looked at again.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Store {
    /// When each criterion became proved, and since when this observer sees it failing, by criterion.
    ///
    /// # Errors
    /// Where a table cannot be read.
    pub async fn proven(&self, observer: &Observer) -> Result<BTreeMap<String, Proven>, Problem> {
        let rows = sqlx::query(
            "SELECT criterion, first_at, last_at, lapsed, since, seen, told FROM proved
             LEFT JOIN (SELECT environment, criterion, since, seen, told FROM failing WHERE observer = ?2)
                USING (environment, criterion) WHERE environment = ?1",
        )
        .bind(&self.environment)
        .bind(observer.name())
        .try_map(read)
        .fetch_all(&self.pool)
        .await
        .map_err(|e| fault::reading("since when criteria are proved", &self.path, &e))?;
        Ok(rows.into_iter().collect())
    }

    /// Which criteria were seen failing by this observer, or by others whose looks it remembers, by criterion.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub async fn failed(
        &self,
        observer: &Observer,
    ) -> Result<BTreeMap<String, LastFailure>, Problem> {
        let rows = sqlx::query(
            "SELECT criterion, max(seen) AS newest, max(substr(observer, 1, length(?3)) = ?3) AS own,
                    max(CASE WHEN observer = ?2 THEN since END) AS since,
                    max(CASE WHEN observer = ?2 THEN seen END) AS seen,
                    max(CASE WHEN observer = ?2 THEN told END) AS told
             FROM failing WHERE environment = ?1 AND substr(observer, 1, length(?4)) = ?4 GROUP BY criterion",
        )
        .bind(&self.environment)
        .bind(observer.name())
        .bind(observer.judge())
        .bind(observer.memory())
        .try_map(failure)
        .fetch_all(&self.pool)
        .await
        .map_err(|e| fault::reading("when criteria were seen failing", &self.path, &e))?;
        Ok(rows.into_iter().collect())
    }

    /// Puts down what an observer has seen. Of two that see the same proof, the first one's time stands.
    ///
    /// # Errors
    /// Where nothing could be written, or a newer console brought the file to its schema; then nothing was.
    pub async fn put_down(&self, observer: &Observer, seen: &[Sighting]) -> Result<(), Problem> {
        let wrong =
            |e: sqlx::Error| fault::writing("since when criteria are proved", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        migrate::refuse_newer(&self.path, &mut tx).await?;
        if let Some(newest) = seen.iter().map(|s| s.at).max() {
            // Whoever looks from another place each time, as jobs do, comes back under another name.
            let long_ago = newest
                .saturating_sub(FORGOTTEN_AFTER)
                .unwrap_or(Timestamp::MIN);
            let query = sqlx::query("DELETE FROM failing WHERE environment = ? AND seen < ?");
            let query = query.bind(&self.environment).bind(long_ago.to_string());
            query.execute(&mut *tx).await.map_err(wrong)?;
        }
        for sighting in seen {
            match sighting.proved {
                true => self.saw_proved(&mut tx, observer, sighting).await,
                false => self.saw_failing(&mut tx, observer, sighting).await,
            }
            .map_err(wrong)?;
        }
        self.seal(tx, None).await.map_err(wrong)
    }

    async fn saw_proved(
        &self,
        tx: &mut SqliteConnection,
        observer: &Observer,
        sighting: &Sighting,
    ) -> Result<(), sqlx::Error> {
        // What others see stays theirs; the other face of the same judge would see this, too.
        sqlx::query(
            "DELETE FROM failing WHERE environment = ?1 AND criterion = ?2 AND substr(observer, 1, length(?3)) = ?3",
        )
        .bind(&self.environment)
        .bind(&sighting.criterion)
        .bind(observer.judge())
        .execute(&mut *tx)
        .await?;
        let new = self
            .at(
                "INSERT INTO proved (environment, criterion, first_at, last_at, lapsed) VALUES (?1, ?2, ?3, ?3, 0)
                 ON CONFLICT (environment, criterion) DO NOTHING",
                sighting,
                &mut *tx,
            )
            .await?;
        // A failure that was seen before there was a proof ends none: for this one it begins now.
        let sql = match new {
            0 => {
                "UPDATE proved SET last_at = ?3, lapsed = 0
                  WHERE environment = ?1 AND criterion = ?2 AND lapsed = 1"
            }
            _ => {
                "UPDATE failing SET since = ?3
                  WHERE environment = ?1 AND criterion = ?2"
            }
        };
        self.at(sql, sighting, tx).await?;
        Ok(())
    }

    /// Runs what is about a criterion and the time of a look; how many rows it changed.
    async fn at(
        &self,
        sql: &'static str,
        sighting: &Sighting,
        tx: &mut SqliteConnection,
    ) -> Result<u64, sqlx::Error> {
        let query = sqlx::query(sql)
            .bind(&self.environment)
            .bind(&sighting.criterion)
            .bind(sighting.at.to_string());
        Ok(query.execute(tx).await?.rows_affected())
    }

    async fn saw_failing(
        &self,
        tx: &mut SqliteConnection,
        observer: &Observer,
        sighting: &Sighting,
    ) -> Result<(), sqlx::Error> {
        let observer = observer.name();
        let found = sqlx::query(
            "SELECT since, seen, told, lapsed FROM (SELECT ?1 AS environment, ?2 AS criterion)
                LEFT JOIN proved USING (environment, criterion)
                LEFT JOIN (SELECT environment, criterion, since, seen, told FROM failing WHERE observer = ?3)
                USING (environment, criterion)",
        )
        .bind(&self.environment)
        .bind(&sighting.criterion)
        .bind(&observer)
        .try_map(|row: SqliteRow| Ok((spell(&row)?, row.try_get::<Option<i64>, _>("lapsed")?)))
        .fetch_one(&mut *tx)
        .await?;
        let (before, lapsed) = found;
        let new = Spell {
            since: sighting.at,
            seen: sighting.at,
            told: false,
        };
        let spell = before.map_or(new, |spell| spell.seen_again(sighting));
        sqlx::query(
            "INSERT INTO failing (environment, criterion, observer, since, seen, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (environment, criterion, observer) DO UPDATE SET since = ?4, seen = ?5, told = ?6",
        )
        .bind(&self.environment)
        .bind(&sighting.criterion)
        .bind(&observer)
        .bind(spell.since.to_string())
        .bind(spell.seen.to_string())
        .bind(i64::from(spell.told))
        .execute(&mut *tx)
        .await?;
        // What was never proved has no proof to end; it is remembered all the same.
        let Some(lapsed) = lapsed.map(|lapsed| lapsed != 0) else {
            return Ok(());
        };
        // Where somebody else has ended the proof, that was said for both.
        if spell.told || !(lapsed || spell.ends_at(sighting.at)) {
            return Ok(());
        }
        for sql in [
            "UPDATE proved SET lapsed = 1 WHERE environment = ?1 AND criterion = ?2 AND ?3 <> ''",
            "UPDATE failing SET told = 1 WHERE environment = ?1 AND criterion = ?2 AND observer = ?3",
        ] {
            let query = sqlx::query(sql)
                .bind(&self.environment)
                .bind(&sighting.criterion)
                .bind(&observer);
            query.execute(&mut *tx).await?;
        }
        Ok(())
    }
}

fn time(text: &str) -> Result<Timestamp, sqlx::Error> {
    text.parse()
        .map_err(|e: jiff::Error| sqlx::Error::Decode(Box::new(e)))
}

fn spell(row: &SqliteRow) -> Result<Option<Spell>, sqlx::Error> {
    let Some(since) = row.try_get::<Option<String>, _>("since")? else {
        return Ok(None);
    };
    Ok(Some(Spell {
        since: time(&since)?,
        seen: time(row.try_get("seen")?)?,
        told: row.try_get::<Option<i64>, _>("told")? == Some(1),
    }))
}

fn read(row: SqliteRow) -> Result<(String, Proven), sqlx::Error> {
    let dates = Proven {
        first: time(row.try_get("first_at")?)?,
        last: time(row.try_get("last_at")?)?,
        lapsed: row.try_get::<i64, _>("lapsed")? != 0,
        failing: spell(&row)?,
    };
    Ok((row.try_get("criterion")?, dates))
}

fn failure(row: SqliteRow) -> Result<(String, LastFailure), sqlx::Error> {
    let last = LastFailure {
        at: time(row.try_get("newest")?)?,
        is_own: row.try_get::<i64, _>("own")? != 0,
        spell: spell(&row)?,
    };
    Ok((row.try_get("criterion")?, last))
}
