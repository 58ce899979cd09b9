//! A question to the person: a few fields, and what becomes of the answers.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::{Timestamp, ToSpan};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::screens::ScreenId;
use crate::domain::action::Intent;
use crate::domain::deadline;
use crate::domain::service::{ServiceId, Strategy, image_tag};
use crate::plan::checklist::{CriterionState, CriterionStatus};

/// What the answers are for.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Image and strategy for a deploy.
    Deploy(ServiceId),
    /// Desired count.
    Scale(ServiceId),
    /// Why, link.
    SignOff(String),
    /// Why, until.
    Waive(String),
    /// Why.
    Withdraw(String),
    /// A screen's own question.
    Screen(ScreenId, &'static str),
}

/// A value that may be meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// What the field takes.
    pub value: String,
    /// What should be known before it is taken; empty for nothing.
    pub note: String,
    /// Whether that speaks against it.
    pub doubtful: bool,
    /// Whether it is what runs now.
    pub runs: bool,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub label: &'static str,
    /// What is typed.
    pub input: Input,
    /// What is expected, shown below.
    pub hint: String,
    /// What may be meant, the likeliest first: arrows take one.
    pub offers: Vec<Offer>,
    /// Nobody has touched the value that it began with: what is typed takes its place.
    pub untouched: bool,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
            && self.input.value() == other.input.value()
            && self.hint == other.hint
            && self.offers == other.offers
    }
}

impl Field {
    /// A field with a first value.
    pub fn new(label: &'static str, value: impl Into<String>, hint: impl Into<String>) -> Self {
        let value = value.into();
        Self {
            label,
            untouched: !value.is_empty(),
            input: Input::new(value),
            hint: hint.into(),
            offers: Vec::new(),
        }
    }

    /// The same with what may be meant.
    #[must_use]
    pub fn offering(mut self, offers: Vec<Offer>) -> Self {
        self.offers = offers;
        self
    }

    /// Takes the offer after the one that stands in the field, or the one before it; round and round.
    pub fn take_offer(&mut self, back: bool) {
        let count = self.offers.len();
        let now = self.input.value();
        let at = self.offers.iter().position(|o| o.value == now);
        let next = match (at, back) {
            (None, false) => 0,
            (None, true) => count.saturating_sub(1),
            (Some(at), false) => (at + 1) % count.max(1),
            (Some(at), true) => (at + count.saturating_sub(1)) % count.max(1),
        };
        if let Some(offer) = self.offers.get(next) {
            self.input = Input::new(offer.value.clone());
            self.untouched = false;
        }
    }

    /// A key for this field. A character takes the place of a value that nobody touched: appended to it, `3` would make 13 tasks of one.
    pub fn on_key(&mut self, key: KeyEvent) {
        let types = matches!(key.code, KeyCode::Char(_))
            && !key
                .modifiers
                .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if self.untouched && types {
            self.input = Input::default();
        }
        self.untouched = false;
        self.input.handle_event(&Event::Key(key));
    }

    /// A paste takes that place, too.
    pub fn paste(&mut self, text: &str) {
        let before = if self.untouched {
            ""
        } else {
            self.input.value()
        };
        self.input = Input::new(format!("{before}{text}"));
        self.untouched = false;
    }
}

/// A form.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Its title.
    pub title: String,
    /// What the answers are for.
    pub ask: Ask,
    /// Fields, at least one.
    pub fields: Vec<Field>,
    /// Which field keys go to.
    pub focus: usize,
    /// What is wrong with the answers.
    pub error: Option<String>,
}

impl Form {
    /// A form with its first field in focus.
    pub fn new(title: impl Into<String>, ask: Ask, fields: Vec<Field>) -> Self {
        Self {
            title: title.into(),
            ask,
            fields,
            focus: 0,
            error: None,
        }
    }

