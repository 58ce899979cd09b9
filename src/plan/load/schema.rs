//! Every key of a plan file, once: the reader and its suggestions follow this table.

use crate::config::schema::{Key, Kind, Section};

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        doc,
        example,
    }
}

const ID: Key = key("id", Kind::Text, "\"1.3.b\"", "Its identity.");
const TITLE: Key = key("title", Kind::Text, "\"...\"", "Heading.");
const TEXT: Key = key("text", Kind::Text, "\"...\"", "Words.");

/// The whole file.
pub static ROOT: Section = Section {
    keys: &[
        TITLE,
        key("overview", Kind::Text, "\"...\"", "What it is about."),
        key(
            "extends",
            Kind::Text,
            "\"default\"",
            "Start from the default plan: rows with a known id change it, others add to it. Without it the file is the whole plan.",
        ),
        key(
            "start",
            Kind::Date,
            "2026-11-24",
            "First day of the calendar.",
        ),
        key(
            "remove",
            Kind::Texts,
            "[\"1.4.d\"]",
            "Criteria, sections or stages to leave out, by id.",
        ),
        key(
            "goals",
            Kind::List(&WORDS),
            "",
            "Goals; replace those of the default plan.",
        ),
        key("stages", Kind::List(&STAGES), "", "Stages."),
        key(
            "registers",
            Kind::List(&REGISTERS),
            "",
            "Lists beside the stages: risks, success metrics.",
        ),
        key(
            "sections",
            Kind::List(&SECTIONS),
            "",
            "Sub-sections of stages and registers.",
        ),
        key("criteria", Kind::List(&CRITERIA), "", "Criteria."),
        key(
            "calendar",
            Kind::List(&CALENDAR),
            "",
            "Weeks and days; replace those of the default plan.",
        ),
        key(
            "next_steps",
            Kind::List(&NEXT_STEPS),
            "",
            "What to do first; replace those of the default plan.",
        ),
    ],
};

static WORDS: Section = Section {
    keys: &[TITLE, TEXT],
};

static STAGES: Section = Section {
    keys: &[
        key("number", Kind::Whole(1, 99), "1", "Its number."),
        TITLE,
        key("goal", Kind::Text, "\"...\"", "Goal."),
        key(
            "min_days",
            Kind::Whole(1, 999),
            "2",
            "Planned days, the fewest.",
        ),
        key(
            "max_days",
            Kind::Whole(1, 999),
            "3",
            "Planned days, the most.",
        ),
    ],
};

static REGISTERS: Section = Section {
    keys: &[key("id", Kind::Text, "\"R\"", "A capital letter."), TITLE],
};

static SECTIONS: Section = Section {
    keys: &[
        key(
            "id",
            Kind::Text,
            "\"1.3\"",
            "Stage (or register), point, number.",
        ),
        TITLE,
    ],
};

static CRITERIA: Section = Section {
    keys: &[
        ID,
        TITLE,
        key(
            "probes",
            Kind::Texts,
            "[\"tls.valid days=14\"]",
            "Probes that must all hold, with their parameters.",
        ),
        key(
            "future_probe",
            Kind::Text,
            "\"rds.multi-az (RDS)\"",
            "What will prove (the rest of) it later; it takes a sign-off until then.",
        ),
        key(
            "person",
            Kind::Text,
            "\"Auditors sign on paper.\"",
            "Why only a person can judge it, or why nothing can be read of it yet.",
        ),
    ],
};

static CALENDAR: Section = Section {
    keys: &[
        key("week", Kind::Whole(1, 520), "1", "Week."),
        key("from", Kind::Whole(1, 7), "1", "First day in the week."),
        key("to", Kind::Whole(1, 7), "3", "Last day in the week."),
        TITLE,
        key(
            "stage",
            Kind::Whole(1, 99),
            "1",
            "The stage that the days are for.",
        ),
        key(
            "go_live",
            Kind::Switch,
            "true",
            "Whether it is the go-live.",
        ),
    ],
};

static NEXT_STEPS: Section = Section {
    keys: &[
        TITLE,
        TEXT,
        key(
            "criterion",
            Kind::Text,
            "\"1.S1\"",
            "The criterion that it serves.",
        ),
    ],
};
