//! `POST /api/chat/stream`: the original's frames, fed by the answer in the making and decided by the log.
//!
//! Invariants: a visitor who has signed out is sent nothing more; `done` is sent only when the reply, or the hand-off, is on disk, and
//! the text sent before it is that reply's; a stream ends with the session's takeover, so no piece follows that.

mod hand_over;

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use commands::{
    CommandError, Customers, Ephemeral, LiveSubscription, Node, Rules, Sessions, appended::appended_with,
    sessions::stream_of,
};
use domain::{
    MessageId, RunId,
    session::{Event, event::AssistantReplied},
};
use event_store::Position;
use futures::StreamExt;
use journal::{Decoded, JournalError, Tail};
use serde_json::{Value, json};

use super::{
    chat::{Accepted, ChatRequest, Taking, accept, suggested},
    idempotency::RequestKey,
};
use crate::{
    agent_names::NameLookup,
    auth::require::KnownVisitor,
    body::JsonBody,
    following::{can_follow, log_end},
    open_streams::StreamPlace,
    openapi::{frames, parameters::Keyed},
    problem::Problem,
    reader::{Reader, Shown},
    services::requested_services,
    sse::{Frames, data_frame, respond},
    store_pulse::StorePulse,
    supervision::Stopping,
    visitor_revocation::VisitorRevocation,
};

requested_services! {
    /// What takes a message and streams its answer.
    pub struct ChatStreamServices {
        sessions: Sessions,
        rules: Rules,
        node: Node,
        tail: Tail,
        ephemeral: Ephemeral,
        names: NameLookup,
        customers: Customers,
        revocation: VisitorRevocation,
        stopping: Stopping,
        pulse: StorePulse,
    }
}

/// Sends a message and streams the assistant's answer as server-sent events.
///
/// Records what `POST /api/chat` records. Frames are `data: {"type": …}`: `accepted` {position, session_name, session_id},
/// `message` {content}, `restart` {run, attempt} (forget the text so far), `withdrawn` {run}, `status_change` {status, reason,
/// agent_info, timestamp}, `manual_message` {role, content, timestamp}, `error` {content}, `done` {position, suggestions}. Where
/// a rule asks for a person, what the customer is told is a `message`. `suggestions`, where there are any, are what the customer
/// may choose to say next. A repeat with the same key re-attaches: the text so far, then live.
///
/// # Errors
/// Input that does not parse, a log that is away.
#[utoipa::path(
    post, path = "/api/chat/stream", operation_id = "stream_chat", tag = "chat", request_body = ChatRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    params(Keyed),
    responses(
        (status = 200, body = frames::ChatFrame, content_type = "text/event-stream"),
    )
)]
pub async fn stream(
    visitor: KnownVisitor,
    request: HttpRequest,
    place: StreamPlace,
    key: RequestKey,
    app: ChatStreamServices,
    body: JsonBody<ChatRequest>,
) -> Result<HttpResponse, Problem> {
    can_follow(&app.tail)?;
    let taking = Taking { sessions: &app.sessions, customers: &app.customers, rules: &app.rules, node: &app.node };
    match accept(&taking, &visitor, &request, key, body.0).await {
        Ok(accepted) => Ok(respond(place, frames(app, accepted))),
        Err(problem) if problem.is_refusal() => {
            let frame = data_frame(&json!({"type": "error", "content": problem.detail()}));
            Ok(respond(place, Box::pin(futures::stream::iter([frame]))))
        }
        Err(problem) => Err(problem),
    }
}

fn frames(app: ChatStreamServices, accepted: Accepted) -> Frames {
    let received = accepted.received;
    Box::pin(async_stream::stream! {
        yield data_frame(&json!({
            "type": "accepted",
            "position": received.position.0,
            "session_name": accepted.session_name,
            "session_id": received.session,
        }));
        let mut revocation = app.revocation.revoked(app.customers.clone(), accepted.visitor, None);
        let mut live = app.ephemeral.follow_reply(received.session);
        let mut events = app.tail.follow_stream(&stream_of(received.session), received.position);
        let mut answer = Progress::new(received.message);
        let mut silence = Box::pin(app.pulse.falls_silent());
        loop {
            tokio::select! {
                biased;
                event = events.next() => {
                    let Some(event) = event else { return };
                    let step = answer.step(&app, event, &mut live).await;
                    for frame in step.frames {
                        yield frame;
                    }
                    if step.is_last {
                        return;
                    }
                },
                true = live.changed() => {
                    if let Some(frame) = answer.grown(&mut live) {
                        yield frame;
                    }
                }
                () = &mut revocation => return,
                () = app.stopping.requested() => return,
                // Without `done` it is for the client to send the message again, under its key.
                () = &mut silence => return,
            }
        }
    })
}

