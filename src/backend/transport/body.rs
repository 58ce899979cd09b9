//! What an answer's body is, and what it tells where the SDK could not read it.

/// What the body looks like, by its content type and first bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// A web page.
    Html,
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// CBOR.
    Cbor,
    /// Something else.
    Other,
}

/// How much of a refusal is looked at (bytes). No vendor has more to say, and words are copied where they are looked for.
const REFUSAL: usize = 1 << 20;

/// The member by which Vercel says that a token is none, or no longer one.
pub const INVALID_TOKEN: &str = "invalidToken";

/// What a body looks like.
pub fn look(content_type: &str, body: &[u8]) -> Body {
    let start = body.iter().position(|b| !b.is_ascii_whitespace());
    let Some(body) = start.and_then(|i| body.get(i..)) else {
        return Body::Empty;
    };
    let head = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).to_lowercase();
    if head.starts_with("<?xml") && !head.contains("<html") && !head.contains("doctype html") {
        Body::Xml
    } else if content_type.contains("html")
        || head.starts_with("<!doctype html")
        || head.starts_with("<html")
    {
        Body::Html
    } else if content_type.contains("cbor") {
        Body::Cbor
    } else if head.starts_with(['{', '[', '"']) {
        Body::Json
    } else if head.starts_with('<') {
        Body::Xml
    } else {
        Body::Other
    }
}

/// What a body that the SDK could not read says about operations that the endpoint lacks; emulators answer so.
pub fn missing_operation(body: &[u8]) -> Option<String> {
    let body = body.get(..REFUSAL).unwrap_or(body);
    let text = String::from_utf8_lossy(body).to_lowercase();
    (text.contains("not been implemented") || text.contains("notimplemented"))
        .then(|| "not implemented by this endpoint".to_owned())
}

/// The vendor's code and words in an XML error that came where another protocol was spoken, or in a shape that the SDK does not
/// read: what stands in front of the services (gateways, emulators' key checks) answers so whatever was asked.
pub fn error_in_xml(body: &[u8]) -> Option<(String, Option<String>)> {
    let text = std::str::from_utf8(body).ok()?;
    let within = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        let (inside, _) = rest.split_once(&format!("</{tag}>"))?;
        (!inside.contains('<')).then(|| inside.trim().to_owned())
    };
    let code = within("Code")
        .filter(|c| !c.is_empty() && c.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'))?;
    text.contains("<Error>").then(|| (code, within("Message")))
}

/// The code and the words of a refusal, whatever the vendor calls them: AWS JSON (`__type`, `message`), AWS XML, GitHub
/// (`message`), Vercel (`error.code`, `error.message`), Cloudflare (`errors[0]`, whose code is a number), Sentry (`detail`). `told`: the
/// code where it came in a header. Of Vercel's refusals [`INVALID_TOKEN`] tells more than their code, which is the same for all.
pub fn refusal(body: &[u8], told: Option<&str>) -> (Option<String>, Option<String>) {
    let named = |code: &str| {
        let tail = code.rsplit('#').next().unwrap_or(code);
        Some(tail.split(':').next().unwrap_or(tail).to_owned()).filter(|c| !c.is_empty())
    };
    let told = told.and_then(named);
    if let Some((code, message)) = error_in_xml(body) {
        return (told.or(Some(code)), message);
    }
    let short = Some(body).filter(|b| b.len() <= REFUSAL);
    let value = short.and_then(|b| serde_json::from_slice::<serde_json::Value>(b).ok());
    let Some(value) = value else {
        return (told, None);
    };
    let places = [
        &value,
        &value["error"],
        &value["errors"][0],
        &value["detail"],
    ];
    let find = |names: &[&str]| {
        places
            .iter()
            .find_map(|v| names.iter().find_map(|n| v.get(n)?.as_str()))
    };
    let dead = value["error"][INVALID_TOKEN].as_bool() == Some(true);
    let number = || value["errors"][0]["code"].as_u64().map(|n| n.to_string());
    let code = told
        .or_else(|| dead.then(|| INVALID_TOKEN.to_owned()))
        .or_else(|| find(&["__type", "code", "Code"]).and_then(named))
        .or_else(number);
    let words = find(&["message", "Message", "error_description", "title"])
        .or_else(|| value["error"].as_str())
        .or_else(|| value["detail"].as_str());
    (code, words.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_known_by_their_look() {
        assert_eq!(look("", b"  <!DOCTYPE html><p>"), Body::Html);
        assert_eq!(look("text/html", b"Bad gateway"), Body::Html);
        assert_eq!(look("", b"<Error/>"), Body::Xml);
        let error = b"<?xml version=\"1.0\"?><ErrorResponse><Errors><Error><Code>InvalidClientTokenId</Code></Error></Errors></ErrorResponse>";
        assert_eq!(look("text/html", error), Body::Xml);
        let code = error_in_xml(error).map(|(code, _)| code);
        assert_eq!(code.as_deref(), Some("InvalidClientTokenId"));
        assert_eq!(error_in_xml(b"<html><Code>x</Code></html>"), None);
        let told = |body: &str| refusal(body.as_bytes(), None);
        let some = |a: &str, b: &str| (Some(a.to_owned()), Some(b.to_owned()));
        assert_eq!(
            told("{\"__type\":\"com.x#NotFound\",\"message\":\"m\"}"),
            some("NotFound", "m")
        );
        assert_eq!(
            told("{\"error\":{\"code\":\"forbidden\",\"message\":\"m\"}}"),
            some("forbidden", "m")
        );
        assert_eq!(
            told("{\"errors\":[{\"code\":9,\"message\":\"m\"}]}"),
            some("9", "m")
        );
        assert_eq!(
            told("{\"error\":{\"code\":\"forbidden\",\"message\":\"m\",\"invalidToken\":true}}"),
            some(INVALID_TOKEN, "m")
        );
        assert_eq!(told("{\"detail\":\"m\"}"), (None, Some("m".into())));
        assert_eq!(told("nonsense"), (None, None));
        assert_eq!(look("application/cbor", &[0xbf]), Body::Cbor);
        assert_eq!(look("", b" {\"a\":1}"), Body::Json);
        assert_eq!(look("", b"  "), Body::Empty);
    }

    #[test]
    fn a_refusal_longer_than_any_is_not_taken_apart() {
        let body = format!(r#"{{"code": "Denied", "message": "{}"}}"#, "no ".repeat(9));
        assert!(refusal(body.as_bytes(), None).0.is_some());
        let body = format!(
            r#"{{"code": "Denied", "message": "{}"}}"#,
            "no ".repeat(REFUSAL)
        );
        assert_eq!(
            refusal(body.as_bytes(), Some("Told")),
            (Some("Told".into()), None)
        );
        assert_eq!(missing_operation(body.as_bytes()), None);
    }
}
