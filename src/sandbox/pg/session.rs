//! A session after its handshake: who signs in, what was prepared, and what each message is answered (PostgreSQL documentation,
//! chapter 55.2: message flow).

use std::collections::HashMap;

use super::answer::{Base, View};
use super::message::{Answer, Column, Said};
use super::settings::Settings;
use super::statement::{self, Question, Refused, Statement};
use super::value::{Type, Value};
use super::{PASSWORD, USER};

/// Statements and portals that a session may keep.
const KEPT: usize = 64;

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The session.
    On,
    /// Nothing: the connection ends.
    End,
}

/// A statement, read, with the columns that its rows have.
#[derive(Clone, Debug)]
struct Plan {
    statement: Statement,
    columns: Vec<Column>,
    places: Vec<usize>,
}

/// A statement at work.
#[derive(Debug)]
struct Portal {
    plan: Plan,
    formats: Vec<bool>,
    rows: Vec<Vec<Value>>,
    sent: usize,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pid: i32,
    user: String,
    database: String,
    base: Option<Base>,
    settings: Settings,
    plans: HashMap<String, Plan>,
    portals: HashMap<String, Portal>,
    /// `I` outside a transaction, `T` in one, `E` in one that failed.
    transaction: u8,
    /// After an error everything is passed over until the client says that it knows.
    deaf: bool,
}

fn refused(code: &'static str, text: impl Into<String>) -> Refused {
    Refused(code, text.into())
}

impl Session {
    /// A session with the parameters of its start.
    pub(super) fn new(pid: i32, parameters: &[(String, String)]) -> Self {
        let of = |name: &str| {
            let found = parameters.iter().find(|(n, _)| n == name);
            found.map(|(_, v)| v.clone())
        };
        let user = of("user").unwrap_or_default();
        Self {
            pid,
            database: of("database").unwrap_or_else(|| user.clone()),
            user,
            base: None,
            settings: Settings::new(parameters),
            plans: HashMap::new(),
            portals: HashMap::new(),
            transaction: b'I',
            deaf: false,
        }
    }

    /// The database that it is in, once it signed in.
    pub(super) fn base(&self) -> Base {
        self.base.unwrap_or(Base::Production)
    }

    /// Lets it in, or says why not.
    pub(super) fn sign_in(&mut self, password: &str, out: &mut Answer) -> Next {
        let user = &self.user;
        if user != USER || password != PASSWORD {
            let why = format!("password authentication failed for user \"{user}\"");
            out.error("FATAL", "28P01", &why);
            return Next::End;
        }
        self.base = Base::named(&self.database);
        if self.base.is_none() {
            let why = format!("database \"{}\" does not exist", self.database);
            out.error("FATAL", "3D000", &why);
            return Next::End;
        }
        out.put(b'R', &0_i32.to_be_bytes());
        for (name, value) in self.settings.reported() {
            out.parameter(name, value);
        }
        out.parameter("session_authorization", &self.user);
        let secret = self.pid.wrapping_mul(0x1f3d);
        out.put(
            b'K',
            &[self.pid.to_be_bytes(), secret.to_be_bytes()].concat(),
        );
        self.ready(out);
        Next::On
    }

    fn ready(&self, out: &mut Answer) {
        out.put(b'Z', &[self.transaction]);
    }

    /// Says that something failed; a transaction is of no more use then.
    pub(super) fn fail(&mut self, why: &Refused, out: &mut Answer) {
        out.error("ERROR", why.0, &why.1);
        if self.transaction == b'T' {
            self.transaction = b'E';
        }
    }

    /// Says that something failed in answer to a message; what follows is passed over as the protocol wants it.
    pub(super) fn fail_at(&mut self, said: &Said, why: &Refused, out: &mut Answer) {
        self.fail(why, out);
        match said {
            Said::Query(_) => self.ready(out),
            _ => self.deaf = true,
        }
    }

