//! When a rule says no to a person who wants something of a session: the original's texts, with names where rules have ids.

use actix_web::http::StatusCode;
use commands::CommandError;
use domain::{AgentId, session::Rejection};
use projections::AgentNames;

use crate::{agent_names::NameLookup, problem::Problem};

/// What was wanted, as far as the original's texts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To take the session.
    TakeOver,
    /// To give it to somebody else.
    Transfer,
    /// To speak in it, or to give it back.
    OwnersAct,
    /// Anything else.
    Other,
}

/// What is answered.
pub(super) async fn refused(names: &NameLookup, wanted: Wanted, error: CommandError) -> Problem {
    let CommandError::Rejected(rejection) = error else { return error.into() };
    match (rejection, wanted) {
        (Rejection::HandledByAnotherAgent { agent }, Wanted::OwnersAct) => not_the_owner(agent, names.of(agent).await),
        (Rejection::HandledByAnotherAgent { agent }, _) => already_taken(agent, names.of(agent).await),
        (Rejection::InvalidStatus { status }, Wanted::TakeOver) => {
            invalid_status(format!("INVALID_STATUS: 当前状态为{status}，无法接入"))
        }
        (Rejection::InvalidStatus { status }, Wanted::Transfer) => {
            invalid_status(format!("INVALID_STATUS: 当前状态为{status}，无法转接"))
        }
        (Rejection::InvalidStatus { status }, Wanted::OwnersAct) => Rejection::NotInManualMode { status }.into(),
        (Rejection::NotTheOwner { owner }, Wanted::Transfer) => {
            let detail = "只有当前服务的坐席才能转接会话";
            with_agent(Problem::new(StatusCode::FORBIDDEN, "NOT_THE_OWNER", detail), owner, names.of(owner).await)
        }
        (Rejection::NotTheOwner { owner }, _) => not_the_owner(owner, names.of(owner).await),
        (other, _) => other.into(),
    }
}

fn invalid_status(detail: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, "INVALID_STATUS", detail)
}

fn not_the_owner(owner: AgentId, named: AgentNames) -> Problem {
    let detail = "another agent has the session: only that agent may do so";
    with_agent(Problem::new(StatusCode::FORBIDDEN, "NOT_THE_OWNER", detail), owner, named)
}

fn already_taken(agent: AgentId, named: AgentNames) -> Problem {
    let shown = named.name.clone().or_else(|| named.username.clone()).unwrap_or_else(|| agent.to_string());
    let detail = format!("ALREADY_TAKEN: 会话已被坐席【{shown}】接入");
    with_agent(Problem::new(StatusCode::CONFLICT, "ALREADY_TAKEN", detail), agent, named)
}

/// Staff is told who: the user name is what the original's clients compare.
fn with_agent(problem: Problem, agent: AgentId, named: AgentNames) -> Problem {
    problem.with("agent_id", named.username).with("agent_uuid", agent.to_string()).with("agent_name", named.name)
}
