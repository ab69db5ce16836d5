/// A mapping of the language.
#[derive(Debug)]
pub(crate) struct Object {
    /// Names its section in the reference and its definition in the JSON Schema.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) keys: &'static [Key],
}

/// A key of an [`Object`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) doc: &'static str,
    pub(crate) required: bool,
    pub(crate) availability: Availability,
    /// The keys that it stands beside; empty: any.
    pub(crate) beside: &'static [&'static str],
}

/// Whether this release carries a part of the language out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    Now,
    NotYet,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Any value, taken as it is.
    Any,
    /// Any value; its texts may hold `${ ... }`.
    Value,
    /// A text that may hold `${ ... }`.
    TextValue,
    /// A bare expression.
    Condition,
    /// A text.
    Text,
    /// A kebab-case name.
    Name,
    /// Letters, digits and `_`, beginning with a letter.
    Identifier,
    /// A semantic version.
    Version,
    /// A range of versions.
    VersionRange,
    /// `30s`.
    Duration,
    /// `30s`, or an expression that gives a duration.
    DurationValue,
    /// `64KiB`, or a number of bytes.
    Size,
    Bool,
    /// A whole number of at least this.
    Count(u64),
    /// A number of at least this.
    Number(f64),
    /// A count, or a share such as `1%`.
    Threshold,
    /// A JSON pointer.
    Pointer,
    /// One of these words.
    Word(&'static [Word]),
    Object(&'static Object),
    /// A list of steps. (A shape of its own, for steps hold steps.)
    Steps,
    List(&'static Shape),
    /// A mapping from names to this.
    Map(&'static Shape),
    OneOf(&'static [Choice]),
}

/// One of several shapes of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) shape: Shape,
    pub(crate) availability: Availability,
}

/// A word among several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) text: &'static str,
    pub(crate) availability: Availability,
}

impl Key {
    pub(super) const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self {
            name,
            shape,
            doc,
            required: false,
            availability: Availability::Now,
            beside: &[],
        }
    }

    /// A key that the language has and this release does not carry out; its value is not looked into.
    pub(super) const fn later(name: &'static str, doc: &'static str) -> Self {
        Self {
            availability: Availability::NotYet,
            ..Self::new(name, Shape::Any, doc)
        }
    }

    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub(super) const fn beside(self, keys: &'static [&'static str]) -> Self {
        Self {
            beside: keys,
            ..self
        }
    }
}

impl Choice {
    pub(super) const fn now(shape: Shape) -> Self {
        Self {
            shape,
            availability: Availability::Now,
        }
    }

    pub(super) const fn later(shape: Shape) -> Self {
        Self {
            shape,
            availability: Availability::NotYet,
        }
    }
}

impl Word {
    pub(super) const fn now(text: &'static str) -> Self {
        Self {
            text,
            availability: Availability::Now,
        }
    }

    pub(super) const fn later(text: &'static str) -> Self {
        Self {
            text,
            availability: Availability::NotYet,
        }
    }
}

impl Object {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
