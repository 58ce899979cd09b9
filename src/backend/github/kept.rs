//! An answer that is kept with its entity tag, and asked for again only where it changed.

use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde::de::DeserializeOwned;

use crate::backend::transport::Question;
use crate::backend::transport::rest::Rest;
use crate::domain::problem::Problem;

/// What was read, and the tag of the answer that it was read from.
#[derive(Debug)]
pub struct Kept<T>(Mutex<Option<(String, T)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Kept<T> {
    /// The first page of a list, as `read` makes it of the vendor's answer.
    ///
    /// # Errors
    /// As [`Rest::get`].
    pub async fn ask<W: DeserializeOwned>(
        &self,
        rest: &Rest,
        question: Question,
        path: &str,
        query: &[(&str, &str)],
        read: impl Fn(W) -> T,
    ) -> Result<T, Problem> {
        let known = self.slot().clone();
        let tag = known
            .as_ref()
            .map(|(tag, _)| [("if-none-match", tag.as_str())]);
        let tag = tag.as_ref().map_or(&[][..], |t| &t[..]);
        let heard = rest
            .hear(question, Method::GET, path, query, None, tag)
            .await?;
        if let (304, Some((_, value))) = (heard.status, known) {
            return Ok(value);
        }
        let value = read(rest.understand(question, &heard)?);
        let tag = heard.header("etag").map(str::to_owned);
        *self.slot() = tag.map(|tag| (tag, value.clone()));
        Ok(value)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<(String, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
