//! What the desk says when it has no answer: the only sentences here that are not in the folder.
//!
//! *Invariant:* each says honestly that there is no answer, and that a person can help.

use super::language::Language;

/// Says in the customer's language that there is no answer, and how to reach a person.
#[must_use]
pub fn do_not_know(language: Language) -> &'static str {
    match language {
        Language::Zh => {
            "抱歉，这个问题我暂时没有可靠的答案。您可以换个说法再问一次，或者点菜单里的“转人工”，由我们的同事来帮您。"
        }
        Language::En => {
            "Sorry, I do not have a reliable answer to that. You could put it another way, or choose \"Talk to a person\" \
             in the menu and one of my colleagues will help you."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_offers_a_person() {
        assert!(do_not_know(Language::Zh).contains("转人工"));
        assert!(do_not_know(Language::En).contains("person"));
    }

    #[test]
    fn each_text_is_in_its_own_language() {
        for language in Language::ALL {
            assert_eq!(Language::of(do_not_know(language)), language);
        }
    }
}
