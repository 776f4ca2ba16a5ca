//! The format's promises, and any bytes at all.

use proptest::prelude::*;

use super::*;

const GOOD: &str =
    "# T\n\n## a-key\n\n### zh\nQ: 问一\n- q：问二\n同义词：词一、词二\n\n答。\n\n- 一\n\n### en\nQ: ask\n\nanswer\n";

fn entries_of(text: &str) -> Vec<Entry> {
    let parsed = parse(Path::new("a.md"), text.as_bytes());
    assert_eq!(parsed.faults, [], "{text:?}");
    parsed.entries
}

fn faults_of(text: &str) -> Vec<(usize, Fault)> {
    let faults = parse(Path::new("a.md"), text.as_bytes()).faults;
    faults.into_iter().map(|Malformed { line, fault, .. }| (line, fault)).collect()
}

#[test]
fn a_well_formed_file_gives_its_entries() {
    let entries = entries_of(GOOD);
    let [zh, en] = entries[0].articles.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entries[0].key.as_str(), entries[0].line, entries[0].file.as_str()), ("a-key", 3, "a.md"));
    assert_eq!((zh.language, en.language), (Language::Zh, Language::En));
    assert_eq!(zh.questions, ["问一", "问二"]);
    assert_eq!(zh.synonyms, ["词一", "词二"]);
    assert_eq!(zh.answer, "答。\n\n- 一");
    assert_eq!(en.answer, "answer");
}

#[test]
fn one_language_of_any_of_the_six_is_enough() {
    for code in ["zh", "en", "de", "fr", "es", "it", "DE", "zh-CN"] {
        let entries = entries_of(&format!("## a\n### {code}\nQ: x\n\nanswer"));
        assert_eq!(entries[0].articles.len(), 1, "{code}");
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let windows = format!("\u{FEFF}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(entries_of(&windows), entries_of(GOOD));
}

#[test]
fn each_fault_is_named_with_its_line() {
    let key = "a-key".to_owned();
    let cases = [
        ("", 1, Fault::NoEntry),
        ("# T\nstray", 2, Fault::Misplaced),
        ("## a-key\nstray\n### en\nQ: q\na", 2, Fault::Misplaced),
        ("\n## A Key\n### en\nQ: q\na", 2, Fault::BadKey { key: "A Key".to_owned() }),
        ("## a-key\n### nl\nQ: q\na", 2, Fault::UnknownLanguage { code: "nl".to_owned() }),
        ("## a-key\n### zh\nQ: 问\n答\n### zh\nQ: 问\n答", 5, Fault::LanguageTwice { language: Language::Zh }),
        ("\n## a-key\n", 2, Fault::NoLanguage { key }),
        ("## a-key\n### zh\n答", 2, Fault::NoQuestion),
        ("## a-key\n### zh\nQ:  \nQ: 问\n答", 3, Fault::NoQuestion),
        ("## a-key\n### zh\nQ: 问\nSynonyms: ,\n答", 4, Fault::NoSynonym),
        ("## a-key\n### zh\nQ: 问\n答\nQ: 又", 5, Fault::LateQuestion),
        ("## a-key\n### zh\nQ: 问\n答\n  - q： 又", 5, Fault::LateQuestion),
        ("## a-key\n### zh\nQ: 问\n答\n同义词：又", 5, Fault::LateQuestion),
        ("## a-key\n### zh\nQ: 问\n\n### en\nQ: ask\nanswer", 2, Fault::EmptyAnswer),
    ];
    for (text, line, fault) in cases {
        assert_eq!(faults_of(text), [(line, fault)], "{text:?}");
    }
}

#[test]
fn all_faults_of_a_file_are_found_and_its_good_entries_kept() {
    let text =
        "## good\n### en\nQ: q\na\n## bad\n### en\na\n## BAD\n### en\nQ: q\na\nQ: late\n## fine\n### de\nQ: q\na";
    let parsed = parse(Path::new("a.md"), text.as_bytes());
    let lines: Vec<usize> = parsed.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [6, 8, 12], "{:?}", parsed.faults);
    let keys: Vec<&str> = parsed.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["good", "fine"]);
}

#[test]
fn bytes_that_are_not_text_name_their_line() {
    let parsed = parse(Path::new("a.md"), b"# T\n\n\xFF");
    assert_eq!(parsed.faults[0].to_string(), "a.md:3: not UTF-8: save the file as UTF-8");
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(Path::new("a.md"), &bytes);
    }

    #[test]
    fn any_lines_of_the_format_give_whole_entries_or_faults(
        lines in proptest::collection::vec("(#{1,4} |[-*]? ?[QqＱ] ?[:：]|### zh|### en|## k|Synonyms:|)[a-z\\P{M}]{0,4}", 0..30),
    ) {
        let parsed = parse(Path::new("a.md"), lines.join("\n").as_bytes());
        prop_assert!(!parsed.entries.is_empty() || !parsed.faults.is_empty());
        for entry in &parsed.entries {
            prop_assert!(!entry.articles.is_empty());
            prop_assert!(entry.articles.iter().all(|a| !a.questions.is_empty() && !a.answer.is_empty()));
        }
    }
}
