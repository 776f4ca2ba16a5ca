//! One question put to Coze: the steps from nothing to the end of the answer, and what is repeated on the way.
//!
//! Repeated is only what cannot have had an effect on the customer: with another token, once, and in another conversation, once, both
//! before any text. Everything else is for whoever asked.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use commands::assistant::{Asked, AssistantError, Piece, Question};
use domain::session::event::Outcome;
use futures::StreamExt;
use reqwest::Method;
use tokio::{runtime::Handle, time::timeout};

use super::{
    Failure,
    calls::Calls,
    codes::Class,
    config::Target,
    conversations::Unused,
    http::{Body, Events, Head, send},
    reading::{Reading, completion},
    recovery::recover,
    requests,
    running::Running,
    tokens::Token,
};

/// How long the rest of a stream is read after the answer's end, so that its connection can be used again.
const DRAIN: Duration = Duration::from_secs(1);

/// A question and how far it is.
pub(super) struct Asking {
    calls: Arc<Calls>,
    unused: Unused,
    question: Question,
    text: String,
    asked: Asked,
    token: Option<Arc<Token>>,
    step: Step,
    running: Running,
    pieces: VecDeque<Piece>,
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
    /// Read the head's body.
    Read(Box<Head>),
    /// Read events.
    Follow(Events, Box<Reading>),
    /// Nothing.
    Ended,
}

impl Asking {
    pub(super) fn new(calls: Arc<Calls>, unused: Unused, mut question: Question) -> Self {
        let earlier = question.earlier.take().filter(|earlier| earlier.chat.is_some() && earlier.context.is_some());
        let context = question.assistant_context.take();
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
            has_begun: false,
            has_new_token: false,
            has_new_conversation: false,
            calls,
            unused,
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
            if matches!(self.step, Step::Ended) {
                return Ok(None);
            }
            if let Err(failure) = self.advance().await {
                self.mend(failure).await?;
            }
        }
    }

    async fn advance(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.step, Step::Ended) {
            Step::Recover(earlier) => self.recover(earlier).await,
            Step::Converse => self.converse().await,
            Step::Ask => self.ask().await,
            Step::Read(head) => self.read(*head).await,
            Step::Follow(events, reading) => self.follow(events, reading).await,
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
            self.unused.add(&conversation);
            self.asked.context = Some(conversation);
        }
        self.pieces.push_back(Piece::Asked(self.asked.clone()));
        self.step = Step::Ask;
        Ok(())
    }

    async fn ask(&mut self) -> Result<(), Failure> {
        let Calls { http, tokens, target } = &*self.calls;
        let conversation = self.asked.context.clone().unwrap_or_default();
        let with_history = self.unused.has(&conversation);
        let body = requests::body(target, &self.question, &self.text, &conversation, with_history);
        let query = requests::query(target, &conversation);
        let token = tokens.get(self.question.session).await?;
        let request =
            http.request(Method::POST, requests::path(target), &query).bearer_auth(token.secret()).json(&body);
        self.token = Some(token);
        let head = send(request).await?;
        self.asked.log_id = head.log_id().map(str::to_owned);
        self.pieces.push_back(Piece::Asked(self.asked.clone()));
        self.step = Step::Read(Box::new(head));
        Ok(())
    }

    async fn read(&mut self, head: Head) -> Result<(), Failure> {
        match head.read().await? {
            Body::Events(events) => {
                self.step = Step::Follow(events, Box::new(Reading::new(self.asked.clone())));
                Ok(())
            }
            Body::Json(_) => Err(Failure::malformed("an envelope came where a stream was asked for")),
        }
    }

    async fn follow(&mut self, mut events: Events, mut reading: Box<Reading>) -> Result<(), Failure> {
        let read = match events.next().await {
            Some(Ok(event)) => reading.event(&event),
            Some(Err(error)) => Err(error.into()),
            None => reading.end(),
        };
        self.pieces.extend(std::iter::from_fn(|| reading.pop()));
        self.see(&reading);
        if reading.is_over() {
            self.running.ended();
        }
        read?;
        if reading.is_over() {
            drain(events);
        } else {
            self.step = Step::Follow(events, reading);
        }
        Ok(())
    }

    fn see(&mut self, reading: &Reading) {
        let asked = reading.asked();
        if asked.chat.is_some() {
            if let Some(conversation) = &asked.context {
                self.unused.remove(conversation);
            }
            self.running.is(asked.context.as_ref(), asked.chat.as_ref());
        }
        self.has_begun |= reading.has_begun();
        self.asked.clone_from(asked);
    }

    /// Does what helps against a failure, or ends with it.
    async fn mend(&mut self, failure: Failure) -> Result<(), AssistantError> {
        let failure = failure.with_log_id(self.asked.log_id.as_deref());
        let session = self.question.session;
        if self.has_begun {
            return Err(self.give_up(failure));
        }
        match failure.class {
            Class::TokenInvalid if !self.has_new_token => {
                self.has_new_token = true;
                let Some(token) = self.token.take() else { return Err(self.give_up(failure)) };
                if !self.calls.replaces_token(session, &token, &failure).await {
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
        failure.error
    }
}

/// Reads what is left of a stream whose answer is over, in the background and not for long.
fn drain(mut events: Events) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(timeout(DRAIN, async move { while events.next().await.is_some() {} }));
    }
}
