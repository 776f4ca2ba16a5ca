//! When readers see what is on the disk, and writers hear of it: at once, or a while later, as in a cluster whose leader writes
//! first and shows it when a majority has it. A write that is refused is refused at once in either case.

use std::{
    io,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};

use super::Outcome;

pub(super) type Answers = Vec<(oneshot::Sender<Outcome>, Outcome)>;

/// What is on the disk up to `end`, and who waits for it.
struct Shown {
    due: Instant,
    end: u64,
    answers: Answers,
}

pub(super) struct Visibility {
    after: Duration,
    durable: Arc<watch::Sender<u64>>,
    later: mpsc::Sender<Shown>,
}

impl Visibility {
    pub(super) fn new(after: Duration, durable: watch::Sender<u64>) -> io::Result<Self> {
        let durable = Arc::new(durable);
        let (later, due) = mpsc::channel::<Shown>();
        let shows = durable.clone();
        // It ends with the writer, when it has shown everything.
        std::thread::Builder::new().name("visibility".to_owned()).spawn(move || {
            for shown in due {
                std::thread::sleep(shown.due.saturating_duration_since(Instant::now()));
                shows.send_replace(shown.end);
                answer(shown.answers);
            }
        })?;
        Ok(Self { after, durable, later })
    }

    /// Everything up to here is on the disk.
    pub(super) fn show(&self, end: u64, answers: Answers) {
        if self.after.is_zero() {
            self.durable.send_replace(end);
            return answer(answers);
        }
        let (written, refused) =
            answers.into_iter().partition(|(_, outcome)| matches!(outcome, Outcome::Written { .. }));
        answer(refused);
        // The thread ends after this does.
        let _ = self.later.send(Shown { due: Instant::now() + self.after, end, answers: written });
    }
}

fn answer(answers: Answers) {
    for (answer, outcome) in answers {
        // Whoever asked may have gone.
        let _ = answer.send(outcome);
    }
}
