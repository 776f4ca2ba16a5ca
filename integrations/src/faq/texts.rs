//! What the desk says when it has no answer; every other sentence comes from the folder.
//!
//! *Invariant:* each says honestly that there is no answer, and that a person can help.

use domain::Language;

/// Says in the customer's language that there is no answer, and how to reach a person.
#[must_use]
pub fn do_not_know(language: Language) -> &'static str {
    match language {
        Language::Zh => {
            "抱歉，这个问题我暂时没有可靠的答案。您可以换个说法再问一次，或者按商店网页上的邮箱或电话联系我们的客服团队，由同事来帮您。"
        }
        Language::En => {
            "Sorry, I do not have a reliable answer to that. You could put it another way, or contact our \
             customer service team by e-mail or phone as named on the shop's page; a person there will help you."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_offers_a_person() {
        assert!(do_not_know(Language::Zh).contains("客服团队"));
        assert!(do_not_know(Language::En).contains("person"));
    }

    #[test]
    fn each_text_is_in_its_own_language() {
        for language in Language::ALL {
            assert_eq!(Language::of(do_not_know(language)), Some(language));
        }
    }
}
