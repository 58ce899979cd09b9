//! Standard output: text for people or JSON for programs. A reader that goes away is no error.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::json::{self, Layout, SCHEMA};
use super::paint::{self, Role};
use super::table::Table;
use crate::domain::problem::{Problem, ProblemKind};

/// Where a command writes.
pub struct Out {
    to: BufWriter<Box<dyn Write + Send>>,
    json: bool,
    colour: bool,
    columns: Option<usize>,
    terminal: bool,
    complains_in_colour: bool,
    closed: bool,
}

impl Out {
    /// Standard output.
    pub fn stdout(json: bool, no_color: bool) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let columns = crossterm::terminal::size()
            .ok()
            .filter(|_| terminal)
            .map(|(columns, _)| usize::from(columns).max(40));
        Self {
            colour: paint::wanted(&stdout, no_color),
            to: BufWriter::new(Box::new(stdout)),
            json,
            columns,
            terminal,
            complains_in_colour: paint::wanted(&io::stderr(), no_color),
            closed: false,
        }
    }

    /// Whether the command was asked for JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person is looking.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// The terminal's width, if there is a terminal.
    pub fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Words a problem on standard error; for the last one of a command there is its result.
    pub fn complain(&mut self, problem: &Problem) {
        let _ = self.flush();
        eprint!(
            "{}",
            super::explain::lines(problem, self.complains_in_colour)
        );
    }

    /// Whether nobody reads any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes an object: `{"schema":1, ...fields}`.
    pub fn object<T: Serialize>(&mut self, fields: &T) -> Result<(), Problem> {
        let layout = if self.terminal {
            Layout::Indented
        } else {
            Layout::Line
        };
        self.write_object(fields, layout)
    }

    /// Writes an object on one line, for streams of objects.
    pub fn object_line<T: Serialize>(&mut self, fields: &T) -> Result<(), Problem> {
        self.write_object(fields, Layout::Line)
    }

    fn write_object<T: Serialize>(&mut self, fields: &T, layout: Layout) -> Result<(), Problem> {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            schema: u32,
            #[serde(flatten)]
            fields: &'a T,
        }
        let envelope = Envelope {
            schema: SCHEMA,
            fields,
        };
        self.write(|to, _| json::write(to, &envelope, layout))
    }

    /// Writes a table.
    pub fn table(&mut self, table: &Table) -> Result<(), Problem> {
        let columns = self.columns;
        self.write(|to, colour| to.write_all(table.draw(columns, colour).as_bytes()))
    }

    /// Writes a line. The text must be inert.
    pub fn line(&mut self, text: &str) -> Result<(), Problem> {
        self.painted(Role::Plain, text)
    }

    /// Writes a line in a role's colour. The text must be inert.
    pub fn painted(&mut self, role: Role, text: &str) -> Result<(), Problem> {
        self.write(|to, colour| writeln!(to, "{}", role.paint(text, colour)))
    }

    /// Writes a line of pieces, each in its role's colour. The texts must be inert.
    pub fn pieces(&mut self, pieces: &[(Role, &str)]) -> Result<(), Problem> {
        self.write(|to, colour| {
            for (role, text) in pieces {
                to.write_all(role.paint(text, colour).as_bytes())?;
            }
            to.write_all(b"\n")
        })
    }

    /// Writes an object: `{"schema":1, "<name>": [...]}` and further members.
    pub fn list(
        &mut self,
        name: &str,
        rows: Vec<Value>,
        more: Map<String, Value>,
    ) -> Result<(), Problem> {
        let mut object = Map::new();
        object.insert(name.to_owned(), Value::Array(rows));
        object.extend(more);
        self.object(&object)
    }

    /// Lets another write JSON lines of its own; what could act on a terminal is escaped on the way.
    pub fn json_lines(&mut self) -> json::Gate<&mut (dyn Write + Send)> {
        json::Gate::new(&mut self.to)
    }

    /// Hands over what was written so far.
    pub fn flush(&mut self) -> Result<(), Problem> {
        self.write(|to, _| to.flush())
    }

    fn write(
        &mut self,
        f: impl FnOnce(&mut BufWriter<Box<dyn Write + Send>>, bool) -> io::Result<()>,
    ) -> Result<(), Problem> {
        if self.closed {
            return Ok(());
        }
        match f(&mut self.to, self.colour) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.map_err(|e| {
                Problem::new(
                    ProblemKind::Internal,
                    "terminal",
                    "cannot write the answer",
                    e.to_string(),
                    "write it somewhere with room",
                )
            }),
        }
    }
}

impl std::fmt::Debug for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out")
            .field("json", &self.json)
            .field("colour", &self.colour)
            .finish_non_exhaustive()
    }
}