    /// The form that begins a deploy; `image` is what runs now, as a revision of that number (the form may lie over the row that says
    /// so), `offers` what may be meant of its repository.
    pub fn deploy(
        service: &ServiceId,
        revision: u32,
        image: &str,
        offers: Vec<Offer>,
        strategy: Strategy,
    ) -> Self {
        let tag = match image {
            "" => String::new(),
            image => format!(" {}", image_tag(image)),
        };
        Self::new(
            format!("Deploy {service}   now :{revision}{tag}"),
            Ask::Deploy(service.clone()),
            vec![
                Field::new(
                    "image",
                    image,
                    "a full reference, or :tag to keep the repository",
                )
                .offering(offers),
                Field::new(
                    "strategy",
                    strategy.word(),
                    "rolling, blue-green, canary or linear",
                ),
            ],
        )
    }

    /// The form that begins a scale.
    pub fn scale(service: &ServiceId, desired: u32) -> Self {
        let ask = Ask::Scale(service.clone());
        Self::new(
            format!("Scale {service}   now {desired}"),
            ask,
            vec![Field::new(
                "tasks",
                desired.to_string(),
                "how many tasks it shall run",
            )],
        )
    }

    /// The same to have as many tasks as before a scale.
    pub fn scale_back(service: &ServiceId, desired: u32, before: u32) -> Self {
        let hint = format!("{before} were wanted before this scale");
        Self {
            fields: vec![Field::new("tasks", before.to_string(), hint)],
            ..Self::scale(service, desired)
        }
    }

    /// The form by which a person vouches for a criterion.
    pub fn sign_off(c: &CriterionStatus) -> Self {
        let hint = match c.state {
            CriterionState::Failing => "its probe fails: it stays FAILING unless it is waived",
            CriterionState::Proved => "what you saw; a probe proves it already",
            _ => "what you saw that makes it true",
        };
        Self::new(
            format!("Sign off {}  {}", c.id, c.title),
            Ask::SignOff(c.id.clone()),
            vec![
                Field::new("why", "", hint),
                Field::new("link", "", "to the evidence, if there is any"),
            ],
        )
    }

    /// The form by which a criterion is accepted as missing for a time.
    pub fn waive(criterion: &str, title: &str) -> Self {
        Self::new(
            format!("Waive {criterion}  {title}"),
            Ask::Waive(criterion.to_owned()),
            vec![
                Field::new("why", "", "why going live without it is acceptable"),
                Field::new(
                    "until",
                    "7d",
                    "7d, 12h or 2026-12-01 (to its end, UTC); then it counts again",
                ),
            ],
        )
    }

    /// The form by which an earlier word is taken back.
    pub fn withdraw(criterion: &str, title: &str) -> Self {
        Self::new(
            format!("Withdraw {criterion}  {title}"),
            Ask::Withdraw(criterion.to_owned()),
            vec![Field::new("why", "", "why the word no longer holds")],
        )
    }

    /// Whether the answers lead to a preview; a screen's own question does not.
    pub fn asks_for_preview(&self) -> bool {
        !matches!(self.ask, Ask::Screen(..))
    }

    /// What was typed, trimmed.
    pub fn values(&self) -> Vec<String> {
        self.fields
            .iter()
            .map(|f| f.input.value().trim().to_owned())
            .collect()
    }

