//! Vectors from a server over HTTP that is there, away, slow, or wrong.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use domain::Language;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::*;
use crate::faq::{Faq, FaqSettings, Found, Watch};

const ENTRIES: &str = "\
## rain
### en
Q: Can I ride in the rain?

Rain is fine.
## cleaning
### en
Q: May I wash it with a hose?

Not with pressure.
";

/// A server of vectors: texts about water are near the first direction, all others near the second.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    delay_ms: AtomicU64,
    status: AtomicUsize,
    /// Texts that it was asked about.
    texts: AtomicUsize,
    /// The largest batch.
    largest: AtomicUsize,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::new(State::default()));
        state.status.store(200, Ordering::SeqCst);
        let served = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, served.clone()));
            }
        });
        Self { address, state }
    }

    fn settings(&self, folder: &TempDir) -> FaqSettings {
        let cache = folder.path().join("vectors");
        let meaning =
            MeaningSettings { url: format!("http://{}/v1", self.address), model: "m".into(), key: None, cache };
        FaqSettings { folder: folder.path().to_path_buf(), last_good: None, meaning: Some(meaning) }
    }

    fn asked(&self) -> usize {
        self.state.texts.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let body = loop {
            if let Some(body) = whole(&bytes) {
                break body;
            }
            match stream.read(&mut part).await {
                Ok(length @ 1..) => bytes.extend_from_slice(&part[..length]),
                Ok(0) | Err(_) => return,
            }
        };
        bytes.clear();
        sleep(Duration::from_millis(state.delay_ms.load(Ordering::SeqCst))).await;
        let answer = answer(&body, &state);
        let status = state.status.load(Ordering::SeqCst);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\ncontent-type: application/json\r\n\r\n",
            answer.len()
        );
        if stream.write_all(format!("{head}{answer}").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The body of a request that is there as a whole.
fn whole(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned))?;
    (body.len() >= length.trim().parse().ok()?).then(|| body.to_owned())
}

fn answer(body: &str, state: &State) -> String {
    let asked: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(asked["model"], "m");
    let input: Vec<&str> = asked["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    state.texts.fetch_add(input.len(), Ordering::SeqCst);
    state.largest.fetch_max(input.len(), Ordering::SeqCst);
    let data: Vec<serde_json::Value> = input
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let is_wet = ["rain", "puddles"].iter().any(|word| text.contains(word));
            serde_json::json!({"index": index, "embedding": if is_wet { [2.0, 0.1, 0.0] } else { [0.1, 2.0, 0.0] }})
        })
        .collect();
    serde_json::json!({"object": "list", "data": data, "model": "m"}).to_string()
}

fn folder(entries: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one.md"), entries).unwrap();
    folder
}

async fn opened(server: &Server, folder: &TempDir) -> (Faq, Watch) {
    let faq = Faq::open(server.settings(folder)).unwrap();
    let watch = faq.watch();
    until(|| faq.meaning().unwrap().is_ready(&faq.index())).await;
    (faq, watch)
}

