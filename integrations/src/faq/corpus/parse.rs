//! Parses one file into entries, a line at a time; the next heading closes what is open.
//!
//! A fault does not end the reading: whoever mends a file wants to hear of all of them at once.
//!
//! *Invariant:* no input panics; a file without a fault has an entry, and each entry is whole.

mod line;

use std::path::Path;

use super::entry::{Article, Entry};
use super::fault::{Fault, Malformed};
use domain::Language;
use line::{Line, line};

/// What a file has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Those without a fault.
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Vec<Malformed>,
}

/// Reads one file.
pub(super) fn parse(file: &Path, bytes: &[u8]) -> Parsed {
    let mut parser = Parser::default();
    match text(bytes) {
        Ok(text) => parser.read(text),
        Err(line) => parser.faults.push((line, Fault::NotUtf8)),
    }
    let malformed = |(line, fault)| Malformed { file: file.to_path_buf(), line, fault };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let entries = parser.entries.into_iter().map(|entry| Entry { file: name.clone().into_owned(), ..entry }).collect();
    Parsed { entries, faults: parser.faults.into_iter().map(malformed).collect() }
}

/// The text, or the line of the first byte that is none.
fn text(bytes: &[u8]) -> Result<&str, usize> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    })
}

#[derive(Default)]
struct Parser {
    entries: Vec<Entry>,
    faults: Vec<(usize, Fault)>,
    open: Option<OpenEntry>,
}

impl Parser {
    fn read(&mut self, text: &str) {
        for (number, line) in (1..).zip(text.lines()) {
            self.take(line, number);
        }
        self.close();
        if self.entries.is_empty() && self.faults.is_empty() {
            self.faults.push((1, Fault::NoEntry));
        }
    }

    fn take(&mut self, text: &str, number: usize) {
        let line = line(text);
        if let Line::Key(key) = line {
            self.close();
            self.open = Some(OpenEntry::new(key, number, &mut self.faults));
        } else if let Some(entry) = &mut self.open {
            entry.take(line, text, number, &mut self.faults);
        } else if !text.trim().is_empty() && !text.starts_with("# ") {
            self.faults.push((number, Fault::Misplaced));
        }
    }

    /// An entry with a fault is left out; the fault is noted.
    fn close(&mut self) {
        let before = self.faults.len();
        let Some(open) = self.open.take() else { return };
        let noted_before = open.faults_before;
        let entry = open.close(&mut self.faults);
        if before == noted_before && self.faults.len() == before {
            self.entries.push(entry);
        }
    }
}

struct OpenEntry {
    key: String,
    line: usize,
    articles: Vec<OpenArticle>,
    faults_before: usize,
}

type Noted = Vec<(usize, Fault)>;

impl OpenEntry {
    fn new(key: &str, line: usize, faults: &mut Noted) -> Self {
        let key = key.to_owned();
        let faults_before = faults.len();
        if !is_kebab_case(&key) {
            faults.push((line, Fault::BadKey { key: key.clone() }));
        }
        Self { key, line, articles: Vec::new(), faults_before }
    }

    fn take(&mut self, line: Line<'_>, text: &str, number: usize, faults: &mut Noted) {
        if let Line::Language(code) = line {
            return self.begin(code, number, faults);
        }
        match self.articles.last_mut() {
            Some(article) => article.take(line, text, number, faults),
            None if text.trim().is_empty() => {}
            None => faults.push((number, Fault::Misplaced)),
        }
    }

    /// An article of an unknown language is read too, so that its lines are not each called misplaced.
    fn begin(&mut self, code: &str, number: usize, faults: &mut Noted) {
        let language = language(code);
        match language {
            None => faults.push((number, Fault::UnknownLanguage { code: code.to_owned() })),
            Some(language) if self.articles.iter().any(|article| article.language == Some(language)) => {
                faults.push((number, Fault::LanguageTwice { language }));
            }
            Some(_) => {}
        }
        self.articles.push(OpenArticle {
            language,
            line: number,
            questions: Vec::new(),
            synonyms: Vec::new(),
            answer: String::new(),
        });
    }

    fn close(self, faults: &mut Noted) -> Entry {
        if self.articles.is_empty() {
            faults.push((self.line, Fault::NoLanguage { key: self.key.clone() }));
        }
        let articles = self.articles.into_iter().filter_map(|article| article.close(faults)).collect();
        Entry { key: self.key, articles, file: String::new(), line: self.line }
    }
}

/// A code in any case, also of a country (`zh-CN`).
fn language(code: &str) -> Option<Language> {
    let code = code.to_ascii_lowercase();
    Language::parse(code.split(['-', '_']).next().unwrap_or_default())
}

fn is_kebab_case(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !key.is_empty() && key.bytes().all(allowed) && !key.starts_with('-') && !key.ends_with('-')
}

struct OpenArticle {
    /// `None`: an unknown one, of which a fault is noted.
    language: Option<Language>,
    line: usize,
    questions: Vec<String>,
    synonyms: Vec<String>,
    answer: String,
}

impl OpenArticle {
    fn take(&mut self, line: Line<'_>, text: &str, number: usize, faults: &mut Noted) {
        let has_begun = !self.answer.trim().is_empty();
        match line {
            Line::Question(_) | Line::Synonyms(_) if has_begun => faults.push((number, Fault::LateQuestion)),
            Line::Question("") => faults.push((number, Fault::NoQuestion)),
            Line::Question(question) => self.questions.push(question.to_owned()),
            Line::Synonyms(list) => {
                let before = self.synonyms.len();
                self.synonyms.extend(synonyms(list));
                if self.synonyms.len() == before {
                    faults.push((number, Fault::NoSynonym));
                }
            }
            Line::Text | Line::Key(_) | Line::Language(_) => {
                self.answer.push_str(text);
                self.answer.push('\n');
            }
        }
    }

    fn close(self, faults: &mut Noted) -> Option<Article> {
        let language = self.language?;
        let answer = self.answer.trim().to_owned();
        if self.questions.is_empty() {
            faults.push((self.line, Fault::NoQuestion));
        } else if answer.is_empty() {
            faults.push((self.line, Fault::EmptyAnswer));
        }
        Some(Article { language, questions: self.questions, synonyms: self.synonyms, answer })
    }
}

fn synonyms(list: &str) -> impl Iterator<Item = String> {
    let each = list.split([',', '，', '、', ';', '；']).map(str::trim);
    each.filter(|word| !word.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
