//! Parses one file into entries, a line at a time; the next heading closes what is open.
//!
//! *Invariant:* no input panics; the first fault ends the file.

use std::path::Path;

use super::entry::{Article, Entry, LANGUAGES};
use super::fault::{Fault, Malformed};
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
        let language = Language::parse(code).filter(|language| LANGUAGES.contains(language)).ok_or_else(unknown)?;
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
mod tests;
