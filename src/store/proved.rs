//! The days on which criteria became proved. A probe tells how things are, and not since when: what a console sees for the first
//! time is put down here, so that the next one knows.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, fault, migrate};
use crate::domain::audit::{Proven, Sighting};
use crate::domain::problem::Problem;

impl Store {
    /// When each criterion became proved, by criterion.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub async fn proven(&self) -> Result<BTreeMap<String, Proven>, Problem> {
        let rows = sqlx::query(
            "SELECT criterion, first_at, last_at, lapsed FROM proved WHERE environment = ?",
        )
        .bind(&self.environment)
        .try_map(read)
        .fetch_all(&self.pool)
        .await
        .map_err(|e| fault::reading("since when criteria are proved", &self.path, &e))?;
        Ok(rows.into_iter().collect())
    }

    /// Puts down what was seen. Of two consoles that see the same, the first one's time stands.
    ///
    /// # Errors
    /// Where nothing could be written, or a newer console brought the file to its schema; then nothing was.
    pub async fn put_down(&self, seen: &[Sighting]) -> Result<(), Problem> {
        let wrong =
            |e: sqlx::Error| fault::writing("since when criteria are proved", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        migrate::refuse_newer(&self.path, &mut tx).await?;
        for sighting in seen {
            let sql = match sighting.proved {
                true => {
                    "INSERT INTO proved (criterion, environment, first_at, last_at, lapsed) VALUES (?1, ?2, ?3, ?3, 0)
                     ON CONFLICT (environment, criterion) DO UPDATE SET last_at = ?3, lapsed = 0 WHERE lapsed = 1"
                }
                false => {
                    "UPDATE proved SET lapsed = 1 WHERE criterion = ?1 AND environment = ?2 AND lapsed = 0"
                }
            };
            let query = sqlx::query(sql)
                .bind(&sighting.criterion)
                .bind(&self.environment);
            let query = match sighting.proved {
                true => query.bind(sighting.at.to_string()),
                false => query,
            };
            query.execute(&mut *tx).await.map_err(wrong)?;
        }
        self.seal(tx, None).await.map_err(wrong)
    }
}

fn read(row: SqliteRow) -> Result<(String, Proven), sqlx::Error> {
    let decode = |e: jiff::Error| sqlx::Error::Decode(Box::new(e));
    let at = |text: String| text.parse().map_err(decode);
    let dates = Proven {
        first: at(row.try_get("first_at")?)?,
        last: at(row.try_get("last_at")?)?,
        lapsed: row.try_get::<i64, _>("lapsed")? != 0,
    };
    Ok((row.try_get("criterion")?, dates))
}
