//! Secrets in XML, as settings and messages are written in it: `<password>..</password>`, `<entry key="ApiKey">..</entry>`,
//! `<Name>DB_PASSWORD</Name><Value>..</Value>`. Attributes are told as members are, whose names stand before or beside them.

use super::redact::{REDACTED, is_secret_name};

/// How a tag begins, an ending one, and how they end: as it is, within other markup, and as JSON is written for pages.
const SPELLINGS: [(&str, &str, &str); 4] = [
    ("<", "</", ">"),
    ("&lt;", "&lt;/", "&gt;"),
    ("\\u003c", "\\u003c/", "\\u003e"),
    ("\\u003C", "\\u003C/", "\\u003E"),
];

/// Elements and attributes that hold a name.
const NAMES: [&str; 4] = ["name", "key", "parametername", "parameterkey"];

/// Elements that hold what is so named; the last is that of property lists.
const VALUES: [&str; 3] = ["value", "parametervalue", "string"];

/// What begins, behind the beginning of a tag, a text that is no markup up to `]]>`.
const CDATA: &str = "![CDATA[";

/// Text without what elements hold whose names promise a secret.
pub(super) fn hidden(text: &str) -> String {
    let mut out = text.to_owned();
    for (open, ending, close) in SPELLINGS {
        if out.contains(ending) {
            out = elements(&out, open, close);
        }
    }
    out
}

