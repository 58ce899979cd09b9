//! Secrets live in the memory of a console and of a command: the kernel shows it to nobody, and writes none of it into a core file.

use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::proc;
use crate::screen::{PATIENCE, Screen, Start};

/// Who runs it where we are root: the files of root's processes are root's in any case.
const NOBODY: u32 = 65_534;

const AS_NOBODY: &[&str] = &["--reuid=65534", "--regid=65534", "--clear-groups"];

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs a program in the place of a shell, as somebody who is not root. It is opened before, for it may stand where nobody else may look.
fn run(program: &str, words: &str) -> Screen {
    let as_whom = match is_root() {
        true => format!("setpriv {}", AS_NOBODY.join(" ")),
        false => String::new(),
    };
    let story = format!("cd /; exec 3<{program}; exec {as_whom} /proc/self/fd/3 {words}");
    Start::program("bash", &["--norc", "-c", &story]).go()
}

/// Whose the kernel says that the process's insides are: root's, of one whose memory is not to be seen (proc(5)).
fn owner(pid: u32) -> Option<u32> {
    let insides = std::fs::metadata(format!("/proc/{pid}/environ")).ok()?;
    Some(insides.uid())
}

#[test]
fn nobody_sees_the_memory_of_a_console_or_of_a_command() {
    let mut ours = rustix::process::geteuid().as_raw();
    if is_root() {
        ours = NOBODY;
        let mut may = Command::new("setpriv");
        let may = may
            .args(AS_NOBODY)
            .arg("true")
            .stderr(Stdio::null())
            .status();
        if !may.is_ok_and(|status| status.success()) {
            eprintln!("skipped: root cannot run anything as somebody else here");
            return;
        }
    }
    // What does not ask for it is ours: so the kernel does tell them apart.
    let other = run("\"$BASH\"", "-c 'read -r _'");
    proc::until(PATIENCE, "a process like any other", || {
        owner(other.pid()) == Some(ours)
    });

    let mut console = run("\"$FLIGHTDECK\"", "demo --speed 20");
    console.wait_text("Burning");
    assert_eq!(owner(console.pid()), Some(0), "the console");
    console.press("q");
    console.ended(Duration::from_secs(2));

    let command = run("\"$FLIGHTDECK\"", "--demo logs laser-prod/api --follow");
    command.wait_text("INFO");
    assert_eq!(owner(command.pid()), Some(0), "a command");
}