    /// Answers a message; `view` looks at a database.
    pub(super) fn answer(
        &mut self,
        said: &Said,
        view: impl FnOnce() -> View,
        out: &mut Answer,
    ) -> Next {
        if self.deaf && !matches!(said, Said::Sync | Said::Terminate) {
            return Next::On;
        }
        let done = match said {
            Said::Terminate => return Next::End,
            Said::Sync => {
                self.deaf = false;
                if self.transaction == b'I' {
                    self.portals.clear();
                }
                self.ready(out);
                Ok(())
            }
            Said::Query(text) => self.query(text, view, out),
            Said::Parse(name, text) => self.parse(name, text, out),
            Said::Bind(portal, name, parameters, formats) => {
                self.bind((portal, name), *parameters, formats, view, out)
            }
            Said::Describe(portal, name) => self.describe(*portal, name, out),
            Said::Execute(portal, most) => self.execute(portal, *most, out),
            Said::Close(portal, name) => {
                if *portal {
                    self.portals.remove(name);
                } else {
                    self.plans.remove(name);
                }
                out.put(b'3', &[]);
                Ok(())
            }
            Said::Flush => Ok(()),
            Said::Password(_) | Said::Unknown(_) => {
                let why = "invalid frontend message type";
                out.error("FATAL", "08P01", why);
                return Next::End;
            }
        };
        if let Err(why) = done {
            self.fail_at(said, &why, out);
        }
        Next::On
    }

    fn query(
        &mut self,
        text: &str,
        view: impl FnOnce() -> View,
        out: &mut Answer,
    ) -> Result<(), Refused> {
        let plan = self.plan(text)?;
        let mut portal = self.open(plan, &[], view)?;
        if !portal.plan.columns.is_empty() {
            out.columns(&portal.plan.columns, &[]);
        }
        self.run(&mut portal, 0, out);
        self.ready(out);
        Ok(())
    }

    /// In a transaction that failed nothing is of use but its end.
    fn usable(&self, statement: &Statement) -> Result<(), Refused> {
        let ends = matches!(statement, Statement::Commit | Statement::Rollback);
        if self.transaction == b'E' && !ends {
            let why =
                "current transaction is aborted, commands ignored until end of transaction block";
            return Err(refused("25P02", why));
        }
        Ok(())
    }

    /// Reads a statement and what its rows will be.
    fn plan(&self, text: &str) -> Result<Plan, Refused> {
        let statement = statement::read(text)?;
        self.usable(&statement)?;
        let (columns, places) = match &statement {
            Statement::Ask(question, names) => question
                .chosen(names)
                .map_err(|name| refused("42703", format!("column \"{name}\" does not exist")))?,
            Statement::Show(_) => (vec![("setting", Type::Text)], vec![0]),
            _ => (Vec::new(), Vec::new()),
        };
        Ok(Plan {
            statement,
            columns,
            places,
        })
    }

    fn parse(&mut self, name: &str, text: &str, out: &mut Answer) -> Result<(), Refused> {
        if !name.is_empty() && self.plans.contains_key(name) {
            let why = format!("prepared statement \"{name}\" already exists");
            return Err(refused("42P05", why));
        }
        if self.plans.len() >= KEPT {
            return Err(refused("53200", "too many prepared statements"));
        }
        let plan = self.plan(text)?;
        self.plans.insert(name.to_owned(), plan);
        out.put(b'1', &[]);
        Ok(())
    }

    fn prepared(&self, name: &str) -> Result<&Plan, Refused> {
        let none = || {
            refused(
                "26000",
                format!("prepared statement \"{name}\" does not exist"),
            )
        };
        self.plans.get(name).ok_or_else(none)
    }

    fn bind(
        &mut self,
        (portal, name): (&str, &str),
        parameters: usize,
        formats: &[bool],
        view: impl FnOnce() -> View,
        out: &mut Answer,
    ) -> Result<(), Refused> {
        let plan = self.prepared(name)?.clone();
        if parameters > 0 {
            let why = format!(
                "bind message supplies {parameters} parameters, but prepared statement \"{name}\" requires 0"
            );
            return Err(refused("08P01", why));
        }
        if formats.len() > 1 && formats.len() != plan.columns.len() {
            let why = format!(
                "bind message has {} result formats but query has {} columns",
                formats.len(),
                plan.columns.len()
            );
            return Err(refused("08P01", why));
        }
        if self.portals.len() >= KEPT {
            return Err(refused("53200", "too many portals"));
        }
        let opened = self.open(plan, formats, view)?;
        self.portals.insert(portal.to_owned(), opened);
        out.put(b'2', &[]);
        Ok(())
    }

