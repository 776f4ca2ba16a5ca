//! `desk-load evaluate-faq`: how well the FAQ answers questions that somebody wrote who had not read it.

use std::{fs, io::Write as _, path::PathBuf, time::Instant};

use clap::Args;
use domain::Language;
use integrations::faq::{
    Faq, FaqSettings, MeaningSettings, Thresholds,
    evaluation::{Asked, Ranked, Verdict, calibrate, rank_all, read, report, wait_for_vectors},
};

use super::measure::Failure;

/// What `desk-load evaluate-faq --help` begins with.
pub(super) const LONG_ABOUT: &str = "Asks the FAQ every question of a table, and prints what became of them.

The table has a header and five columns, divided by tabs: id, language (zh, en, de, fr, es, it), kind (any word), question, \
keys (the entries that answer it, divided by commas, or none). Questions of kind danger are the policy's and are left out. \
Printed are the answerable ones (right; offered: one of the choices is right; offered amiss: none is; wrong; do not know) by \
language and kind, then those that nothing answers, of which a wrong one was answered: by words alone, and with \
--embeddings-url by words and meaning.";

/// Which questions, and of which FAQ.
#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    /// The table of questions
    file: PathBuf,
    /// The FAQ's folder
    #[arg(long, value_name = "DIR", default_value = "integrations/faq")]
    faq_dir: PathBuf,
    /// A server of /v1/embeddings, to measure words and meaning too
    #[arg(long, value_name = "URL")]
    embeddings_url: Option<String>,
    /// What it calls its model
    #[arg(long, value_name = "NAME", default_value = "default")]
    embeddings_model: String,
    /// The file that keeps the vectors
    #[arg(long, value_name = "FILE", default_value = "faq-vectors")]
    embeddings_cache: PathBuf,
    /// Print the thresholds that suit these questions, and what they would give
    #[arg(long)]
    calibrate: bool,
    /// Print each question that is not answered right, with the entries found
    #[arg(long)]
    show: bool,
}

/// Asks, and prints.
pub(super) async fn evaluate(args: EvaluateArgs) -> Result<(), Failure> {
    let asked = read(&fs::read_to_string(&args.file)?)?;
    let meaning = args.embeddings_url.clone().map(|url| MeaningSettings {
        url,
        model: args.embeddings_model.clone(),
        key: None,
        cache: args.embeddings_cache.clone(),
    });
    let with_meaning = meaning.is_some();
    let faq = Faq::open(FaqSettings { folder: args.faq_dir.clone(), last_good: None, meaning })?;
    print(&format!("{} entries\n\nwords alone\n", faq.entries()))?;
    tell(&args, &timed(&faq, &asked, false).await?, Thresholds::WORDS)?;
    if with_meaning {
        let _watch = faq.watch();
        wait_for_vectors(&faq).await?;
        print("\nwords and meaning\n")?;
        tell(&args, &timed(&faq, &asked, true).await?, Thresholds::MEANING)?;
    }
    Ok(())
}

/// Asks all, and prints how long one takes.
async fn timed(faq: &Faq, asked: &[Asked], by_meaning: bool) -> Result<Vec<Ranked>, Failure> {
    // The dictionary is read with the first question.
    drop(faq.ask_by_words("hello", Language::En));
    let began = Instant::now();
    let ranked = rank_all(faq, asked.to_vec(), by_meaning).await?;
    let each = began.elapsed() / u32::try_from(asked.len().max(1))?;
    print(&format!("{each:.0?} a question\n"))?;
    Ok(ranked)
}

fn tell(args: &EvaluateArgs, ranked: &[Ranked], in_force: Thresholds) -> Result<(), Failure> {
    print(&format!("sure from {}, offered from {}\n{}", in_force.sure, in_force.offer, report(ranked, in_force)))?;
    if args.show {
        print(&shown(ranked, in_force))?;
    }
    if !args.calibrate {
        return Ok(());
    }
    let Some(suited) = calibrate(ranked) else {
        return print("no thresholds keep wrong ≤ 3 % and unanswerable answered ≤ 5 %\n");
    };
    let Thresholds { sure, offer } = suited.thresholds;
    print(&format!(
        "these questions ask for: sure from {sure}, offered from {offer}\n{}",
        report(ranked, suited.thresholds)
    ))
}

fn shown(ranked: &[Ranked], in_force: Thresholds) -> String {
    let mut text = String::new();
    for one in ranked {
        let verdict = one.verdict(in_force);
        let is_well = verdict == Verdict::Right || (verdict == Verdict::DoesNotKnow && one.asked.keys.is_empty());
        if !is_well {
            let asked = &one.asked;
            text +=
                &format!("{verdict:?}\t{}\t{}\t{}\t{}\n", asked.id, asked.question, asked.keys.join(","), one.told());
        }
    }
    text
}

fn print(text: &str) -> Result<(), Failure> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
