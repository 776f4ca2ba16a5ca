// Made by `npm run types` from the OpenAPI document. Not edited by hand.

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows what this server is.
         * @description Browsers, which ask for `text/html`, get the demo page; everybody else the original's JSON with the paths of the API. No event
         *     is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["show_service"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes one's own password.
         * @description Records `agent.password_set`; every other sign-in of the account is over (`agent.sign_in_revoked`). The same password again is
         *     refused.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams what a workbench shows, as server-sent events.
         * @description Events of one's own sessions (one has them, they are offered to one, one is asked to take them), of sessions that come into
         *     the queue, leave it or change their place in it, of those that are watched, internal notes that mention one, and everybody's
         *     presence. Before the event with which a session becomes one's own comes `session_visible`, before the one with which it ceases
         *     to be `session_hidden`; neither has an id, nor have `typing` and `viewing`: what others do at that moment at one's own
         *     sessions and those that are watched, and `answering`: the text so far of an assistant's answer in a session that is watched.
         *     Resumes after `Last-Event-ID` or `?after=`; without either it begins with what happens from now on: read the lists first and
         *     go on from their `position`. Whoever opens it counts as present from then on, as after a heartbeat. `scope=all` records
         *     `access.log_exported`.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["follow_workbench"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reports that the workbench is open; sent every 20 s.
         * @description Whoever has sent one and is not heard of for `agent_lost_after` (60 s) is lost: offline, and the live sessions go back to the
         *     queue. The next one then makes online again (`agent.presence_changed`). Repeats record nothing.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["send_heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs a member of staff in.
         * @description Records `agent.signed_in`, and `agent.second_factor_used` where a code was sent. Wrong passwords make the account wait, and
         *     are recorded as `agent.sign_ins_failed`. The answer has an access token of 15 minutes and a refresh token. Signing in again
         *     makes another sign-in beside the first.
         *
         *     Open to anybody, without a token.
         */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs out.
         * @description Records `agent.signed_out`: both tokens are good for nothing from now on, so a repeat is a 401.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows one's own account.
         * @description With what the role may do. No event is recorded.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        get: operations["show_profile"];
        /**
         * Changes one's own name or address.
         * @description Records `agent.renamed`; the same values again record nothing. What else is sent is ignored: a role is not one's own to
         *     change.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        put: operations["change_profile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchanges a refresh token for the next pair of tokens.
         * @description Records `agent.sign_in_renewed`. The same token again within 30 s gives the newest pair, also where that was exchanged
         *     meanwhile; later it ends the sign-in (`agent.sign_in_revoked`), because somebody else may have it.
         *
         *     Open to anybody, without a token.
         */
        post: operations["refresh_sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a secret for one-time codes.
         * @description Records `agent.second_factor_offered`. The secret is asked for from the first right code on (`enable`); asking again makes
         *     another secret.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["prepare_second_factor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/second-factor/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turns one's own second factor off.
         * @description Records `agent.second_factor_disabled`; the password alone is enough from now on. Turning it off again records nothing.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["disable_second_factor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/second-factor/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts the secret for one-time codes to use.
         * @description Needs a code of the secret that was made before. Records `agent.second_factor_enabled` and answers ten recovery codes, once:
         *     again, it is a 409.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["enable_second_factor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/second-factor/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes ten new recovery codes.
         * @description Records `agent.second_factor_used` and `agent.recovery_codes_replaced`; earlier codes are good for nothing. A repeat needs
         *     another code and makes others again.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["replace_recovery_codes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/sign-ins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists one's own sign-ins that are not over, newest first.
         * @description Each with device and times. No event is recorded.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        get: operations["list_sign_ins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/sign-ins/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Ends one of one's own sign-ins, wherever it is.
         * @description Records `agent.sign_in_revoked`: its tokens are good for nothing and its streams end. Again, it is a 404 or changes nothing.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        delete: operations["revoke_sign_in"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/stats/today": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows one's own figures of today.
         * @description Sessions served, times and ratings since midnight in the shop's time zone. No event is recorded.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        get: operations["show_own_statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows one's own presence.
         * @description With the number of sessions that one has. No event is recorded.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        get: operations["show_status"];
        /**
         * Chooses one's own presence.
         * @description Records `agent.presence_changed`. Choosing the same again records nothing.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        put: operations["choose_status"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent/status/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reports that the original's workbench is open; sent every 120 s.
         * @description Changes nobody's presence, so nobody is lost for the lack of it. No event is recorded, however often it is repeated.
         *
         *     Open to every member of staff who is signed in, about their own account.
         */
        post: operations["send_original_heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the accounts, oldest first.
         * @description Closed ones among them. No event is recorded.
         *
         *     Open to staff with `agent:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_agents"];
        put?: never;
        /**
         * Makes an account.
         * @description Records `agent.created` and `agent.password_set`; the password has to be changed at the first sign-in. Again with the same
         *     name it is a 409.
         *
         *     Open to staff with `agent:write` (admin).
         */
        post: operations["create_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/available": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists who is online and talks to customers, for a session to be handed to.
         * @description Who has the most room first. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_available_agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows an account.
         * @description By its id, or by what it signs in with. No event is recorded.
         *
         *     Open to staff with `agent:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_agent"];
        /**
         * Changes an account; what is not sent stays.
         * @description Records `agent.renamed`, `agent.role_changed`, `agent.skills_changed`, `agent.languages_changed` and `agent.capacity_changed`,
         *     each where it changes something; the same again records nothing. The new rights hold at once, on every node and in open
         *     streams.
         *
         *     Open to staff with `agent:write` (admin).
         */
        put: operations["change_agent"];
        post?: never;
        /**
         * Closes an account.
         * @description Records `agent.deactivated`: nobody signs in with it any more, and its sign-ins and streams are over at once. What it did
         *     stays on record. Closing it again records nothing.
         *
         *     Open to staff with `agent:write` (admin).
         */
        delete: operations["deactivate_agent"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{id}/reactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Opens a closed account again.
         * @description Records `agent.reactivated`. An account that is open already is left as it is, so a repeat records nothing.
         *
         *     Open to staff with `agent:write` (admin).
         */
        post: operations["reactivate_agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{id}/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives an account another password.
         * @description Records `agent.password_set`; it has to be changed at the next sign-in, and every sign-in of the account is over
         *     (`agent.sign_in_revoked`). A repeat sets it again.
         *
         *     Open to staff with `agent:write` (admin).
         */
        post: operations["reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{id}/reset-second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turns the second factor of an account off whose owner has lost it.
         * @description Records `agent.second_factor_disabled`. The password stays; set another one as well (`reset-password`) where that may be lost,
         *     too. A repeat records nothing.
         *
         *     Open to staff with `agent:write` (admin).
         */
        post: operations["reset_second_factor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{id}/skills": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Sets what an account knows about.
         * @description Records `agent.skills_changed`. The list replaces the one before; the same again records nothing.
         *
         *     Open to staff with `agent:write` (admin).
         */
        put: operations["set_skills"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the keys of programs, oldest first.
         * @description Revoked ones among them; none with its secret. No event is recorded.
         *
         *     Open to staff with `agent:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_api_keys"];
        put?: never;
        /**
         * Issues a key for a program.
         * @description Records `agent.api_key_issued`. The secret is in this answer alone; a repeat issues another key.
         *
         *     Open to staff with `agent:write` (admin).
         */
        post: operations["issue_api_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revokes a key of a program.
         * @description Records `agent.api_key_revoked`: it opens nothing any more, and streams that it opened end. Revoking it again records nothing.
         *
         *     Open to staff with `agent:write` (admin).
         */
        delete: operations["revoke_api_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/assistants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the configured assistants and how each is.
         * @description Whether it takes questions, its breaker and its places, how it did, and what it cost today. No event is recorded.
         *
         *     Open to staff with `system:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_assistants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/assistants/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sums up what assistants were asked: attempts by outcome, times, tokens and cost.
         * @description Groups are days, assistants, sessions or runs; days and assistants are divided by variant. An attempt counts where it began.
         *     No event is recorded.
         *
         *     Open to staff with `statistics:read` (agent, supervisor, admin, auditor, analyst), and programs whose key has it.
         */
        get: operations["show_assistant_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the audit trail: everything that anybody did, and every look of staff at a customer's session.
         * @description By default oldest first; `next` of a page leads to the one after. No event is recorded.
         *
         *     Open to staff with `audit:read` (admin, auditor), and programs whose key has it.
         */
        get: operations["list_audit_trail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bot/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the assistant as customers see it.
         * @description Name, description, icon and welcome, in the caller's language where `Accept-Language` names one. No event is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["show_bot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/calendars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the versions of the calendars, who published them and when.
         * @description `ETag` is the version in force. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_calendars"];
        put?: never;
        /**
         * Publishes calendars.
         * @description Records `settings.published`: in force on every node within a second. The document that is in force already changes nothing,
         *     so a repeat records nothing. With `If-Match` it is published only over the version that the author saw.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["publish_calendars"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/calendars/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts earlier calendars into force again, under a new number.
         * @description Records `settings.rolled_back`. With `If-Match` a repeat is a 412, because another version is in force by then.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["roll_back_calendars"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/calendars/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the calendars of a version.
         * @description As the TOML that was published; `docs/hours.md` explains it. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_calendars"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a message and waits for the assistant's answer.
         * @description The session is opened by its first message (`session.opened`). Recorded are `session.customer_message_sent`, then
         *     `session.assistant_replied`, or `session.escalated` where a rule asks for a person; the answer comes when that is on disk.
         *     With `Prefer: respond-async` the answer is 202 as soon as the message is recorded: `message_id` names it, and the reply comes
         *     with the session's events.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a message and streams the assistant's answer as server-sent events.
         * @description Records what `POST /api/chat` records. Frames are `data: {"type": …}`: `accepted` {position, session_name, session_id},
         *     `message` {content}, `restart` {run, attempt} (forget the text so far), `withdrawn` {run}, `status_change` {status, reason,
         *     agent_info, timestamp}, `manual_message` {role, content, timestamp}, `error` {content}, `done` {position, suggestions}. Where
         *     a rule asks for a person, what the customer is told is a `message`. `suggestions`, where there are any, are what the customer
         *     may choose to say next. A repeat with the same key re-attaches: the text so far, then live.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["stream_chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the original's front-end settings.
         * @description What the original's pages read when they start. No event is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["show_config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversation/clear": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets the assistant forget what was said before, and hides it from the customer.
         * @description Records `session.context_started`, which hides earlier messages on the customer's routes. Staff sees them still: nothing is
         *     deleted.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["clear_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversation/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Opens a session unless it exists.
         * @description Records `session.opened`; a session that exists is answered as it is, and nothing is recorded. `user_id` is the session's
         *     name.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["create_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/conversation/new": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets the assistant forget what was said before.
         * @description Records `session.context_started` (and `session.opened` for a new session). The history stays visible. An unused conversation
         *     is kept, and then nothing is recorded.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["start_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows to visitors who they are.
         * @description Whether the visitor is a customer that the shop has named, and what the shop said of it. No event is recorded.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         */
        get: operations["show_customer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customer/identify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes the visitor the customer that the shop's identity token names.
         * @description Records `customer.identified`, or `customer.profile_changed` where the shop says something new. The visitor's sessions are
         *     that customer's from now on. A visitor that is another customer already, or has signed out, stays behind: the answer brings
         *     the token of a new visitor, without sessions. A token is good once; the same visitor may repeat it while it lives, for the
         *     answer may have been lost.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         */
        post: operations["identify_customer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/customer/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Signs the visitor out.
         * @description Records `customer.signed_out`: the visitor's token opens nothing any more, on any node, and a new visitor's token comes with
         *     the answer. A repeat with the old token is a 401.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         */
        post: operations["sign_out_customer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/drafts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists where the caller was about to write something.
         * @description Drafts are kept for 15 days, beside the log. No event is recorded.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         */
        get: operations["list_drafts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams every event of the log after a position.
         * @description `Accept: application/x-ndjson` gives one envelope a line up to the head of that moment; otherwise server-sent events that go
         *     on for ever. Resumes after `Last-Event-ID` or `?after=`; without either it begins with the first event. Personal parts are
         *     opened for `personal:read` alone. `access.log_exported` is recorded.
         *
         *     Open to staff with `log:read` (admin, auditor), and programs whose key has it.
         */
        get: operations["follow_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/faq": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the entries that the FAQ answers from.
         * @description With their titles in one language. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_faq"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/faq/faults": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists why the FAQ's files as they are now are not in use.
         * @description Meanwhile the last good entries answer. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_faq_faults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/faq/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries a question on the FAQ, as a customer would ask it.
         * @description Answers what the FAQ would say, and how sure it is. No event is recorded, however often it is repeated.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        post: operations["test_faq"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the versions of the flags, who published them and when.
         * @description `ETag` is the version in force. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_flags"];
        put?: never;
        /**
         * Publishes flags.
         * @description Records `settings.published`: in force on every node within a second, for whatever begins from then on. The document that is
         *     in force already changes nothing, so a repeat records nothing. With `If-Match` it is published only over the version that the
         *     author saw.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["publish_flags"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flags/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts earlier flags into force again, under a new number.
         * @description Records `settings.rolled_back`. With `If-Match` a repeat is a 412, because another version is in force by then.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["roll_back_flags"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flags/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Shows what each flag says of a session or of a member of staff.
         * @description By the flags in force, or by a draft in the body. No event is recorded, however often it is repeated.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        post: operations["test_flags"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/flags/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the flags of a version.
         * @description As the TOML that was published; `docs/flags.md` explains it. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_flags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the original's health answer.
         * @description In the original's shape; its list of sessions is always empty. No event is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["show_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health/detailed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows every follower of the log with its position, and the alarms.
         * @description With the log's head, the views, the checkpoints, mails and the FAQ; `docs/health.md` explains it. No event is recorded.
         *
         *     Open to staff with `system:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_detailed_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/manual/escalate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for a person: the customer in its own session, staff in any.
         * @description In working hours records `session.escalated`, and the session waits in the queue; outside them records
         *     `session.after_hours_notice_given` and `session.mail_requested`, and the assistant goes on. A customer's session is opened if
         *     need be (`session.opened`). A session that waits already keeps its place: asking again records nothing.
         *
         *     Open to the session's customer, and to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["escalate_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/manual/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Writes to the person who has the session, or as that person to the customer.
         * @description Role `user` is the customer (`session.customer_message_sent`), role `agent` the member of staff who has the session
         *     (`session.agent_message_sent`). A customer may write while the session waits for a person as well.
         *
         *     Open to the session's customer, and to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["send_manual_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the metrics of this node, for Prometheus and programs that read the same.
         * @description As OpenMetrics text where `Accept` names it, otherwise as plain text. `docs/metrics.md` says what each is. What could not be asked for is left out, so the answer comes within seconds whatever is
         *     away. No event is recorded.
         *
         *     Open to staff with `system:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the versions of the policy, who published them and when.
         * @description `ETag` is the version in force. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_policies"];
        put?: never;
        /**
         * Publishes a policy.
         * @description Records `settings.published`: in force on every node within a second, for messages from then on. The document that is in force
         *     already changes nothing, so a repeat records nothing. With `If-Match` it is published only over the version that the author
         *     saw.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["publish_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/policies/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Puts an earlier policy into force again, under a new number.
         * @description Records `settings.rolled_back`. With `If-Match` a repeat is a 412, because another version is in force by then.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["roll_back_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/policies/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries a policy: which rules fire on a text, or on the messages of a session.
         * @description The policy in force, or a draft in the body. Nothing comes of it, however often it is repeated; a look at a session is
         *     recorded (`access.session_viewed`).
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        post: operations["test_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/policies/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the policy of a version.
         * @description As the TOML that was published; `docs/policy.md` explains it. No event is recorded.
         *
         *     Open to staff with `settings:read` (supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_policy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/quick-replies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the quick replies of the shop and the caller's own.
         * @description Those of the first set first. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_quick_replies"];
        put?: never;
        /**
         * Writes a quick reply.
         * @description Records `settings.quick_reply_saved` for the shop's, `settings.personal_quick_reply_saved` for one's own. The shop's need a
         *     supervisor.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["create_quick_reply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/quick-replies/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what quick replies are grouped by, and how many are in each group.
         * @description The shop's and the caller's own. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_quick_reply_categories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/quick-replies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Writes a quick reply anew.
         * @description All of it but the scope, which stays. Records `settings.quick_reply_saved` or `settings.personal_quick_reply_saved`.
         *     `If-Match` is the version that the author saw.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        put: operations["change_quick_reply"];
        post?: never;
        /**
         * Removes a quick reply.
         * @description Records `settings.quick_reply_removed`. Messages that were made of it stay as they are. `If-Match` is the version that the
         *     caller saw.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        delete: operations["remove_quick_reply"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/quick-replies/{id}/render": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fills a quick reply in for a session.
         * @description Fills `{{customer.name}}`, `{{customer.email}}`, `{{agent.name}}`, `{{session.id}}`, `{{session.name}}`, and whatever the
         *     shop's page passed along, like `{{order.number}}`. Nothing is sent; the look at the session is recorded
         *     (`access.session_viewed`). Again, it gives the text of that moment.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        post: operations["render_quick_reply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists sessions, by default those that were updated last first.
         * @description A page goes on where the one before ended (`cursor`), whatever moved meanwhile. With a keyword it may have fewer sessions than
         *     `limit`, or none, although more follow: a search looks at 5,000 sessions for a page. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts sessions: the caller's own, by status, and all.
         * @description For the tabs of a workbench. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["count_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the sessions that wait for a person, the next one first.
         * @description With each one's place, class and expected time. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_queue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the figures of now.
         * @description Sessions by status, waiting and service times, agents who serve, and today's escalations, in the original's shape. No event is
         *     recorded.
         *
         *     Open to staff with `statistics:read` (agent, supervisor, admin, auditor, analyst), and programs whose key has it.
         */
        get: operations["show_session_statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows a session: a customer's own by name, staff any by id or by name.
         * @description Where staff looks, `access.session_viewed` is recorded. With `?at=` it is the session as it stood: at a position, which
         *     counts, or at a time, with everything recorded up to that very time. The answer for a position stays the same for ever, but
         *     for texts that were erased since (`erased`), and, to the customer, for messages that the customer has cleared since, which
         *     stay hidden. Staff is also told what the customer saw then and the last decision.
         *
         *     Open to the session's customer, and to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/cancel-escalation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraws the wish for a person: the assistant goes on.
         * @description Records `session.escalation_cancelled`. It is possible while the session waits, and no longer once a person has it.
         *
         *     Open to the session's customer, and to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["cancel_escalation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends a session.
         * @description Records `session.closed`. Staff may end a session that no person has; one that somebody has only that agent, or a supervisor.
         *     Closing a closed session records nothing. The customer's next message reopens it.
         *
         *     Open to the session's customer, and to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["close_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/customer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows who the customer of a session is.
         * @description With what the shop said of the customer, and the newest 50 episodes over all its sessions. `access.session_viewed` is
         *     recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["show_session_customer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/drafts/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows what the caller was about to write in a session.
         * @description A draft of a reply or of a note; each member of staff sees its own alone. No event is recorded.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         */
        get: operations["show_draft"];
        /**
         * Saves what the caller is about to write in a session.
         * @description It is gone once it is sent, and after 15 days. No event is recorded. Saving again replaces it.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         */
        put: operations["save_draft"];
        post?: never;
        /**
         * Drops what the caller was about to write in a session.
         * @description No event is recorded. Dropping again changes nothing.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         */
        delete: operations["remove_draft"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Requests a mail about a session to the team.
         * @description Records `session.mail_requested`, and the look at the session (`access.session_viewed`); it is sent soon (`session.mail_sent`
         *     or `session.mail_failed`). While one is under way already, that one is the answer.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["request_mail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams a session's events as server-sent events.
         * @description `event:` is the event's type, `id:` the cursor, `data:` the envelope. Resumes after `Last-Event-ID` or `?after=`; without
         *     either it begins with the session's first event. A frame `reauthenticate` ends it when the visitor has signed out. Frames
         *     `typing` and `viewing` have no id: who types at this moment, and who of staff views the session; a customer is shown that the
         *     agent who has the session types, and no more. Where staff looks, `access.session_viewed` is recorded.
         *
         *     Open to the session's customer, and to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["follow_session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the internal notes of a session.
         * @description Removed ones keep their places without a text. With `?at=` they are shown as they stood, as in `GET /api/sessions/{name}`.
         *     `access.session_viewed` is recorded. Customers never see notes.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_notes"];
        put?: never;
        /**
         * Writes an internal note.
         * @description Anybody who writes in sessions may, whoever has this one. Records `session.note_added`; who is mentioned is told at once.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["add_note"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/notes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Writes an internal note anew.
         * @description Its author alone. Records `session.note_edited`; what it said before is kept in `history`. `If-Match` is the version that the
         *     author saw.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        put: operations["edit_note"];
        post?: never;
        /**
         * Removes an internal note.
         * @description Its author, or a supervisor. Records `session.note_removed`; its place in the list stays. `If-Match` is the version that the
         *     caller saw.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        delete: operations["remove_note"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/offers/{id}/decline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Declines a waiting session that one was offered.
         * @description Records `session.offer_expired`; the session is offered to the next. An offer that is over already is left as it is.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["decline_offer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/priority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Sets a session's class in the queue.
         * @description Records `session.priority_changed`. The class that it has already records nothing; danger is declared by its rule alone, and
         *     nobody lowers it.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        put: operations["set_priority"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Downloads the proof file of a session.
         * @description Its events up to the newest signed note, with their paths to what was signed; `docs/proof-file.md` explains it, and
         *     `desk-replay check-proof` checks it without the server. `access.session_viewed` is recorded.
         *
         *     Open to staff with `audit:read` (admin, auditor), and programs whose key has it.
         */
        get: operations["download_proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/rating": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rates the last service that a rating was asked for.
         * @description Records `session.rating_given`. It is taken for a week after the rating was asked for. Rating again replaces the rating; the
         *     session stays as it is.
         *
         *     Open to customers: with their visitor token, or as a new visitor.
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["rate_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Notes how far the caller has read a session.
         * @description `unread` in the list of sessions counts from there. It is kept for 15 days, beside the log: no event is recorded. Again with
         *     the same position changes nothing.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        put: operations["mark_read"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a session back to the assistant.
         * @description The agent who has it, or a supervisor. Records `session.released`; the customer is told.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["release_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begins a closed session anew, with the assistant.
         * @description Records `session.reopened`: a new episode of the same session.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["reopen_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hands a session back to the queue.
         * @description The agent who has it, or a supervisor. Records `session.returned_to_queue`, for a group where one is named.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["return_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/steal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a session from the agent who has it.
         * @description Records `session.transferred`; both agents and the customer are told. Again, by who has it now, nothing is recorded.
         *
         *     Open to staff with `session:supervise` (supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["steal_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adds tags to a session and removes some.
         * @description Records `session.tags_changed`. A tag that is there already, or is not there to be removed, changes nothing.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["change_tags"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/takeover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a session over: from the queue, or with `"from": "any"` from the assistant.
         * @description Records `session.agent_took_over`: the customer is told, and an answer in the making is withheld
         *     (`session.assistant_reply_withheld`). Of several agents the first one gets it; the others are told who did. Taking over again
         *     what one has records nothing.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["take_over_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/transfer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a session to another agent or group at once.
         * @description The agent who has it, or a supervisor. Records `session.transferred` for an agent, `session.returned_to_queue` for a group;
         *     the customer is told.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["transfer_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/transfer-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks another agent or group to take a session.
         * @description The agent who has it, or a supervisor; it stays with the agent until somebody accepts. Records `session.transfer_requested`.
         *     One transfer may wait at a time.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["request_transfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/typing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Shows to whoever follows the session that the caller types, or has stopped.
         * @description Staff is shown everybody, the customer only the agent who has the session. No event is recorded. `true` holds for 10 seconds:
         *     a client that goes on typing repeats it before that. A message ends it, too. It is shown at most once a second; of several in
         *     that time the last one is shown. A customer's request counts as a message to the limit of chats.
         *
         *     Open to the session's customer, and to staff with `session:write` (agent, supervisor, admin).
         */
        post: operations["report_typing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{name}/viewing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Shows to other members of staff that the caller views the session, or no longer does.
         * @description It is never shown to the customer. No event is recorded. `true` holds for 30 seconds: a client that goes on viewing repeats it
         *     before that. It is shown at most once a second; of several in that time the last one is shown.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        post: operations["report_viewing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/shift/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the working hours of a group.
         * @description From the calendar in force: hours of today, time zone, weekends and holidays, and whether somebody works now. No event is
         *     recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["show_shift_config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/shift/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows whether somebody of a group works now.
         * @description In the original's words, with the hours of today. No event is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["show_shift_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists all tags that any session has, most used first.
         * @description With the number of sessions of each. No event is recorded.
         *
         *     Open to staff with `session:read` (agent, supervisor, admin, auditor), and programs whose key has it.
         */
        get: operations["list_tags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/token/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows the tokens that sessions have at Coze, of this node.
         * @description Without the tokens themselves. No event is recorded.
         *
         *     Open to staff with `settings:write` (admin).
         */
        get: operations["show_tokens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/token/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replaces every token that a session has at Coze, on this node.
         * @description No event is recorded; a repeat replaces them again.
         *
         *     Open to staff with `settings:write` (admin).
         */
        post: operations["refresh_tokens"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/transfer-requests/pending": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what the caller is asked to take, the first to expire first.
         * @description Transfers to the caller or to a group that the caller belongs to. No event is recorded.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         */
        get: operations["list_pending_transfers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/transfer-requests/{id}/respond": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accepts or declines a session that one was asked to take, or withdraws the request.
         * @description Records `session.transfer_accepted` with `session.transferred`, or `session.transfer_declined`. Whoever asked may withdraw.
         *
         *     Open to staff with `session:write` (agent, supervisor, admin).
         *
         *     A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.
         */
        post: operations["respond_to_transfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Answers while the process lives.
         * @description For what restarts a process that does not answer. Asks no store; no event is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["check_process"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Answers whether the process can serve.
         * @description 200 while the store answers and takes events, the views keep up and nothing has raised an alarm, otherwise 503 with the
         *     reason. For load balancers. No event is recorded.
         *
         *     Open to anybody, without a token.
         */
        get: operations["check_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description It was shown, or will be within a second. */
        ActivityAnswer: {
            success: boolean;
        };
        /** @description An agent, as the original wrote one. */
        Agent: {
            /**
             * Format: uuid
             * @description For staff.
             */
            agent_uuid?: string;
            /** @description For staff the user name, for customers the id. */
            id: string;
            /** @description The shown name; null once erased. */
            name?: string | null;
        };
        /** @description One account. */
        AgentAnswer: {
            data: components["schemas"]["AgentData"];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description An account, as the original has it. */
        AgentData: {
            /** Format: date-time */
            created_at?: string;
            /**
             * Format: int64
             * @description Conversations that it has now.
             */
            current_sessions?: number;
            email?: string | null;
            /** @description Whether a code is needed beside the password. */
            has_second_factor: boolean;
            /** Format: uuid */
            id: string;
            /** @description False when nobody signs in with it any more. */
            is_active: boolean;
            languages: components["schemas"]["Language"][];
            /**
             * Format: date-time
             * @description When it was last heard of, where it sends heartbeats.
             */
            last_seen_at?: string;
            /** Format: date-time */
            last_sign_in_at?: string;
            /**
             * Format: int32
             * @description Conversations at a time.
             */
            max_sessions: number;
            must_change_password: boolean;
            /** @description What customers and colleagues see; null once erased. */
            name?: string | null;
            role: components["schemas"]["Role"];
            skills: string[];
            status: components["schemas"]["AgentStatus"];
            /** @description What it signs in with; null once erased. */
            username?: string | null;
        };
        /**
         * @description Whether somebody of staff is there.
         * @enum {string}
         */
        AgentStatus: "online" | "busy" | "break" | "training" | "offline";
        /** @description What an agent did today, as the original wrote it; `projections` says what each figure counts. */
        AgentTodayData: {
            /**
             * Format: double
             * @description Seconds.
             */
            avg_duration: number;
            /**
             * Format: double
             * @description Seconds.
             */
            avg_response_time: number;
            /** Format: int64 */
            processed_count: number;
            /**
             * Format: double
             * @description Nobody is asked for one.
             */
            satisfaction_score?: number | null;
        };
        /** @description All accounts. */
        AgentsAnswer: {
            data: components["schemas"]["AgentData"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description What has gone wrong. */
        AlarmState: {
            /** @description `views`, `tail`, `checkpoints` or `clock`; the last two are shown and do not make the process unready. */
            part: string;
            /**
             * Format: int64
             * @description Where in the log, where that is known.
             */
            position?: number;
            what: string;
        };
        /** @description All tags. */
        AllTagsAnswer: {
            data: components["schemas"]["TagData"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        AnsweringFrame: {
            data: string;
            /** @enum {string} */
            event?: "answering";
        };
        /** @description Any JSON without U+0000, at most 32 levels deep */
        Anything: unknown;
        /** @description One key. */
        ApiKeyAnswer: {
            data: components["schemas"]["ApiKeyData"];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description The key of a program, without the key itself. */
        ApiKeyData: {
            /** Format: date-time */
            created_at?: string;
            /** @description Who issued it, as an actor. */
            created_by?: string;
            /**
             * Format: date-time
             * @description When it ends by itself.
             */
            expires_at?: string;
            /** @description The program is known by it, for example in the audit. */
            id: string;
            /** @description False once it was revoked or has ended. */
            is_active: boolean;
            /** @description What it is for; null once erased. */
            name?: string | null;
            /** @description What it may do. */
            permissions: components["schemas"]["ProgramPermission"][];
            /** Format: date-time */
            revoked_at?: string;
        };
        /** @description All keys that ever were. */
        ApiKeysAnswer: {
            data: components["schemas"]["ApiKeyData"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description Somebody asks the caller, or one of the caller's groups, to take a session. */
        AskedTransfer: {
            /**
             * Format: date-time
             * @description RFC 3339: without an answer by then it is over.
             */
            expires_at: string;
            /** @description The user name of who asks. */
            from_agent_id: string;
            /** @description Null once erased. */
            from_agent_name?: string | null;
            /** Format: uuid */
            from_agent_uuid: string;
            /** Format: uuid */
            id: string;
            /** @description Null where nobody said, and once erased. */
            reason?: string | null;
            /** Format: uuid */
            session_id: string;
            /** @description What the client calls it; null once erased. */
            session_name?: string | null;
            /** @description The group that is asked; null where the caller is. */
            to_group: string | null;
        };
        /** @description How an assistant does. */
        AssistantData: {
            /**
             * Format: int64
             * @description Whole answers since this process began.
             */
            answers: number;
            breaker: components["schemas"]["BreakerState"];
            /** @description A budget that is nearly used, or spent. */
            budget: {
                assistant: string;
                /**
                 * Format: int64
                 * @description What may be used in a day.
                 */
                budget: number;
                /** @description The currency; null where tokens are counted. */
                currency: string | null;
                /**
                 * Format: date
                 * @description Of `time_zone`.
                 */
                day: string;
                /**
                 * Format: int32
                 * @description How much of it, in percent: 80 or 100.
                 */
                level: number;
                /**
                 * Format: int64
                 * @description What was used when that was reached, in millionths of the currency, or in tokens.
                 */
                spent: number;
            } | null;
            /**
             * Format: int64
             * @description Failures since this process began.
             */
            failures: number;
            /** @description A failure. */
            last_error: {
                /** Format: date-time */
                at: string;
                code: components["schemas"]["FailureCode"];
                /** @description The other side's code for it. */
                error_code?: string | null;
                /** @description What its support asks for. */
                log_id?: string | null;
            } | null;
            latency: components["schemas"]["LatencyData"];
            name: string;
            places: components["schemas"]["PlacesData"];
            /** @description Whether a question would be put to it now. */
            takes_questions: boolean;
            /** @description What it was asked on a day. */
            today: {
                /** Format: int64 */
                attempts: number;
                /** @description One for each currency. */
                cost: components["schemas"]["CostData"][];
                tokens: components["schemas"]["TokensData"];
            } | null;
        };
        /** @description An assistant, in the order in which they are asked; `GET /api/assistants` says more. */
        AssistantHealth: {
            /** @description `closed`, `open` or `half_open`. */
            breaker: string;
            name: string;
            /** @description Whether it would be asked now. */
            takes_questions: boolean;
        };
        /** @description How the assistants do. */
        AssistantsAnswer: {
            /** @description In the order in which they are asked. */
            data: components["schemas"]["AssistantData"][];
            /** @description Whose breakers, places and times these are: each node has its own. */
            node: string;
            success: boolean;
        };
        /** @description A page of the trail. */
        AuditAnswer: {
            data: components["schemas"]["Entry"][];
            /**
             * Format: int64
             * @description For `after` of the next page; null when this is the last one.
             */
            next?: number | null;
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description From which end the audit trail is shown.
         * @enum {string}
         */
        AuditOrder: "oldest" | "newest";
        /** @description An entry of a session's audit trail: the original's promised shape and more. */
        AuditTrailEntry: {
            action: string;
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            at: string;
            details: unknown;
            operator: string;
            /** Format: int64 */
            position: number;
            /**
             * @description Who answers in a session.
             * @enum {string|null}
             */
            status_from?: "bot_active" | "pending_manual" | "manual_live" | "after_hours_email" | "closed" | null;
            /**
             * @description Who answers in a session.
             * @enum {string|null}
             */
            status_to?: "bot_active" | "pending_manual" | "manual_live" | "after_hours_email" | "closed" | null;
            /** Format: double */
            timestamp: number;
        };
        /** @description Who may be given a session. */
        AvailableAnswer: {
            data: components["schemas"]["AvailableData"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description Somebody who is online. */
        AvailableData: {
            /**
             * Format: int64
             * @description Conversations that it has now.
             */
            current_sessions: number;
            /** Format: uuid */
            id: string;
            languages: components["schemas"]["Language"][];
            /**
             * Format: int32
             * @description Conversations at a time.
             */
            max_sessions: number;
            /** @description What customers and colleagues see; null once erased. */
            name?: string | null;
            role: components["schemas"]["Role"];
            skills: string[];
            status: components["schemas"]["AgentStatus"];
            /** @description What it signs in with; null once erased. */
            username?: string | null;
        };
        /** @description The backup that follows the log; all null where none is known in the data directory. */
        BackupHealth: {
            /** @description Why nothing can be shipped at present. */
            error: string | null;
            /**
             * Format: date-time
             * @description Everything recorded up to then is in the target.
             */
            last_success_at: string | null;
            /**
             * Format: int64
             * @description The last position in the target.
             */
            position: number | null;
            /** @description What the last drill found to be wrong. */
            restore_drill_error: string | null;
            /**
             * Format: date-time
             * @description When a drill last found that the backup can be restored.
             */
            restore_drill_last_success_at: string | null;
            /**
             * Format: double
             * @description How long the last drill took.
             */
            restore_drill_seconds: number | null;
        };
        /** @description The assistant as customers see it. */
        BotAnswer: {
            bot: components["schemas"]["BotData"];
            success: boolean;
        };
        /** @description Who answers. */
        BotData: {
            description: string;
            icon_url: string;
            language: components["schemas"]["Language"];
            name: string;
            /** @description Questions to choose from, in that language. */
            suggestions: string[];
            /** @description Its first words, in the language of the page (`Accept-Language`), Chinese where that is none of ours. */
            welcome: string;
            workflow_id: string;
        };
        /**
         * @description What an assistant's breaker lets through: all questions, none, or one on trial.
         * @enum {string}
         */
        BreakerState: "closed" | "open" | "half_open";
        /** @description A budget that is nearly used, or spent. */
        BudgetData: {
            assistant: string;
            /**
             * Format: int64
             * @description What may be used in a day.
             */
            budget: number;
            /** @description The currency; null where tokens are counted. */
            currency: string | null;
            /**
             * Format: date
             * @description Of `time_zone`.
             */
            day: string;
            /**
             * Format: int32
             * @description How much of it, in percent: 80 or 100.
             */
            level: number;
            /**
             * Format: int64
             * @description What was used when that was reached, in millionths of the currency, or in tokens.
             */
            spent: number;
        };
        /** @description What quick replies are grouped by. */
        CategoriesAnswer: {
            /** @description Those of the first set in their order, then the others. */
            data: components["schemas"]["CategoryData"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description One category. */
        CategoryData: {
            count: number;
            key: string;
            /** @description As the original called it; of any other category its key. */
            label: string;
        };
        /**
         * @description What is to be other than it is.
         * @example {
         *       "languages": [
         *         "en",
         *         "de"
         *       ],
         *       "max_sessions": 8,
         *       "name": "Anna Li"
         *     }
         */
        ChangeAgentRequest: {
            /** @description Where mail goes, in at most 254 bytes; empty for nowhere. */
            email?: string | null;
            languages?: components["schemas"]["Language"][] | null;
            /** Format: int32 */
            max_sessions?: number | null;
            /** @description What a person is called. */
            name?: string | null;
            /**
             * @description What somebody of staff is to the shop.
             * @enum {string|null}
             */
            role?: "agent" | "supervisor" | "admin" | "auditor" | "analyst" | null;
            skills?: components["schemas"]["SkillName"][] | null;
        };
        /**
         * @description Another password.
         * @example {
         *       "new_password": "four words without relation",
         *       "old_password": "set by the administrator"
         *     }
         */
        ChangePasswordRequest: {
            /** @description At least 10 characters, and none of those that are tried first. */
            new_password: components["schemas"]["NewPassword"];
            old_password: string;
        };
        ChatAcceptedData: {
            position: number;
            session_id: string;
            session_name: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "accepted";
        };
        /** @description The answer to a message: 200 brings the assistant's text, 202 (`Prefer: respond-async`) the id of the message. */
        ChatAnswer: {
            /** @description Why there is none; not with 202. */
            error?: string | null;
            /** @description The assistant's text; not with 202. */
            message?: string | null;
            /**
             * Format: uuid
             * @description With 202: the message's id, which the reply's event lists among what it `answers`.
             */
            message_id?: string;
            /**
             * Format: int64
             * @description Where the answer is recorded, or with 202 the message: the session's events after it bring the reply.
             */
            position: number;
            /**
             * Format: uuid
             * @description The session's id.
             */
            session_id: string;
            /** @description The session's name. */
            session_name: string;
            /** @description False when no assistant could answer. */
            success: boolean;
            /** @description Beside a text: what the customer may choose to say next, to be sent as it is. */
            suggestions?: string[];
        };
        ChatDoneData: {
            content: string;
            position: number;
            suggestions?: string[];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "done";
        };
        ChatErrorData: {
            content: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "error";
        };
        ChatFrame: {
            data: string;
        };
        /** @description What happens to the answer */
        ChatFrameData: components["schemas"]["ChatAcceptedData"] | components["schemas"]["ChatMessageData"] | components["schemas"]["ChatRestartData"] | components["schemas"]["ChatWithdrawnData"] | components["schemas"]["ChatStatusChangeData"] | components["schemas"]["ChatManualMessageData"] | components["schemas"]["ChatErrorData"] | components["schemas"]["ChatDoneData"];
        ChatManualMessageData: {
            content: string;
            role: string;
            timestamp?: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "manual_message";
        };
        ChatMessageData: {
            content: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message";
        };
        /**
         * @description What a customer sends.
         * @example {
         *       "message": "How long does it take to charge the battery?",
         *       "parameters": {
         *         "language": "en",
         *         "page_url": "https://shop.example/bikes/city-c11"
         *       },
         *       "user_id": "session_1795651200_k3x9"
         *     }
         */
        ChatRequest: {
            /** @description Ignored: the server knows the session's conversation. */
            conversation_id?: string | null;
            /** @description The text: 1 to 5,000 characters. */
            message: components["schemas"]["Text"];
            /** @description What the shop's page passes along; kept with the message. */
            parameters?: {
                [key: string]: components["schemas"]["Anything"];
            } | null;
            /** @description A session's name, or empty for one that the server makes. */
            user_id?: string | null;
        };
        ChatRestartData: {
            attempt: number;
            run: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "restart";
        };
        ChatStatusChangeData: {
            agent_info?: {
                agent_id?: string;
                agent_name?: string;
            };
            reason?: string;
            /** @enum {string} */
            status: "pending_manual" | "after_hours_email" | "manual_live" | "closed";
            timestamp: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "status_change";
        };
        ChatWithdrawnData: {
            run: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "withdrawn";
        };
        /** @description The signing of checkpoints. */
        CheckpointsState: {
            /** @description A checkpoint. */
            newest?: {
                /** Format: int64 */
                position: number;
                /** Format: date-time */
                signed_at: string;
                /**
                 * Format: int64
                 * @description Events.
                 */
                size: number;
            } | null;
            /** @description Why notes cannot be written at present; no reason to stop serving. */
            trouble?: string | null;
        };
        /**
         * @description What one chooses to be.
         * @example {
         *       "status": "break"
         *     }
         */
        ChooseStatusRequest: {
            status: components["schemas"]["ChosenStatus"];
        };
        /**
         * @description What somebody of staff chooses; lunch is a break.
         * @enum {string}
         */
        ChosenStatus: "online" | "busy" | "break" | "training" | "offline" | "lunch";
        /** @description A session as a command left it. */
        CommandAnswer: {
            data: components["schemas"]["SessionState"];
            /** @description What was done, for people. */
            message?: string | null;
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
            /** @description What the caller should know of what was done all the same. */
            warning?: string | null;
        };
        /** @description The original's front-end settings, under the names that it gave them. */
        ConfigAnswer: {
            appId: string;
            /** @description Always `OAUTH_JWT`. */
            authMode: string;
            /** @description Always true: a visitor sees nothing of another's. */
            sessionIsolation: boolean;
            workflowId: string;
        };
        /**
         * @description What confirms a change of one's own second factor.
         * @example {
         *       "code": "287082",
         *       "password": "four words without relation"
         *     }
         */
        ConfirmSecondFactorRequest: {
            /** @description A one-time code, or a recovery code. */
            code?: string | null;
            /** @description One's own password. */
            password: string;
        };
        /**
         * @description Names the session to start afresh.
         * @example {
         *       "session_id": "session_1795651200_k3x9"
         *     }
         */
        ContextRequest: {
            /** @description The session's name; the original calls it so. */
            session_id: components["schemas"]["Name"];
        };
        /** @description The conversation in force. */
        ConversationAnswer: {
            /** Format: uuid */
            conversation_id: string;
            error?: string | null;
            message?: string | null;
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description An amount of money. */
        CostData: {
            /** @description ISO 4217. */
            currency: string;
            /**
             * Format: int64
             * @description In millionths of the currency.
             */
            micros: number;
        };
        /** @description How many sessions there are. */
        CountsAnswer: {
            data: components["schemas"]["CountsData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description How many sessions there are. */
        CountsData: {
            /**
             * Format: int64
             * @description That wait for somebody to work again.
             */
            after_hours: number;
            /**
             * Format: int64
             * @description In all.
             */
            all: number;
            /**
             * Format: int64
             * @description That a person has.
             */
            live: number;
            /**
             * Format: int64
             * @description That the caller has.
             */
            mine: number;
            /**
             * Format: int64
             * @description That wait for a person.
             */
            queue: number;
        };
        /** @description A session's token. */
        CozeTokenData: {
            /**
             * Format: int64
             * @description In seconds since 1970.
             */
            expires_at: number;
            is_valid: boolean;
            /** @description Always `***`. */
            token_preview: string;
        };
        /** @description The tokens of sessions. */
        CozeTokensData: {
            /** @description By the session's id. */
            sessions: {
                [key: string]: components["schemas"]["CozeTokenData"];
            };
            total_sessions: number;
        };
        /**
         * @description An account to be made.
         * @example {
         *       "languages": [
         *         "en",
         *         "zh"
         *       ],
         *       "name": "Anna Li",
         *       "password": "set by the administrator",
         *       "role": "agent",
         *       "skills": [
         *         "battery"
         *       ],
         *       "username": "anna"
         *     }
         */
        CreateAgentRequest: {
            /** @description Where mail goes, in at most 254 bytes; empty for nowhere. */
            email?: string | null;
            /** @description zh, en; all unless told */
            languages?: components["schemas"]["Language"][] | null;
            /**
             * Format: int32
             * @description Conversations at a time, 5 unless told.
             */
            max_sessions?: number | null;
            /** @description What a person is called. */
            name?: string | null;
            /** @description At least 10 characters. It has to be changed at the first sign-in. */
            password: components["schemas"]["NewPassword"];
            /**
             * @description What somebody of staff is to the shop.
             * @enum {string|null}
             */
            role?: "agent" | "supervisor" | "admin" | "auditor" | "analyst" | null;
            skills?: components["schemas"]["SkillName"][] | null;
            /** @description What it signs in with: letters, digits, dot, hyphen, underscore and @; it never changes. */
            username: components["schemas"]["Login"];
        };
        /**
         * @description Names the session to open.
         * @example {
         *       "user_id": "session_1795651200_k3x9"
         *     }
         */
        CreateRequest: {
            /** @description The session's name, chosen by the client. */
            user_id: components["schemas"]["Name"];
        };
        /** @description A position of the log, or the id of a frame: `<generation>-<position>`. */
        Cursor: string;
        /** @description Who the visitor is. */
        CustomerAnswer: {
            data: components["schemas"]["CustomerData"];
            /**
             * Format: int64
             * @description Where that is recorded; 0 where nothing is.
             */
            position: number;
            success: boolean;
        };
        /** @description What the shop has said of the visitor. */
        CustomerData: {
            /** @description Where mail goes. */
            email?: string | null;
            /** @description Whether it has said anything. */
            is_identified: boolean;
            /** @description What the customer is called. */
            name?: string | null;
            /** @description Whether the shop counts the customer among its best. */
            vip: boolean;
        };
        /** @description The customer of a session, for staff. */
        CustomerOfSession: {
            /** @description The shop's own id; null for somebody whom the shop has not named. */
            customer_id?: string | null;
            /** @description As the shop says, or as the customer wrote in this session. */
            email?: string | null;
            /** @description Newest first, at most 50. */
            episodes: components["schemas"]["EpisodeData"][];
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            first_seen_at: string;
            /** @description That of the customer's newest message. */
            language: components["schemas"]["Language"];
            /** @description As the shop says. */
            name?: string | null;
            /** @description What the shop's page last passed along. */
            parameters: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description How many there are.
             */
            sessions: number;
            /** @description Whether the shop counts the customer among its best. */
            vip: boolean;
            /**
             * Format: uuid
             * @description The browser's owner, whose sessions these are.
             */
            visitor: string;
        };
        /**
         * @description Whose sessions are listed.
         * @enum {string}
         */
        CustomerType: "vip" | "old" | "new";
        /** @description How the process and its parts do. */
        DetailedHealth: {
            /** @description As `/readyz` lists them. */
            alarms: components["schemas"]["AlarmState"][];
            /** @description Every assistant, in the order in which they are asked. */
            assistants: components["schemas"]["AssistantHealth"][];
            /** @description The backup that follows the log, and the last drill. */
            backup: components["schemas"]["BackupHealth"];
            /** @description Assistants that have used 80 percent of what they may use in a day, or all of it. */
            budgets: components["schemas"]["BudgetData"][];
            /** @description The certificate that this process serves TLS with. */
            certificate?: {
                /** Format: date-time */
                ends_at: string;
            } | null;
            checkpoints: components["schemas"]["CheckpointsState"];
            /** @description The disk of the data directory. */
            disk?: {
                /**
                 * Format: int64
                 * @description What desk may still write there.
                 */
                free_bytes: number;
                /** Format: int64 */
                size_bytes: number;
            } | null;
            /** @description What the shop answers from. */
            faq: components["schemas"]["FaqState"];
            /** @description Everything that follows the log, in the order of its start. */
            followers: components["schemas"]["FollowerHealth"][];
            /** @description By process manager: whether this node holds its lease; null while their store does not answer. */
            leases?: {
                [key: string]: boolean;
            } | null;
            log: components["schemas"]["LogHealth"];
            /** @description Mails to the team, since this process began. */
            mail: components["schemas"]["MailHealth"];
            node: components["schemas"]["NodeHealth"];
            /** @description By kind of delivery: seconds that the oldest item has waited; null while the process managers' store does not answer. */
            outbox_seconds?: {
                [key: string]: number;
            } | null;
            /** @description As `/readyz` says: `ready` or `not_ready`. */
            status: string;
            views: components["schemas"]["ViewsState"];
        };
        /** @description How the process and its parts do. */
        DetailedHealthAnswer: {
            data: components["schemas"]["DetailedHealth"];
            success: boolean;
        };
        /** @description One version. */
        DocumentAnswer: {
            data: components["schemas"]["DocumentData"];
            success: boolean;
        };
        /** @description What one version says. */
        DocumentData: {
            /** @description TOML, as it was published. */
            document: string;
            is_in_force: boolean;
            /** Format: int32 */
            version: number;
        };
        /** @description Something was done. */
        DoneAnswer: {
            message?: string | null;
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description A draft. */
        DraftAnswer: {
            data: components["schemas"]["DraftData"];
            success: boolean;
        };
        /** @description A draft. */
        DraftData: {
            /** @description Empty where there is none. */
            text: string;
            /**
             * Format: date-time
             * @description When it was last saved; null where there is none.
             */
            updated_at?: string | null;
        };
        /**
         * @description What somebody of staff drafts.
         * @enum {string}
         */
        DraftKind: "reply" | "note";
        /** @description Where there is a draft. */
        DraftPlaceData: {
            kind: components["schemas"]["DraftKind"];
            /** Format: uuid */
            session_id: string;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * @description What somebody is about to write.
         * @example {
         *       "text": "Hello, I have looked into your"
         *     }
         */
        DraftRequest: {
            /** @description At most 5,000 characters; empty for no draft. */
            text: components["schemas"]["DraftText"];
        };
        /** @description What somebody is about to write; of white space alone for no draft. */
        DraftText: string;
        /** @description Where the caller has drafts. */
        DraftsAnswer: {
            /** @description The newest first. */
            data: components["schemas"]["DraftPlaceData"][];
            success: boolean;
        };
        /**
         * @description A first code.
         * @example {
         *       "code": "287082"
         *     }
         */
        EnableSecondFactorRequest: {
            /** @description What the authenticator app shows. */
            code: string;
        };
        /** @description One event. */
        Entry: {
            /** @description The event's type, like `session.agent_took_over`, `agent.signed_in` or `access.session_viewed`. */
            action: string;
            /** @description customer, agent, assistant, policy or system, a colon, and its id */
            actor: string;
            /** Format: date-time */
            at: string;
            /** @description The event's plain data. */
            details: unknown;
            /** Format: int64 */
            position: number;
            /** @description How a session's status moved. */
            status_from?: components["schemas"]["SessionStatus"];
            status_to?: components["schemas"]["SessionStatus"];
            /** @description The stream that it is in, like `session-<id>`. */
            target: string;
        };
        /** @description An event, without what only the log itself needs of it. */
        Envelope: {
            /** @description customer, agent, assistant, policy or system, a colon, and its id */
            actor: string;
            /** Format: uuid */
            causation_id?: string;
            /** Format: uuid */
            correlation_id: string;
            data: Record<string, never>;
            /** @description True where there was a personal part whose key was destroyed. */
            erased?: boolean;
            /** Format: uuid */
            event_id: string;
            /** @description Where it may be shown. */
            personal?: Record<string, never>;
            /** Format: int64 */
            position: number;
            /** Format: date-time */
            recorded_at: string;
            /** Format: int32 */
            schema: number;
            stream: string;
            /** Format: uuid */
            subject?: string;
            type: string;
            /**
             * Format: int64
             * @description The place in the stream, from 1.
             */
            version: number;
        };
        /** @description One time that the customer came: from its first message to the close. */
        EpisodeData: {
            /** @description Who wrote, the first to write first. */
            agents: components["schemas"]["StaffMember"][];
            /**
             * Format: date-time
             * @description RFC 3339; null while it lasts.
             */
            ended_at?: string | null;
            /**
             * Format: int32
             * @description Counts the returns to its session.
             */
            episode: number;
            /**
             * @description Why a person is wanted.
             * @enum {string|null}
             */
            escalation_reason?: "keyword" | "fail_loop" | "sentiment" | "vip" | "manual" | null;
            /**
             * Format: int64
             * @description What customer, assistant and agents said.
             */
            messages: number;
            /**
             * Format: int32
             * @description From 1, bad, to 5, good.
             */
            rating?: number | null;
            /** Format: uuid */
            session_id: string;
            session_name?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            started_at: string;
        };
        /** @description The session that waits for a person. */
        EscalateAnswer: {
            data: components["schemas"]["SessionState"];
            /** @description Whether a mail to the team is recorded as requested. */
            email_sent: boolean;
            /** @description Whether people work now. */
            is_in_shift: boolean;
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description Who wants a person, and why.
         * @example {
         *       "reason": "user_request",
         *       "session_name": "session_1795651200_k3x9"
         *     }
         */
        EscalateRequest: {
            /** @description What somebody wrote. */
            reason?: string | null;
            /** @description The session's name; for staff its id as well. */
            session_name: components["schemas"]["Name"];
        };
        /**
         * @description Why a person is wanted.
         * @enum {string}
         */
        EscalationReason: "keyword" | "fail_loop" | "sentiment" | "vip" | "manual";
        /**
         * @description Why an assistant failed.
         * @enum {string}
         */
        FailureCode: "unavailable" | "timed_out" | "rate_limited" | "refused" | "out_of_credit" | "rejected" | "malformed";
        /** @description The entries in use. */
        FaqAnswer: {
            /** @description In the order of the files. */
            data: components["schemas"]["FaqEntryData"][];
            success: boolean;
        };
        /** @description An entry. */
        FaqEntryData: {
            file: string;
            /** @description Its key, the same in all languages. */
            id: string;
            languages: components["schemas"]["Language"][];
            /** @description Where it stands in its file. */
            line: number;
            /** @description In all its languages. */
            questions: string[];
            /** @description Its first question, in the language that was asked for or in the first that it has. */
            title: string;
        };
        /** @description What is wrong with the files. */
        FaqFaultsAnswer: {
            /** @description Each with file and line, and what to do; empty where the files are in use as they are. */
            data: string[];
            success: boolean;
        };
        /** @description An entry that was found. */
        FaqHitData: {
            /** @description Markdown, as the customer would be answered. */
            answer: string;
            id: string;
            /**
             * Format: float
             * @description 0 to 1: how sure the FAQ is of the best of them.
             */
            score: number;
            /** @description A question that finds exactly this entry. */
            title: string;
        };
        /**
         * @description What the FAQ has for a question.
         * @enum {string}
         */
        FaqOutcome: "sure" | "choices" | "none";
        /** @description The FAQ: its entries, and what is wrong with its files. */
        FaqState: {
            /** @description Why the files as they are now are not in use, each with file and line; meanwhile the last good entries answer. */
            alarms: string[];
            /** @description How the server of vectors does. */
            embeddings: {
                /** @description Why it could not be asked when it was last; words alone answer meanwhile. Null: it could. */
                alarm: string | null;
                /** @description Of them without a vector yet; while there are any, words alone answer. */
                missing: number;
                /** @description Question lines and answers in use. */
                texts: number;
            } | null;
            /** @description Entries in use. */
            entries: number;
            /** @description Of them by language. */
            entries_by_language: {
                [key: string]: number;
            };
        };
        /** @description What the FAQ has for it. */
        FaqTestAnswer: {
            data: components["schemas"]["FaqTestData"];
            success: boolean;
        };
        /** @description What the FAQ has for it. */
        FaqTestData: {
            /** @description The best first. */
            entries: components["schemas"]["FaqHitData"][];
            /** @description sure: the entry answers; choices: the customer is asked which is meant; none: it does not know. */
            outcome: components["schemas"]["FaqOutcome"];
        };
        /**
         * @description A question that a customer might ask.
         * @example {
         *       "language": "en",
         *       "question": "How long is the warranty?"
         *     }
         */
        FaqTestRequest: {
            /**
             * @description A language that customers are answered in.
             * @enum {string|null}
             */
            language?: "zh" | "en" | "de" | "fr" | "es" | "it" | null;
            /** @description It. */
            question: components["schemas"]["Text"];
        };
        /** @description What a flag says. */
        FlagData: {
            flag: string;
            /** @description What it is for. */
            meaning: string;
            /** @description Which rule of the flag decided, from 1; null where the default is what is left. */
            rule?: number | null;
            value: components["schemas"]["FlagValue"];
        };
        /** @description As the flag's type is. */
        FlagValue: boolean | string | number;
        /** @description What an operator has to look at. */
        FollowerAlarm: {
            /**
             * Format: int64
             * @description Where in the log, where that is known.
             */
            position?: number;
            what: string;
        };
        /** @description A follower of the log. */
        FollowerHealth: {
            /** @description Where `stopped`: what was found. */
            alarm?: components["schemas"]["FollowerAlarm"];
            /**
             * Format: int32
             * @description Where `restarting`: failures without a minute of health between them.
             */
            attempt?: number;
            /** @description Where `restarting`: why it failed. */
            error?: string;
            /**
             * Format: int64
             * @description Events that it has not read yet, counted up to 10,001; null where position or head are not known.
             */
            lag?: number | null;
            /**
             * @description `tail`, `signer`, `log_proof`, `views`, `settings`, `staff_directory`, `visitor_revocation`, `session_owners`, `dispatcher`, `heartbeat`,
             *     `outbox`, or a process manager's name.
             */
            name: string;
            /**
             * Format: date-time
             * @description Where `restarting`: when it is started again.
             */
            next_start_at?: string;
            /**
             * Format: int64
             * @description How far it has read the log; null for what reads none.
             */
            position?: number | null;
            /**
             * Format: int64
             * @description Times that it was started again.
             */
            restarts: number;
            /** @description `running`; `restarting`: it failed and is started again; `stopped`: an operator has to look at `alarm`. */
            state: string;
        };
        /** @description Where a session stands between people, for staff. */
        HandOff: {
            /** @description Who should take it; null for anybody. */
            group?: string | null;
            /**
             * Format: double
             * @description Since when one agent or another has it.
             */
            live_since?: number | null;
            /** @description An offer that waits for an answer. */
            offer?: {
                agent: components["schemas"]["Agent"];
                /** Format: double */
                expires_at: number;
                /** Format: uuid */
                offer_id: string;
            } | null;
            priority_class: components["schemas"]["PriorityClass"];
            /**
             * Format: double
             * @description Since when its agent has it.
             */
            taken_over_at?: number | null;
            /** @description A transfer that waits for an answer. */
            transfer?: {
                /** Format: double */
                expires_at: number;
                from: components["schemas"]["Agent"];
                /** @description Null where nobody said, and once erased. */
                reason?: string | null;
                /** @description An agent, as the original wrote one. */
                to_agent?: {
                    /**
                     * Format: uuid
                     * @description For staff.
                     */
                    agent_uuid?: string;
                    /** @description For staff the user name, for customers the id. */
                    id: string;
                    /** @description The shown name; null once erased. */
                    name?: string | null;
                } | null;
                /** @description Who was asked, if it was a group. */
                to_group?: string | null;
                /** Format: uuid */
                transfer_id: string;
            } | null;
            /**
             * Format: double
             * @description Since when it waits: a session that comes back keeps its first time.
             */
            waiting_since?: number | null;
        };
        /** @description The original's health answer. */
        HealthAnswer: {
            app_id: string;
            auth_mode: string;
            /** @description False while Coze is one of the assistants and takes no questions. */
            coze_connected: boolean;
            session_isolation: boolean;
            /** @description Always `healthy`: otherwise there is no such answer. */
            status: string;
            token_info: components["schemas"]["TokenInfo"];
            workflow_id: string;
        };
        /** @description A heartbeat was taken. */
        HeartbeatAnswer: {
            /**
             * Format: double
             * @description When one was last heard of: now. Seconds since 1970.
             */
            last_active_at: number;
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            status: components["schemas"]["AgentStatus"];
            success: boolean;
        };
        /**
         * @description The shop's word.
         * @example {
         *       "identity_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6InNob3AtMSJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJl"
         *     }
         */
        IdentifyRequest: {
            /** @description A JWT that the shop has signed for this sign-in: at most 8,192 bytes. */
            identity_token: components["schemas"]["IdentityToken"];
        };
        /** @description A JWT of the shop. */
        IdentityToken: string;
        /** @description A key was issued. */
        IssueApiKeyAnswer: {
            data: components["schemas"]["ApiKeyData"];
            /** @description To be sent as `Authorization: Bearer`; shown this once. */
            key: string;
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description A key to be issued.
         * @example {
         *       "expires_at": "2099-01-31T00:00:00Z",
         *       "name": "Data warehouse",
         *       "permissions": [
         *         "log:read"
         *       ]
         *     }
         */
        IssueApiKeyRequest: {
            /**
             * Format: date-time
             * @description When it ends by itself (RFC 3339); never unless told.
             */
            expires_at?: string | null;
            /** @description What it is for. */
            name: components["schemas"]["Person"];
            /** @description What it may do: some of session:read, statistics:read, log:read, personal:read, audit:read, agent:read, system:read, settings:read. */
            permissions: components["schemas"]["ProgramPermission"][];
        };
        /** @description Makes a request repeatable: visible ASCII. */
        Key: string;
        /**
         * @description A language that customers are answered in.
         * @enum {string}
         */
        Language: "zh" | "en" | "de" | "fr" | "es" | "it";
        /** @description How long whole answers took, of the last 1,000; null before the first. */
        LatencyData: {
            /** Format: int64 */
            p50_ms?: number | null;
            /** Format: int64 */
            p99_ms?: number | null;
        };
        /** @description A page of sessions. */
        ListAnswer: {
            data: components["schemas"]["ListData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description The page and where it stands. */
        ListData: {
            has_more: boolean;
            /** Format: int32 */
            limit: number;
            /** @description Where the next page begins, for `cursor`; absent on the last one. */
            next_cursor?: string;
            /** Format: int64 */
            offset: number;
            sessions: components["schemas"]["Summary"][];
            /**
             * Format: int64
             * @description How many fit; where others than a status are asked for it is counted up to 10,000, and with a keyword among the 5,000 that
             *     were updated last.
             */
            total: number;
        };
        /** @description The log of all events. */
        LogHealth: {
            /**
             * Format: int64
             * @description Raised by a restore.
             */
            generation: number;
            /**
             * Format: int64
             * @description The newest position; null while the store does not answer.
             */
            head?: number | null;
            /** Format: uuid */
            id: string;
            reachable: boolean;
            /** @description False from an append that failed until one succeeds; it is tried every 5 seconds. */
            writable: boolean;
            /** @description Where not `writable`: why, for an operator. */
            write_failure?: string;
        };
        /** @description What a member of staff signs in with: letters, digits, dot, hyphen, underscore and @. */
        Login: string;
        /** @description Somebody is in. */
        LoginAnswer: {
            /** @description To be sent as `Authorization: Bearer`. */
            access_token: string;
            agent: components["schemas"]["AgentData"];
            /**
             * Format: int64
             * @description Seconds that the access token is good for.
             */
            expires_in: number;
            /** @description Whether the password has to be changed before anything else is done. */
            must_change_password: boolean;
            /** @description What this account may do. */
            permissions: components["schemas"]["Permission"][];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            /** @description To be exchanged for the next two before the access token ends; good once. */
            refresh_token: string;
            success: boolean;
            /** @description As `access_token`, for old clients. */
            token: string;
        };
        /**
         * @description Who wants to come in.
         * @example {
         *       "device_id": "3f0a6c1e-9d42-4b7e-8a51-0c2f6d9e7b13",
         *       "password": "four words without relation",
         *       "username": "anna"
         *     }
         */
        LoginRequest: {
            /** @description The same, as other clients call it. */
            agent_id?: string | null;
            /** @description Where the account has a second factor: a one-time code, or a recovery code. */
            code?: string | null;
            /** @description A random text that a browser made once and keeps to itself. */
            device_id?: string | null;
            /** @description The password. */
            password: string;
            /** @description What one signs in with. */
            username?: string | null;
        };
        /** @description The original's mail state and more, for staff; to customers it is empty. */
        Mail: {
            /**
             * Format: double
             * @description When that was.
             */
            at?: number | null;
            email_to: string[];
            /** @description Why it was given up. */
            error?: string | null;
            /** @description The id of the newest mail about the session. */
            message_id?: string | null;
            sent: boolean;
            /**
             * @description What became of a mail.
             * @enum {string|null}
             */
            status?: "requested" | "sent" | "failed" | null;
        };
        /** @description The mail that is under way. */
        MailAnswer: {
            data: components["schemas"]["MailData"];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description The mail that is under way. */
        MailData: {
            /**
             * Format: uuid
             * @description It; what became of it is in the session's events.
             */
            mail_id: string;
        };
        /** @description Mails to the team, as far as this process has sent them. */
        MailHealth: {
            /**
             * Format: int64
             * @description Mails that were given up.
             */
            failed: number;
            /** @description A mail that was given up. */
            last_failure: {
                /** Format: date-time */
                at: string;
                /** @description Why. */
                code: string;
                /** Format: uuid */
                mail_id: string;
            } | null;
            /** Format: int64 */
            sent: number;
            /** @description Where they go: `smtp`, `log` or `off`. */
            to: string;
        };
        /**
         * @description How a mail is asked for.
         * @example {
         *       "force": false
         *     }
         */
        MailRequest: {
            /** @description Another mail, also while one about the session is under way. By default no. */
            force?: boolean | null;
        };
        /** @description The message is recorded. */
        ManualMessageAnswer: {
            data: components["schemas"]["ManualMessageData"];
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /** @description The message. */
        ManualMessageData: {
            /** Format: uuid */
            message_id: string;
            /**
             * Format: double
             * @description In seconds since 1970.
             */
            timestamp: number;
        };
        /**
         * @description A message between a customer and the person who has the session.
         * @example {
         *       "content": "The battery does not charge any more.",
         *       "role": "user",
         *       "session_name": "session_1795651200_k3x9"
         *     }
         */
        ManualMessageRequest: {
            /** @description Who speaks; the original's fields. */
            agent_info?: {
                /** @description By user name or id. */
                agent_id?: string | null;
            } | null;
            /** @description The text: 1 to 5,000 characters. */
            content: components["schemas"]["Text"];
            /**
             * Format: uuid
             * @description With role agent: the prepared answer that it was made of.
             */
            quick_reply?: string | null;
            /** @description `user`: the customer of the session; `agent`: the person who has it. */
            role: components["schemas"]["SpeakerRole"];
            /** @description The session's name; for staff its id as well. */
            session_name: components["schemas"]["Name"];
        };
        /** @description One message. */
        Message: {
            /** @description Who wrote an agent's message: for staff the user name, for customers the id. */
            agent_id?: string | null;
            agent_name?: string | null;
            /**
             * Format: uuid
             * @description For staff: the id beside the user name.
             */
            agent_uuid?: string;
            /** @description Null once erased. */
            content?: string | null;
            /** @description True once the text is erased. */
            erased?: boolean;
            /** @description For staff: the customer cleared it from the screen. */
            hidden?: boolean;
            /** Format: uuid */
            message_id: string;
            /** Format: int64 */
            position: number;
            role: components["schemas"]["MessageRole"];
            /** @description For staff: how much of a withheld answer the customer saw. */
            shown?: string | null;
            /** @description Of an answer: what the customer may choose to say next, to be sent as it is. */
            suggestions?: string[];
            /** Format: double */
            timestamp: number;
            /** @description For staff: made, but not given to the customer. */
            withheld?: boolean;
        };
        /**
         * @description Who wrote a message.
         * @enum {string}
         */
        MessageRole: "user" | "assistant" | "agent" | "system";
        /** @description A position of the log, or a time */
        Moment: string;
        /** @description A session's name, chosen by the client: on one line, without slashes. */
        Name: string;
        /** @description A password to be set; none of those that are tried first, and without the username in it. */
        NewPassword: string;
        /**
         * @description Nothing more needs to be said.
         * @example {}
         */
        NoFields: Record<string, never>;
        /** @description This process. */
        NodeHealth: {
            id: string;
            /** Format: date-time */
            started_at: string;
            /** Format: int64 */
            uptime_seconds: number;
            /** @description The program's. */
            version: string;
        };
        /** @description A note. */
        NoteAnswer: {
            data: components["schemas"]["NoteData"];
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /** @description An internal note, for staff. */
        NoteData: {
            author: components["schemas"]["StaffMember"];
            /**
             * Format: date-time
             * @description RFC 3339.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description RFC 3339; null until it is edited.
             */
            edited_at?: string | null;
            /** @description What it said before, oldest first. */
            history: components["schemas"]["NoteWordingData"][];
            /** Format: uuid */
            id: string;
            /** @description Who is to read it. */
            mentions: components["schemas"]["StaffMember"][];
            removed: boolean;
            /** @description Null once removed or erased. */
            text?: string | null;
            /**
             * Format: int32
             * @description For If-Match.
             */
            version: number;
        };
        /**
         * @description An internal note.
         * @example {
         *       "text": "Promised a call back on Monday."
         *     }
         */
        NoteRequest: {
            /** @description Who is to read it, by user name or id: at most 20. */
            mentions?: string[] | null;
            /** @description What it says: 1 to 5,000 characters. */
            text: components["schemas"]["Text"];
        };
        /** @description What a note said before. */
        NoteWordingData: {
            /**
             * Format: date-time
             * @description When it was written, RFC 3339.
             */
            at: string;
            /** @description Null once erased. */
            text?: string | null;
        };
        /** @description The notes of a session, oldest first. */
        NotesAnswer: {
            data: components["schemas"]["NoteData"][];
            /**
             * Format: int64
             * @description How far the views had read the log; with `?at=` the position of the session's newest event of then.
             */
            position: number;
            success: boolean;
        };
        /** @description A sign-in that is not over. */
        OwnSignIn: {
            /** @description From where it began. */
            address?: string | null;
            /** Format: date-time */
            expires_at: string;
            /** Format: uuid */
            id: string;
            /** @description Whether it is the one that asks. */
            is_this: boolean;
            /** Format: date-time */
            renewed_at: string;
            /** Format: date-time */
            since: string;
            user_agent?: string | null;
        };
        /** @description How much of a withheld reply the customer saw. */
        PartlyShown: {
            /** Format: uuid */
            message_id: string;
            /** Format: int64 */
            position: number;
            shown: string;
            /** Format: double */
            timestamp: number;
        };
        /** @description Transfers that wait for the caller's answer. */
        PendingTransfersAnswer: {
            data: components["schemas"]["AskedTransfer"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description Something that may be done.
         * @enum {string}
         */
        Permission: "session:read" | "session:write" | "session:supervise" | "statistics:read" | "log:read" | "personal:read" | "audit:read" | "profile:write" | "agent:read" | "agent:write" | "system:read" | "settings:read" | "settings:write";
        /** @description What a person is called. */
        Person: string;
        /** @description Questions at once. */
        PlacesData: {
            /** @description How many are answered at once. */
            of: number;
            /** @description How many may wait. */
            queue: number;
            /** @description Questions that are being answered. */
            taken: number;
            /** @description Questions that wait for a place. */
            waiting: number;
        };
        /** @description A secret to be put into an authenticator app; shown this once. */
        PrepareSecondFactorAnswer: {
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            /** @description In base32, to be typed. */
            secret: string;
            success: boolean;
            /** @description `otpauth://…`, to be shown as a picture or opened as a link. */
            uri: string;
        };
        /**
         * @description Whoever wants a second factor.
         * @example {
         *       "password": "four words without relation"
         *     }
         */
        PrepareSecondFactorRequest: {
            /** @description One's own password. */
            password: string;
        };
        /** @description The class of a session. */
        PriorityAnswer: {
            data: components["schemas"]["PriorityData"];
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description A session's class in the queue.
         * @enum {string}
         */
        PriorityClass: "danger" | "vip" | "urgent" | "normal";
        /** @description The class of a session. */
        PriorityData: {
            class: components["schemas"]["PriorityClass"];
        };
        /**
         * @description The original's word for the class.
         * @enum {string}
         */
        PriorityLevel: "urgent" | "high" | "normal";
        /**
         * @description Which class a session gets.
         * @example {
         *       "class": "urgent"
         *     }
         */
        PriorityRequest: {
            /** @description Danger is declared by its rule alone. */
            class: components["schemas"]["SettableClass"];
        };
        /** @description Its body. */
        Problem: {
            /** @description Stable, for programs. */
            code: string;
            /** @description What happened and what to do. */
            detail: string;
            /** @description As `detail`, for old clients. */
            error: string;
            /** @description The field at fault, where one is. */
            field?: string | null;
            /** @description To find it in the log. */
            request_id: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description Always false, for old clients. */
            success: boolean;
            /** @description The status in words. */
            title: string;
            /** @description Always `about:blank`: `code` tells the kind of problem. */
            type: string;
        };
        /** @description Whether the process lives. */
        ProcessAnswer: {
            /** @description Always `ok`. */
            status: string;
        };
        /** @description One's own account. */
        ProfileAnswer: {
            data: components["schemas"]["AgentData"];
            /** @description What this account may do. */
            permissions: components["schemas"]["Permission"][];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description What is one's own to change.
         * @example {
         *       "email": "anna@shop.example",
         *       "name": "Anna Li"
         *     }
         */
        ProfileRequest: {
            /** @description Where mail goes, in at most 254 bytes; empty for nowhere. */
            email?: string | null;
            /** @description What a person is called. */
            name?: string | null;
        };
        /**
         * @description Something that a program may do.
         * @enum {string}
         */
        ProgramPermission: "session:read" | "statistics:read" | "log:read" | "personal:read" | "audit:read" | "agent:read" | "system:read" | "settings:read";
        /**
         * @description A document to be published.
         * @example {
         *       "document": "",
         *       "reason": "back to what the program comes with"
         *     }
         */
        PublishRequest: {
            /** @description TOML; what it may say is told in `docs/`. */
            document: string;
            /** @description What somebody wrote. */
            reason?: string | null;
        };
        /** @description What is in force now. */
        PublishedAnswer: {
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
            /**
             * Format: int32
             * @description The version in force.
             */
            version: number;
        };
        /** @description A page of the queue. */
        QueueAnswer: {
            data: components["schemas"]["QueueData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description The page and where it stands. */
        QueueData: {
            has_more: boolean;
            /** Format: int32 */
            limit: number;
            /** Format: int64 */
            offset: number;
            queue: components["schemas"]["QueueEntryData"][];
            /** Format: int64 */
            total: number;
        };
        /** @description A session in the queue. */
        QueueEntryData: components["schemas"]["Summary"] & {
            /**
             * Format: double
             * @description Seconds until somebody takes it, roughly; null while nobody serves.
             */
            estimated_wait?: number | null;
            /**
             * Format: int64
             * @description From 1.
             */
            position: number;
            /** @description After the time that it has waited. */
            priority_class: components["schemas"]["PriorityClass"];
            /** @description The original's word for it. */
            priority_level: components["schemas"]["PriorityLevel"];
            /**
             * Format: double
             * @description Seconds.
             */
            wait_time: number;
        };
        /** @description The quick replies that fit. */
        QuickRepliesAnswer: {
            data: components["schemas"]["QuickRepliesData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description They and how many. */
        QuickRepliesData: {
            items: components["schemas"]["QuickReplyData"][];
            total: number;
        };
        /** @description One quick reply. */
        QuickReplyAnswer: {
            data: components["schemas"]["QuickReplyData"];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description A quick reply. */
        QuickReplyData: {
            category: string;
            /** @description With variables like `{{customer.name}}` in it. */
            content: string;
            /** Format: uuid */
            id: string;
            language: components["schemas"]["Language"];
            /** @description A member of staff, for staff. */
            owner?: {
                /** @description The user name; the id once the account is erased. */
                agent_id: string;
                /** Format: uuid */
                agent_uuid: string;
                /** @description The shown name; null once erased. */
                name?: string | null;
            } | null;
            scope: components["schemas"]["QuickReplyScope"];
            title: string;
            /**
             * Format: date-time
             * @description When it was last changed; null as the program brings it.
             */
            updated_at?: string | null;
            /**
             * Format: int64
             * @description How often agents sent it.
             */
            use_count: number;
            /** @description The variables in its content, each once. */
            variables: string[];
            /**
             * Format: int32
             * @description For `If-Match`.
             */
            version: number;
        };
        /**
         * @description A quick reply to be written.
         * @example {
         *       "category": "after sales",
         *       "content": "Our bikes have a warranty of two years.",
         *       "language": "en",
         *       "title": "Warranty"
         *     }
         */
        QuickReplyRequest: {
            /** @description greeting, product, after_sales, closing, or the shop's own. */
            category: components["schemas"]["ReplyCategory"];
            /** @description What is sent. */
            content: components["schemas"]["Text"];
            /**
             * @description A language that customers are answered in.
             * @enum {string|null}
             */
            language?: "zh" | "en" | "de" | "fr" | "es" | "it" | null;
            /**
             * @description Whose a quick reply is.
             * @enum {string|null}
             */
            scope?: "shared" | "personal" | null;
            /** @description What it is found by. */
            title: components["schemas"]["ReplyTitle"];
        };
        /**
         * @description Whose a quick reply is.
         * @enum {string}
         */
        QuickReplyScope: "shared" | "personal";
        /** @description The rating is recorded. */
        RatingAnswer: {
            data: components["schemas"]["RatingGivenData"];
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /** @description The rating. */
        RatingGivenData: {
            /** Format: int32 */
            score: number;
        };
        /**
         * @description How well it was.
         * @example {
         *       "comment": "Quick and kind",
         *       "score": 5
         *     }
         */
        RatingRequest: {
            /** @description What somebody wrote. */
            comment?: string | null;
            /**
             * Format: int32
             * @description From 1, bad, to 5, good.
             */
            score: number;
        };
        /** @description How far that is now. */
        ReadAnswer: {
            data: components["schemas"]["ReadData"];
            success: boolean;
        };
        /** @description How far that is now. */
        ReadData: {
            /**
             * Format: int64
             * @description What was read before stays read.
             */
            position: number;
        };
        /**
         * @description How far somebody has read.
         * @example {
         *       "position": 42
         *     }
         */
        ReadRequest: {
            /**
             * Format: int64
             * @description The position of the last message that was read.
             */
            position: number;
        };
        /** @description Whether the process can serve, and what of it cannot. */
        ReadyAnswer: {
            /** @description What somebody has to look at. */
            alarms: components["schemas"]["AlarmState"][];
            checkpoints: components["schemas"]["CheckpointsState"];
            /** @description `ready` or `not_ready`. */
            status: string;
            store: components["schemas"]["StoreState"];
            views: components["schemas"]["ViewsState"];
        };
        ReauthenticateFrame: {
            data: string;
            /** @enum {string} */
            event?: "reauthenticate";
        };
        RecordedFrame: {
            data: string;
            /** @description The event's type */
            event?: string;
            /** @description The cursor to go on from */
            id: string;
        };
        /** @description Recovery codes; shown this once. */
        RecoveryCodesAnswer: {
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            /** @description Each is good once, in place of a one-time code. */
            recovery_codes: string[];
            success: boolean;
        };
        /** @description New tokens are there. */
        RefreshAnswer: {
            message: string;
            success: boolean;
            token_info: components["schemas"]["CozeTokensData"];
        };
        /**
         * @description A refresh token to be exchanged.
         * @example {
         *       "refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJkZXNrLXN0YWZmLXJlZnJlc2gifQ.c2lnbmF0dXJl"
         *     }
         */
        RefreshRequest: {
            refresh_token: string;
        };
        /**
         * @description Who gives a session back, and why; the original's fields.
         * @example {
         *       "reason": "resolved"
         *     }
         */
        ReleaseRequest: {
            /** @description The account that is signed in, by user name or id; need not be sent. */
            agent_id?: string | null;
            /** @description Why something was done, as a program says it: lower-case letters, digits and underscores. */
            reason?: string | null;
        };
        /** @description One that was removed. */
        RemovedAnswer: {
            data: components["schemas"]["RemovedData"];
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /** @description Which. */
        RemovedData: {
            /** Format: uuid */
            id: string;
            /**
             * Format: int32
             * @description The version that it ended with.
             */
            version: number;
        };
        /** @description The text to be sent. */
        RenderAnswer: {
            data: components["schemas"]["RenderData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description The text to be sent. */
        RenderData: {
            /** @description Variables without a value: they stand in the text as they are written. */
            missing: string[];
            text: string;
        };
        /**
         * @description A quick reply to be filled in.
         * @example {
         *       "session": "session_1795651200_k3x9"
         *     }
         */
        RenderRequest: {
            /** @description The session that it is for: its id, or a name that one customer alone uses. */
            session: components["schemas"]["Name"];
        };
        /** @description What quick replies are grouped by. */
        ReplyCategory: string;
        /** @description What a quick reply is found by. */
        ReplyTitle: string;
        ResetFrame: {
            data: string;
            /** @enum {string} */
            event?: "reset";
            /** @description The cursor to go on from */
            id: string;
        };
        /** @description The password that was set. */
        ResetPasswordAnswer: {
            data: components["schemas"]["AgentData"];
            /** @description The password that was made up; shown this once. */
            new_password?: string | null;
            /**
             * Format: int64
             * @description Where the log stood.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description A password for somebody who forgot theirs.
         * @example {
         *       "new_password": "set by the administrator"
         *     }
         */
        ResetPasswordRequest: {
            /** @description A password to be set; none of those that are tried first, and without the username in it. */
            new_password?: string | null;
        };
        /**
         * @description The answer to a transfer.
         * @example {
         *       "action": "accept"
         *     }
         */
        RespondRequest: {
            /** @description `accept` or `decline`, by who was asked; `withdraw`, by who asked. */
            action: components["schemas"]["TransferAction"];
        };
        /**
         * @description For whom a session is to wait.
         * @example {
         *       "to_group": "battery"
         *     }
         */
        ReturnRequest: {
            /** @description Something that a member of staff knows about. */
            to_group?: string | null;
        };
        /**
         * @description What somebody of staff is to the shop.
         * @enum {string}
         */
        Role: "agent" | "supervisor" | "admin" | "auditor" | "analyst";
        /**
         * @description A version to go back to.
         * @example {
         *       "reason": "too many sessions were escalated",
         *       "to_version": 1
         *     }
         */
        RollBackRequest: {
            /** @description What somebody wrote. */
            reason?: string | null;
            /**
             * Format: int32
             * @description The version; 0 is what the program or its environment brings.
             */
            to_version: number;
        };
        /** @description What the original said at its root. */
        RootAnswer: {
            auth_mode: string;
            /** @description Where the API is described. */
            docs: {
                [key: string]: string;
            };
            /** @description Paths by what they are for. */
            endpoints: {
                [key: string]: string;
            };
            frontend: string;
            frontend_url: string;
            service: string;
            status: string;
            version: string;
        };
        /** @description A session. */
        SessionAnswer: {
            data: components["schemas"]["SessionData"];
            /**
             * Format: int64
             * @description How far the views had read the log; with `?at=` the position of the session's newest event of then.
             */
            position: number;
            /** @description A customer's place among those who wait for a person. */
            queue?: {
                /**
                 * Format: int64
                 * @description About how long until somebody takes it; null where nothing tells.
                 */
                estimated_wait_seconds?: number | null;
                /**
                 * Format: int64
                 * @description From 1: the next one.
                 */
                position: number;
            } | null;
            success: boolean;
        };
        /** @description The customer of a session. */
        SessionCustomerAnswer: {
            data: components["schemas"]["CustomerOfSession"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description A session with its audit trail. */
        SessionData: {
            /** @description An event's place and time. */
            at?: {
                /** Format: int64 */
                position: number;
                /**
                 * Format: date-time
                 * @description RFC 3339.
                 */
                recorded_at: string;
                /**
                 * Format: int64
                 * @description Place in the session, from 1.
                 */
                version: number;
            } | null;
            /** @description Empty for customers. */
            audit_trail: components["schemas"]["AuditTrailEntry"][];
            /** @description A session as its customer saw it. */
            customer_view?: {
                /** @description Beginnings of withheld replies that had been sent to the customer's stream. */
                partly_shown: components["schemas"]["PartlyShown"][];
                /** @description Without what was cleared by then, and without withheld replies. */
                session: components["schemas"]["SessionState"];
            } | null;
            /** @description A rule that fired. */
            last_decision?: {
                /** @description True once what the rule saw is erased. */
                erased?: boolean;
                /** @description What the rule saw; null once erased. */
                evidence?: string | null;
                /** Format: int32 */
                policy_version: number;
                /** Format: int64 */
                position: number;
                reason: components["schemas"]["EscalationReason"];
                /**
                 * Format: date-time
                 * @description RFC 3339.
                 */
                recorded_at: string;
                rule: string;
                severity: components["schemas"]["Severity"];
            } | null;
            /** @description What the reader sees of the session. */
            session: components["schemas"]["SessionState"];
        };
        SessionHiddenFrame: {
            data: string;
            /** @enum {string} */
            event?: "session_hidden";
        };
        /**
         * @description The order of the list of sessions.
         * @enum {string}
         */
        SessionOrder: "newest" | "oldest" | "vip" | "waitTime";
        /** @description A session's state. */
        SessionState: {
            /** Format: int32 */
            ai_fail_count: number;
            /** @description An agent, as the original wrote one. */
            assigned_agent?: {
                /**
                 * Format: uuid
                 * @description For staff.
                 */
                agent_uuid?: string;
                /** @description For staff the user name, for customers the id. */
                id: string;
                /** @description The shown name; null once erased. */
                name?: string | null;
            } | null;
            /** @description For staff: its class in the queue as it was set. */
            class?: components["schemas"]["PriorityClass"];
            /**
             * Format: uuid
             * @description The context that the assistant remembers.
             */
            conversation_id: string;
            /** Format: double */
            created_at: number;
            /**
             * Format: int32
             * @description Counts the customer's returns after a close.
             */
            episode: number;
            /** @description Why a person is wanted. */
            escalation?: {
                details?: string | null;
                reason: components["schemas"]["EscalationReason"];
                rule?: string | null;
                severity?: components["schemas"]["Severity"];
                /** Format: double */
                trigger_at: number;
                /** Format: double */
                waiting_seconds?: number | null;
            } | null;
            /** @description For staff: where it stands between people. */
            hand_off?: components["schemas"]["HandOff"];
            /** @description Newest 50, or those before `?before=`. */
            history: components["schemas"]["Message"][];
            /** Format: double */
            last_manual_end_at?: number | null;
            mail: components["schemas"]["Mail"];
            /**
             * Format: int64
             * @description For staff: how many internal notes it has.
             */
            notes?: number;
            /** @description The rating that the customer was last asked for. */
            rating?: {
                /**
                 * Format: date-time
                 * @description RFC 3339.
                 */
                asked_at: string;
                /** @description Null for none, and once erased. */
                comment?: string | null;
                /**
                 * Format: date-time
                 * @description RFC 3339: from then on it is too late.
                 */
                open_until: string;
                /**
                 * Format: int32
                 * @description From 1, bad, to 5, good; null until it is given.
                 */
                score?: number | null;
            } | null;
            /**
             * Format: uuid
             * @description The id that staff may address it by.
             */
            session_id: string;
            /** @description What the client calls it; null once erased. */
            session_name?: string | null;
            status: components["schemas"]["SessionStatus"];
            /** @description For staff: in order. */
            tags?: string[];
            /** Format: double */
            updated_at: number;
            /** @description For staff: what assistants were asked in it, and what that cost. */
            usage?: components["schemas"]["SessionUsageData"];
            user_profile: components["schemas"]["UserProfile"];
        };
        /**
         * @description Who answers in a session.
         * @enum {string}
         */
        SessionStatus: "bot_active" | "pending_manual" | "manual_live" | "after_hours_email" | "closed";
        /** @description What assistants were asked in a session. */
        SessionUsageData: {
            /**
             * Format: int64
             * @description How often an assistant was asked, answered or not.
             */
            attempts: number;
            /** @description One for each currency; empty where no price is set. */
            cost: components["schemas"]["CostData"][];
            tokens: components["schemas"]["TokensData"];
        };
        SessionVisibleFrame: {
            data: string;
            /** @enum {string} */
            event?: "session_visible";
        };
        /**
         * @description A class that staff may give a session.
         * @enum {string}
         */
        SettableClass: "vip" | "urgent" | "normal";
        /**
         * @description How urgently.
         * @enum {string}
         */
        Severity: "low" | "high";
        /** @description The working hours, as far as the original's fields can say them. */
        ShiftConfig: {
            /** @description Dates off, like `2026-10-01`. */
            holidays: string[];
            is_in_shift: boolean;
            /** @description When somebody works again (RFC 3339); null while somebody does, and if nobody ever does. */
            next_opening_at?: string | null;
            /** @description When it ends; at or before `shift_start` means on the next date. */
            shift_end: string;
            /** @description When the day begins, like `09:00`; empty if nobody ever works. */
            shift_start: string;
            /** @description A name of the IANA database. */
            timezone: string;
            /** @description Whether nobody works on Saturdays and Sundays. */
            weekends_disabled: boolean;
        };
        /** @description The working hours. */
        ShiftConfigAnswer: {
            data: components["schemas"]["ShiftConfig"];
            success: boolean;
        };
        /** @description Whether somebody works now. */
        ShiftStatus: {
            is_in_shift: boolean;
            /** @description `人工客服在线` or `当前为非工作时间`. */
            message: string;
            /** @description When somebody works again (RFC 3339); null while somebody does, and if nobody ever does. */
            next_opening_at?: string | null;
            /** @description Like `09:00 - 18:00`; of a day with breaks `09:00 - 12:00, 13:00 - 18:00`. */
            shift_hours: string;
        };
        /** @description Whether somebody works. */
        ShiftStatusAnswer: {
            data: components["schemas"]["ShiftStatus"];
            success: boolean;
        };
        /** @description Where one is signed in. */
        SignInsAnswer: {
            data: components["schemas"]["OwnSignIn"][];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description Nothing is to be said.
         * @example {}
         */
        SignOutRequest: Record<string, never>;
        /** @description What a rule read. */
        SignalData: {
            evidence: string;
            rule: string;
        };
        /** @description Something that a member of staff knows about. */
        SkillName: string;
        /**
         * @description What an account knows about.
         * @example {
         *       "skills": [
         *         "battery",
         *         "returns"
         *       ]
         *     }
         */
        SkillsRequest: {
            skills: components["schemas"]["SkillName"][];
        };
        /**
         * @description Who writes in a session that a person has.
         * @enum {string}
         */
        SpeakerRole: "agent" | "user";
        /** @description A member of staff, for staff. */
        StaffMember: {
            /** @description The user name; the id once the account is erased. */
            agent_id: string;
            /** Format: uuid */
            agent_uuid: string;
            /** @description The shown name; null once erased. */
            name?: string | null;
        };
        /** @description The figures of now. */
        StatisticsAnswer: {
            data: components["schemas"]["StatisticsData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description The figures of now; `projections` says what each one counts. */
        StatisticsData: {
            /** Format: int64 */
            active_agents: number;
            /** Format: int64 */
            active_sessions: number;
            /**
             * Format: double
             * @description Seconds.
             */
            avg_service_time: number;
            /**
             * Format: double
             * @description Seconds.
             */
            avg_waiting_time: number;
            /** @description Sessions that a person is wanted or at work in, by the reason, without zeros. */
            by_escalation_reason: {
                [key: string]: number;
            };
            /** @description Sessions by status, without zeros. */
            by_status: {
                [key: string]: number;
            };
            /**
             * Format: double
             * @description Seconds.
             */
            max_waiting_time: number;
            today: components["schemas"]["TodayData"];
            /** Format: int64 */
            total_sessions: number;
        };
        /** @description One's own presence. */
        StatusAnswer: {
            data: components["schemas"]["StatusData"];
            /**
             * Format: int64
             * @description Where the log, or the views, stood.
             */
            position: number;
            success: boolean;
        };
        /** @description One's own presence, as the original has it. */
        StatusData: {
            /**
             * Format: int64
             * @description Conversations that one has now.
             */
            current_sessions: number;
            /**
             * Format: double
             * @description When one was last heard of: now.
             */
            last_active_at: number;
            /**
             * Format: int32
             * @description Conversations at a time.
             */
            max_sessions: number;
            status: components["schemas"]["AgentStatus"];
            /** @description Always empty: notes are not kept. */
            status_note: string;
            /**
             * Format: double
             * @description Since when, in seconds since 1970.
             */
            status_updated_at: number;
        };
        /** @description The event store. */
        StoreState: {
            /**
             * Format: int64
             * @description The newest position; null while it does not answer.
             */
            head?: number | null;
            reachable: boolean;
            /** @description False from an append that failed until one succeeds; the detailed health says why. */
            writable: boolean;
        };
        /**
         * @description Which sessions the workbench's stream is about.
         * @enum {string}
         */
        StreamScope: "own" | "all";
        /** @description A row of the list. */
        Summary: {
            /** @description An agent, as the original wrote one. */
            assigned_agent?: {
                /**
                 * Format: uuid
                 * @description For staff.
                 */
                agent_uuid?: string;
                /** @description For staff the user name, for customers the id. */
                id: string;
                /** @description The shown name; null once erased. */
                name?: string | null;
            } | null;
            /** @description Its class in the queue as it was set. */
            class: components["schemas"]["PriorityClass"];
            /** @description Why a person is wanted. */
            escalation?: {
                details?: string | null;
                reason: components["schemas"]["EscalationReason"];
                rule?: string | null;
                severity?: components["schemas"]["Severity"];
                /** Format: double */
                trigger_at: number;
                /** Format: double */
                waiting_seconds?: number | null;
            } | null;
            /** @description Who should take it; null for anybody. */
            group?: string | null;
            /** @description The beginning of the newest message. */
            last_message_preview?: {
                content?: string | null;
                role: components["schemas"]["MessageRole"];
                /** Format: double */
                timestamp: number;
            } | null;
            /**
             * Format: int64
             * @description How many internal notes it has.
             */
            notes: number;
            /** @description The rating that the customer was last asked for. */
            rating?: {
                /**
                 * Format: date-time
                 * @description RFC 3339.
                 */
                asked_at: string;
                /** @description Null for none, and once erased. */
                comment?: string | null;
                /**
                 * Format: date-time
                 * @description RFC 3339: from then on it is too late.
                 */
                open_until: string;
                /**
                 * Format: int32
                 * @description From 1, bad, to 5, good; null until it is given.
                 */
                score?: number | null;
            } | null;
            /** Format: uuid */
            session_id: string;
            session_name?: string | null;
            status: components["schemas"]["SessionStatus"];
            /** @description In order. */
            tags: string[];
            /**
             * Format: int64
             * @description How many of the customer's messages of the last 15 days the caller has not read, counted up to 100. In the list of sessions.
             */
            unread?: number;
            /** Format: double */
            updated_at: number;
            user_profile: components["schemas"]["SummaryProfile"];
        };
        /** @description What a row shows of the customer. */
        SummaryProfile: {
            nickname: string;
            vip: boolean;
        };
        /** @description A tag. */
        TagData: {
            /**
             * Format: int64
             * @description How many sessions have it.
             */
            sessions: number;
            tag: string;
        };
        /** @description What staff files a session under; it is folded to lower case. */
        TagName: string;
        /** @description The tags of a session. */
        TagsAnswer: {
            data: components["schemas"]["TagsData"];
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /** @description The tags of a session, in order. */
        TagsData: {
            tags: string[];
        };
        /**
         * @description Which tags a session gets and loses.
         * @example {
         *       "add": [
         *         "battery"
         *       ],
         *       "remove": [
         *         "to be called back"
         *       ]
         *     }
         */
        TagsRequest: {
            /** @description Those that it is to have: at most 20. */
            add?: components["schemas"]["TagName"][] | null;
            /** @description Those that it is not to have, also where they stand in `add`: at most 20. */
            remove?: components["schemas"]["TagName"][] | null;
        };
        /**
         * @description Who takes a session; the original's fields.
         * @example {
         *       "from": "any"
         *     }
         */
        TakeoverRequest: {
            /** @description The account that is signed in, by user name or id; need not be sent. */
            agent_id?: string | null;
            /**
             * @description Whether a session is taken from the queue alone, or from the assistant as well.
             * @enum {string|null}
             */
            from?: "queue" | "any" | null;
        };
        /** @description What came of it. */
        TestFlagsAnswer: {
            /** @description Every flag that the program knows. */
            data: components["schemas"]["FlagData"][];
            success: boolean;
            /**
             * Format: int32
             * @description The version tried; null for a draft.
             */
            version?: number | null;
        };
        /**
         * @description What is tried, and on whom.
         * @example {
         *       "session": "0b6a2c5e-7f31-5d1c-9a1e-4c3f8d2b6e70"
         *     }
         */
        TestFlagsRequest: {
            /**
             * Format: uuid
             * @description An account's id.
             */
            agent?: string | null;
            /** @description A draft in TOML; without it the flags in force are tried. */
            document?: string | null;
            /**
             * @description What somebody of staff is to the shop.
             * @enum {string|null}
             */
            role?: "agent" | "supervisor" | "admin" | "auditor" | "analyst" | null;
            /**
             * Format: uuid
             * @description A session's id.
             */
            session?: string | null;
        };
        /** @description What came of it. */
        TestPolicyAnswer: {
            /** @description For each text what the rules read in it. */
            data: components["schemas"]["Tried"][];
            success: boolean;
            /**
             * Format: int32
             * @description The version tried; null for a draft.
             */
            version?: number | null;
        };
        /**
         * @description What is tried, and on what: one of `text` and `session`.
         * @example {
         *       "language": "en",
         *       "text": "I want to talk to a person"
         *     }
         */
        TestPolicyRequest: {
            /** @description A draft in TOML; without it the policy in force is tried. */
            document?: string | null;
            /**
             * @description A language that customers are answered in.
             * @enum {string|null}
             */
            language?: "zh" | "en" | "de" | "fr" | "es" | "it" | null;
            /** @description A session's name, chosen by the client: on one line, without slashes. */
            session?: string | null;
            /** @description What somebody wrote. */
            text?: string | null;
        };
        /** @description What somebody wrote. */
        Text: string;
        /** @description One's own figures of today. */
        TodayAnswer: {
            data: components["schemas"]["AgentTodayData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /** @description The figures of the day. */
        TodayData: {
            /** Format: int64 */
            pending: number;
            /** Format: int64 */
            serving: number;
            /** Format: int64 */
            total_escalations: number;
        };
        /** @description What the original told of its sessions. */
        TokenInfo: {
            /** @description Always empty: session names are personal. */
            sessions: {
                [key: string]: string;
            };
            /** Format: int64 */
            total_sessions: number;
        };
        /** @description What models counted. */
        TokensData: {
            /**
             * Format: int64
             * @description Tokens of questions and their contexts.
             */
            input: number;
            /**
             * Format: int64
             * @description Tokens of answers.
             */
            output: number;
        };
        /**
         * @description What becomes of a transfer that was asked for.
         * @enum {string}
         */
        TransferAction: "accept" | "decline" | "withdraw";
        /**
         * @description To whom a session goes, and why; the original's fields and a group.
         * @example {
         *       "reason": "knows this model",
         *       "to_group": "battery"
         *     }
         */
        TransferRequest: {
            /** @description Who has the session, by user name or id; need not be sent. */
            from_agent_id?: string | null;
            /** @description What somebody wrote. */
            reason?: string | null;
            /** @description Who gets it, by user name or id; or `to_group`. */
            to_agent_id?: string | null;
            /** @description Something that a member of staff knows about. */
            to_group?: string | null;
        };
        /** @description A transfer that waits for its answer. */
        TransferRequestAnswer: {
            data: components["schemas"]["TransferRequestData"];
            /**
             * Format: int64
             * @description Where it is recorded.
             */
            position: number;
            success: boolean;
        };
        /** @description A transfer that waits for its answer. */
        TransferRequestData: {
            /**
             * Format: date-time
             * @description RFC 3339: without an answer by then it is over.
             */
            expires_at: string;
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            session_id: string;
        };
        /** @description One text. */
        Tried: {
            /** @description A person is needed. */
            fires: {
                /** @description danger, vip, urgent or normal */
                class: string;
                details: string;
                /** @description The skill of those who should take it; null for anybody. */
                group: string | null;
                reason: components["schemas"]["EscalationReason"];
                rule: string;
                severity: components["schemas"]["Severity"];
            } | null;
            /** @description Whether it raises the class of a waiting session. */
            is_urgent: boolean;
            /** @description The session's message. */
            message_id?: string;
            /** @description Whether a person is offered now. */
            offers_person: boolean;
            role: components["schemas"]["MessageRole"];
            /** @description Rules that read something. */
            signals: components["schemas"]["SignalData"][];
        };
        TypingFrame: {
            data: string;
            /** @enum {string} */
            event?: "typing";
        };
        /**
         * @description Whether one writes.
         * @example {
         *       "is_typing": true
         *     }
         */
        TypingRequest: {
            /** @description `false`: stopped without sending anything. */
            is_typing: boolean;
        };
        /** @description Sums of a period. */
        UsageAnswer: {
            data: components["schemas"]["UsageData"];
            /**
             * Format: int64
             * @description How far the views had read the log.
             */
            position: number;
            success: boolean;
        };
        /**
         * @description What is summed up together.
         * @enum {string}
         */
        UsageBy: "day" | "assistant" | "session" | "run";
        /** @description A page of groups. */
        UsageData: {
            by: components["schemas"]["UsageBy"];
            /**
             * Format: date-time
             * @description Attempts that began from then on,
             */
            from: string;
            /** @description In the order of their first attempts. */
            groups: components["schemas"]["UsageGroup"][];
            has_more: boolean;
            /** Format: int32 */
            limit: number;
            /** Format: int64 */
            offset: number;
            /**
             * Format: date-time
             * @description and before then.
             */
            to: string;
        };
        /** @description What was asked, and what came of it. */
        UsageGroup: {
            /** Format: int64 */
            answered: number;
            /** @description By day and by assistant. */
            assistant?: string;
            /**
             * Format: int64
             * @description How often an assistant was asked, whatever came of it.
             */
            attempts: number;
            /** @description One for each currency. */
            cost: components["schemas"]["CostData"][];
            /**
             * Format: date
             * @description By day: the date in the shop's time zone.
             */
            day?: string;
            /** Format: int64 */
            does_not_know: number;
            /** Format: int64 */
            failed: number;
            /**
             * Format: int64
             * @description The assistant asked for a person.
             */
            hands_over: number;
            /**
             * Format: int64
             * @description Several answers were offered to choose from.
             */
            offered: number;
            /**
             * Format: int64
             * @description Half of them ended within so many milliseconds; null while none has ended.
             */
            p50_ms?: number | null;
            /**
             * Format: int64
             * @description 99 of 100 did.
             */
            p99_ms?: number | null;
            /**
             * Format: uuid
             * @description By run.
             */
            run?: string;
            /**
             * Format: uuid
             * @description By session and by run.
             */
            session_id?: string;
            tokens: components["schemas"]["TokensData"];
            /** @description By day and by assistant: the variant of an experiment; absent for none. */
            variant?: string;
            /**
             * Format: int64
             * @description The reply came too late and was not given.
             */
            withheld: number;
        };
        /** @description What is known of the customer. */
        UserProfile: {
            email?: string | null;
            metadata: {
                [key: string]: unknown;
            };
            nickname: string;
            vip: boolean;
        };
        /** @description The version of something, as its ETag shows it. */
        Version: string;
        /** @description A version of a document. */
        VersionData: {
            /**
             * Format: date-time
             * @description When it was published; absent for version 0.
             */
            at?: string;
            /** @description Who published it, as an actor; absent for version 0. */
            by?: string;
            /** @description Whether it is the one in force. */
            is_in_force: boolean;
            /** @description Why, where somebody said it. */
            reason?: string;
            /**
             * Format: int32
             * @description The version whose document it is again.
             */
            rolled_back_to?: number;
            /**
             * Format: int32
             * @description From 1; 0 is what the program or its environment brings.
             */
            version: number;
        };
        /** @description All versions. */
        VersionsAnswer: {
            /** @description Oldest first. */
            data: components["schemas"]["VersionData"][];
            success: boolean;
            /**
             * Format: int32
             * @description The version in force, for `If-Match`.
             */
            version: number;
        };
        ViewingFrame: {
            data: string;
            /** @enum {string} */
            event?: "viewing";
        };
        /**
         * @description Whether the caller views a session.
         * @example {
         *       "is_viewing": true
         *     }
         */
        ViewingRequest: {
            /** @description `false`: no longer. */
            is_viewing: boolean;
        };
        /** @description The views. */
        ViewsState: {
            /** Format: int64 */
            generation: number;
            /**
             * Format: int64
             * @description Events that they have not read yet; null while the head is not known.
             */
            lag?: number | null;
            /** Format: int64 */
            position: number;
        };
        /** @description Ids of sessions, separated by commas. */
        Watched: string;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The version of what is shown, for `If-Match` */
        ETag: string;
        /** @description `respond-async`, where the answer was not waited for */
        "Preference-Applied": string;
        /** @description What is left of the limits that apply, and in how many seconds that is more */
        RateLimit: string;
        /** @description The limits that apply */
        "RateLimit-Policy": string;
        /** @description The id of the request, as in the log of the server; the caller's own where it sent a UUID */
        "X-Request-Id": string;
        /** @description A new or renewed token of the visitor, to be sent as `Authorization: Bearer` from now on */
        "X-Visitor-Token": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    show_service: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RootAnswer"];
                    "text/html": string;
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePasswordRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            /** @description OLD_PASSWORD_INCORRECT, INVALID_PASSWORD, PASSWORD_SAME; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    follow_workbench: {
        parameters: {
            query?: {
                /** @description Up to 20 ids of sessions, separated by commas */
                watch?: components["schemas"]["Watched"];
                /** @description `all`: every session, for `session:supervise` */
                scope?: components["schemas"]["StreamScope"];
                /** @description A position, or an id of this stream */
                after?: components["schemas"]["Cursor"];
                /** @description As `after`, which wins: for clients that cannot set headers */
                lastEventId?: components["schemas"]["Cursor"];
            };
            header?: {
                /** @description As `after`, and wins */
                "Last-Event-ID"?: components["schemas"]["Cursor"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_heartbeat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_CREDENTIALS; SECOND_FACTOR_REQUIRED: send `code` as well; SECOND_FACTOR_WRONG */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_FAILURES: wait as Retry-After says; RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_profile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_profile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_REFRESH_TOKEN, SIGNED_OUT */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prepare_second_factor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PrepareSecondFactorRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrepareSecondFactorAnswer"];
                };
            };
            /** @description PASSWORD_INCORRECT; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description SECOND_FACTOR_ENABLED */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_FAILURES: wait as Retry-After says; RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    disable_second_factor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmSecondFactorRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            /** @description PASSWORD_INCORRECT, SECOND_FACTOR_WRONG; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_FAILURES: wait as Retry-After says; RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enable_second_factor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnableSecondFactorRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodesAnswer"];
                };
            };
            /** @description SECOND_FACTOR_WRONG; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description SECOND_FACTOR_ENABLED, SECOND_FACTOR_NOT_OFFERED */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_FAILURES: wait as Retry-After says; RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_recovery_codes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmSecondFactorRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodesAnswer"];
                };
            };
            /** @description PASSWORD_INCORRECT, SECOND_FACTOR_WRONG; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description SECOND_FACTOR_NOT_OFFERED */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_FAILURES: wait as Retry-After says; RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sign_ins: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInsAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The sign-in
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_own_statistics: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TodayAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_status: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    choose_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChooseStatusRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_original_heartbeat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_agents: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentsAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_agent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAgentRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AGENT_EXISTS */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_available_agents: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AvailableAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeAgentRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LAST_ADMINISTRATOR */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deactivate_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LAST_ADMINISTRATOR */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reactivate_agent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPasswordRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResetPasswordAnswer"];
                };
            };
            /** @description INVALID_PASSWORD; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description OWN_PASSWORD: one's own is changed with the old one */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_second_factor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_skills: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The account's id, or what it signs in with
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SkillsRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_api_keys: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeysAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    issue_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IssueApiKeyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssueApiKeyAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_api_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key's id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_assistants: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssistantsAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_assistant_usage: {
        parameters: {
            query?: {
                /** @description By default day: of the shop's time zone */
                by?: components["schemas"]["UsageBy"];
                /** @description By default 30 days up to `to`, whole days */
                from?: string;
                /** @description By default now; at most 92 days after `from` */
                to?: string;
                /** @description By default 50 */
                limit?: number;
                /** @description Groups to leave out */
                offset?: number;
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit_trail: {
        parameters: {
            query?: {
                /** @description Exactly this one, like agent:<id> */
                actor?: string;
                /** @description The event's type, like agent.signed_in */
                action?: string;
                /** @description The stream, like session-<id> */
                target?: string;
                /** @description Not before this time, in RFC 3339 */
                from?: string;
                /** @description Before this time, in RFC 3339 */
                to?: string;
                /** @description By when it was recorded. By default oldest first */
                order?: components["schemas"]["AuditOrder"];
                /** @description What comes after this position in that order; `next` of the page before */
                after?: number;
                /** @description By default 100 */
                limit?: number;
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_bot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BotAnswer"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_calendars: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The version in force */
                    ETag?: string;
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionsAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish_calendars: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the author saw in force */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT, with `line` and `document_field`; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description STALE_VERSION: another version is in force; `version` is its number */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back_calendars: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller saw in force */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollBackRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT: this program no longer reads that version; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is no such version */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description STALE_VERSION: another version is in force; `version` is its number */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_calendars: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The version; 0 is what the program or its environment brings
                 * @example 0
                 */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chat: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
                /** @description respond-async: do not wait for the reply */
                Prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatAnswer"];
                };
            };
            /** @description Recorded; asked for with `Prefer: respond-async` */
            202: {
                headers: {
                    "Preference-Applied": components["headers"]["Preference-Applied"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description SESSION_IN_MANUAL_MODE: a person has the session; nothing was recorded */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_chat: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_config: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigAnswer"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    clear_conversation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContextRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_conversation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    start_conversation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContextRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_customer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerAnswer"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    identify_customer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdentifyRequest"];
            };
        };
        responses: {
            /** @description The visitor's token comes in the cookie and in X-Visitor-Token */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDENTITY_TOKEN_INVALID, IDENTITY_TOKEN_REPLAYED: ask the shop for another; UNAUTHORIZED: the visitor token is not good; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out_customer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignOutRequest"];
            };
        };
        responses: {
            /** @description A new visitor's token comes in the cookie and in X-Visitor-Token */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomerAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_drafts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftsAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    follow_log: {
        parameters: {
            query?: {
                /** @description A position, or an id of this stream */
                after?: components["schemas"]["Cursor"];
                /** @description As `after`, which wins: for clients that cannot set headers */
                lastEventId?: components["schemas"]["Cursor"];
            };
            header?: {
                /** @description As `after`, and wins */
                "Last-Event-ID"?: components["schemas"]["Cursor"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["Envelope"];
                    "text/event-stream": string;
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD; CURSOR_OF_OTHER_GENERATION, for NDJSON */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_faq: {
        parameters: {
            query?: {
                /** @description Of the titles; by default zh */
                language?: components["schemas"]["Language"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FaqAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_faq_faults: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FaqFaultsAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_faq: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FaqTestRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FaqTestAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_flags: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The version in force */
                    ETag?: string;
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionsAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish_flags: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the author saw in force */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT, with `line` and `document_field`; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description STALE_VERSION: another version is in force; `version` is its number */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back_flags: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller saw in force */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollBackRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT: this program no longer reads that version; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is no such version */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description STALE_VERSION: another version is in force; `version` is its number */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_flags: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestFlagsRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestFlagsAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT, with `line` and `document_field`; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_flags: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The version; 0 is what the program or its environment brings
                 * @example 0
                 */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthAnswer"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_detailed_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DetailedHealthAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    escalate_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EscalateRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EscalateAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is no such session, for staff */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description MANUAL_IN_PROGRESS: a person has it; INVALID_STATUS, AMBIGUOUS_SESSION, for staff */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_manual_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ManualMessageRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ManualMessageAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: role agent needs staff's token; UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_OWNER: another agent has it; NOT_YOUR_ACCOUNT; NOT_A_CUSTOMER: role user with staff's token; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_IN_MANUAL_MODE: no person is there; AMBIGUOUS_SESSION, for staff */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                    "text/plain": string;
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_policies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description The version in force */
                    ETag?: string;
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionsAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the author saw in force */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT, with `line` and `document_field`; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description STALE_VERSION: another version is in force; `version` is its number */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller saw in force */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollBackRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublishedAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT: this program no longer reads that version; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is no such version */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description STALE_VERSION: another version is in force; `version` is its number */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestPolicyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestPolicyAnswer"];
                };
            };
            /** @description Also: INVALID_DOCUMENT, with `line` and `document_field`; BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is no such session */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION: several sessions have this name */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The version; 0 is what the program or its environment brings
                 * @example 0
                 */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_quick_replies: {
        parameters: {
            query?: {
                /** @description Only those of this category */
                category?: components["schemas"]["ReplyCategory"];
                /** @description Only those in this language */
                language?: components["schemas"]["Language"];
                /** @description Only the shop's, or only the caller's own */
                scope?: components["schemas"]["QuickReplyScope"];
                /** @description Only those with this in title or content, in either case */
                q?: string;
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuickRepliesAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_quick_reply: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuickReplyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuickReplyAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_QUICK_REPLIES */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_quick_reply_categories: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CategoriesAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_quick_reply: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The version that the caller saw
                 * @example "1"
                 */
                "If-Match": components["schemas"]["Version"];
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description Its id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuickReplyRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuickReplyAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description SCOPE_STAYS: another scope is written as another quick reply */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CHANGED_MEANWHILE: `current` is the quick reply as it is now */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PRECONDITION_REQUIRED: If-Match is missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_quick_reply: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The version that the caller saw
                 * @example "1"
                 */
                "If-Match": components["schemas"]["Version"];
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description Its id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovedAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CHANGED_MEANWHILE: `current` is the quick reply as it is now */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PRECONDITION_REQUIRED: If-Match is missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    render_quick_reply: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Its id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenderRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RenderAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: {
                status?: components["schemas"]["SessionStatus"];
                /** @description all, mine, unassigned, or an agent's id or user name */
                agent?: string;
                /** @description vip: the shop's best, or of that class; old: came back; new: did not */
                customer_type?: components["schemas"]["CustomerType"];
                /** @description In the session's name, the customer's, or what a row shows of the last message, in either case */
                keyword?: string;
                /** @description Filed under it */
                tag?: components["schemas"]["TagName"];
                /** @description As it was set */
                class?: components["schemas"]["PriorityClass"];
                /** @description The rule by which a person is wanted, like R5 */
                rule?: string;
                /** @description Updated at this time or later, in RFC 3339 */
                from?: string;
                /** @description Updated before this time, in RFC 3339 */
                to?: string;
                /** @description newest and oldest by when they were updated; vip by class; waitTime what has waited longest first. By default newest */
                sort?: components["schemas"]["SessionOrder"];
                /** @description `next_cursor` of the page before, of the same order */
                cursor?: string;
                /** @description By default 50 */
                limit?: number;
                /** @description Rows to leave out; with newest and oldest only, and without a cursor */
                offset?: number;
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    count_sessions: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountsAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_queue: {
        parameters: {
            query?: {
                /** @description Only those for this group */
                group?: components["schemas"]["SkillName"];
                /** @description By default 50 */
                limit?: number;
                /** @description Rows to leave out */
                offset?: number;
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_session_statistics: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatisticsAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_session: {
        parameters: {
            query?: {
                /** @description As it stood: a position, or a time in RFC 3339 (write + as %2B) */
                at?: components["schemas"]["Moment"];
                /** @description History before this position */
                before?: number;
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The session's name; for staff its id as well
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionAnswer"];
                };
            };
            /** @description Also: `at` is in the future; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Also: it had not begun at `at`; NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION, for staff; CURSOR_AHEAD: `at` is beyond the log's head; CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_escalation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's name; for staff its id as well
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoFields"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_STATUS: no person is awaited; AMBIGUOUS_SESSION, for staff */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's name; for staff its id as well
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoFields"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_OWNER; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION, for staff */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_session_customer: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionCustomerAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION; CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
                /**
                 * @description reply or note
                 * @example reply
                 */
                kind: components["schemas"]["DraftKind"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    save_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
                /**
                 * @description reply or note
                 * @example reply
                 */
                kind: components["schemas"]["DraftKind"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the session's customer was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
                /**
                 * @description reply or note
                 * @example reply
                 */
                kind: components["schemas"]["DraftKind"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    request_mail: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's name or id
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MailRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MailAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    follow_session: {
        parameters: {
            query?: {
                /** @description A position, or an id of this stream */
                after?: components["schemas"]["Cursor"];
                /** @description As `after`, which wins: for clients that cannot set headers */
                lastEventId?: components["schemas"]["Cursor"];
            };
            header?: {
                /** @description As `after`, and wins */
                "Last-Event-ID"?: components["schemas"]["Cursor"];
            };
            path: {
                /**
                 * @description The session's name; for staff its id as well
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD; AMBIGUOUS_SESSION, for staff */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_notes: {
        parameters: {
            query?: {
                /** @description As it stood: a position, or a time in RFC 3339 (write + as %2B) */
                at?: components["schemas"]["Moment"];
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotesAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Also: it had not begun at `at`; NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION; CURSOR_AHEAD: `at` is beyond the log's head; CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_note: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    /** @description Its version */
                    ETag?: string;
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    edit_note: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The version that the caller saw
                 * @example "1"
                 */
                "If-Match": components["schemas"]["Version"];
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
                /**
                 * @description The note's id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_AUTHOR; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CHANGED_MEANWHILE: `current` is the note as it is */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PRECONDITION_REQUIRED: If-Match is missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_note: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The version that the caller saw
                 * @example "1"
                 */
                "If-Match": components["schemas"]["Version"];
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
                /**
                 * @description The note's id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NoteAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_AUTHOR; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CHANGED_MEANWHILE: `current` is the note as it is */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PRECONDITION_REQUIRED: If-Match is missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decline_offer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
                /**
                 * @description The offer's id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoFields"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_ASKED: it was offered to somebody else; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_priority: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PriorityRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriorityAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description DANGER_IS_BY_RULE: nobody lowers it; INVALID_STATUS: it is closed; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    download_proof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The proof file */
            200: {
                headers: {
                    /** @description A name for the file */
                    "Content-Disposition"?: string;
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description How many of the session's events are newer than the note */
                    "X-Newer-Events"?: number;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION; NOT_SIGNED_YET: no signed note covers the session; PROOF_TOO_LONG; LOG_DIFFERS: the log is not what was signed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rate_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's name; for staff its id as well
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RatingRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RatingAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATING_NOT_ASKED: none is asked for, or it is too late */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mark_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION; CURSOR_AHEAD: the position is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the session's customer was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    release_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_OWNER; NOT_YOUR_ACCOUNT: agent_id is another account; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_IN_MANUAL_MODE: nobody has it; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reopen_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoFields"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_STATUS: it is not closed; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    return_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReturnRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_OWNER; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_IN_MANUAL_MODE: nobody has it; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    steal_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoFields"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_STATUS: nobody has it; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_tags: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagsRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TagsAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOO_MANY_TAGS: a session has at most 20; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    take_over_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TakeoverRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_YOUR_ACCOUNT: agent_id is another account; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ALREADY_TAKEN, with who has it; INVALID_STATUS; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    transfer_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransferRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_OWNER; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_STATUS: nobody has it; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    request_transfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransferRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransferRequestAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_THE_OWNER; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description INVALID_STATUS: nobody has it; TRANSFER_PENDING: another waits; AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report_typing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's name; for staff its id as well
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TypingRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-Visitor-Token": components["headers"]["X-Visitor-Token"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActivityAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID; UNAUTHORIZED: the visitor's token is not good */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION, for staff */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ERASED: the visitor's data was erased */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report_viewing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The session's id, or a name that one customer alone uses
                 * @example session_1795651200_k3x9
                 */
                name: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ViewingRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActivityAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description AMBIGUOUS_SESSION */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_shift_config: {
        parameters: {
            query?: {
                /** @description A skill group; without its own calendar, and by default, the default one holds */
                group?: components["schemas"]["SkillName"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShiftConfigAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_shift_status: {
        parameters: {
            query?: {
                /** @description A skill group; without its own calendar, and by default, the default one holds */
                group?: components["schemas"]["SkillName"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShiftStatusAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tags: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AllTagsAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CozeTokensData"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description COZE_NOT_SET_UP: Coze is none of the assistants */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefreshAnswer"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description COZE_NOT_SET_UP: Coze is none of the assistants */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description TOKEN_REFRESH_FAILED: Coze gives none */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_pending_transfers: {
        parameters: {
            query?: {
                /** @description Waits until the views have read so far */
                min_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingTransfersAnswer"];
                };
            };
            /** @description INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description CURSOR_AHEAD: `min_position` is beyond the log's head */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    respond_to_transfer: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes the request repeatable */
                "Idempotency-Key"?: components["schemas"]["Key"];
            };
            path: {
                /**
                 * @description The transfer's id
                 * @example 11111111-2222-4333-8444-555555555566
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RespondRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandAnswer"];
                };
            };
            /** @description BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault; INVALID_FIELD: a parameter does not parse; `field` is its name */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID */
            401: {
                headers: {
                    /** @description Bearer */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_ASKED, NOT_THE_OWNER; FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house; PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_FOUND: there is none, or it is not the caller's */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_SLOW */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NO_TRANSFER: it is over; INVALID_STATUS */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description NOT_JSON: the body is not called `application/json` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description IDEMPOTENCY_KEY_REUSED: the key came with another body before */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the store cannot be reached at this moment; `code` says what of it */
            503: {
                headers: {
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_process: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProcessAnswer"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyAnswer"];
                };
            };
            /** @description RATE_LIMITED: too many requests; `RateLimit` says what is left */
            429: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    /** @description Seconds to wait */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description HEAD_TOO_LARGE: path and headers are too long */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It cannot */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyAnswer"];
                };
            };
        };
    };
}
