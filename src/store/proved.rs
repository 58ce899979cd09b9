//! The days on which criteria became proved. A probe tells how things are, and not since when: what a console sees for the first
//! time is put down here, so that the next one knows. Who sees a criterion failing, and since when, is put down by observer: a proof ends
//! when one of them has seen it failing at two looks that are far enough apart, and did not see it proved in between.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{Store, fault, migrate};
use crate::domain::audit::{Proven, Sighting, Spell};
use crate::domain::problem::Problem;

impl Store {
    /// When each criterion became proved, and since when this observer sees it failing, by criterion.
    ///
    /// # Errors
    /// Where a table cannot be read.
    pub async fn proven(&self, observer: &str) -> Result<BTreeMap<String, Proven>, Problem> {
        let rows = sqlx::query(
            "SELECT criterion, first_at, last_at, lapsed, since, told FROM proved
             LEFT JOIN (SELECT environment, criterion, since, told FROM failing WHERE observer = ?2)
                USING (environment, criterion) WHERE environment = ?1",
        )
        .bind(&self.environment)
        .bind(observer)
        .try_map(read)
        .fetch_all(&self.pool)
        .await
        .map_err(|e| fault::reading("since when criteria are proved", &self.path, &e))?;
        Ok(rows.into_iter().collect())
    }

    /// Puts down what an observer has seen. Of two that see the same proof, the first one's time stands.
    ///
    /// # Errors
    /// Where nothing could be written, or a newer console brought the file to its schema; then nothing was.
    pub async fn put_down(&self, observer: &str, seen: &[Sighting]) -> Result<(), Problem> {
        let wrong =
            |e: sqlx::Error| fault::writing("since when criteria are proved", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        migrate::refuse_newer(&self.path, &mut tx).await?;
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
        observer: &str,
        sighting: &Sighting,
    ) -> Result<(), sqlx::Error> {
        // What others see stays theirs.
        sqlx::query("DELETE FROM failing WHERE environment = ? AND criterion = ? AND observer = ?")
            .bind(&self.environment)
            .bind(&sighting.criterion)
            .bind(observer)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO proved (environment, criterion, first_at, last_at, lapsed) VALUES (?1, ?2, ?3, ?3, 0)
             ON CONFLICT (environment, criterion) DO UPDATE SET last_at = ?3, lapsed = 0 WHERE lapsed = 1",
        )
        .bind(&self.environment)
        .bind(&sighting.criterion)
        .bind(sighting.at.to_string())
        .execute(&mut *tx)
        .await?;
        Ok(())
    }

    async fn saw_failing(
        &self,
        tx: &mut SqliteConnection,
        observer: &str,
        sighting: &Sighting,
    ) -> Result<(), sqlx::Error> {
        // A failure of what was never proved is none of the table's cares.
        sqlx::query(
            "INSERT INTO failing (environment, criterion, observer, since, told)
             SELECT environment, criterion, ?3, ?4, 0 FROM proved WHERE environment = ?1 AND criterion = ?2
             ON CONFLICT (environment, criterion, observer) DO NOTHING",
        )
        .bind(&self.environment)
        .bind(&sighting.criterion)
        .bind(observer)
        .bind(sighting.at.to_string())
        .execute(&mut *tx)
        .await?;
        let found = sqlx::query(
            "SELECT since, told, lapsed FROM failing JOIN proved USING (environment, criterion)
             WHERE environment = ? AND criterion = ? AND observer = ?",
        )
        .bind(&self.environment)
        .bind(&sighting.criterion)
        .bind(observer)
        .try_map(|row: SqliteRow| Ok((spell(&row)?, row.try_get::<i64, _>("lapsed")? != 0)))
        .fetch_optional(&mut *tx)
        .await?;
        let Some((Some(spell), lapsed)) = found else {
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
                .bind(observer);
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
