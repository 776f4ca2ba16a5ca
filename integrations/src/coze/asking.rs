//! One question put to Coze: the steps from nothing to the end of the answer, and what is repeated on the way.
//!
//! Repeated is only what cannot have had an effect on the customer: with another token, once, and in another conversation, once, both
//! before any text. Everything else is for whoever asked.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use commands::assistant::{AssistantError, Piece, Question};
use domain::session::event::{Asked, Outcome};
use futures::StreamExt;
use reqwest::Method;
use tokio::time::timeout;

use super::{
    Failure,
    calls::Calls,
    codes::Class,
    config::Target,
    conversations::Conversations,
    http::{Events, send},
    opening::{Next, Opening, drain, open},
    reading::{Reading, completion},
    recovery::recover,
    requests,
    running::Running,
    tokens::Token,
};
use crate::http_client::CLIENT_REQUEST_ID;

/// How long the log id alone is held back: the chat's id comes right after it, and what is told is recorded each time.
const HELD_BACK: Duration = Duration::from_millis(200);

/// A question and how far it is.
pub(super) struct Asking {
    calls: Arc<Calls>,
    conversations: Conversations,
    question: Question,
    text: String,
    asked: Asked,
    token: Option<Arc<Token>>,
    step: Step,
    running: Running,
    pieces: VecDeque<Piece>,
    /// What went wrong after these pieces.
    failure: Option<Failure>,
    /// A chat may have begun whose id was not heard.
    is_unheard: bool,
    /// The log id was told.
    is_told: bool,
    /// Text was handed out.
    has_begun: bool,
    has_new_token: bool,
    has_new_conversation: bool,
}

/// What comes next.
enum Step {
    /// Look for what an earlier attempt left.
    Recover(Asked),
    /// Have a conversation.
    Converse,
    /// Ask.
    Ask,
    /// Have the first event.
    Open(Opening),
    /// Read on.
    Follow(Events, Box<Reading>),
    /// Nothing.
    Ended,
}

impl Asking {
    pub(super) fn new(calls: Arc<Calls>, conversations: Conversations, mut question: Question) -> Self {
        let earlier = question.earlier.take().filter(|earlier| earlier.chat.is_some() && earlier.context.is_some());
        let context = question.assistant_context.take().filter(|context| !conversations.is_abandoned(context));
        let (text, mut pieces) = (requests::asked(&question), VecDeque::new());
        let step = match (&text, &calls.target, earlier) {
            (None, _, _) => {
                // Everything was erased: there is nothing to answer.
                pieces.push_back(Piece::Done(completion(Outcome::DoesNotKnow, None, context.clone())));
                Step::Ended
            }
            (Some(_), Target::Bot { .. }, Some(earlier)) => Step::Recover(earlier),
            (Some(_), Target::Bot { .. } | Target::Workflow { .. }, _) => Step::Converse,
        };
        Self {
            running: Running::new(Arc::clone(&calls), question.session),
            asked: Asked { context, ..Asked::default() },
            text: text.unwrap_or_default(),
            token: None,
            failure: None,
            is_unheard: false,
            is_told: false,
            has_begun: false,
            has_new_token: false,
            has_new_conversation: false,
            calls,
            conversations,
            question,
            step,
            pieces,
        }
    }

