//! Forms of the AWS Query protocol: `Filters.member.1.Name=...` becomes a tree. Where a service's model calls the items of a list
//! otherwise (`Filters.Filter.1.Name`), a step that leads to numbers alone is such a name.

use std::collections::BTreeMap;

use super::Node;

/// Steps that a name may have: the vendor's deepest input has some eight.
const DEEPEST: usize = 32;

/// The decoded pairs of a form (`application/x-www-form-urlencoded`).
pub fn pairs(form: &[u8]) -> Vec<(String, String)> {
    form.split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = unescape(halves.next().unwrap_or_default());
            (name, unescape(halves.next().unwrap_or_default()))
        })
        .collect()
}

/// A step of a path, decoded: a plus sign is itself there.
pub fn unescape_path(step: &str) -> String {
    unescape(step.replace('+', "%2B").as_bytes())
}

fn unescape(raw: &[u8]) -> String {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut ahead = rest.clone();
                let two = (
                    ahead.next().and_then(hex_digit),
                    ahead.next().and_then(hex_digit),
                );
                if let (Some(high), Some(low)) = two {
                    out.push(high << 4 | low);
                    rest = ahead;
                } else {
                    out.push(b'%');
                }
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

/// The tree of a form's pairs, without `Action` and `Version`.
pub(super) fn tree(pairs: Vec<(String, String)>) -> Result<Node, String> {
    let mut root = Branch::default();
    for (name, value) in pairs {
        if name == "Action" || name == "Version" {
            continue;
        }
        if name.split('.').count() > DEEPEST {
            return Err("a parameter's name has too many steps".into());
        }
        let mut at = &mut root;
        for step in name.split('.') {
            at = at.under.entry(step.to_owned()).or_default();
        }
        at.value = Some(value);
    }
    Ok(root.structure())
}

#[derive(Default)]
struct Branch {
    value: Option<String>,
    under: BTreeMap<String, Branch>,
}

impl Branch {
    fn node(mut self) -> Node {
        if self.under.is_empty() {
            return Node::Str(self.value.unwrap_or_default());
        }
        // EC2 numbers the items of a list without a word for them: `Filter.1.Value.2`.
        let items = if self.is_numbered() {
            Some(numbered(&mut self))
        } else {
            self.items()
        };
        if let Some(mut items) = items {
            items.sort_by_key(|(index, _)| *index);
            return Node::List(items.into_iter().map(|(_, item)| item.node()).collect());
        }
        self.structure()
    }

    fn structure(self) -> Node {
        let members = self.under.into_iter();
        Node::Map(members.map(|(k, v)| (k, v.node())).collect())
    }

    /// The items with their numbers, where this is a list: its only step leads to numbers alone.
    fn items(&mut self) -> Option<Vec<(u64, Branch)>> {
        if self.under.len() != 1 {
            return None;
        }
        let only = self.under.values_mut().next();
        let list = only.filter(|step| step.is_numbered())?;
        Some(numbered(list))
    }

    fn is_numbered(&self) -> bool {
        !self.under.is_empty() && self.under.keys().all(|k| k.parse::<u64>().is_ok())
    }
}

/// The steps under a list, with their numbers.
fn numbered(list: &mut Branch) -> Vec<(u64, Branch)> {
    let items = std::mem::take(&mut list.under).into_iter();
    items
        .filter_map(|(index, item)| Some((index.parse().ok()?, item)))
        .collect()
}
