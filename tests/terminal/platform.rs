//! The embedded platform as a server of its own, so that a console can be killed, stalled or measured without it.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::screen::{PATIENCE, Screen, Start};

/// A running `flightdeck sandbox`.
pub struct Platform {
    child: Child,
    port: u16,
}

impl Platform {
    /// Starts it at this speed.
    pub fn start(speed: u32) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port();
        drop(free);
        let mut child = Command::new(env!("CARGO_BIN_EXE_flightdeck"))
            .args(["sandbox", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--speed", &speed.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().expect("its state").is_some();
            if ended || Instant::now() > end {
                let _ = child.kill();
                let said: Vec<String> = child
                    .stderr
                    .take()
                    .map(|e| BufReader::new(e).lines().map_while(Result::ok).collect())
                    .unwrap_or_default();
                panic!("the sandbox does not listen: {}", said.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The surroundings of a program that is to use it.
    pub fn surroundings(&self) -> [(&'static str, String); 4] {
        surroundings(self.port)
    }

    /// A console on it.
    pub fn console(&self, cols: u16, rows: u16) -> Screen {
        console_at(self.port, cols, rows)
    }
}

fn surroundings(port: u16) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ACCESS_KEY_ID", "AKIAFLIGHTDECKDEMO00".into()),
        ("AWS_SECRET_ACCESS_KEY", "flightdeck-demo-secret".into()),
    ]
}

/// A console on whatever listens there.
pub fn console_at(port: u16, cols: u16, rows: u16) -> Screen {
    let mut start = Start::flightdeck(&[]).size(cols, rows);
    for (name, value) in surroundings(port) {
        start = start.env(name, &value);
    }
    start.go()
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
