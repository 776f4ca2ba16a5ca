//! Killed with SIGKILL, also while a checkpoint is written: the restarted server continues the signed tree, and every checkpoint
//! ever seen is right.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use rand::{RngExt as _, rngs::StdRng};
use tests::{
    desk::{Customer, Desk},
    test_scale::{count, rng, seed},
};

use super::{NoteFolder, are_true_of, log_of, on_sqlite, public_key};

/// Sessions opened concurrently.
const TOGETHER: usize = 24;
/// How long a thousand events may take on a busy machine.
const A_NOTE: Duration = Duration::from_secs(120);

/// Polls a folder and copies every checkpoint that it sees.
struct Watcher {
    seen: Arc<Mutex<BTreeSet<String>>>,
    is_over: Arc<AtomicBool>,
}

impl Watcher {
    fn of(notes: &Arc<NoteFolder>) -> Self {
        let watcher = Self { seen: Arc::default(), is_over: Arc::default() };
        let (seen, is_over, notes) = (watcher.seen.clone(), watcher.is_over.clone(), notes.clone());
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                seen.lock().unwrap().extend(notes.notes().into_values());
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        watcher
    }

    fn seen(&self) -> BTreeSet<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Opens sessions in a loop, whether the server runs or not.
async fn open_sessions(customer: Customer, n: usize) {
    for session in 0.. {
        if customer.arrive(&format!("{n}-{session}")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Kills while a checkpoint is written, or soon after the next one.
fn kill_around_a_note(desk: &mut Desk, notes: &NoteFolder, random: &mut StdRng) -> bool {
    let (started, draft) = (Instant::now(), notes.path().join("checkpoint.draft"));
    let before = notes.notes();
    let in_the_middle = random.random_bool(0.7);
    loop {
        assert!(started.elapsed() < A_NOTE, "no note is written:\n{}", desk.log());
        if in_the_middle && draft.exists() {
            std::thread::sleep(Duration::from_micros(random.random_range(0..3000)));
            break;
        }
        if !in_the_middle && notes.notes() != before {
            std::thread::sleep(Duration::from_millis(random.random_range(0..500)));
            break;
        }
    }
    desk.kill();
    assert!(!desk.log().contains("panicked"), "{}", desk.log());
    draft.exists()
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_while_writing_checkpoints_resumes_and_never_signs_a_wrong_root() {
    let mut random = rng(seed("killed around a note"), 0);
    let notes = Arc::new(NoteFolder::new());
    let mut desk = Desk::start(on_sqlite(&notes));
    let watcher = Watcher::of(&notes);
    let customers = (0..TOGETHER).map(|n| tokio::spawn(open_sessions(desk.customer(), n)));
    let customers: Vec<_> = customers.collect();
    let kills = count(4, 40);
    let watched = notes.clone();
    let (mut desk, half_written) = tokio::task::spawn_blocking(move || {
        let mut half_written = 0;
        for _ in 0..kills {
            half_written += usize::from(kill_around_a_note(&mut desk, &watched, &mut random));
            desk.start_again();
        }
        (desk, half_written)
    })
    .await
    .unwrap();
    customers.iter().for_each(|customer| customer.abort());
    join_all(customers).await;
    assert_eq!(tokio::task::block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());

    let log = log_of(&desk).await;
    let seen: BTreeSet<String> = watcher.seen().into_iter().chain(notes.notes().into_values()).collect();
    println!("{} notes were seen, {half_written} of {kills} kills left half a note behind", seen.len());
    assert!(seen.len() + half_written >= kills, "every kill met a note, whole or half");
    let newest = are_true_of(&*log, &public_key(&desk), seen).await;
    assert_eq!(newest.position, log.head().await.unwrap());
}
