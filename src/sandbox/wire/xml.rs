//! XML replies of the AWS Query protocol.

use std::fmt::Write;

use jiff::Timestamp;
use quick_xml::escape::escape;

use super::{ApiError, Node, Service, codes};

/// A reply: `<OpResponse xmlns><OpResult>...</OpResult><ResponseMetadata>`. Operations without an output (null) have no
/// result element.
pub(super) fn reply(service: Service, operation: &str, reply: &Node, id: &str) -> String {
    let mut out = String::with_capacity(512);
    let op = name(operation);
    if service == Service::Ec2 {
        // Its members stand in the response itself, and its lists are written as structures of `item`s.
        let members = Node::Map(vec![("requestId".into(), id.into())]);
        let all = members.as_map().iter().chain(reply.as_map());
        let tag = format!("{op}Response");
        let _ = write!(out, "<{tag} xmlns=\"{}\">", namespace(service));
        for (key, value) in all.filter(|(_, v)| !v.is_null()) {
            element(&mut out, &name(key), value, &[]);
        }
        let _ = write!(out, "</{tag}>");
        return out;
    }
    let _ = write!(out, "<{op}Response xmlns=\"{}\">", namespace(service));
    if !reply.is_null() {
        let items = service.row().items;
        element(&mut out, &format!("{op}Result"), reply, items);
    }
    let _ = write!(
        out,
        "<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{op}Response>"
    );
    out
}

/// An error: `<ErrorResponse><Error><Type>..<Code>..`.
pub(super) fn error(service: Service, error: &ApiError, id: &str) -> String {
    let fault = codes::fault(error.status);
    let code = codes::query(service, &error.code);
    if service == Service::Ec2 {
        return format!(
            "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors><RequestID>{id}</RequestID></Response>",
            text(&code),
            text(&error.message),
        );
    }
    format!(
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>",
        namespace(service),
        text(&code),
        text(&error.message),
    )
}

/// Members that the services' models call maps, which have entries where structures have members.
const MAPS: [&str; 2] = ["Attributes", "ExtendedStatistics"];

fn namespace(service: Service) -> &'static str {
    service.row().namespace
}

fn element(out: &mut String, tag: &str, value: &Node, items: &[(&str, &str)]) {
    let _ = write!(out, "<{tag}>");
    match value {
        Node::Null => {}
        Node::Bool(b) => {
            let _ = write!(out, "{b}");
        }
        Node::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Node::Float(f) => number(out, *f),
        Node::Time(f) => out.push_str(&iso(*f)),
        Node::Str(s) => out.push_str(&text(s)),
        Node::List(list) => {
            let called = items.iter().find(|(list, _)| *list == tag);
            let item = called.map_or("member", |(_, item)| item);
            list.iter().for_each(|i| element(out, item, i, items));
        }
        Node::Map(members) if MAPS.contains(&tag) => {
            for (key, value) in members.iter().filter(|(_, v)| !v.is_null()) {
                let _ = write!(out, "<entry><key>{}</key>", text(key));
                element(out, "value", value, items);
                out.push_str("</entry>");
            }
        }
        Node::Map(members) => {
            for (key, value) in members.iter().filter(|(_, v)| !v.is_null()) {
                element(out, &name(key), value, items);
            }
        }
    }
    let _ = write!(out, "</{tag}>");
}

fn number(out: &mut String, f: f64) {
    if f.is_nan() {
        out.push_str("NaN");
    } else if f.is_infinite() {
        out.push_str(if f > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        let _ = write!(out, "{f:?}");
    }
}

/// A point in time as the vendor writes it in XML: ISO 8601, milliseconds, UTC.
fn iso(seconds: f64) -> String {
    let stamp = Timestamp::from_millisecond((seconds * 1000.0).round() as i64);
    format!("{:.3}", stamp.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Escaped text. What XML 1.0 cannot hold at all becomes the replacement character.
fn text(s: &str) -> String {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    if s.chars().all(allowed) {
        return escape(s).into_owned();
    }
    let clean: String = s
        .chars()
        .map(|c| if allowed(c) { c } else { '\u{fffd}' })
        .collect();
    escape(clean.as_str()).into_owned()
}

/// An element's name: letters and digits alone, as an operation's name comes from outside.
fn name(raw: &str) -> String {
    let clean: String = raw.chars().filter(char::is_ascii_alphanumeric).collect();
    if clean.starts_with(|c: char| c.is_ascii_alphabetic()) {
        clean
    } else {
        format!("Unknown{clean}")
    }
}
