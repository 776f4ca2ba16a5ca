//! Properties over random threads: however the events are cut into batches the tables are the same, and statuses are those
//! of the domain's fold.

use domain::{
    MailId,
    session::{
        Command,
        event::{EscalationReason, Outcome},
    },
};
use event_store::Position;
use proptest::{collection::vec, prelude::*};
use testkit::SessionDriver;
use uuid::Uuid;

use super::fixture::{Fixture, dump};

const STEPS: u8 = 16;

/// One random step of a thread; the rules may refuse it.
async fn step(thread: &mut SessionDriver, step: u8) -> Option<Position> {
    match step % STEPS {
        0..=2 => thread.says("问题").write().await,
        3 | 4 => thread.starts_run().write().await,
        5 => thread.replies("答案", Outcome::Answered).write().await,
        6 => thread.replies("不清楚", Outcome::DoesNotKnow).write().await,
        7 => thread.fails(Some("稍后")).write().await,
        8 => thread.retakes_run().write().await,
        9 => thread.starts_context(step > 127).write().await,
        10 => thread.escalates(EscalationReason::Keyword).write().await,
        11 => thread.is_taken_over().write().await,
        12 if step > 127 => thread.is_released().write().await,
        12 => thread.is_returned_to_queue().write().await,
        13 => thread.is_cancelled().write().await,
        14 => {
            thread
                .tell(Command::GiveAfterHoursNotice { opens_at: None, is_open: false, mail: MailId(Uuid::new_v4()) })
                .write()
                .await
        }
        _ => thread.is_closed().write().await,
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
            let mut threads: Vec<SessionDriver> = (0..4).map(|n| SessionDriver::new(&fixture.log, &format!("s{n}")).taking_refusals()).collect();
            for (which, what) in steps {
                let thread = &mut threads[which];
                if let Some(position) = step(thread, what).await {
                    one_by_one.reach(position).await;
                    let row = one_by_one.views.session(thread.session()).await.unwrap();
                    assert_eq!(row.map(|row| row.status), thread.status());
                }
            }
            assert_eq!(dump(&one_by_one.views).await, fixture.folded_afresh().await);
            for thread in &threads {
                let trail = one_by_one.views.audit_trail(thread.session(), Position::START, 1_000).await.unwrap();
                assert_eq!(trail.last().and_then(|entry| entry.status_to), thread.status());
            }
        });
    }
}
