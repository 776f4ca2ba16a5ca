//! `docs/original-defects.md` holds what it says: a row for each of the original's defects, and in each row tests that are there.

use std::{collections::BTreeSet, path::Path};

/// How many defects of the original were found.
const DEFECTS: u32 = 23;

/// A row: the defect's number, and its tests as `path::name`.
struct Row<'a> {
    number: u32,
    tests: Vec<(&'a str, &'a str)>,
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The rows of the table, which are the lines that begin with a number.
fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|');
        let number = cells.next()?.trim().parse().ok()?;
        let quoted = cells.nth(2)?.split('`').skip(1).step_by(2);
        Some(Row { number, tests: quoted.filter_map(|test| test.split_once("::")).collect() })
    })
}

/// Whether a source has a test of this name: in Rust by its attribute, in JavaScript by its text.
fn has_test(source: &str, name: &str) -> bool {
    if source.contains(&format!("\ntest('{name}'")) {
        return true;
    }
    let definition = format!("fn {name}(");
    let mut places = source.match_indices(&definition).map(|(at, _)| &source[..at]);
    let Some(before) = places.find(|before| before.ends_with([' ', '\n'])) else { return false };
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    ["#[test]", "#[tokio::test"].iter().any(|attribute| attributes.contains(attribute))
}

#[test]
fn every_defect_of_the_original_has_a_row_with_tests_that_exist() {
    let page = std::fs::read_to_string(workspace().join("docs/original-defects.md")).unwrap();
    let mut numbers = BTreeSet::new();
    for Row { number, tests } in rows(&page) {
        assert!(numbers.insert(number), "there are two rows of defect {number}");
        assert!(!tests.is_empty(), "defect {number} has no test");
        for (path, name) in tests {
            let source = std::fs::read_to_string(workspace().join(path)).unwrap_or_default();
            assert!(has_test(&source, name), "defect {number}: {path} has no test {name}");
        }
    }
    assert_eq!(numbers, (1..=DEFECTS).collect());
}

#[test]
fn only_a_test_counts_as_one() {
    let rust = "use x;\n\n/// Says.\n#[tokio::test(flavor = \"a\")]\nasync fn one() {}\n\nfn two() {}\n\n#[test]\nfn three() {}\n";
    let java_script = "\ntest('in words', () => {\n});\n";
    assert!(has_test(rust, "one") && has_test(rust, "three") && has_test(java_script, "in words"));
    assert!(!has_test(rust, "two") && !has_test(rust, "thre") && !has_test(java_script, "words"));
}
