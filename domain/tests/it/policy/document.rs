//! The policy's document: what is wrong with it is told with line and field.

use domain::{
    VisitorId,
    policy::{Policy, Rule},
    settings::Document,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{policy, read_by, rules};

#[test]
fn an_error_names_the_line_and_the_field() {
    for (document, line, field, problem) in [
        ("[rules.R1]\non = tru\n", 2, "", ""),
        ("[rules.R1]\non = \"yes\"\n", 2, "rules.R1.on", "must be true or false"),
        ("\n\n[rules.R14]\non = true\n", 3, "rules.R14", "is no rule; there are R0 to R13"),
        ("[rule.R1]\non = true\n", 1, "rule", "is not known; a document has tables like [rules.R1]"),
        ("[rules.R1]\non = true\nseverty = \"low\"\n", 3, "rules.R1.severty", "is not known for this rule"),
        ("[rules.R1]\nseverity = \"huge\"\n", 2, "rules.R1.severity", "must be \"high\" or \"low\""),
        ("[rules.R1]\nclass = \"danger\"\n", 2, "rules.R1.class", "must be \"vip\", \"urgent\" or \"normal\""),
        ("[rules.R1]\nthreshold = 2\n", 2, "rules.R1.threshold", "is not known for this rule"),
        ("[rules.R3]\n# three\nthreshold = 0\n", 3, "rules.R3.threshold", "must be a whole number from 1 to 100"),
        ("[rules.R3]\nthreshold = 2.5\n", 2, "rules.R3.threshold", "must be a whole number from 1 to 100"),
        ("[rules.R3]\nlanguages = [\"en\"]\n", 2, "rules.R3.languages", "is not known for this rule"),
        ("[rules.R6]\nthreshold = 1001\n", 2, "rules.R6.threshold", "must be a whole number from 1 to 1000"),
        ("[rules.R12]\ncustomers = [\"Wang\"]\n", 2, "rules.R12.customers", "is no id of a customer, which is a UUID"),
        ("[rules.R10]\ncustomers = []\n", 2, "rules.R10.customers", "is not known for this rule"),
        ("[rules.R1]\nlanguages = [\"en\",\n\"xx\"]\n", 3, "rules.R1.languages", "is none of the shop's languages"),
        (
            "[rules.R1.phrases]\nen = [\n\"ok\",\n\" * \",\n]\n",
            4,
            "rules.R1.phrases.en",
            "has a phrase with nothing to look for",
        ),
        (
            "[rules.R1.phrases]\nen = [\"a*b\"]\n",
            2,
            "rules.R1.phrases.en",
            "has a phrase with * inside a word; it may stand at an end",
        ),
        (
            "[rules.R1.phrases]\npl = [\"ok\"]\n",
            2,
            "rules.R1.phrases.pl",
            "is none of the languages zh, en, de, fr, es, it",
        ),
        ("[rules.R1]\nphrases = [\"ok\"]\n", 2, "rules.R1.phrases", "must be a table"),
        ("[rules.R2.urgent]\nen = \"ok\"\n", 2, "rules.R2.urgent.en", "must be a list, like [\"a\", \"b\"]"),
        ("rules = 1\n", 1, "rules", "must be a table"),
        ("[rules.R0]\non = false\n", 2, "rules.R0.on", "cannot be false: R0 is never off"),
    ] {
        let error = Policy::parse(document, 1).unwrap_err();
        assert_eq!((error.line, error.field.as_str()), (line, field), "{document}\n{error}");
        assert!(problem.is_empty() || error.problem == problem, "{error}");
    }
}

#[test]
fn what_is_not_named_stays_as_the_program_brings_it() {
    let default = Policy::default();
    assert_eq!(Policy::parse("", 0), Ok(default.clone()));
    assert_eq!(Policy::parse(Policy::built_in(), 0).as_ref(), Ok(&default));
    let other = policy("[rules.R1.phrases]\nen = [\"concierge\"]\n");
    assert_eq!(other.version(), 7);
    assert_ne!(Policy::parse("[rules.R1]\non = false\n", 0), Ok(default));
    assert_eq!(rules(&read_by(&other, "concierge please, a complaint")), [Rule::R1, Rule::R2]);
    assert_eq!(rules(&read_by(&other, "转人工")), [], "a list that is named replaces the program's");
}

#[test]
fn the_example_of_the_guide_is_a_document() {
    let guide = include_str!("../../../../docs/policy.md");
    let example = guide.split("## A document").nth(1).unwrap().split("\n|").next().unwrap();
    let policy = policy(&example.lines().map(|line| line.trim_start()).collect::<Vec<_>>().join("\n"));
    assert_eq!(rules(&read_by(&policy, "the wheel came off, what a scam")), [Rule::R0, Rule::R11]);
}

#[test]
fn more_phrases_than_anybody_needs_are_refused() {
    let many: Vec<String> = (0..10_001).map(|number| format!("\"phrase{number}\"")).collect();
    let error = Policy::parse(&format!("[rules.R1.phrases]\nen = [{}]\n", many.join(",")), 1).unwrap_err();
    assert_eq!(error.problem, "has more than 10000 phrases");
}

#[test]
fn listed_customers_are_known_by_their_ids() {
    let ids: Vec<VisitorId> = (1..=5_001).map(|number| VisitorId(Uuid::from_u128(number))).collect();
    let document = |ids: &[VisitorId]| {
        let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        format!("[rules.R12]\ncustomers = [{}]\n", ids.join(","))
    };
    let listing = policy(&document(&ids[..5_000]));
    assert!(ids[..5_000].iter().all(|id| listing.lists(*id)) && !listing.lists(ids[5_000]));
    assert!(!Policy::default().lists(ids[0]));
    assert!(!policy(&document(&[])).lists(ids[0]));
    let error = Policy::parse(&document(&ids), 1).unwrap_err();
    assert_eq!((error.field.as_str(), error.problem.as_str()), ("rules.R12.customers", "has more than 5000 customers"));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,80}|[\\[\\]{}.=\",#a-zR0-9 \n*+|]{0,80}") {
        let _ = Policy::parse(&text, 1);
    }

    #[test]
    fn a_changed_document_never_panics(at in 0usize..2_000, with in "\\PC{0,3}") {
        let document = "[rules.R1]\non = true\nlanguages = [\"en\"]\n[rules.R1.phrases]\nen = [\"a* + b|c\"]\n[rules.R6]\nthreshold = 7\n";
        let at = at % (document.len() + 1);
        let _ = Policy::parse(&format!("{}{with}{}", &document[..at], &document[at..]), 1);
    }
}
