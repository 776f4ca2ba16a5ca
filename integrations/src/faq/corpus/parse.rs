//! One file's bytes into entries: a line at a time, what is open is closed by the next heading.
//!
//! *Invariant:* no input panics; the first fault ends the file.

use std::path::Path;

use super::{Article, Entry, Fault, Malformed};
use domain::Language;

type Parsed<T> = Result<T, (usize, Fault)>;

/// Reads one file; `file` is only for the error.
pub(super) fn parse(file: &Path, bytes: &[u8]) -> Result<Vec<Entry>, Malformed> {
    text(bytes).and_then(entries).map_err(|(line, fault)| Malformed { file: file.to_path_buf(), line, fault })
}

fn text(bytes: &[u8]) -> Parsed<&str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        (1 + before.iter().filter(|byte| **byte == b'\n').count(), Fault::NotUtf8)
    })
}

fn entries(text: &str) -> Parsed<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut open: Option<OpenEntry> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(key) = line.strip_prefix("## ") {
            close(&mut entries, open.replace(OpenEntry::new(key, number)?))?;
        } else if let Some(entry) = &mut open {
            entry.take(line, number)?;
        } else if !line.trim().is_empty() && !line.starts_with("# ") {
            return Err((number, Fault::Misplaced));
        }
    }
    close(&mut entries, open)?;
    if entries.is_empty() { Err((1, Fault::NoEntry)) } else { Ok(entries) }
}

fn close(entries: &mut Vec<Entry>, open: Option<OpenEntry>) -> Parsed<()> {
    if let Some(open) = open {
        entries.push(open.close()?);
    }
    Ok(())
}

struct OpenEntry {
    key: String,
    line: usize,
    articles: Vec<OpenArticle>,
}

impl OpenEntry {
    fn new(key: &str, line: usize) -> Parsed<Self> {
        let key = key.trim().to_owned();
        if is_kebab_case(&key) {
            Ok(Self { key, line, articles: Vec::new() })
        } else {
            Err((line, Fault::BadKey { key }))
        }
    }

    fn take(&mut self, line: &str, number: usize) -> Parsed<()> {
        if let Some(code) = line.strip_prefix("### ") {
            return self.begin(code.trim(), number);
        }
        match self.articles.last_mut() {
            Some(article) => article.take(line, number),
            None if line.trim().is_empty() => Ok(()),
            None => Err((number, Fault::Misplaced)),
        }
    }

    fn begin(&mut self, code: &str, number: usize) -> Parsed<()> {
        let unknown = || (number, Fault::UnknownLanguage { code: code.to_owned() });
        let language = Language::parse(code).ok_or_else(unknown)?;
        if self.articles.iter().any(|article| article.language == language) {
            return Err((number, Fault::LanguageTwice { language }));
        }
        self.articles.push(OpenArticle { language, line: number, questions: Vec::new(), answer: String::new() });
        Ok(())
    }

    fn close(mut self) -> Parsed<Entry> {
        let zh = self.article(Language::Zh)?;
        let en = self.article(Language::En)?;
        Ok(Entry { key: self.key, zh, en, line: self.line })
    }

    fn article(&mut self, language: Language) -> Parsed<Article> {
        let found = self.articles.iter().position(|article| article.language == language);
        let missing = || (self.line, Fault::MissingLanguage { key: self.key.clone(), language });
        let place = found.ok_or_else(missing)?;
        self.articles.swap_remove(place).close()
    }
}

fn is_kebab_case(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !key.is_empty() && key.bytes().all(allowed) && !key.starts_with('-') && !key.ends_with('-')
}

struct OpenArticle {
    language: Language,
    line: usize,
    questions: Vec<String>,
    answer: String,
}

impl OpenArticle {
    fn take(&mut self, line: &str, number: usize) -> Parsed<()> {
        match line.strip_prefix("Q:").map(str::trim) {
            Some("") => Err((number, Fault::NoQuestion)),
            Some(_) if !self.answer.trim().is_empty() => Err((number, Fault::LateQuestion)),
            Some(question) => {
                self.questions.push(question.to_owned());
                Ok(())
            }
            None => {
                self.answer.push_str(line);
                self.answer.push('\n');
                Ok(())
            }
        }
    }

    fn close(self) -> Parsed<Article> {
        let answer = self.answer.trim().to_owned();
        if self.questions.is_empty() {
            return Err((self.line, Fault::NoQuestion));
        }
        if answer.is_empty() {
            return Err((self.line, Fault::EmptyAnswer));
        }
        Ok(Article { questions: self.questions, answer })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
}