async fn until(is: impl Fn() -> bool) {
    timeout(Duration::from_secs(20), async {
        while !is() {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}

/// The entries found for a question that shares no word with any entry.
async fn by_meaning(faq: &Faq) -> Vec<String> {
    let found = faq.ask("puddles everywhere", Language::En).await;
    found.hits().iter().map(|hit| hit.key.clone()).collect()
}

fn error(faq: &Faq) -> Option<String> {
    faq.health().meaning.unwrap().error
}

#[tokio::test]
async fn a_question_in_other_words_is_found_by_meaning() {
    let server = Server::start().await;
    let (faq, _watch) = opened(&server, &folder(ENTRIES)).await;
    let near = faq.meaning().unwrap().nearness("puddles everywhere", &faq.index()).await.unwrap();
    assert!(near.questions[0] > 0.99 && near.questions[1] < 0.2, "{near:?}");
    assert_eq!(faq.ask_by_words("puddles everywhere", Language::En), Found::Nothing);
}

#[tokio::test]
async fn words_alone_answer_while_vectors_are_missing() {
    let server = Server::start().await;
    server.state.status.store(503, Ordering::SeqCst);
    let faq = Faq::open(server.settings(&folder(ENTRIES))).unwrap();
    let _watch = faq.watch();
    assert!(matches!(faq.ask("ride in the rain", Language::En).await, Found::Sure(_) | Found::Unsure(_)));
    until(|| error(&faq).is_some()).await;
    let health = faq.health().meaning.unwrap();
    assert_eq!((health.texts, health.missing, health.error.as_deref()), (4, 4, Some("it answers 503")));
    server.state.status.store(200, Ordering::SeqCst);
    until(|| faq.health().meaning.unwrap() == MeaningHealth { texts: 4, missing: 0, error: None }).await;
}

#[tokio::test]
async fn a_slow_server_costs_a_question_no_more_than_the_limit_and_the_next_nothing() {
    let server = Server::start().await;
    let (faq, _watch) = opened(&server, &folder(ENTRIES)).await;
    server.state.delay_ms.store(5_000, Ordering::SeqCst);
    let began = Instant::now();
    assert!(matches!(faq.ask("ride in the rain", Language::En).await, Found::Sure(_) | Found::Unsure(_)));
    let first = began.elapsed();
    assert!(first >= QUESTION_LIMIT && first < QUESTION_LIMIT + Duration::from_millis(200), "{first:?}");
    assert_eq!(error(&faq).as_deref(), Some("no answer within 300 ms"));
    let began = Instant::now();
    assert!(by_meaning(&faq).await.is_empty());
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    server.state.delay_ms.store(0, Ordering::SeqCst);
    until(|| error(&faq).is_none()).await;
    assert!(faq.meaning().unwrap().nearness("puddles", &faq.index()).await.is_some());
}

#[tokio::test]
async fn vectors_survive_a_restart_and_only_changed_lines_are_asked_for() {
    let (server, folder) = (Server::start().await, folder(ENTRIES));
    drop(opened(&server, &folder).await);
    assert_eq!(server.asked(), 4);
    drop(opened(&server, &folder).await);
    assert_eq!(server.asked(), 4, "nothing was asked again");
    fs::write(folder.path().join("one.md"), ENTRIES.replace("May I wash", "Can I wash")).unwrap();
    drop(opened(&server, &folder).await);
    assert_eq!(server.asked(), 5, "one line was asked for");
}

#[tokio::test]
async fn an_edit_while_running_gets_its_vectors() {
    let (server, folder) = (Server::start().await, folder(ENTRIES));
    let (faq, _watch) = opened(&server, &folder).await;
    fs::write(folder.path().join("one.md"), ENTRIES.replace("May I wash", "Can I wash")).unwrap();
    until(|| server.asked() == 5 && faq.meaning().unwrap().is_ready(&faq.index())).await;
}

#[tokio::test]
async fn a_damaged_file_of_vectors_is_made_anew() {
    let (server, folder) = (Server::start().await, folder(ENTRIES));
    drop(opened(&server, &folder).await);
    let path = folder.path().join("vectors");
    let good = fs::read(&path).unwrap();
    for damaged in [&good[..good.len() / 2], b"no vectors", b""] {
        let before = server.asked();
        fs::write(&path, damaged).unwrap();
        drop(opened(&server, &folder).await);
        assert_eq!((server.asked() - before, fs::read(&path).unwrap() == good), (4, true));
    }
}

#[tokio::test]
async fn batches_are_bounded() {
    let many: String = (0..100).map(|n| format!("## k{n}\n### en\nQ: question {n}\n\nanswer {n}\n")).collect();
    let (server, folder) = (Server::start().await, folder(&many));
    drop(opened(&server, &folder).await);
    assert_eq!((server.asked(), server.state.largest.load(Ordering::SeqCst)), (200, 32));
}
