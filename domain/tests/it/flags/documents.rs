//! What a document may say, and what it says then.

use domain::{
    AgentId,
    agent::Role,
    flags::{AskedFor, Flags, KNOWN, Kind, Known, Subject, Value},
    settings::Document as _,
};
use uuid::{Uuid, uuid};

use super::{flags, of, order, session, text, variant};

/// Flags that there are not, for what the program's own do not use.
const OTHERS: &[Known] = &[
    Known {
        name: "new_board",
        kind: Kind::Boolean,
        asked_for: AskedFor::Staff,
        has_variants: false,
        initial: Value::Boolean(false),
        meaning: "for tests",
    },
    Known {
        name: "most_questions",
        kind: Kind::Number,
        asked_for: AskedFor::Sessions,
        has_variants: false,
        initial: Value::Number(7),
        meaning: "for tests",
    },
];

const HEAD: &str = "[flags.assistant_order]\ntype = \"string\"\n";
const VARIANTS: &str = "variants = [\n{ name = \"a\", share = 30, assistants = [\"openai\"] },\n\
                        { name = \"b\", share = 70, assistants = [\"faq\"] },\n]\n";

fn with(lines: &str) -> String {
    format!("{HEAD}{VARIANTS}{lines}")
}

#[test]
fn where_nothing_is_said_nobody_takes_part() {
    for document in [Flags::built_in(), "", "[flags]\n", HEAD, &with("")] {
        assert_eq!(flags(document).variant(session(1)), None, "{document}");
    }
    assert_eq!(flags("").decide("assistant_order", &of(session(1))).unwrap().value, &text(""));
    assert_eq!(flags("").decide("no_such_flag", &of(session(1))), None);
}

#[test]
fn the_first_rule_that_speaks_of_a_session_decides() {
    let (one, two, three) = (session(1), session(2), session(3));
    let rules = format!(
        "default = \"b\"\nvariant_seed = \"v\"\nrules = [\n{{ sessions = [\"{one}\"], value = \"\" }},\n\
         {{ sessions = [\"{one}\", \"{two}\"], value = \"a\" }},\n]\n"
    );
    let flags = flags(&with(&rules));
    assert_eq!((variant(&flags, one), variant(&flags, two), variant(&flags, three)), (None, Some("a"), Some("b")));
    let rule = |session| flags.decide("assistant_order", &of(session)).unwrap().rule;
    assert_eq!((rule(one), rule(two), rule(three)), (Some(1), Some(2), None));
    assert_eq!(flags.variant(two).unwrap().assistants, ["openai"]);
}

#[test]
fn nobody_and_everybody_are_shares_as_well() {
    let all = |percent, n| order(percent, "s", "v").variant(session(n)).is_some();
    assert!((0..300).all(|n| all(100, n)) && !(0..300).any(|n| all(0, n)));
}

#[test]
fn staff_is_told_apart_by_role_and_by_id() {
    let ana = AgentId(uuid!("f4a1b2c3-d4e5-4f60-8172-93a4b5c6d755"));
    let document = format!(
        "[flags.new_board]\ntype = \"boolean\"\nrules = [\n{{ agents = [\"{ana}\"], value = false }},\n\
         {{ roles = [\"supervisor\", \"admin\"], value = true }},\n]\n[flags.most_questions]\ntype = \"number\"\n\
         default = 9\nshare_seed = \"s\"\nrules = [{{ percent = 100, value = 3 }}]\n"
    );
    let flags = Flags::of(OTHERS, &document, 4).unwrap();
    let board = |agent, role| {
        let subject = Subject { session: None, agent: Some(agent), role: Some(role) };
        flags.decide("new_board", &subject).unwrap().value.clone()
    };
    let other = AgentId(Uuid::nil());
    assert_eq!(board(other, Role::Supervisor), Value::Boolean(true));
    assert_eq!(board(other, Role::Agent), Value::Boolean(false));
    assert_eq!(board(ana, Role::Admin), Value::Boolean(false), "the first rule decides");
    let questions = |subject| flags.decide("most_questions", &subject).unwrap().value.clone();
    assert_eq!(questions(of(session(1))), Value::Number(3));
    assert_eq!(questions(Subject::default()), Value::Number(9), "nobody's share");
    assert_eq!(
        Flags::of(OTHERS, "", 0).unwrap().decide("most_questions", &of(session(1))).unwrap().value,
        &Value::Number(7)
    );
}