    /// The next piece of the answer; `None` after its end.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, AssistantError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(Some(piece));
            }
            if let Some(failure) = self.failure.take() {
                self.mend(failure).await?;
            } else if matches!(self.step, Step::Ended) {
                return Ok(None);
            } else {
                self.failure = self.advance().await.err();
            }
        }
    }

    async fn advance(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.step, Step::Ended) {
            Step::Recover(earlier) => self.recover(earlier).await,
            Step::Converse => self.converse().await,
            Step::Ask => self.ask().await,
            Step::Open(opening) => self.begin(opening).await,
            Step::Follow(mut events, reading) => {
                let next = events.next().await;
                self.take(next, events, reading)
            }
            Step::Ended => Ok(()),
        }
    }

    async fn recover(&mut self, earlier: Asked) -> Result<(), Failure> {
        self.running.is(earlier.context.as_ref(), earlier.chat.as_ref());
        let recovered = recover(&self.calls, self.question.session, &earlier).await?;
        self.running.ended();
        let Some(recovered) = recovered else {
            self.step = Step::Converse;
            return Ok(());
        };
        self.pieces.push_back(Piece::Asked(earlier.clone()));
        if !recovered.text.is_empty() {
            self.pieces.push_back(Piece::Text(recovered.text));
        }
        self.pieces.push_back(Piece::Done(completion(recovered.outcome, recovered.tokens, earlier.context)));
        Ok(())
    }

    async fn converse(&mut self) -> Result<(), Failure> {
        if self.asked.context.is_none() {
            let conversation = self.calls.create_conversation(self.question.session).await?;
            self.conversations.made(&conversation);
            self.asked.context = Some(conversation);
            self.pieces.push_back(Piece::Asked(self.asked.clone()));
        }
        self.step = Step::Ask;
        Ok(())
    }

    async fn ask(&mut self) -> Result<(), Failure> {
        let Calls { http, tokens, target } = &*self.calls;
        let conversation = self.asked.context.clone().unwrap_or_default();
        let with_history = self.conversations.is_new(&conversation);
        let body = requests::body(target, &self.question, &self.text, &conversation, with_history);
        let query = requests::query(target, &conversation);
        let token = tokens.get(self.question.session).await?;
        let request = http.request(Method::POST, requests::path(target), &query).bearer_auth(token.secret());
        self.token = Some(token);
        let request = request.header(CLIENT_REQUEST_ID, self.question.request.to_string());
        self.is_unheard = true;
        let head = send(request.json(&body)).await?;
        self.asked.log_id = head.log_id().map(str::to_owned);
        self.is_told = false;
        self.step = Step::Open(open(head));
        Ok(())
    }

    async fn begin(&mut self, mut opening: Opening) -> Result<(), Failure> {
        let opened = if self.is_told { Ok((&mut opening).await) } else { timeout(HELD_BACK, &mut opening).await };
        let Ok(opened) = opened else {
            self.tell();
            self.step = Step::Open(opening);
            return Ok(());
        };
        let (events, first) = opened?;
        self.take(first, events, Box::new(Reading::new(self.asked.clone())))
    }

    fn take(&mut self, next: Next, events: Events, mut reading: Box<Reading>) -> Result<(), Failure> {
        let read = match next {
            Some(Ok(event)) => reading.event(&event),
            Some(Err(error)) => Err(error.into()),
            None => reading.end(),
        };
        let pieces: Vec<Piece> = std::iter::from_fn(|| reading.pop()).collect();
        if !self.is_told && !pieces.iter().any(|piece| matches!(piece, Piece::Asked(_))) {
            self.tell();
        }
        self.is_told = true;
        self.pieces.extend(pieces);
        self.see(&reading);
        read?;
        if reading.is_over() {
            drain(events);
        } else {
            self.step = Step::Follow(events, reading);
        }
        Ok(())
    }

    fn tell(&mut self) {
        self.pieces.push_back(Piece::Asked(self.asked.clone()));
        self.is_told = true;
    }

    fn see(&mut self, reading: &Reading) {
        let asked = reading.asked();
        if asked.chat.is_some() {
            self.is_unheard = false;
            if let Some(conversation) = &asked.context {
                self.conversations.used(conversation);
            }
            self.running.is(asked.context.as_ref(), asked.chat.as_ref());
        }
        if reading.is_over() {
            self.running.ended();
        }
        self.has_begun |= reading.has_begun();
        self.asked.clone_from(asked);
    }

    /// Does what helps against a failure, or ends with it.
    async fn mend(&mut self, failure: Failure) -> Result<(), AssistantError> {
        let failure = failure.with_log_id(self.asked.log_id.as_deref());
        self.is_unheard &= !failure.excludes_chat();
        if self.has_begun {
            return Err(self.give_up(failure));
        }
        match failure.class {
            Class::TokenInvalid if !self.has_new_token => {
                self.has_new_token = true;
                let Some(token) = self.token.take() else { return Err(self.give_up(failure)) };
                if !self.calls.replaces_token(self.question.session, &token, &failure).await {
                    return Err(self.give_up(failure));
                }
                self.step = Step::Ask;
            }
            Class::ConversationInvalid if !self.has_new_conversation => {
                self.has_new_conversation = true;
                self.asked = Asked::default();
                self.step = Step::Converse;
            }
            Class::Blocked => {
                let context = self.asked.context.clone();
                self.pieces.push_back(Piece::Done(completion(Outcome::Blocked, failure.error.tokens, context)));
            }
            Class::Fails | Class::TokenInvalid | Class::ConversationInvalid => return Err(self.give_up(failure)),
        }
        self.running.ended();
        Ok(())
    }

    /// A chatflow's result cannot be fetched later, and while it runs the conversation is taken: it is cancelled. A bot's is left, for
    /// the next attempt looks for it.
    fn give_up(&mut self, failure: Failure) -> AssistantError {
        if matches!(self.calls.target, Target::Bot { .. }) {
            self.running.ended();
        }
        *failure.error
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let (true, Some(conversation)) = (self.is_unheard, &self.asked.context) {
            self.conversations.abandoned(conversation);
        }
    }
}