fn elements(text: &str, open: &str, close: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut done, mut at) = (0, 0);
    // Whether what stands right before is a name, and that of a secret.
    let mut promised = false;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(open)) {
        let begin = at + found + open.len();
        at = begin;
        let rest = text.get(begin..).unwrap_or_default();
        let to_next = rest.find(open).unwrap_or(rest.len());
        let inner = rest.get(..to_next).unwrap_or_default();
        let Some((tag, told)) = inner.split_once(close) else {
            continue;
        };
        // The end of another element, a remark, a comparison.
        if !tag.starts_with(char::is_alphabetic) {
            continue;
        }
        let name = local(tag);
        let by_attribute = is_given_name(tag);
        let is_secret = by_attribute || is_of_secret(name) || (promised && is_one(&VALUES, name));
        promised = by_attribute || (is_one(&NAMES, name) && is_secret_name(told.trim()));
        if !is_secret || tag.ends_with('/') {
            continue;
        }
        let after = begin + tag.len() + close.len();
        let Some((from, to)) = held(text.get(after..).unwrap_or_default(), told, (open, close))
        else {
            continue;
        };
        out.push_str(text.get(done..after + from).unwrap_or_default());
        out.push_str(REDACTED);
        done = after + to;
        at = done;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// The name of a tag's element, without the space that it is of (`wsse:Password`).
fn local(tag: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || c == '/' || c == '\\';
    let name = tag.split(is_end).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

fn is_one(words: &[&str], name: &str) -> bool {
    words.iter().any(|w| name.eq_ignore_ascii_case(w))
}

/// Whether an element's own name promises a secret. `Key` alone is the name of something: of an object in S3, in a property list.
fn is_of_secret(name: &str) -> bool {
    is_secret_name(name) && !name.eq_ignore_ascii_case("key")
}

/// Whether an attribute of a tag holds the name of a secret: `name="password"`, in a string `name=\"password\"`.
fn is_given_name(tag: &str) -> bool {
    let mut parts = tag.split(['"', '\'']);
    while let (Some(before), Some(value)) = (parts.next(), parts.next()) {
        let before = before.trim_end_matches('\\').trim_end();
        let name = before.strip_suffix('=').map(str::trim_end);
        let name = name.and_then(|n| n.rsplit(char::is_whitespace).next());
        let is_name = name.is_some_and(|n| is_one(&NAMES, n));
        if is_name && is_secret_name(value.trim_end_matches('\\')) {
            return true;
        }
    }
    false
}

/// From where to where behind a tag its text stands, as far as the next tag, which has to be an end: `<password>` in a manual has none.
fn held(rest: &str, told: &str, (open, close): (&str, &str)) -> Option<(usize, usize)> {
    let plain = rest.strip_prefix(open).and_then(|r| r.strip_prefix(CDATA));
    if let Some(plain) = plain {
        let from = rest.len() - plain.len();
        let length = plain.find(&format!("]]{close}")).unwrap_or(plain.len());
        return Some((from, from + length));
    }
    let next = rest.get(told.len()..)?.strip_prefix(open)?;
    (next.starts_with('/') && !told.trim().is_empty()).then_some((0, told.len()))
}

#[cfg(test)]
mod tests {
    use crate::domain::hint::redacted;
    use crate::domain::redact::text;

    #[test]
    fn what_an_element_holds_is_hidden_by_its_name() {
        for (said, shown) in [
            (
                "refused: <user>ana</user><password>hunter 2 &amp; !x</password>, again",
                "refused: <user>ana</user><password>[redacted]</password>, again",
            ),
            (
                "<wsse:Password Type=\"PasswordText\">x</wsse:Password><pin>1</pin>",
                "<wsse:Password Type=\"PasswordText\">[redacted]</wsse:Password><pin>1</pin>",
            ),
            (
                "<db-password><![CDATA[a<b>c]]></db-password><port>1</port>",
                "<db-password><![CDATA[[redacted]]]></db-password><port>1</port>",
            ),
            (
                "&lt;clientSecret&gt;x&lt;/clientSecret&gt; &lt;a&gt;b&lt;/a&gt;",
                "&lt;clientSecret&gt;[redacted]&lt;/clientSecret&gt; &lt;a&gt;b&lt;/a&gt;",
            ),
            (
                r"\u003cpassword\u003ex\u003c/password\u003e",
                r"\u003cpassword\u003e[redacted]\u003c/password\u003e",
            ),
            (
                "<Name>LOG</Name><Value>info</Value><Name>DB_PASSWORD</Name> <Value>x</Value><Value>y</Value>",
                "<Name>LOG</Name><Value>info</Value><Name>DB_PASSWORD</Name> <Value>[redacted]</Value><Value>y</Value>",
            ),
            (
                "<key>ApiToken</key><string>x</string><key>Level</key><string>y</string>",
                "<key>ApiToken</key><string>[redacted]</string><key>Level</key><string>y</string>",
            ),
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(redacted(said), shown, "what is passed over shows it");
            assert_eq!(text(shown), shown, "once is enough");
        }
    }

    #[test]
    fn what_has_a_name_in_an_attribute_is_hidden_by_it() {
        for said in [
            r#"<add key="ApiKey" value="hunter2"/>"#,
            r#"<add value='hunter2' key='ApiKey' />"#,
            r#"{"body":"<add key=\"ApiKey\" value=\"hunter2\"/>"}"#,
            r#"<entry key="db.password">hunter2</entry>"#,
            r#"{"body":"<entry key=\"db.password\">hunter2</entry>"}"#,
            r#"<setting name = "ApiKey" serializeAs="String"><value>hunter2</value></setting>"#,
            r#"<user name="ana" password="hunter2"/>"#,
        ] {
            let shown = text(said);
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("[redacted]"), "{shown}");
            assert_eq!(text(&shown), shown, "once is enough");
        }
        let said = r#"<add key="Level" value="info"/><add key="ApiKey" value="x"/>"#;
        assert!(
            text(said).contains(r#"value="info"/>"#),
            "the one beside it stays"
        );
    }

    #[test]
    fn what_is_no_element_with_a_secret_stays() {
        for kept in [
            "<Error><Code>NoSuchKey</Code><Key>prod/auth-token.json</Key><Size>12</Size></Error>",
            "usage: login <user> <password> [--port <port>] </dev/null",
            "<password></password><password/> <b>x</b>",
            "<secrets><item>a</item></secrets>",
            "if a <b and token> c </x>",
            "<password>",
        ] {
            assert_eq!(text(kept), kept);
        }
    }
}
