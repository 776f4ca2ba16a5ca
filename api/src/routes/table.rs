//! The table of routes: method, path, who may call it, and the handler. Registration, the OpenAPI document and the role test
//! come from it.
//!
//! Where two paths fit a request the upper row gets it.

use actix_web::{
    http::Method,
    web::{Data, ServiceConfig},
};

use super::{
    activity, agent_events, agents, api_keys, assistants, audit, auth, bot, calendars, chat, chat_stream, conversation,
    customer, detailed_health, docs, drafts, events, faq, flag_trial, flags, hand_off, health, manual, marks, metrics,
    notes, offers, page, pending_transfers, policies, policy_trial, presence, profile, proof, queue, quick_replies,
    ratings,
    registration::{Registered, Row, registered_as, routes, serve},
    second_factor, session_customer, session_events, session_list, session_mail, sessions, shift, tokens, transfers,
    usage,
};
use crate::auth::require::{
    AgentRead, AgentWrite, Anybody, AuditRead, CurrentUser, KnownVisitor, LogRead, OptionalStaff, Require, SessionRead,
    SessionSupervise, SessionWrite, SettingsRead, SettingsWrite, StatisticsRead, SystemRead, TokenHolder,
};

routes! {
    documented {
        POST "/api/chat" KnownVisitor => chat::chat;
        POST "/api/chat/stream" KnownVisitor => chat_stream::stream;
        POST "/api/conversation/create" KnownVisitor => conversation::create;
        POST "/api/conversation/new" KnownVisitor => conversation::new;
        POST "/api/conversation/clear" KnownVisitor => conversation::clear;
        GET "/api/customer" KnownVisitor => customer::show;
        POST "/api/customer/identify" TokenHolder => customer::identify;
        POST "/api/customer/sign-out" TokenHolder => customer::sign_out;
        GET "/api/sessions" Require<SessionRead> => session_list::list;
        // Before {name}: staff reaches a session of such a name by its id, its customer by the name (`sessions::STAFFS_WORDS`).
        GET "/api/sessions/stats" Require<StatisticsRead> => sessions::stats;
        GET "/api/sessions/queue" Require<SessionRead> => queue::show;
        GET "/api/sessions/counts" Require<SessionRead> => session_list::counts;
        GET "/api/sessions/{name}" OptionalStaff<SessionRead> => sessions::show;
        GET "/api/sessions/{name}/events" OptionalStaff<SessionRead> => session_events::stream;
        POST "/api/sessions/{name}/typing" OptionalStaff<SessionWrite> => activity::typing;
        POST "/api/sessions/{name}/viewing" Require<SessionRead> => activity::viewing;
        PUT "/api/sessions/{name}/read" Require<SessionRead> => drafts::mark_read;
        GET "/api/sessions/{name}/drafts/{kind}" Require<SessionWrite> => drafts::show;
        PUT "/api/sessions/{name}/drafts/{kind}" Require<SessionWrite> => drafts::save;
        DELETE "/api/sessions/{name}/drafts/{kind}" Require<SessionWrite> => drafts::remove;
        GET "/api/drafts" Require<SessionWrite> => drafts::list;
        GET "/api/sessions/{name}/customer" Require<SessionRead> => session_customer::show;
        GET "/api/sessions/{name}/notes" Require<SessionRead> => notes::list;
        POST "/api/sessions/{name}/notes" Require<SessionWrite> => notes::add;
        PUT "/api/sessions/{name}/notes/{id}" Require<SessionWrite> => notes::edit;
        DELETE "/api/sessions/{name}/notes/{id}" Require<SessionWrite> => notes::remove;
        POST "/api/sessions/{name}/tags" Require<SessionWrite> => marks::change_tags;
        GET "/api/tags" Require<SessionRead> => marks::list_tags;
        PUT "/api/sessions/{name}/priority" Require<SessionWrite> => marks::set_priority;
        POST "/api/sessions/{name}/rating" KnownVisitor => ratings::rate;
        GET "/api/sessions/{name}/proof" Require<AuditRead> => proof::download;
        POST "/api/manual/escalate" OptionalStaff<SessionWrite> => manual::escalate;
        POST "/api/manual/messages" OptionalStaff<SessionWrite> => manual::message;
        POST "/api/sessions/{name}/takeover" Require<SessionWrite> => hand_off::take_over;
        POST "/api/sessions/{name}/steal" Require<SessionSupervise> => hand_off::steal;
        POST "/api/sessions/{name}/transfer" Require<SessionWrite> => transfers::transfer;
        POST "/api/sessions/{name}/transfer-requests" Require<SessionWrite> => transfers::ask;
        GET "/api/transfer-requests/pending" Require<SessionWrite> => pending_transfers::list;
        POST "/api/transfer-requests/{id}/respond" Require<SessionWrite> => transfers::respond;
        POST "/api/sessions/{name}/offers/{id}/decline" Require<SessionWrite> => offers::decline;
        POST "/api/sessions/{name}/release" Require<SessionWrite> => hand_off::release;
        POST "/api/sessions/{name}/return" Require<SessionWrite> => hand_off::hand_back;
        POST "/api/sessions/{name}/reopen" Require<SessionWrite> => hand_off::reopen;
        POST "/api/sessions/{name}/close" OptionalStaff<SessionWrite> => hand_off::close;
        POST "/api/sessions/{name}/cancel-escalation" OptionalStaff<SessionWrite> => hand_off::cancel_escalation;
        POST "/api/sessions/{name}/email" Require<SessionWrite> => session_mail::request;
        GET "/api/events" Require<LogRead> => events::stream;
        GET "/api/agent/events" Require<SessionRead> => agent_events::stream;
        GET "/api/audit" Require<AuditRead> => audit::list;
        POST "/api/agent/login" Anybody => auth::login;
        POST "/api/agent/refresh" Anybody => auth::refresh;
        POST "/api/agent/logout" CurrentUser => auth::logout;
        POST "/api/agent/change-password" CurrentUser => profile::change_password;
        GET "/api/agent/profile" CurrentUser => profile::profile;
        PUT "/api/agent/profile" CurrentUser => profile::change_profile;
        POST "/api/agent/heartbeat" CurrentUser => presence::heartbeat;
        GET "/api/agent/status" CurrentUser => presence::show;
        GET "/api/agent/stats/today" CurrentUser => presence::today;
        PUT "/api/agent/status" CurrentUser => presence::choose;
        // The original's, every two minutes: too seldom for anybody to be watched by it.
        POST "/api/agent/status/heartbeat" CurrentUser => presence::original_heartbeat;
        GET "/api/agent/sign-ins" CurrentUser => profile::sign_ins;
        DELETE "/api/agent/sign-ins/{id}" CurrentUser => profile::revoke;
        POST "/api/agent/second-factor" CurrentUser => second_factor::prepare;
        POST "/api/agent/second-factor/enable" CurrentUser => second_factor::enable;
        POST "/api/agent/second-factor/disable" CurrentUser => second_factor::disable;
        POST "/api/agent/second-factor/recovery-codes" CurrentUser => second_factor::replace_recovery_codes;
        GET "/api/api-keys" Require<AgentRead> => api_keys::list;
        POST "/api/api-keys" Require<AgentWrite> => api_keys::issue;
        DELETE "/api/api-keys/{id}" Require<AgentWrite> => api_keys::revoke;
        GET "/api/agents" Require<AgentRead> => agents::list;
        POST "/api/agents" Require<AgentWrite> => agents::create;
        // Before {id}: an account that is called "available" is reached by its id.
        GET "/api/agents/available" Require<SessionRead> => presence::available;
        GET "/api/agents/{id}" Require<AgentRead> => agents::show;
        PUT "/api/agents/{id}" Require<AgentWrite> => agents::change;
        DELETE "/api/agents/{id}" Require<AgentWrite> => agents::deactivate;
        POST "/api/agents/{id}/reactivate" Require<AgentWrite> => agents::reactivate;
        POST "/api/agents/{id}/reset-password" Require<AgentWrite> => agents::reset_password;
        POST "/api/agents/{id}/reset-second-factor" Require<AgentWrite> => second_factor::reset;
        PUT "/api/agents/{id}/skills" Require<AgentWrite> => agents::skills;
        GET "/api/policies" Require<SettingsRead> => policies::list;
        POST "/api/policies" Require<SettingsWrite> => policies::publish;
        POST "/api/policies/rollback" Require<SettingsWrite> => policies::roll_back;
        POST "/api/policies/test" Require<SettingsRead> => policy_trial::test;
        GET "/api/policies/{version}" Require<SettingsRead> => policies::show;
        GET "/api/calendars" Require<SettingsRead> => calendars::list;
        POST "/api/calendars" Require<SettingsWrite> => calendars::publish;
        POST "/api/calendars/rollback" Require<SettingsWrite> => calendars::roll_back;
        GET "/api/calendars/{version}" Require<SettingsRead> => calendars::show;
        GET "/api/flags" Require<SettingsRead> => flags::list;
        POST "/api/flags" Require<SettingsWrite> => flags::publish;
        POST "/api/flags/rollback" Require<SettingsWrite> => flags::roll_back;
        POST "/api/flags/test" Require<SettingsRead> => flag_trial::test;
        GET "/api/flags/{version}" Require<SettingsRead> => flags::show;
        GET "/api/faq" Require<SettingsRead> => faq::list;
        POST "/api/faq/test" Require<SettingsRead> => faq::test;
        GET "/api/faq/faults" Require<SettingsRead> => faq::faults;
        GET "/api/quick-replies" Require<SessionRead> => quick_replies::list;
        POST "/api/quick-replies" Require<SessionWrite> => quick_replies::create;
        // Before {id}, which is never a word.
        GET "/api/quick-replies/categories" Require<SessionRead> => quick_replies::categories;
        PUT "/api/quick-replies/{id}" Require<SessionWrite> => quick_replies::change;
        DELETE "/api/quick-replies/{id}" Require<SessionWrite> => quick_replies::remove;
        POST "/api/quick-replies/{id}/render" Require<SessionRead> => quick_replies::render;
        GET "/api/assistants" Require<SystemRead> => assistants::list;
        GET "/api/assistants/usage" Require<StatisticsRead> => usage::show;
        // For administrators alone, as what is set is.
        GET "/api/token/info" Require<SettingsWrite> => tokens::info;
        POST "/api/token/refresh" Require<SettingsWrite> => tokens::refresh;
        GET "/api/bot/info" Anybody => bot::info;
        GET "/api/config" Anybody => bot::config;
        GET "/api/shift/config" Anybody => shift::config;
        GET "/api/shift/status" Anybody => shift::status;
        GET "/api/health" Anybody => health::original;
        GET "/api/health/detailed" Require<SystemRead> => detailed_health::show;
        GET "/api/metrics" Require<SystemRead> => metrics::show;
        GET "/healthz" Anybody => health::process;
        GET "/readyz" Anybody => health::ready;
        GET "/" Anybody => page::root;
    }
    undocumented {
        // Another name of the original's.
        POST "/api/auth/agent/login" Anybody => auth::login;
        GET "/page/{file}" Anybody => page::file;
        GET "/favicon.ico" Anybody => page::favicon;
        GET "/embed" Anybody => page::embed;
        GET "/widget.js" Anybody => page::widget;
        GET "/workbench" Anybody => page::to_workbench;
        GET "/workbench/{path:.*}" Anybody => page::workbench;
        GET "/openapi.json" Anybody => docs::document;
        GET "/docs" Anybody => docs::redirect;
        GET "/docs/{file:.*}" Anybody => docs::file;
    }
}

