//! How well a FAQ answers: a table of customers' questions and of the entries that answer them, and the thresholds that suit it.
//!
//! The table is tab-separated with a header: `id`, `language`, `kind`, `question`, `keys` (the entries that answer, divided by
//! commas, or `none`). Whoever writes it should not have read the entries.

mod calibration;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use super::confidence::{Ranking, Thresholds};
use super::reloadable::Faq;

pub use calibration::{Calibration, calibrate};
pub use table::{Asked, TableError, read};

/// How long a question waits for its vector: what is looked at here is how well, not how fast.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a question got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// An entry that answers.
    Right,
    /// Choices, one of which answers.
    Offered,
    /// Choices, none of which answers.
    OfferedAmiss,
    /// An entry that does not answer.
    Wrong,
    /// Nothing.
    DoesNotKnow,
}

/// A question with the ranking that it got, to be judged under any thresholds.
#[derive(Debug)]
pub struct Ranked {
    /// What was asked.
    pub asked: Asked,
    exact: Option<String>,
    ranking: Option<Ranking>,
    /// The keys of the ranking's entries.
    best: Vec<String>,
}

impl Ranked {
    /// The verdict under these thresholds.
    #[must_use]
    pub fn verdict(&self, thresholds: Thresholds) -> Verdict {
        let is_right = |key: &String| self.asked.keys.contains(key);
        let answered = |key: &String| if is_right(key) { Verdict::Right } else { Verdict::Wrong };
        if let Some(key) = &self.exact {
            return answered(key);
        }
        let Some(ranking) = &self.ranking else { return Verdict::DoesNotKnow };
        match self.best.first() {
            Some(first) if ranking.confidence >= thresholds.sure && ranking.is_founded => answered(first),
            Some(_) if ranking.confidence < thresholds.offer => Verdict::DoesNotKnow,
            Some(_) if self.best.iter().any(is_right) => Verdict::Offered,
            Some(_) => Verdict::OfferedAmiss,
            None => Verdict::DoesNotKnow,
        }
    }

    /// The best entries, and how sure the first is; for whoever looks at single questions.
    #[must_use]
    pub fn told(&self) -> String {
        let confidence = self.ranking.as_ref().map_or(0.0, |ranking| ranking.confidence);
        format!("{confidence:.3} {}", self.exact.iter().chain(&self.best).cloned().collect::<Vec<_>>().join(", "))
    }
}

/// Asks every question; with meaning where the FAQ has it.
///
/// # Errors
/// The server of vectors does not answer in time, so that what is measured would be words alone.
pub async fn rank_all(faq: &Faq, asked: Vec<Asked>, by_meaning: bool) -> Result<Vec<Ranked>, String> {
    let mut all = Vec::new();
    for asked in asked {
        all.push(faq.ranked(asked, by_meaning).await?);
    }
    Ok(all)
}

/// Waits until every question line has a vector.
///
/// # Errors
/// No server of vectors is set, or it cannot be asked.
pub async fn wait_for_vectors(faq: &Faq) -> Result<(), String> {
    let meaning = faq.meaning().ok_or("no server of vectors is set")?;
    while !meaning.is_ready(&faq.index()) {
        if let Some(error) = meaning.health().error {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// How many questions got which verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Verdict, usize>);

impl Counts {
    /// Of these questions.
    pub fn of<'a>(ranked: impl Iterator<Item = &'a Ranked>, thresholds: Thresholds) -> Self {
        let mut counts = BTreeMap::new();
        for one in ranked {
            *counts.entry(one.verdict(thresholds)).or_default() += 1;
        }
        Self(counts)
    }

    /// With this verdict.
    #[must_use]
    pub fn get(&self, verdict: Verdict) -> usize {
        self.0.get(&verdict).copied().unwrap_or_default()
    }

    /// All.
    #[must_use]
    pub fn all(&self) -> usize {
        self.0.values().sum()
    }

    /// Of all, 0 to 1.
    #[must_use]
    pub fn share(&self, verdicts: &[Verdict]) -> f64 {
        let these: usize = verdicts.iter().map(|verdict| self.get(*verdict)).sum();
        ratio(these, self.all())
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody asks so many questions")]
fn ratio(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// The report over all questions: answerable ones by language and kind, then those that nothing answers.
#[must_use]
pub fn report(ranked: &[Ranked], thresholds: Thresholds) -> String {
    let mut groups: BTreeMap<(bool, String), Vec<&Ranked>> = BTreeMap::new();
    for one in ranked {
        let is_unanswerable = one.asked.keys.is_empty();
        for name in [format!("{} {}", one.asked.language, one.asked.kind), "all".to_owned()] {
            groups.entry((is_unanswerable, name)).or_default().push(one);
        }
    }
    let mut report = String::from(
        "                        asked  right  offered  offered amiss  wrong  do not know  right or offered  wrong\n",
    );
    for ((is_unanswerable, name), group) in &groups {
        let counts = Counts::of(group.iter().copied(), thresholds);
        let name = if *is_unanswerable { format!("{name}, unanswerable") } else { name.clone() };
        report += &line(&name, &counts);
    }
    report
}

fn line(name: &str, counts: &Counts) -> String {
    let of = |verdict| counts.get(verdict);
    let percent = |verdicts: &[Verdict]| 100.0 * counts.share(verdicts);
    format!(
        "{name:<24}{:>5}{:>7}{:>9}{:>15}{:>7}{:>13}{:>16.1} %{:>5.1} %\n",
        counts.all(),
        of(Verdict::Right),
        of(Verdict::Offered),
        of(Verdict::OfferedAmiss),
        of(Verdict::Wrong),
        of(Verdict::DoesNotKnow),
        percent(&[Verdict::Right, Verdict::Offered]),
        percent(&[Verdict::Wrong]),
    )
}

impl Faq {
    async fn ranked(&self, asked: Asked, by_meaning: bool) -> Result<Ranked, String> {
        let index = self.index();
        let near = match self.meaning().filter(|_| by_meaning) {
            Some(meaning) => {
                let near = meaning.nearness_within(PATIENCE, &asked.question, &index).await;
                Some(near.ok_or_else(|| {
                    format!("{}: the server of vectors did not answer: {:?}", asked.id, meaning.health())
                })?)
            }
            None => None,
        };
        let key = |number: usize| index.entries().get(number).map(|entry| entry.key.clone());
        let exact = index.exact(&asked.question).and_then(key);
        let ranking = index.rank(&asked.question, asked.language, near.as_ref());
        let best = ranking.iter().flat_map(|ranking| &ranking.best).filter_map(|number| key(*number)).collect();
        Ok(Ranked { asked, exact, ranking, best })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
