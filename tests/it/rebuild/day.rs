//! A log of past sessions that took every path of the state machine, written without a server.

use domain::{
    AgentId, VisitorId,
    session::event::{EscalationReason, Outcome},
};
use event_store::Log;
use testkit::SessionDriver;
use uuid::Uuid;

/// Paths of a session.
const WAYS: usize = 8;
/// Agents who share the work.
const AGENTS: usize = 7;

/// Writes so many sessions; returns their visitors.
pub(crate) async fn write(log: &Log, sessions: usize) -> Vec<VisitorId> {
    let mut visitors = Vec::new();
    for number in 0..sessions {
        let agent = AgentId(Uuid::from_u128(0xc000 + (number % AGENTS) as u128));
        let mut session = SessionDriver::new(log, &format!("past-{number}")).with_agent(agent);
        goes(&mut session, number % WAYS);
        session.write().await;
        visitors.push(session.visitor());
    }
    visitors
}

/// One of the paths.
fn goes(session: &mut SessionDriver, way: usize) {
    session.asks("续航多少公里？", "约 80 公里。", Outcome::Answered);
    match way {
        0 => session.asks("How long does shipping take?", "I do not know.", Outcome::DoesNotKnow),
        1 => session.escalates(EscalationReason::Keyword),
        2 => session.escalates(EscalationReason::Vip).is_taken_over(),
        3 => session.is_taken_over().is_returned_to_queue(),
        4 => {
            session.says("刹车异响").starts_run().escalates(EscalationReason::Manual);
            session.replies("太晚了", Outcome::Answered).is_cancelled()
        }
        5 => session.is_closed().asks("再问一下", "好的。", Outcome::Answered),
        6 => session.starts_context(true).says("退货").starts_run().fails(Some("请稍后再试。")),
        _ => session.escalates(EscalationReason::Sentiment).is_taken_over().is_released().is_closed(),
    };
}
