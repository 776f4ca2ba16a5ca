//! The format's promises, and any bytes at all.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const GOOD: &str = "# T\n\n## a-key\n\n### zh\nQ: 问一\nQ: 问二\n\n答。\n\n- 一\n\n### en\nQ: ask\n\nanswer\n";

fn fault_of(text: &str) -> (usize, Fault) {
    let Malformed { line, fault, .. } = parse(Path::new("a.md"), text.as_bytes()).unwrap_err();
    (line, fault)
}

#[test]
fn a_well_formed_file_gives_its_entries() {
    let entries = parse(Path::new("a.md"), GOOD.as_bytes()).unwrap();
    assert_eq!(entries[0].key, "a-key");
    assert_eq!(entries[0].zh.questions, ["问一", "问二"]);
    assert_eq!(entries[0].zh.answer, "答。\n\n- 一");
    assert_eq!(entries[0].en.answer, "answer");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let windows = format!("\u{FEFF}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(parse(Path::new("a.md"), windows.as_bytes()), parse(Path::new("a.md"), GOOD.as_bytes()));
}

#[test]
fn each_fault_is_named_with_its_line() {
    let key = "a-key".to_owned();
    let cases = [
        ("", 1, Fault::NoEntry),
        ("# T\nstray", 2, Fault::Misplaced),
        ("## a-key\nstray", 2, Fault::Misplaced),
        ("\n## A Key", 2, Fault::BadKey { key: "A Key".to_owned() }),
        ("## a-key\n### fr", 2, Fault::UnknownLanguage { code: "fr".to_owned() }),
        ("## a-key\n### zh\nQ: 问\n答\n### zh", 5, Fault::LanguageTwice { language: Language::Zh }),
        ("\n## a-key\n### zh\nQ: 问\n答", 2, Fault::MissingLanguage { key, language: Language::En }),
        ("## a-key\n### zh\n答", 2, Fault::NoQuestion),
        ("## a-key\n### zh\nQ:  \n答", 3, Fault::NoQuestion),
        ("## a-key\n### zh\nQ: 问\n答\nQ: 又", 5, Fault::LateQuestion),
        ("## a-key\n### zh\nQ: 问\n\n### en\nQ: ask\nanswer", 2, Fault::EmptyAnswer),
    ];
    for (text, line, fault) in cases {
        assert_eq!(fault_of(text), (line, fault), "{text:?}");
    }
}

#[test]
fn bytes_that_are_not_text_name_their_line() {
    let error = parse(Path::new("a.md"), b"# T\n\n\xFF").unwrap_err();
    assert_eq!(error.to_string(), "a.md:3: not UTF-8");
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(Path::new("a.md"), &bytes);
    }

    #[test]
    fn any_lines_of_the_format_never_panic(lines in proptest::collection::vec("(#{1,4} |Q: ?|### zh|### en|## k|)[a-z\\P{M}]{0,4}", 0..30)) {
        let _ = parse(Path::new("a.md"), lines.join("\n").as_bytes());
    }
}
