//! Variables in quick replies: `{{customer.name}}`. What has no value stays as it is written, and is named, so that nobody sends it
//! unseen.

use std::collections::BTreeSet;

/// What stands around a name.
const OPENING: &str = "{{";
const CLOSING: &str = "}}";
/// The longest name, in bytes.
const LONGEST: usize = 64;

/// A quick reply with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The variables that have no value, in the order of their names.
    pub missing: BTreeSet<String>,
}

/// The variables of a text, in the order of their names.
#[must_use]
pub fn names(content: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    render_with(content, |name| {
        found.insert(name.to_owned());
        None
    });
    found
}

/// Fills the variables of a text in. A value is taken as it is: what looks like a variable in it is none.
#[must_use]
pub fn render(content: &str, value: impl Fn(&str) -> Option<String>) -> Rendered {
    let mut missing = BTreeSet::new();
    let text = render_with(content, |name| {
        let value = value(name).filter(|value| !value.trim().is_empty());
        if value.is_none() {
            missing.insert(name.to_owned());
        }
        value
    });
    Rendered { text, missing }
}

fn render_with(content: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let (mut text, mut rest) = (String::with_capacity(content.len()), content);
    while let Some((before, behind)) = rest.split_once(OPENING) {
        text.push_str(before);
        let found = behind.split_once(CLOSING).and_then(|(inside, after)| Some((name(inside)?, inside, after)));
        let Some((name, inside, after)) = found else {
            text.push_str(OPENING);
            rest = behind;
            continue;
        };
        match value(name) {
            Some(value) => text.push_str(&value),
            None => text.extend([OPENING, inside, CLOSING]),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// A name like `customer.name`: words of lower-case letters, digits and underscores, with dots between them.
fn name(inside: &str) -> Option<&str> {
    let name = inside.trim();
    let is_word = |word: &str| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !word.is_empty() && word.bytes().all(allowed)
    };
    (name.len() <= LONGEST && name.split('.').all(is_word)).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "customer.name" => Some("Anna".to_owned()),
            "agent.name" => Some("{{customer.name}}".to_owned()),
            "order.number" => Some(" ".to_owned()),
            _other => None,
        }
    }

    #[test]
    fn known_variables_are_filled_in_and_others_stay_visible() {
        let rendered = render("{{ customer.name }}, {{order.number}} {{a.b}} {{customer.name}}{{", value);
        assert_eq!(rendered.text, "Anna, {{order.number}} {{a.b}} Anna{{");
        assert_eq!(rendered.missing.into_iter().collect::<Vec<_>>(), ["a.b", "order.number"]);
    }

    #[test]
    fn a_value_is_not_read_for_variables() {
        assert_eq!(render("{{agent.name}}", value).text, "{{customer.name}}");
    }

    #[test]
    fn what_is_no_name_is_text() {
        for text in ["{{}}", "{{ }}", "{{A}}", "{{a b}}", "{{a..b}}", "{ {a} }", "{{姓名}}"] {
            assert_eq!((render(text, |_| Some("x".to_owned())).text, names(text)), (text.to_owned(), BTreeSet::new()));
        }
        assert_eq!(render("{{{customer.name}}", value).text, "{{{customer.name}}");
        assert_eq!(names("{{b.c}}{{a}}{{b.c}}").into_iter().collect::<Vec<_>>(), ["a", "b.c"]);
    }

    proptest! {
        #[test]
        fn a_text_without_values_stays_as_it_is(text in "[{}a.b ]{0,40}") {
            prop_assert_eq!(render(&text, |_| None).text, text);
        }
    }
}