#[test]
fn what_is_wrong_is_told_with_line_and_field() {
    let refused = |document: &str| Flags::parse(document, 1).expect_err(document).to_string();
    let rule =
        |rule: &str| refused(&with(&format!("share_seed = \"s\"\nvariant_seed = \"v\"\nrules = [\n{rule}\n]\n")));
    for (error, expected) in [
        (refused("[flags"), "line 1: "),
        (refused("[flag.x]\n"), "line 1: flag is not known; a document has tables like [flags.assistant_order]"),
        (
            refused("[flags.asistant_order]\n"),
            "line 1: flags.asistant_order is not known; did you mean assistant_order?",
        ),
        (refused("[flags.assistant_order]\ndefault = \"\"\n"), "line 1: flags.assistant_order must have type"),
        (
            refused("[flags.assistant_order]\ntype = \"boolean\"\n"),
            "line 2: flags.assistant_order.type must be \"string\"",
        ),
        (
            refused(&with("share_sed = \"x\"\n")),
            "line 7: flags.assistant_order.share_sed is not known; did you mean share_seed?",
        ),
        (
            refused(&with("default = \"c\"\n")),
            "line 7: flags.assistant_order.default must be the name of one of the variants",
        ),
        (refused(&with("default = 1\n")), "line 7: flags.assistant_order.default must be a text in quotes"),
        (
            refused(&with("share_seed = \" x\"\n")),
            "line 7: flags.assistant_order.share_seed must be a text of 1 to 100",
        ),
        (
            refused(&with("share_seed = \"x\"\nvariant_seed = \"x\"\n")),
            "line 8: flags.assistant_order.variant_seed must be another seed",
        ),
        (refused(&with("rules = [{ percent = 5, value = \"a\" }]\n")), "must have share_seed"),
        (refused(&with("share_seed = \"s\"\nrules = [{ percent = 5 }]\n")), "must have variant_seed"),
        (
            refused(&VARIANTS.replace("30", "31").replacen("variants", &format!("{HEAD}variants"), 1)),
            "that are 100 together, not 101",
        ),
        (
            refused(&VARIANTS.replace("\"b\"", "\"a\"").replacen("variants", &format!("{HEAD}variants"), 1)),
            "line 5: flags.assistant_order.variants.name must be the name of one variant only",
        ),
        (
            refused(&VARIANTS.replace("\"faq\"", "").replacen("variants", &format!("{HEAD}variants"), 1)),
            "must name an assistant",
        ),
        (
            refused(&VARIANTS.replace("\"faq\"", "\"faq\", \"faq\"").replacen(
                "variants",
                &format!("{HEAD}variants"),
                1,
            )),
            "must not name an assistant twice",
        ),
        (
            refused(&VARIANTS.replace("share = 70,", "").replacen("variants", &format!("{HEAD}variants"), 1)),
            "must have share",
        ),
        (
            refused(&VARIANTS.replace("share", "shar").replacen("variants", &format!("{HEAD}variants"), 1)),
            "did you mean share?",
        ),
        (
            rule("{ percent = 101 }"),
            "line 10: flags.assistant_order.rules.percent must be a whole number from 0 to 100",
        ),
        (
            rule("{ value = \"a\" }"),
            "line 10: flags.assistant_order.rules must have one of percent, sessions, agents and roles",
        ),
        (rule("{ percent = 1, sessions = [] }"), "must have one of percent, sessions, agents and roles"),
        (rule("{ roles = [\"admin\"] }"), "flags.assistant_order.rules.roles would never apply"),
        (rule("{ sessions = [\"session 1\"] }"), "must be ids of sessions, never names"),
        (rule("{ percent = 1, value = \"c\" }"), "must be the name of one of the variants"),
        (rule("{ per_cent = 1 }"), "did you mean percent?"),
    ] {
        assert!(error.contains(expected), "{error}\nis not: {expected}");
    }
    let other = |document: &str| Flags::of(OTHERS, document, 1).expect_err(document).to_string();
    let board = |rest: &str| other(&format!("[flags.new_board]\ntype = \"boolean\"\n{rest}\n"));
    for (error, expected) in [
        (board("default = \"yes\""), "line 3: flags.new_board.default must be true or false"),
        (board("variants = []"), "line 3: flags.new_board.variants is not known for this flag"),
        (board("rules = [{ roles = [\"boss\"], value = true }]"), "must be roles: agent, supervisor"),
        (board("rules = [{ agents = [\"ana\"], value = true }]"), "must be ids of agents, never names"),
        (board("rules = [{ roles = [\"admin\"] }]"), "must have value"),
    ] {
        assert!(error.contains(expected), "{error}\nis not: {expected}");
    }
}

#[test]
fn every_flag_has_a_name_of_its_own_and_a_meaning() {
    for known in KNOWN {
        assert!(!known.meaning.is_empty());
        assert_eq!(KNOWN.iter().filter(|other| other.name == known.name).count(), 1, "{}", known.name);
    }
}
