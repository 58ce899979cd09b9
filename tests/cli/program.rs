//! Runs the built program in a folder of its own, away from the caller's configuration and credentials.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }

    /// Standard output as JSON lines.
    pub fn lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.out.lines().map(read).collect()
    }

    /// As [`Self::told`], with the same on standard output as an object.
    pub fn told_in_json(&self, code: i32, words: &[&str]) {
        let said = self.json();
        assert_eq!(said["schema"], 1, "{said}");
        for (member, start) in [("what", "error: "), ("why", "  why: "), ("fix", "   do: ")] {
            let text = said["error"][member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {member} in {said}");
            let line = self.err.lines().find_map(|l| l.strip_prefix(start));
            assert_eq!(line, Some(text), "{said}");
        }
        let text = Self {
            code: self.code,
            out: String::new(),
            err: self.err.clone(),
        };
        text.told(code, words);
    }

    /// Checks that it ended with a code and three lines on standard error (what, why, what to do) without words of anybody's
    /// insides, that hold some words; and that nothing went to standard output.
    pub fn told(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        let starts = ["error: ", "  why: ", "   do: "];
        let lines: Vec<&str> = self.err.lines().collect();
        assert_eq!(lines.len(), starts.len(), "{}", self.err);
        for (line, start) in lines.iter().zip(starts) {
            assert!(
                line.len() > start.len() && line.starts_with(start),
                "{}",
                self.err
            );
        }
        for word in words {
            assert!(self.err.contains(word), "{word} is not in: {}", self.err);
        }
        for nest in [
            "SdkError",
            "ServiceError",
            "DispatchFailure",
            "Unhandled",
            "Some(",
            "panicked",
        ] {
            assert!(!self.err.contains(nest), "{}", self.err);
        }
    }
}

/// The program in a folder, with an environment that knows nothing.
pub fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
    command
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(std::process::Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(folder: &Path, words: &[&str]) -> Ran {
    ran(command(folder, words).output().unwrap())
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The embedded platform as a process of its own, with a folder for who asks it.
pub struct Platform {
    child: Child,
    /// What it says of itself.
    pub said: Value,
    /// Where the program runs that asks it.
    pub folder: tempfile::TempDir,
}

impl Platform {
    /// Starts it on a free port.
    pub fn start(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixed = ["sandbox", "--json", "--listen", "127.0.0.1:0"];
        let mut child = command(folder.path(), &[&fixed, words].concat())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let said = said["sandbox"].clone();
        Self {
            child,
            said,
            folder,
        }
    }

    /// The program, pointed at it by the environment alone.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = command(self.folder.path(), words);
        for (name, field) in [
            ("AWS_ENDPOINT_URL", "endpoint"),
            ("AWS_REGION", "region"),
            ("AWS_ACCESS_KEY_ID", "access_key_id"),
            ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
        ] {
            command.env(name, self.said[field].as_str().unwrap());
        }
        command
    }

    /// Runs it to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words).output().unwrap())
    }

    /// Ends it: nobody answers any more where it was.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A question's rows.
    pub fn rows(&self, words: &[&str], name: &str) -> Vec<Value> {
        let ran = self.run(&[words, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let json = ran.json();
        let rows = json[name].as_array();
        rows.unwrap_or_else(|| panic!("no {name} in {json}"))
            .clone()
    }

    /// A service of the story, as `services` tells it.
    pub fn service(&self, cluster: &str, name: &str) -> Value {
        let rows = self.rows(&["services"], "services");
        let found = rows
            .into_iter()
            .find(|s| s["cluster"] == cluster && s["name"] == name);
        found.unwrap_or_else(|| panic!("no {cluster}/{name}"))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