    /// Looks up what a statement puts out.
    fn open(
        &self,
        plan: Plan,
        formats: &[bool],
        view: impl FnOnce() -> View,
    ) -> Result<Portal, Refused> {
        self.usable(&plan.statement)?;
        let rows = match &plan.statement {
            Statement::Ask(question, _) => picked(*question, &view(), &plan.places),
            Statement::Show(name) => {
                let none = || {
                    let why = format!("unrecognized configuration parameter \"{name}\"");
                    refused("42704", why)
                };
                let value = self.settings.get(name).ok_or_else(none)?;
                vec![vec![Value::Text(value.to_owned())]]
            }
            _ => Vec::new(),
        };
        Ok(Portal {
            plan,
            formats: formats.to_vec(),
            rows,
            sent: 0,
        })
    }

    fn describe(&self, portal: bool, name: &str, out: &mut Answer) -> Result<(), Refused> {
        let (columns, formats) = if portal {
            let none = || refused("34000", format!("portal \"{name}\" does not exist"));
            let found = self.portals.get(name).ok_or_else(none)?;
            (&found.plan.columns, found.formats.as_slice())
        } else {
            let plan = self.prepared(name)?;
            out.put(b't', &0_u16.to_be_bytes());
            (&plan.columns, [].as_slice())
        };
        if columns.is_empty() {
            out.put(b'n', &[]);
        } else {
            out.columns(columns, formats);
        }
        Ok(())
    }

    fn execute(&mut self, name: &str, most: usize, out: &mut Answer) -> Result<(), Refused> {
        let none = || refused("34000", format!("portal \"{name}\" does not exist"));
        let mut portal = self.portals.remove(name).ok_or_else(none)?;
        self.run(&mut portal, most, out);
        self.portals.insert(name.to_owned(), portal);
        Ok(())
    }

    /// Puts rows out, as many as are wanted, or does what the statement does.
    fn run(&mut self, portal: &mut Portal, most: usize, out: &mut Answer) {
        let tag = match &portal.plan.statement {
            Statement::Empty => {
                out.put(b'I', &[]);
                return;
            }
            Statement::Begin => {
                self.transaction = b'T';
                "BEGIN".to_owned()
            }
            Statement::Commit | Statement::Rollback => {
                let whole = self.transaction != b'E' && portal.plan.statement == Statement::Commit;
                self.transaction = b'I';
                if whole { "COMMIT" } else { "ROLLBACK" }.to_owned()
            }
            Statement::Set(name, value) => {
                self.settings.set(name, value);
                "SET".to_owned()
            }
            Statement::Deallocate(Some(name)) => {
                self.plans.remove(name);
                "DEALLOCATE".to_owned()
            }
            Statement::Deallocate(None) => {
                self.plans.clear();
                "DEALLOCATE ALL".to_owned()
            }
            Statement::Ask(..) | Statement::Show(_) => {
                let left = portal.rows.len() - portal.sent;
                let now = if most == 0 { left } else { most.min(left) };
                for row in portal.rows.iter().skip(portal.sent).take(now) {
                    out.row(row, &portal.formats);
                }
                portal.sent += now;
                if most > 0 && now == most {
                    out.put(b's', &[]);
                    return;
                }
                match portal.plan.statement {
                    Statement::Show(_) => "SHOW".to_owned(),
                    _ => format!("SELECT {now}"),
                }
            }
        };
        out.text(b'C', &tag);
    }
}

/// The rows of a question, with the columns that are wanted alone.
fn picked(question: Question, view: &View, places: &[usize]) -> Vec<Vec<Value>> {
    let pick = |row: Vec<Value>| {
        let at = |n: &usize| row.get(*n).cloned().unwrap_or(Value::Null);
        places.iter().map(at).collect()
    };
    question.rows(view).into_iter().map(pick).collect()
}
