//! The index over one state of the folder: tantivy's BM25 finds candidates, the confidence chooses among them.
//!
//! BM25 alone ranks well but its numbers cannot be compared between questions, so it only proposes.
//!
//! *Invariant:* immutable once built; an edit builds another one.

use std::collections::HashMap;

use tantivy::collector::TopDocs;
use tantivy::directory::RamDirectory;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{IndexReader, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::asked::Asked;
use super::confidence::Judge;
use super::corpus::Entry;
use super::segment::{self, FaqTokenizer};
use super::{FaqError, Hit};
use domain::Language;

/// A word in a question says more about the topic than the same word in an answer.
const QUESTION_BOOST: f32 = 3.0;
/// The right entry is practically always among this many, and judging them costs microseconds.
const CANDIDATES: usize = 12;
/// The least that tantivy accepts for one writer; the folder needs a hundredth of it.
const WRITER_BYTES: usize = 15_000_000;
const TOKENIZER: &str = "faq";

pub(super) struct Index {
    entries: Vec<Entry>,
    /// From the bare wording of each question to its entry.
    wordings: HashMap<String, usize>,
    judge: Judge,
    reader: IndexReader,
    fields: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    entry: Field,
    language: Field,
    question: Field,
    answer: Field,
}

impl Index {
    pub(super) fn build(entries: Vec<Entry>) -> Result<Self, FaqError> {
        let (schema, fields) = schema();
        let builder = tantivy::Index::builder().schema(schema).tokenizers(tokenizers());
        // One segment, written on this thread: a pool of writers for a few hundred documents only costs memory.
        let mut writer = builder.single_segment_index_writer(RamDirectory::create(), WRITER_BYTES)?;
        for (number, entry) in (0..).zip(&entries) {
            for language in Language::ALL {
                writer.add_document(document(fields, number, entry, language))?;
            }
        }
        let reader = writer.finalize()?.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let (judge, wordings) = (Judge::new(&entries), wordings(&entries));
        Ok(Self { entries, wordings, judge, reader, fields })
    }

    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// A question worded as in the folder hits for certain, even if it consists of nothing but stop words.
    pub(super) fn ask(&self, question: &str) -> Option<Hit> {
        let language = Language::of(question).unwrap_or(Language::En);
        let exact = self.wordings.get(&segment::wording(question)).map(|number| (*number, 1.0));
        let (number, confidence) = exact.or_else(|| self.search(language, question))?;
        let entry = self.entries.get(number)?;
        let answer = entry.article(language).answer.clone();
        Some(Hit { key: entry.key.clone(), language, answer, confidence })
    }

    fn search(&self, language: Language, question: &str) -> Option<(usize, f32)> {
        let asked = self.judge.asked(language, &segment::terms(question));
        let candidates = self.candidates(&asked).unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the search in the answers failed");
            Vec::new()
        });
        self.judge.best(&asked, &candidates)
    }

    /// Numbers of the entries that BM25 puts first, the best first.
    fn candidates(&self, asked: &Asked) -> Result<Vec<usize>, tantivy::TantivyError> {
        if asked.words.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let found = searcher.search(&self.query(asked), &TopDocs::with_limit(CANDIDATES).order_by_score())?;
        found.into_iter().map(|(_, address)| self.entry_at(&searcher, address)).collect()
    }

    fn entry_at(&self, searcher: &Searcher, address: tantivy::DocAddress) -> Result<usize, tantivy::TantivyError> {
        let document: TantivyDocument = searcher.doc(address)?;
        let number = document.get_first(self.fields.entry).and_then(|value| value.as_u64());
        Ok(number.and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX))
    }

    fn query(&self, asked: &Asked) -> BooleanQuery {
        let language = Term::from_field_text(self.fields.language, asked.language.as_str());
        let mut words = Vec::new();
        for term in asked.terms() {
            words.push((Occur::Should, boosted(self.fields.question, term, QUESTION_BOOST)));
            words.push((Occur::Should, boosted(self.fields.answer, term, 1.0)));
        }
        BooleanQuery::new(vec![
            (Occur::Must, boosted_term(language, 0.0)),
            (Occur::Must, Box::new(BooleanQuery::new(words))),
        ])
    }
}

fn wordings(entries: &[Entry]) -> HashMap<String, usize> {
    let mut wordings = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for question in entry.zh.questions.iter().chain(&entry.en.questions) {
            wordings.entry(segment::wording(question)).or_insert(number);
        }
    }
    wordings
}

fn boosted(field: Field, term: &str, boost: f32) -> Box<dyn Query> {
    boosted_term(Term::from_field_text(field, term), boost)
}

fn boosted_term(term: Term, boost: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), boost))
}

fn schema() -> (Schema, Fields) {
    let indexing = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    let mut schema = Schema::builder();
    let fields = Fields {
        entry: schema.add_u64_field("entry", INDEXED | STORED),
        language: schema.add_text_field("language", tantivy::schema::STRING),
        question: schema.add_text_field("question", text.clone()),
        answer: schema.add_text_field("answer", text),
    };
    (schema.build(), fields)
}

fn tokenizers() -> tantivy::tokenizer::TokenizerManager {
    let tokenizers = tantivy::tokenizer::TokenizerManager::default();
    tokenizers.register(TOKENIZER, TextAnalyzer::from(FaqTokenizer));
    tokenizers
}

/// One language of an entry. The other language's questions are found too, for people who mix ("battery多久充满").
fn document(fields: Fields, number: u64, entry: &Entry, language: Language) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.entry, number);
    document.add_text(fields.language, language.as_str());
    document.add_text(fields.answer, &entry.article(language).answer);
    for question in entry.zh.questions.iter().chain(&entry.en.questions) {
        document.add_text(fields.question, question);
    }
    document
}
