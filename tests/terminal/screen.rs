//! A terminal with a program in it: what is on the screen, what was written, which modes are on.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// How long a condition may take to hold. Generous, because it is only ever waited out by a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What the reading thread shares with the test.
struct Shared {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// The program's side is closed.
    ended: bool,
    /// The terminal does not read now.
    stalled: bool,
    /// The reading thread is to go away, so that the PTY can be closed.
    leave: bool,
}

/// A program on a PTY.
pub struct Screen {
    pub child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    shared: Arc<(Mutex<Shared>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    /// Home of the program, removed with the screen.
    home: TempDir,
}

/// How to start a program on a PTY.
pub struct Start {
    command: CommandBuilder,
    cols: u16,
    rows: u16,
    home: TempDir,
}

impl Start {
    /// flightdeck with these words.
    pub fn flightdeck(words: &[&str]) -> Self {
        Self::program(env!("CARGO_BIN_EXE_flightdeck"), words)
    }

    /// Any program, with a home of its own and nothing of the surrounding environment but PATH.
    pub fn program(program: &str, words: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a folder for the program's home");
        let mut command = CommandBuilder::new(program);
        command.args(words);
        command.env_clear();
        for name in ["PATH", "LLVM_PROFILE_FILE"] {
            if let Ok(value) = std::env::var(name) {
                command.env(name, value);
            }
        }
        for name in [
            "HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "XDG_DATA_HOME",
            "XDG_CACHE_HOME",
        ] {
            command.env(name, home.path());
        }
        for (name, value) in [
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("FLIGHTDECK", env!("CARGO_BIN_EXE_flightdeck")),
        ] {
            command.env(name, value);
        }
        command.cwd(home.path());
        Self {
            command,
            cols: 120,
            rows: 40,
            home,
        }
    }

    /// On a terminal of this size.
    pub fn size(mut self, cols: u16, rows: u16) -> Self {
        (self.cols, self.rows) = (cols, rows);
        self
    }

    /// With this in its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it.
    pub fn go(self) -> Screen {
        let size = PtySize {
            rows: self.rows,
            cols: self.cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a PTY");
        let child = pair
            .slave
            .spawn_command(self.command)
            .expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let shared = Arc::new((
            Mutex::new(Shared {
                parser: vt100::Parser::new(cells(self.rows), cells(self.cols), 0),
                raw: Vec::new(),
                ended: false,
                stalled: false,
                leave: false,
            }),
            Condvar::new(),
        ));
        let theirs = Arc::clone(&shared);
        let reader = std::thread::spawn(move || {
            let (lock, news) = &*theirs;
            let mut buffer = [0; 16 * 1024];
            loop {
                let got = reader.read(&mut buffer).unwrap_or(0);
                let mut shared = lock.lock().expect("the screen");
                shared.parser.process(&buffer[..got]);
                shared.raw.extend_from_slice(&buffer[..got]);
                shared.ended = got == 0;
                news.notify_all();
                while shared.stalled && !shared.leave {
                    shared = news.wait(shared).expect("the screen");
                }
                if got == 0 || shared.leave {
                    return;
                }
            }
        });
        Screen {
            child,
            master: Some(pair.master),
            writer: Some(writer),
            shared,
            reader: Some(reader),
            home: self.home,
        }
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal of at least one cell")
}

impl Screen {
    /// The demo at the speed of the stories, once its first picture is complete.
    pub fn demo(cols: u16, rows: u16) -> Self {
        let screen = Start::flightdeck(&["demo", "--speed", "20"])
            .size(cols, rows)
            .go();
        screen.wait_text("Burning");
        screen
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.0.lock().expect("the screen")
    }

    /// The process on the terminal.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }

    /// The home of the program.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.shared().parser.screen().contents()
    }

    /// Every byte that was written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared().raw.clone()
    }

    /// How many bytes were written so far.
    pub fn written(&self) -> usize {
        self.shared().raw.len()
    }

    /// Asks the emulator something.
    pub fn emulator<T>(&self, ask: impl Fn(&vt100::Screen) -> T) -> T {
        ask(self.shared().parser.screen())
    }

    /// Waits until a condition on the screen holds; `what` names it in a failure.
    #[track_caller]
    pub fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        self.wait_within(PATIENCE, what, holds)
    }

    /// The same with a deadline of its own.
    #[track_caller]
    pub fn wait_within(
        &self,
        patience: Duration,
        what: &str,
        holds: impl Fn(&str) -> bool,
    ) -> String {
        match self.seen(patience, holds) {
            Ok(text) => text,
            Err((text, why)) => panic!("no screen with {what} ({why}):\n{}", framed(&text)),
        }
    }

