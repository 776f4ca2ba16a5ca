//! Properties over random threads: however the events are cut into batches the tables are the same, and statuses are those
//! of the domain's fold.

use domain::session::{
    Command,
    event::{EscalationReason, Outcome, ReturnReason},
};
use event_store::Position;
use proptest::{collection::vec, prelude::*};

use super::{
    fixture::{Fixture, dump},
    thread::Thread,
};

const STEPS: u8 = 16;

/// One random step of a thread; whether the rules allow it is theirs to say.
async fn step(thread: &mut Thread, step: u8) -> Option<Position> {
    match step % STEPS {
        0..=2 => thread.says("问题").await,
        3 | 4 => thread.run_starts().await,
        5 => thread.replies("答案").await,
        6 => {
            let answer = thread.answer("不清楚", Outcome::DoesNotKnow);
            thread.tell(Command::Reply(answer)).await
        }
        7 => thread.fails(Some("稍后")).await,
        8 => thread.run_is_retaken().await,
        9 => thread.starts_afresh(step > 127).await,
        10 => thread.escalates(EscalationReason::Keyword).await,
        11 => thread.is_taken_over().await,
        12 if step > 127 => thread.is_released().await,
        12 => thread.tell(Command::ReturnToQueue { agent: thread.agent, reason: ReturnReason::HandedBack }).await,
        13 => thread.is_cancelled().await,
        14 => thread.tell(Command::GiveAfterHoursNotice { opens_at: None }).await,
        _ => thread.is_closed().await,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_by_one_or_in_one_batch_gives_the_same_tables_and_the_domains_statuses(
        steps in vec((0..4usize, any::<u8>()), 1..60)
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let fixture = Fixture::new();
            let one_by_one = fixture.run().await;
            let mut threads: Vec<Thread> = (0..4).map(|n| Thread::new(&fixture.log, &format!("s{n}"))).collect();
            for (which, what) in steps {
                let thread = &mut threads[which];
                if let Some(position) = step(thread, what).await {
                    one_by_one.reach(position).await;
                    let row = one_by_one.views.session(thread.session).await.unwrap();
                    assert_eq!(row.map(|row| row.status), thread.status());
                }
            }
            assert_eq!(dump(&one_by_one.views).await, fixture.folded_afresh().await);
            for thread in &threads {
                let trail = one_by_one.views.audit_trail(thread.session, Position::START, 1_000).await.unwrap();
                assert_eq!(trail.last().and_then(|entry| entry.status_to), thread.status());
            }
        });
    }
}
