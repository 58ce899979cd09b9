//! Looks for a secret in what was said, as it is and as programs encode what they quote: base64 at each of its three alignments, with
//! either alphabet, and percent-encoding.

/// Fails where a secret can be read from what was said.
#[track_caller]
pub fn assert_hidden(secret: &str, said: impl AsRef<[u8]>, place: &str) {
    let said = said.as_ref();
    if let Some(form) = found(secret, said) {
        panic!(
            "a secret reached {place} ({form}): {}",
            String::from_utf8_lossy(said)
        );
    }
}

/// The form in which a secret stands there.
fn found(secret: &str, said: &[u8]) -> Option<&'static str> {
    let holds = |said: &[u8], what: &[u8]| said.windows(what.len()).any(|w| w == what);
    if holds(said, secret.as_bytes()) {
        return Some("as it is");
    }
    let plain = percent_decoded(said);
    if holds(&plain, secret.as_bytes()) {
        return Some("percent-encoded");
    }
    // What is encoded may itself stand in an address.
    let forms: Vec<String> = (0..3).map(|before| core_of(secret, before)).collect();
    let in_base64 = forms.iter().any(|form| {
        let of_addresses = form.replace('+', "-").replace('/', "_");
        [form, &of_addresses]
            .into_iter()
            .any(|form| holds(said, form.as_bytes()) || holds(&plain, form.as_bytes()))
    });
    in_base64.then_some("in base64")
}

/// What base64 makes of a secret that so many bytes of a group of three stand before: the characters that nothing else has a part in.
fn core_of(secret: &str, before: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = std::iter::repeat_n(0, before)
        .chain(secret.bytes())
        .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1))
        .collect();
    let index = |six: &[u8]| six.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit));
    bits.chunks_exact(6)
        .skip((before * 8).div_ceil(6))
        .map(|six| char::from(ALPHABET[index(six)]))
        .collect()
}

/// With each `%XX` as the byte that it stands for.
fn percent_decoded(said: &[u8]) -> Vec<u8> {
    let digit = |at: usize| {
        let digit = said.get(at).copied().map(char::from)?.to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let (mut plain, mut at) = (Vec::with_capacity(said.len()), 0);
    while let Some(&byte) = said.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high * 16 + low);
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    plain
}

#[test]
fn a_secret_is_found_in_each_of_its_forms() {
    let secret = "xo/b+canary?7";
    for (said, form) in [
        ("token=xo/b+canary?7!", Some("as it is")),
        ("xo%2Fb%2bcanary%3F7", Some("percent-encoded")),
        ("%78%6F/b+canary?7", Some("percent-encoded")),
        // What Python's base64 makes of it behind "", "a:", "ab" and before "z", and of it alone for addresses.
        ("eG8vYitjYW5hcnk/N3o=", Some("in base64")),
        ("YTp4by9iK2NhbmFyeT83eg==", Some("in base64")),
        ("YWJ4by9iK2NhbmFyeT83eg==", Some("in base64")),
        ("YXhvL2IrY2FuYXJ5Pzd6", Some("in base64")),
        ("eG8vYitjYW5hcnk_Nw==", Some("in base64")),
        ("eG8vYitjYW5hcnk%2FN3o%3D", Some("in base64")),
        ("xo/b canary?7 100% %zz %2", None),
    ] {
        assert_eq!(found(secret, said.as_bytes()), form, "{said}");
    }
}
