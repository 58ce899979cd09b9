//! A tree of values: what all the protocols have in common.

use std::borrow::Cow;

use jiff::Timestamp;

/// A value on the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node {
    /// Nothing. A member of a map that is null is left out of every reply.
    #[default]
    Null,
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Number. RPC v2 CBOR clients insist on it where the model says double, so whole doubles are floats as well.
    Float(f64),
    /// Text.
    Str(String),
    /// Point in time, in seconds since the epoch (UTC).
    Time(f64),
    /// List.
    List(Vec<Node>),
    /// Structure or map; the first of two equal keys counts.
    Map(Vec<(String, Node)>),
}

static NOTHING: Node = Node::Null;

/// A structure of these members.
pub fn map<K: Into<String>, const N: usize>(members: [(K, Node); N]) -> Node {
    Node::Map(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
}

/// A list of these.
pub fn list<T: Into<Node>>(items: impl IntoIterator<Item = T>) -> Node {
    Node::List(items.into_iter().map(Into::into).collect())
}

impl Node {
    /// The member of this name; null where there is none, so that paths can be read in one go.
    pub fn get(&self, key: &str) -> &Node {
        match self {
            Self::Map(members) => members
                .iter()
                .find(|(k, _)| k == key)
                .map_or(&NOTHING, |(_, v)| v),
            _ => &NOTHING,
        }
    }

    /// Adds a member (to a structure; anything else is left as it is).
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Node>) -> Self {
        if let Self::Map(members) = &mut self {
            members.push((key.into(), value.into()));
        }
        self
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// As text, if there is any.
    pub fn as_text(&self) -> Option<&str> {
        self.as_str().filter(|s| !s.is_empty())
    }

    /// As a whole number. Numbers with a fraction are none.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::Float(f) | Self::Time(f) => whole(*f),
            Self::Str(s) => s.trim().parse().ok(),
            _ => None,
        }
    }

    /// As a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) | Self::Time(f) => Some(*f),
            Self::Str(s) => s.trim().parse().ok(),
            _ => None,
        }
    }

    /// As a truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Str(s) if s.eq_ignore_ascii_case("true") => Some(true),
            Self::Str(s) if s.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// As a point in time, in seconds since the epoch: a number, or ISO 8601 text.
    pub fn as_time(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) | Self::Time(f) => Some(*f).filter(|f| f.is_finite()),
            Self::Str(s) => {
                let text = s.trim();
                let zoned = text.parse::<Timestamp>().ok();
                let stamp = zoned.or_else(|| format!("{text}Z").parse::<Timestamp>().ok());
                match stamp {
                    Some(t) => Some(t.as_microsecond() as f64 / 1e6),
                    None => text.parse::<f64>().ok().filter(|f| f.is_finite()),
                }
            }
            _ => None,
        }
    }

    /// The items; none where this is no list (Query clients send an empty list as empty text).
    pub fn as_list(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The members; none where this is no structure.
    pub fn as_map(&self) -> &[(String, Node)] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    /// The texts of a list.
    pub fn as_strs(&self) -> Vec<&str> {
        self.as_list().iter().filter_map(Self::as_str).collect()
    }
}

fn whole(f: f64) -> Option<i64> {
    (f.fract() == 0.0 && f.abs() < 9.0e18).then_some(f as i64)
}

macro_rules! from {
    ($($of:ty => |$v:ident| $to:expr;)*) => {$(
        impl From<$of> for Node {
            fn from($v: $of) -> Self {
                $to
            }
        }
    )*};
}

from! {
    bool => |v| Node::Bool(v);
    i64 => |v| Node::Int(v);
    i32 => |v| Node::Int(v.into());
    u32 => |v| Node::Int(v.into());
    u16 => |v| Node::Int(v.into());
    u64 => |v| Node::Int(i64::try_from(v).unwrap_or(i64::MAX));
    usize => |v| Node::Int(i64::try_from(v).unwrap_or(i64::MAX));
    f64 => |v| Node::Float(v);
    String => |v| Node::Str(v);
    &String => |v| Node::Str(v.clone());
    &str => |v| Node::Str(v.to_owned());
    Cow<'_, str> => |v| Node::Str(v.into_owned());
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(v: Option<T>) -> Self {
        v.map_or(Node::Null, Into::into)
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(v: Vec<T>) -> Self {
        list(v)
    }
}