    /// The same where it need not hold; `Err`: what is there instead, and why no longer was waited.
    pub fn seen(
        &self,
        patience: Duration,
        holds: impl Fn(&str) -> bool,
    ) -> Result<String, (String, &'static str)> {
        let (lock, news) = &*self.shared;
        let end = Instant::now() + patience;
        let mut shared = lock.lock().expect("the screen");
        loop {
            let text = shared.parser.screen().contents();
            if holds(&text) {
                return Ok(text);
            }
            let left = end.saturating_duration_since(Instant::now());
            if shared.ended {
                return Err((text, "the program ended"));
            }
            if left.is_zero() {
                return Err((text, "in time"));
            }
            shared = news.wait_timeout(shared, left).expect("the screen").0;
        }
    }

    /// Waits until what was written from there on is what one looks for, and says when it was there.
    #[track_caller]
    pub fn wait_raw(&self, what: &str, from: usize, holds: impl Fn(&[u8]) -> bool) -> Instant {
        let (lock, news) = &*self.shared;
        let end = Instant::now() + PATIENCE;
        let mut shared = lock.lock().expect("the screen");
        while !holds(&shared.raw[from..]) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || shared.ended {
                let since = String::from_utf8_lossy(&shared.raw[from..]).into_owned();
                drop(shared);
                panic!("{what} was not written: {since:?}");
            }
            shared = news.wait_timeout(shared, left).expect("the screen").0;
        }
        Instant::now()
    }

    /// Waits until the screen holds this text.
    #[track_caller]
    pub fn wait_text(&self, text: &str) -> String {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen no longer holds this text.
    #[track_caller]
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait(&format!("no {text:?}"), |screen| !screen.contains(text))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().expect("the terminal is open");
        // A program that has just ended takes no more keys; the next wait says so.
        let _ = writer.write_all(bytes).and_then(|()| writer.flush());
    }

    /// Presses keys, separated by blanks: characters, `Enter`, `Esc`, `Up`, `C-c` ...
    pub fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            let bytes: Vec<u8> = match key {
                "Enter" => b"\r".to_vec(),
                "Esc" => b"\x1b".to_vec(),
                "Tab" => b"\t".to_vec(),
                "Backspace" => b"\x7f".to_vec(),
                "Space" => b" ".to_vec(),
                "Up" => b"\x1b[A".to_vec(),
                "Down" => b"\x1b[B".to_vec(),
                "Right" => b"\x1b[C".to_vec(),
                "Left" => b"\x1b[D".to_vec(),
                control if control.len() == 3 && control.starts_with("C-") => {
                    vec![control.as_bytes()[2] & 0x1f]
                }
                other => other.as_bytes().to_vec(),
            };
            self.send(&bytes);
        }
    }

    /// Makes the terminal another size, as a window manager does.
    pub fn resize(&self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let (rows, cols) = (cells(rows), cells(cols));
        self.shared().parser.screen_mut().set_size(rows, cols);
        self.master
            .as_ref()
            .expect("open")
            .resize(size)
            .expect("resized");
    }

    /// Whether line editing and echo are on, as a shell leaves them.
    pub fn is_cooked(&self) -> bool {
        let modes = self
            .master
            .as_ref()
            .expect("open")
            .get_termios()
            .expect("terminal modes");
        let local = format!("{:?}", modes.local_flags);
        local.contains("ICANON") && local.contains("ECHO")
    }

    /// What a shell does to a terminal whose program was stopped under it: line editing and echo, its own screen, its own modes.
    pub fn cook(&self) {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let name = self.master.as_ref().and_then(|m| m.tty_name());
        let tty = std::fs::File::open(name.expect("the terminal's name")).expect("the terminal");
        let mut modes = tcgetattr(&tty).expect("terminal modes");
        modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcsetattr(&tty, OptionalActions::Now, &modes).expect("cooked");
        let shell = b"\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006lana@host:~$ ";
        self.shared().parser.process(shell);
    }

    /// Stops or goes on reading what the program writes.
    pub fn stall(&self, stalled: bool) {
        self.shared().stalled = stalled;
        self.shared.1.notify_all();
    }

    /// Waits until the program has ended; how it did.
    #[track_caller]
    pub fn ended(&mut self, patience: Duration) -> ExitStatus {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program's state") {
                return status;
            }
            if Instant::now() > end {
                let text = self.text();
                panic!(
                    "the program has not ended in {patience:?}:\n{}",
                    framed(&text)
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Closes the terminal under the program, as a lost connection does.
    pub fn close(&mut self) {
        self.shared().leave = true;
        self.shared.1.notify_all();
        // The reading thread holds the PTY open until a read returns: a key makes the program draw.
        while self.reader.as_ref().is_some_and(|r| !r.is_finished()) {
            self.send(b"?");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.reader = None;
        self.writer = None;
        self.master = None;
    }

    /// Fails unless the terminal is as the program found it.
    #[track_caller]
    pub fn assert_restored(&self) {
        let shared = self.shared();
        let screen = shared.parser.screen();
        assert!(
            !screen.alternate_screen(),
            "the alternate screen is still on"
        );
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the mouse is still reported"
        );
        drop(shared);
        assert!(self.is_cooked(), "the terminal is still raw");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A screen as a failure shows it.
pub fn framed(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|l| format!("│{l}")).collect();
    lines.join("\n")
}
