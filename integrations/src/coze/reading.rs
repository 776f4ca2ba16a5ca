//! The stream of one chat, read: events in, pieces out. Pure; [`super::asking`] brings the events.

use std::collections::VecDeque;

use commands::assistant::{Completion, Piece};
use domain::session::event::{Asked, Outcome, Tokens};

use super::{
    Failure,
    frames::{Chat, Frame, Ids, Kind, Message, frame},
    reply::{Reply, Spoiled},
};
use crate::sse::SseEvent;

/// What was read of a chat's stream.
#[derive(Debug)]
pub(super) struct Reading {
    asked: Asked,
    reply: Reply,
    pieces: VecDeque<Piece>,
    is_over: bool,
}

impl Reading {
    /// Begins with what is known of the chat.
    pub(super) fn new(asked: Asked) -> Self {
        Self { asked, reply: Reply::default(), pieces: VecDeque::new(), is_over: false }
    }

    /// The next piece that was read.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// What is known of the chat.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Whether text was handed out.
    pub(super) fn has_begun(&self) -> bool {
        self.reply.has_begun()
    }

    /// Whether nothing that follows counts.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Reads an event.
    pub(super) fn event(&mut self, event: &SseEvent) -> Result<(), Failure> {
        if self.is_over {
            return Ok(());
        }
        match frame(event)? {
            Frame::Began(chat) => self.see(&chat.ids),
            Frame::Delta(ids, message) => {
                self.see(&ids);
                if message.kind == Kind::Answer {
                    let text = self.reply.part(&message.id, &message.content).map_err(spoiled)?;
                    self.say(text);
                }
            }
            Frame::Whole(ids, message) => {
                self.see(&ids);
                self.whole(&message)?;
            }
            Frame::Completed(chat) => self.completed(chat)?,
            Frame::RequiresAction(chat) => {
                self.see(&chat.ids);
                self.finish(Outcome::HandsOver, chat.tokens);
            }
            Frame::Failed(chat) => {
                self.see(&chat.ids);
                self.is_over = true;
                return Err(failed(chat));
            }
            Frame::Done => return self.end(),
            Frame::Other => {}
        }
        Ok(())
    }

    /// Nothing follows. That is right only after `chat.completed`, which ended the reading.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if self.is_over { Ok(()) } else { Err(Failure::malformed("the stream ended before the chat was completed")) }
    }

    fn whole(&mut self, message: &Message) -> Result<(), Failure> {
        match message.kind {
            Kind::Answer => {
                let text = self.reply.whole(&message.id, &message.content).map_err(spoiled)?;
                self.say(text);
            }
            Kind::Hidden => self.reply.hidden(&message.id).map_err(spoiled)?,
        }
        Ok(())
    }

    fn completed(&mut self, chat: Chat) -> Result<(), Failure> {
        self.see(&chat.ids);
        self.is_over = true;
        if chat.error.is_some() {
            return Err(failed(chat));
        }
        let text = self.reply.rest();
        self.say(text);
        if !self.reply.has_words() {
            let mut failure = Failure::malformed("the chat was completed without an answer");
            failure.error.tokens = chat.tokens;
            return Err(failure);
        }
        self.finish(Outcome::Answered, chat.tokens);
        Ok(())
    }

    fn finish(&mut self, outcome: Outcome, tokens: Option<Tokens>) {
        let text = self.reply.rest();
        self.say(text);
        let completion = completion(outcome, tokens, self.asked.context.clone());
        self.pieces.push_back(Piece::Done(completion));
        self.is_over = true;
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.pieces.push_back(Piece::Text(text));
        }
    }

    /// Ids are told as soon as there is a new one.
    fn see(&mut self, ids: &Ids) {
        let before = self.asked.clone();
        for (known, seen) in [(&mut self.asked.chat, &ids.chat), (&mut self.asked.context, &ids.conversation)] {
            if seen.is_some() {
                known.clone_from(seen);
            }
        }
        if self.asked != before {
            self.pieces.push_back(Piece::Asked(self.asked.clone()));
        }
    }
}

/// How an answer ended.
pub(super) fn completion(outcome: Outcome, tokens: Option<Tokens>, context: Option<String>) -> Completion {
    Completion { tokens, context, ..Completion::new(outcome) }
}

fn failed(chat: Chat) -> Failure {
    let mut failure = match chat.error {
        Some((code, message)) => Failure::of_code(code, &message),
        None => Failure::of_code(5000, "the chat failed without a code"),
    };
    failure.error.tokens = chat.tokens.filter(|tokens| *tokens != Tokens::default());
    failure
}

fn spoiled(spoiled: Spoiled) -> Failure {
    Failure::malformed(match spoiled {
        Spoiled::Differs => "the whole message differs from its parts",
        Spoiled::TooLong => "the answer is too long",
    })
}
