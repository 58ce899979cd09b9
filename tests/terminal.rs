//! The console in a real terminal: a PTY, a terminal emulator that others wrote, keys as bytes, signals from outside. Every step
//! waits for a condition on the screen, with a deadline; a failure shows the screen.

#[path = "support/canary.rs"]
mod canary;
#[path = "terminal/hangup.rs"]
mod hangup;
#[path = "terminal/hostile.rs"]
mod hostile;
#[cfg(target_os = "linux")]
#[path = "terminal/memory.rs"]
mod memory;
#[path = "terminal/outflow.rs"]
mod outflow;
#[path = "terminal/platform.rs"]
mod platform;
#[path = "terminal/proc.rs"]
mod proc;
#[path = "terminal/screen.rs"]
mod screen;
#[path = "terminal/signals.rs"]
mod signals;
#[path = "terminal/stall.rs"]
mod stall;
#[path = "terminal/starter.rs"]
mod starter;
#[path = "terminal/stories.rs"]
pub mod stories;
