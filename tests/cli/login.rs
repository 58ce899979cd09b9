//! `login`: where a token goes, and what tells a console that runs of it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::SystemTime;

use crate::canary;
use crate::program::{command, ran};

const TOKEN: &str = "a-token-of-a-test";

#[test]
fn a_token_that_is_kept_leaves_its_time_beside_it_for_a_console_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let login = || {
        let mut child = command(folder.path(), &["login", "github"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = child.stdin.take().unwrap();
        line.write_all(TOKEN.as_bytes()).unwrap();
        drop(line);
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.err);
        canary::assert_hidden(TOKEN, ran.out + &ran.err, "what it says");
    };
    login();
    let kept = folder.path().join(".local/state/flightdeck/credentials");
    let (token, mark) = (kept.join("github"), kept.join("github.kept"));
    assert_eq!(fs::read_to_string(token).unwrap(), TOKEN);
    canary::assert_hidden(TOKEN, fs::read(&mark).unwrap(), "the mark");
    let mode = fs::metadata(&mark).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // And each time anew, whatever it holds.
    let file = fs::File::options().write(true).open(&mark).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    login();
    let again = fs::metadata(&mark).unwrap().modified().unwrap();
    assert!(again > SystemTime::UNIX_EPOCH);
}