    /// The intent that the answers make; `Ok(None)` for a screen's own question.
    pub fn intent(&self, now: Timestamp) -> Result<Option<Intent>, String> {
        let values = self.values();
        let value = |i: usize| values.get(i).cloned().unwrap_or_default();
        let needed = |i: usize, what: &str| match value(i) {
            v if v.is_empty() => Err(format!("{what} is needed")),
            v => Ok(v),
        };
        Ok(Some(match &self.ask {
            Ask::Deploy(service) => {
                let word = value(1);
                let strategy = [
                    Strategy::Rolling,
                    Strategy::BlueGreen,
                    Strategy::Canary,
                    Strategy::Linear,
                ]
                .into_iter()
                .find(|s| s.word() == word);
                if strategy.is_none() && !word.is_empty() {
                    return Err(format!(
                        "{word:?} is no strategy: rolling, blue-green, canary or linear"
                    ));
                }
                Intent::Deploy {
                    service: service.clone(),
                    image: needed(0, "an image")?,
                    container: None,
                    strategy,
                }
            }
            Ask::Scale(service) => Intent::Scale {
                service: service.clone(),
                desired: value(0)
                    .parse()
                    .map_err(|_| format!("{:?} is not a number of tasks", value(0)))?,
            },
            Ask::SignOff(criterion) => Intent::SignOff {
                criterion: criterion.clone(),
                why: needed(0, "a reason")?,
                link: value(1),
            },
            Ask::Waive(criterion) => Intent::Waive {
                criterion: criterion.clone(),
                why: needed(0, "a reason")?,
                until: until(&value(1), now)?,
            },
            Ask::Withdraw(criterion) => Intent::Withdraw {
                criterion: criterion.clone(),
                why: needed(0, "a reason")?,
            },
            Ask::Screen(..) => return Ok(None),
        }))
    }
}

/// Reads `7d`, `12h` or `2026-12-01` (to the end of that day, UTC) as a time in the future.
fn until(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = || format!("{text:?} is not a time: 7d, 12h or 2026-12-01");
    let number = |unit: char| {
        text.strip_suffix(unit)
            .and_then(|n| n.parse::<i64>().ok())
            .filter(|n| (1..=87_600).contains(n))
    };
    let at = if let Some(days) = number('d') {
        now.checked_add(days.saturating_mul(24).hours())
            .map_err(|_| wrong())?
    } else if let Some(hours) = number('h') {
        now.checked_add(hours.hours()).map_err(|_| wrong())?
    } else {
        let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
        deadline::end_of(date).ok_or_else(wrong)?
    };
    if at <= now {
        Err(format!("{text} is in the past"))
    } else {
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_take_the_offers_in_turn() {
        let offer = |value: &str| Offer {
            value: value.to_owned(),
            ..Offer::default()
        };
        let offers = vec![offer(":2"), offer(":1")];
        let mut field = Field::new("image", "api:1", "").offering(offers);
        let mut seen = Vec::new();
        for back in [false, false, false, true] {
            field.take_offer(back);
            seen.push(field.input.value().to_owned());
        }
        assert_eq!(seen, [":2", ":1", ":2", ":1"]);
        assert!(!field.untouched, "a character is added to it");
        let mut none = Field::new("tasks", "3", "");
        none.take_offer(false);
        assert_eq!((none.input.value(), none.untouched), ("3", true));
    }

    #[test]
    fn answers_become_intents_or_say_what_is_wrong() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let id = ServiceId {
            cluster: "c".into(),
            name: "api".into(),
        };
        let form = Form::scale(&id, 4);
        assert_eq!(
            form.intent(now),
            Ok(Some(Intent::Scale {
                service: id.clone(),
                desired: 4
            }))
        );
        let mut form = Form::deploy(&id, 41, "api:1", Vec::new(), Strategy::Rolling);
        assert_eq!(form.title, "Deploy c/api   now :41 1");
        form.fields[1] = Field::new("strategy", "yolo", "");
        assert!(form.intent(now).unwrap_err().contains("no strategy"));
        assert_eq!(
            until("7d", now).unwrap().to_string(),
            "2026-11-30T12:00:00Z"
        );
        // The day that is named is the last one that counts, be it today.
        for (day, end) in [
            ("2026-12-01", "2026-12-01T23:59:59Z"),
            ("2026-11-23", "2026-11-23T23:59:59Z"),
        ] {
            assert_eq!(until(day, now).unwrap().to_string(), end);
        }
        assert!(
            until("2020-01-01", now).is_err()
                && until("soon", now).is_err()
                && until("999999999999d", now).is_err()
        );
    }
}
