//! Values in the formats in which a client may ask for them (PostgreSQL documentation, chapter 55.2: formats and format codes).

/// A type, with the number by which the protocol knows it (`pg_type.dat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int4,
    Int8,
    Float8,
    Text,
    Int4Array,
}

impl Type {
    /// Its number.
    pub(super) fn oid(self) -> i32 {
        match self {
            Self::Bool => 16,
            Self::Int8 => 20,
            Self::Int4 => 23,
            Self::Text => 25,
            Self::Float8 => 701,
            Self::Int4Array => 1007,
        }
    }

    /// Bytes of a value; -1 where that varies.
    pub(super) fn size(self) -> i16 {
        match self {
            Self::Bool => 1,
            Self::Int4 => 4,
            Self::Int8 | Self::Float8 => 8,
            Self::Text | Self::Int4Array => -1,
        }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int4(i32),
    Int8(i64),
    Float8(f64),
    Text(String),
    Int4Array(Vec<i32>),
}

/// The type of an array's elements, and its one dimension's lower bound.
const ONE_BASED: i32 = 1;

impl Value {
    /// Whether it may stand in a column of a type.
    #[cfg(test)]
    pub(super) fn is(&self, wanted: Type) -> bool {
        let of = match self {
            Self::Null => return true,
            Self::Bool(_) => Type::Bool,
            Self::Int4(_) => Type::Int4,
            Self::Int8(_) => Type::Int8,
            Self::Float8(_) => Type::Float8,
            Self::Text(_) => Type::Text,
            Self::Int4Array(_) => Type::Int4Array,
        };
        of == wanted
    }

    /// Its bytes; `None` is SQL's NULL.
    pub(super) fn encode(&self, binary: bool) -> Option<Vec<u8>> {
        match (self, binary) {
            (Self::Null, _) => None,
            (Self::Text(text), _) => Some(text.clone().into_bytes()),
            (Self::Bool(b), true) => Some(vec![u8::from(*b)]),
            (Self::Int4(n), true) => Some(n.to_be_bytes().to_vec()),
            (Self::Int8(n), true) => Some(n.to_be_bytes().to_vec()),
            (Self::Float8(n), true) => Some(n.to_be_bytes().to_vec()),
            (Self::Int4Array(all), true) => Some(array(all)),
            (Self::Bool(b), false) => Some(if *b { b"t".to_vec() } else { b"f".to_vec() }),
            (Self::Int4(n), false) => Some(n.to_string().into_bytes()),
            (Self::Int8(n), false) => Some(n.to_string().into_bytes()),
            (Self::Float8(n), false) => Some(n.to_string().into_bytes()),
            (Self::Int4Array(all), false) => {
                let all: Vec<String> = all.iter().map(i32::to_string).collect();
                Some(format!("{{{}}}", all.join(",")).into_bytes())
            }
        }
    }
}

/// An array as `array_send` writes it: dimensions, whether there are NULLs, the elements' type, then each with its length.
fn array(all: &[i32]) -> Vec<u8> {
    let dimensions = i32::from(!all.is_empty());
    let mut out = Vec::new();
    let mut put = |n: i32| out.extend(n.to_be_bytes());
    put(dimensions);
    put(0);
    put(Type::Int4.oid());
    if dimensions == 1 {
        put(i32::try_from(all.len()).unwrap_or(i32::MAX));
        put(ONE_BASED);
        for n in all {
            put(4);
            put(*n);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_both_formats() {
        let both = |v: Value| (v.encode(false).unwrap(), v.encode(true).unwrap());
        assert_eq!(both(Value::Bool(true)), (b"t".to_vec(), vec![1]));
        assert_eq!(
            both(Value::Int8(-2)),
            (b"-2".to_vec(), (-2_i64).to_be_bytes().to_vec())
        );
        assert_eq!(
            both(Value::Float8(1.5)).1,
            [0x3f, 0xf8, 0, 0, 0, 0, 0, 0].to_vec()
        );
        let (text, binary) = both(Value::Int4Array(vec![7, 9]));
        assert_eq!(text, b"{7,9}");
        assert_eq!(binary.len(), 12 + 8 + 2 * 8);
        assert_eq!(both(Value::Int4Array(Vec::new())).1.len(), 12);
        assert_eq!(Value::Null.encode(true), None);
    }
}
