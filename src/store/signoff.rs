//! Sign-offs: a person's word, kept for good. A new word replaces the old one by being newer. The audit chain proves them.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::audit::stored;
use super::chain::StoredRow;
use super::journal::Claim;
use super::{Store, fault};
use crate::domain::action::Phase;
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::problem::Problem;
use crate::domain::redact;
use crate::domain::text::inert;

impl Store {
    /// The newest word on each criterion, withdrawn ones included, by criterion. The table alone proves nothing: a word is proven
    /// where the audit chain says the same, and nothing newer, of its criterion. One whose run has not ended yet is passed over.
    pub async fn signoffs(&self) -> Result<Vec<SignOff>, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the sign-offs", &self.path, &e);
        let rows: Vec<(SignOff, String, bool)> = sqlx::query(
            "SELECT s.*, coalesce(r.state <> 'closed', 0) AS going FROM signoff s LEFT JOIN run r ON r.run = s.run
             WHERE s.environment = ? ORDER BY s.id",
        )
        .bind(&self.environment)
        .try_map(|row: SqliteRow| {
            let (run, going) = (row.try_get("run")?, row.try_get("going")?);
            Ok((read(row)?, run, going))
        })
        .fetch_all(&self.pool)
        .await
        .map_err(wrong)?;
        // After the words: each is in the table before it is in the chain.
        let proofs = self.proofs().await.map_err(wrong)?;
        let mut newest: BTreeMap<String, SignOff> = BTreeMap::new();
        for (mut word, run, going) in rows {
            let proof = proofs.get(&word.criterion);
            word.proven = proof.is_some_and(|row| proves(row, &run, &word));
            if word.proven || !going {
                newest.insert(word.criterion.clone(), word);
            }
        }
        Ok(newest.into_values().collect())
    }

    /// The newest row of the chain that says that a word was given, by criterion.
    async fn proofs(&self) -> Result<HashMap<String, StoredRow>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT * FROM audit WHERE environment = ? AND event = 'outcome' AND outcome = 'succeeded'
             AND action IN ('sign_off', 'waive', 'withdraw') ORDER BY seq",
        )
        .bind(&self.environment)
        .try_map(stored)
        .fetch_all(&self.pool)
        .await?;
        let by_criterion = rows.into_iter().map(|row| (row.subject.clone(), row));
        Ok(by_criterion.collect())
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

/// Whether a row of the chain, whole in itself, says what a word says.
fn proves(row: &StoredRow, run: &str, word: &SignOff) -> bool {
    let said: Value = serde_json::from_str(&row.parameters).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or("");
    let until = text("until").parse::<Timestamp>().ok();
    row.hash == row.computed_hash()
        && row.run == run
        && row.subject == word.criterion
        && row.action == verb(word.kind)
        && row.who == clean(&word.who)
        && clean(text("why")) == clean(&word.why)
        && clean(text("link")) == clean(&word.link)
        && until == word.until
}

/// The verb under which the chain keeps a word.
fn verb(kind: SignOffKind) -> &'static str {
    match kind {
        SignOffKind::SignedOff => "sign_off",
        SignOffKind::Waived => "waive",
        SignOffKind::Withdrawn => "withdraw",
    }
}

fn clean(text: &str) -> String {
    inert(&redact::text(text))
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
        proven: false,
    })
}
