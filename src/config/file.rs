//! Reading files that a person named: bounded, and with the true reason where one cannot be read.

use std::io::Read;
use std::path::Path;

use super::mistake::io_words;

/// The most that is read of a file, in bytes: more is no configuration or set of certificates.
pub const MOST: u64 = 4 << 20;
/// The most that is read of a plan, in bytes: thousands of criteria, and no more work than a glance.
pub const MOST_OF_A_PLAN: u64 = 1 << 20;

/// Why a path cannot be a file that is read, if so: it is missing, a folder, a device, or hidden from this user.
pub fn unusable(path: &Path) -> Option<String> {
    if path.as_os_str().is_empty() {
        return Some("the name is empty".into());
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Some("it is a folder".into()),
        Ok(found) if !found.is_file() => Some("it is no ordinary file".into()),
        Ok(_) => None,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && path.is_symlink() => {
            Some("it is a link to a file that does not exist".into())
        }
        Err(e) => Some(io_words(&e)),
    }
}

/// The text of an ordinary file.
///
/// # Errors
/// Why not, in words: missing, a folder, a device, forbidden, not UTF-8, larger than [`MOST`].
pub fn text(path: &Path) -> Result<String, String> {
    text_within(path, MOST)
}

/// The same with another limit, in bytes. A file that is larger is not read at all.
///
/// # Errors
/// As [`text`].
pub fn text_within(path: &Path, most: u64) -> Result<String, String> {
    if let Some(why) = unusable(path) {
        return Err(why);
    }
    let too_large = || format!("it is larger than {} MB", most >> 20);
    let file = std::fs::File::open(path).map_err(|e| io_words(&e))?;
    if file.metadata().is_ok_and(|m| m.len() > most) {
        return Err(too_large());
    }
    let mut text = String::new();
    // It may grow meanwhile.
    file.take(most + 1)
        .read_to_string(&mut text)
        .map_err(|e| io_words(&e))?;
    if text.len() as u64 > most {
        return Err(too_large());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_ordinary_file_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("fine"), "a = 1\n").unwrap();
        assert_eq!(text(&at("fine")).unwrap(), "a = 1\n");
        std::fs::write(at("big"), vec![b'#'; MOST as usize + 1]).unwrap();
        std::fs::write(at("binary"), [0xff, 0xfe]).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("link")).unwrap();
        for (path, words) in [
            (folder.path().to_path_buf(), "a folder"),
            ("/dev/zero".into(), "no ordinary file"),
            ("".into(), "empty"),
            (at("missing"), "no such file"),
            (at("link"), "a link to"),
            (at("big"), "larger than 4 MB"),
            (at("binary"), "not UTF-8"),
        ] {
            let why = text(&path).unwrap_err();
            assert!(why.contains(words), "{}: {why}", path.display());
        }
    }
}
