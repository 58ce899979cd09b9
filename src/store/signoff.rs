//! Sign-offs: a person's word, kept for good. A new word replaces the old one by being newer.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::journal::Claim;
use super::{Store, fault};
use crate::domain::action::Phase;
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::problem::Problem;
use crate::domain::redact;
use crate::domain::text::inert;

impl Store {
    /// The newest word on each criterion, withdrawn ones included, by criterion.
    pub async fn signoffs(&self) -> Result<Vec<SignOff>, Problem> {
        sqlx::query(
            "SELECT * FROM signoff WHERE id IN (SELECT max(id) FROM signoff WHERE environment = ? GROUP BY criterion)
             ORDER BY criterion",
        )
        .bind(&self.environment)
        .try_map(read)
        .fetch_all(&self.pool)
        .await
        .map_err(|e| fault::reading("the sign-offs", &self.path, &e))
    }

    /// The word that a run wrote, if it did.
    pub async fn signoff_of(&self, run: &str) -> Result<Option<SignOff>, Problem> {
        sqlx::query("SELECT * FROM signoff WHERE run = ?")
            .bind(run)
            .try_map(read)
            .fetch_optional(&self.pool)
            .await
            .map_err(|e| fault::reading("the sign-offs", &self.path, &e))
    }

    /// Writes a word. Once a run: a second write by the same run changes nothing.
    pub async fn sign(&self, claim: &Claim, word: &SignOff) -> Result<(), Problem> {
        let wrong = |e: sqlx::Error| fault::writing("the sign-off", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        self.hold(&mut tx, claim, Some(Phase::Execute)).await?;
        let kind = match word.kind {
            SignOffKind::SignedOff => "signed_off",
            SignOffKind::Waived => "waived",
            SignOffKind::Withdrawn => "withdrawn",
        };
        let clean = |text: &str| inert(&redact::text(text));
        sqlx::query(
            "INSERT INTO signoff (environment, criterion, kind, who, why, link, at, until, run) VALUES (?,?,?,?,?,?,?,?,?)
             ON CONFLICT (run) DO NOTHING",
        )
        .bind(&self.environment)
        .bind(&word.criterion)
        .bind(kind)
        .bind(clean(&word.who))
        .bind(clean(&word.why))
        .bind(clean(&word.link))
        .bind(word.at.to_string())
        .bind(word.until.map(|t| t.to_string()))
        .bind(claim.run())
        .execute(&mut *tx)
        .await
        .map_err(wrong)?;
        self.seal(tx, None).await.map_err(wrong)
    }
}

fn read(row: SqliteRow) -> Result<SignOff, sqlx::Error> {
    let decode = |e: jiff::Error| sqlx::Error::Decode(Box::new(e));
    let kind: String = row.try_get("kind")?;
    let until: Option<String> = row.try_get("until")?;
    Ok(SignOff {
        criterion: row.try_get("criterion")?,
        kind: match kind.as_str() {
            "signed_off" => SignOffKind::SignedOff,
            "waived" => SignOffKind::Waived,
            _ => SignOffKind::Withdrawn,
        },
        who: row.try_get("who")?,
        why: row.try_get("why")?,
        link: row.try_get("link")?,
        at: row.try_get::<String, _>("at")?.parse().map_err(decode)?,
        until: until.map(|t| t.parse().map_err(decode)).transpose()?,
    })
}
