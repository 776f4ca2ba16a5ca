//! The flags that the program knows: a new one is a row here, and a place that asks for it.

use super::Value;

/// Which assistants a session's questions go to, and in which order.
pub const ASSISTANT_ORDER: &str = "assistant_order";

/// A flag that the program asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name in the document.
    pub name: &'static str,
    /// What it can say.
    pub kind: Kind,
    /// Who it is asked for: rules of anybody else would never speak.
    pub asked_for: AskedFor,
    /// Whether what it says is one of its variants' names.
    pub has_variants: bool,
    /// What it says where the document does not name it.
    pub initial: Value,
    /// What it is for.
    pub meaning: &'static str,
}

/// What a flag can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Boolean,
    /// A text.
    Text,
    /// A whole number.
    Number,
}

impl Kind {
    /// As in the document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Text => "string",
            Self::Number => "number",
        }
    }
}

/// Who a flag is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFor {
    /// Customers' sessions.
    Sessions,
    /// Members of staff.
    Staff,
}

/// All of them.
pub const KNOWN: &[Known] = &[Known {
    name: ASSISTANT_ORDER,
    kind: Kind::Text,
    asked_for: AskedFor::Sessions,
    has_variants: true,
    initial: Value::Text(String::new()),
    meaning: "The name of the variant whose assistants are asked, in its order; empty for the order of the settings.",
}];