/// How much of the answer to one message has been sent.
struct Progress {
    message: MessageId,
    run: Option<(RunId, u32)>,
    sent: String,
}

#[derive(Default)]
struct Step {
    frames: Vec<Bytes>,
    is_last: bool,
}

impl Step {
    fn say(mut self, frame: &Value) -> Self {
        self.frames.push(data_frame(frame));
        self
    }

    fn last(self) -> Self {
        Self { is_last: true, ..self }
    }
}

impl Progress {
    fn new(message: MessageId) -> Self {
        Self { message, run: None, sent: String::new() }
    }

    /// What the live text has beyond what was sent, if it belongs to this message's run.
    fn grown(&mut self, live: &mut LiveSubscription) -> Option<Bytes> {
        let reply = live.current()?;
        if self.run != Some((reply.run, reply.attempt)) {
            return None;
        }
        let new = reply.text.strip_prefix(self.sent.as_str()).filter(|new| !new.is_empty())?;
        let frame = data_frame(&json!({"type": "message", "content": new}));
        self.sent.clone_from(&reply.text);
        live.mark_shown(self.sent.len());
        Some(frame)
    }

    async fn step(
        &mut self,
        app: &ChatStreamServices,
        event: Result<Decoded, JournalError>,
        live: &mut LiveSubscription,
    ) -> Step {
        match event {
            Ok(decoded) => match Reader::customer().show(app.sessions.journal(), &decoded).await {
                Ok(Some(shown)) => self.tell(app, &shown, live).await.unwrap_or_else(|error| {
                    tracing::error!(
                        position = decoded.position().0,
                        error = &error as &dyn std::error::Error,
                        "a stream ends"
                    );
                    Step::default().last()
                }),
                Ok(None) => Step::default(),
                Err(error) => unreadable(Some(decoded.position()), &error),
            },
            Err(error) if error.is_unavailable() => {
                log_end(None, &error);
                Step::default().last()
            }
            Err(error) => unreadable(None, &error),
        }
    }

    async fn tell(
        &mut self,
        app: &ChatStreamServices,
        shown: &Shown<'_>,
        live: &mut LiveSubscription,
    ) -> Result<Step, CommandError> {
        let step = Step::default();
        let Some((_, event)) = shown.event().session() else { return Ok(step) };
        let together = async || appended_with(app.sessions.journal(), shown.decoded).await;
        Ok(match event {
            Event::AssistantRunStarted(started) if started.messages.contains(&self.message) => {
                let step = self.restart_if_begun(step, started.run, started.attempt);
                self.run = Some((started.run, started.attempt));
                Step { frames: step.frames.into_iter().chain(self.grown(live)).collect(), ..step }
            }
            Event::AssistantReplied(replied) if replied.answers.contains(&self.message) => {
                let step = self.finish(step, replied);
                hand_over::after_reply(&app.names, step, &together().await?, &suggested(replied)).await
            }
            Event::Escalated(escalated) if escalated.messages.contains(&self.message) => {
                hand_over::to_queue(&app.names, self.withdraw(step), &together().await?).await
            }
            Event::AgentTookOver(taken) if taken.messages.contains(&self.message) => {
                hand_over::to_agent(&app.names, self.withdraw(step), &together().await?).await
            }
            Event::Closed(closed) if closed.messages.contains(&self.message) => {
                let step = self.withdraw(step);
                step.say(&hand_over::status_change(&app.names, &together().await?).await).last()
            }
            _not_about_this_message => step,
        })
    }

    fn restart_if_begun(&mut self, step: Step, run: RunId, attempt: u32) -> Step {
        if self.run.is_none() {
            return step;
        }
        self.sent.clear();
        step.say(&json!({"type": "restart", "run": run, "attempt": attempt}))
    }

    /// The rest of the reply; all of it again where what was sent is not its beginning.
    fn finish(&mut self, step: Step, replied: &AssistantReplied) -> Step {
        let text = replied.reply.known().map_or("", |reply| reply.text.as_str());
        match text.strip_prefix(self.sent.as_str()) {
            Some("") => step,
            Some(rest) => step.say(&json!({"type": "message", "content": rest})),
            None => step
                .say(&json!({"type": "restart", "run": replied.run, "attempt": replied.attempt}))
                .say(&json!({"type": "message", "content": text})),
        }
    }

    /// Says that what was sent of an answer is none.
    fn withdraw(&self, step: Step) -> Step {
        match self.run {
            Some((run, _)) if !self.sent.is_empty() => step.say(&json!({"type": "withdrawn", "run": run})),
            Some(_) | None => step,
        }
    }
}

/// The last step of a stream that has met an event which cannot be shown.
fn unreadable(position: Option<Position>, error: &JournalError) -> Step {
    log_end(position, error);
    let content = "服务器错误: the session's history cannot be read";
    Step::default().say(&json!({"type": "error", "content": content})).last()
}