/// The OpenAPI document as `desk openapi` prints it.
#[must_use]
pub fn description() -> String {
    docs::text_of(&document())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::require::Access;

    #[test]
    fn staffs_words_are_the_rows_that_a_sessions_name_could_be_meant_by() {
        let below = |row: &&Row| row.method == "GET" && !row.path.contains('{');
        let words: Vec<&str> =
            ROUTES.iter().filter(below).filter_map(|row| row.path.strip_prefix("/api/sessions/")).collect();
        assert_eq!(words, super::super::sessions::STAFFS_WORDS);
    }

    #[test]
    fn the_document_asks_for_the_tokens_that_the_table_asks_for() {
        let document = serde_json::to_value(document()).expect("the document is JSON");
        for row in ROUTES.iter().filter(|row| row.is_documented) {
            let (path, method) = (row.path, row.method.to_lowercase());
            let expected = match row.access {
                Access::Anybody => Value::Null,
                Access::Visitor => json!([{}, {"visitor": []}, {"visitor_cookie": []}]),
                Access::Staff(_) | Access::CurrentUser => json!([{"bearer": []}]),
                Access::StaffOrVisitor(_) => json!([{}, {"visitor": []}, {"visitor_cookie": []}, {"bearer": []}]),
            };
            assert_eq!(document["paths"][path][&method]["security"], expected, "{method} {path}");
        }
    }
}
