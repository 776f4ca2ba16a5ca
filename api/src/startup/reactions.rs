//! What reacts to the log by the settings: the rules' version 0, budgets, and the process managers that are asked for.

use std::sync::Arc;

use commands::{
    Rules, SettingsInForce,
    assistants::Budgets,
    process::{
        AgentLost, Expiry, IdleClose, ProcessManager, Routing, RunRecovery, Runner, SendMail, SentDrafts, Waiting,
        WatchBudgets,
    },
    settings::VersionZero,
};
use domain::policy::regulator::Regulator;
use event_store::Clock;

use super::AnyError;
use crate::settings::Settings;

/// The original's policy where its variables are set, else the program's; and its working hours.
pub(super) fn version_zero(settings: &Settings) -> VersionZero {
    let regulator = Regulator {
        keywords: settings.regulator_keywords.clone(),
        ai_fail_keywords: settings.regulator_ai_fail_keywords.clone(),
        fail_threshold: settings.regulator_fail_threshold.map(|threshold| threshold.0),
        vip_auto_escalate: settings.regulator_vip_auto_escalate,
    };
    let zero = VersionZero { calendars: settings.hours.document(), ..VersionZero::default() };
    match regulator.document() {
        Some(policy) => VersionZero { policy, ..zero },
        None => zero,
    }
}

/// What assistants may use in a day of the shop.
pub(super) fn budgets(settings: &Settings, in_force: &Arc<SettingsInForce>, clock: &Arc<dyn Clock>) -> Budgets {
    let (daily, zone) = (settings.budgets.clone(), settings.time_zone.clone());
    Budgets::new(daily, settings.assistant_budget_then, zone, in_force.clone(), clock.clone())
}

/// A budget of nobody would leave somebody without.
pub(crate) fn refuse_unknown_budgets(settings: &Settings) -> Result<(), AnyError> {
    let names: Vec<&str> = settings.assistant_order().iter().map(|kind| kind.as_str()).collect();
    match settings.budgets.names().find(|name| !names.contains(name)) {
        Some(name) => {
            let there_are = names.join(", ");
            Err(format!("the assistants' daily budgets name {name:?}, but the assistants are {there_are}").into())
        }
        None => Ok(()),
    }
}

/// The process managers that the settings ask for.
pub(super) fn managers(
    settings: &Settings,
    runner: &Arc<Runner>,
    rules: &Arc<Rules>,
    budgets: &Arc<Budgets>,
) -> Vec<Arc<dyn ProcessManager>> {
    let mut managers: Vec<Arc<dyn ProcessManager>> = vec![Arc::new(RunRecovery::new(runner)), Arc::new(SendMail)];
    if let Some(idle_close) = IdleClose::new(settings.session_idle_close, rules.clock().clone()) {
        managers.push(Arc::new(idle_close));
    }
    if let Some(agent_lost) = AgentLost::new(settings.agent_lost_after) {
        managers.push(Arc::new(agent_lost));
    }
    managers.push(Arc::new(Expiry));
    managers.push(Arc::new(SentDrafts));
    if let Some(watch_budgets) = WatchBudgets::new(budgets) {
        managers.push(Arc::new(watch_budgets));
    }
    managers.push(Arc::new(Waiting::new(settings.nobody_came_after, settings.nobody_came_then, rules.clone())));
    if let Some(routing) = Routing::new(settings.routing, settings.offer_seconds) {
        managers.push(Arc::new(routing));
    }
    managers
}
