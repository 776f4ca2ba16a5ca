//! Edits of the folder, and what customers and the log see of them.
//!
//! Tests that check the log call `look` themselves, so that none depends on a clock.

use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use domain::Language;

use super::*;
use crate::faq::FaqSettings;

fn entry(key: &str, answer: &str) -> String {
    format!("# T\n\n## {key}\n\n### zh\nQ: {key} 问题\n\n答\n\n### en\nQ: about {key}\n\n{answer}\n")
}

fn opened() -> (TempDir, Faq) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one.md"), entry("brakes", "first")).unwrap();
    let settings = FaqSettings { folder: folder.path().to_path_buf(), ..FaqSettings::default() };
    let faq = Faq::open(settings).unwrap();
    (folder, faq)
}

fn answer(faq: &Faq, question: &str) -> Option<String> {
    faq.ask_by_words(question, Language::En).hits().first().map(|hit| hit.answer.clone())
}

async fn wait_for_answer(faq: &Faq, question: &str, expected: Option<&str>) {
    let began = Instant::now();
    while answer(faq, question).as_deref() != expected {
        assert!(began.elapsed() < Duration::from_secs(10), "{question} never became {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn editing_adding_and_removing_take_effect_without_a_restart() {
    let (folder, faq) = opened();
    let _watch = faq.watch();
    fs::write(folder.path().join("one.md"), entry("brakes", "second time")).unwrap();
    wait_for_answer(&faq, "brakes", Some("second time")).await;
    fs::write(folder.path().join("two.md"), entry("saddle", "added")).unwrap();
    wait_for_answer(&faq, "saddle", Some("added")).await;
    fs::remove_file(folder.path().join("two.md")).unwrap();
    wait_for_answer(&faq, "saddle", None).await;
}

#[tokio::test]
async fn an_editor_that_writes_and_renames_is_followed() {
    let (folder, faq) = opened();
    let _watch = faq.watch();
    let draft = folder.path().join(".one.md.swp");
    fs::write(&draft, entry("brakes", "renamed")).unwrap();
    fs::rename(&draft, folder.path().join("one.md")).unwrap();
    wait_for_answer(&faq, "brakes", Some("renamed")).await;
}

#[tokio::test]
async fn an_edit_between_opening_and_watching_is_not_missed() {
    let (folder, faq) = opened();
    fs::write(folder.path().join("one.md"), entry("brakes", "in between")).unwrap();
    let _watch = faq.watch();
    wait_for_answer(&faq, "brakes", Some("in between")).await;
}

#[test]
fn a_malformed_edit_keeps_the_last_good_index() {
    let (folder, faq) = opened();
    let log = Log::default();
    let _collecting = log.collect();
    let watcher = look(Watcher::new(faq.clone()), 3);
    fs::write(folder.path().join("one.md"), "# T\n\n## brakes\n").unwrap();
    let watcher = look(watcher, 6);
    assert_eq!(answer(&faq, "brakes").as_deref(), Some("first"));
    assert!(faq.health().faults[0].contains("one.md:3: the entry `brakes` has no language"), "{:?}", faq.health());
    assert_eq!(log.count("WARN"), 1, "{}", log.text());
    assert!(log.text().contains("one.md:3: "), "{}", log.text());

    fs::write(folder.path().join("one.md"), entry("brakes", "mended")).unwrap();
    look(watcher, 6);
    assert_eq!(answer(&faq, "brakes").as_deref(), Some("mended"));
    assert_eq!((log.count("WARN"), log.count("INFO")), (1, 1), "{}", log.text());
    assert_eq!(faq.health().faults, [""; 0]);
}

#[test]
fn a_well_formed_edit_after_a_well_formed_one_logs_nothing() {
    let (folder, faq) = opened();
    let log = Log::default();
    let _collecting = log.collect();
    fs::write(folder.path().join("one.md"), entry("brakes", "edited")).unwrap();
    look(Watcher::new(faq.clone()), 6);
    assert_eq!(answer(&faq, "brakes").as_deref(), Some("edited"));
    assert_eq!(log.text(), "");
}

#[test]
fn an_edit_that_keeps_time_and_size_is_seen() {
    let (folder, faq) = opened();
    let path = folder.path().join("one.md");
    let before = fs::metadata(&path).unwrap();
    fs::write(&path, entry("brakes", "fresh")).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(before.modified().unwrap()).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((before.len(), before.modified().unwrap()), (after.len(), after.modified().unwrap()));
    look(Watcher::new(faq.clone()), 3);
    assert_eq!(answer(&faq, "brakes").as_deref(), Some("fresh"));
}

#[test]
fn all_faults_of_all_files_are_named() {
    let (folder, faq) = opened();
    fs::write(folder.path().join("two.md"), "## a\n### en\nx\n## B\n### en\nQ: q\nx\n").unwrap();
    fs::write(folder.path().join("three.md"), "x").unwrap();
    look(Watcher::new(faq.clone()), 3);
    let faults = faq.health().faults;
    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn a_folder_that_disappears_keeps_the_last_good_index() {
    let (folder, faq) = opened();
    let log = Log::default();
    let _collecting = log.collect();
    fs::remove_dir_all(folder.path()).unwrap();
    look(Watcher::new(faq.clone()), 6);
    assert_eq!(answer(&faq, "brakes").as_deref(), Some("first"));
    assert_eq!(log.count("WARN"), 1, "{}", log.text());
}

#[test]
fn a_file_that_is_still_growing_is_not_read() {
    let (folder, faq) = opened();
    let log = Log::default();
    let _collecting = log.collect();
    let mut watcher = Watcher::new(faq.clone());
    let mut file = fs::File::create(folder.path().join("one.md")).unwrap();
    for line in entry("brakes", "whole").lines() {
        writeln!(file, "{line}").unwrap();
        watcher = watcher.look();
        assert_eq!(answer(&faq, "brakes").as_deref(), Some("first"));
    }
    look(watcher, 2);
    assert_eq!(answer(&faq, "brakes").as_deref(), Some("whole"));
    assert_eq!(log.count("WARN"), 0, "{}", log.text());
}

fn look(mut watcher: Watcher, times: usize) -> Watcher {
    for _ in 0..times {
        watcher = watcher.look();
    }
    watcher
}

/// Collects what this thread logs; written out here because one file of tests does not justify a dependency.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn collect(&self) -> tracing::subscriber::DefaultGuard {
        tracing::subscriber::set_default(self.clone())
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }

    fn count(&self, level: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.starts_with(level)).count()
    }
}

struct Line(String);

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("integrations")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
