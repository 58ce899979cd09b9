//! A panic that is caught where it happens: of a library that reads what a stranger sent. Any other ends the process, because a console
//! that lost a part must not look alive; of this one the system that was asked becomes unknown, and the others stay.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// What was run panicked. It must not be run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the library that reads it failed")]
pub struct Panicked;

/// Runs a step that may panic.
///
/// # Errors
/// Where it did.
pub fn run<T>(step: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = WITHIN.replace(true);
    let done = catch_unwind(AssertUnwindSafe(step));
    WITHIN.set(before);
    done.map_err(|_| Panicked)
}

/// Whether a panic is caught, for those who are told of every one: a library's is. A defect of ours ends the process here, too.
pub fn is_caught(panic: &PanicHookInfo<'_>) -> bool {
    WITHIN.get() && panic.location().is_none_or(|l| !is_ours(l.file()))
}

/// Our files are named from this package's folder, those of others by their own or by where they lie.
fn is_ours(file: &str) -> bool {
    file.starts_with("src/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_what_comes_after_it_is_as_before() {
        assert_eq!(run(|| 7), Ok(7));
        let inner = run(|| {
            assert_eq!(run(|| -> u8 { panic!("of a library") }), Err(Panicked));
            WITHIN.get()
        });
        assert_eq!(
            inner,
            Ok(true),
            "one within another leaves that one in place"
        );
        assert!(!WITHIN.get());
        assert!(is_ours(file!()), "{}", file!());
        assert!(!is_ours("bytes-1.12.2/src/bytes.rs"));
    }
}
