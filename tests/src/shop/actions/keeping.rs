//! What staff keeps beside the talk, and what the customer says of it at the end.

use domain::{
    AgentId, NoteId,
    session::{
        Command,
        command::{AddNote, EditNote, Staff},
        notes::Note,
        priority::PriorityClass,
        rating::Score,
    },
    text::{MessageText, Tag},
};

use crate::shop::{Shop, people::Who, words};

impl Shop {
    /// A new note, or the next version of the last one; now and then somebody has not seen the newest, which is refused.
    pub(super) fn keep_note(&mut self, slot: usize) {
        let last = self.threads[slot].session().and_then(|session| session.notes.iter().last().copied());
        let last = last.filter(|note| !note.is_removed && self.rng.happens(0.6));
        let writer = self.people.agent(&mut self.rng, self.threads[slot].last_agent);
        let by = last.map_or(writer, |note| note.author);
        match last {
            Some(note) if self.rng.happens(0.3) => self.remove_note(slot, note, by),
            Some(note) => self.edit_note(slot, note, by),
            None => self.add_note(slot, by),
        }
    }

    fn add_note(&mut self, slot: usize, author: AgentId) {
        let origin = self.origin(slot, Who::Agent(author), "add_note");
        let note = NoteId(origin.id.derive_id("note"));
        let (mentions, text) = (self.mentions(), MessageText::repaired(words::remark(&mut self.rng)));
        self.send(slot, &origin, Command::AddNote(AddNote { note, author, mentions, text }));
    }

    fn edit_note(&mut self, slot: usize, note: Note, by: AgentId) {
        let origin = self.origin(slot, Who::Agent(by), "edit_note");
        let seen = if self.rng.happens(0.1) { note.version + 1 } else { note.version };
        let (mentions, text) = (self.mentions(), MessageText::repaired(words::remark(&mut self.rng)));
        self.send(slot, &origin, Command::EditNote(EditNote { note: note.note, by, seen, mentions, text }));
    }

    fn remove_note(&mut self, slot: usize, note: Note, author: AgentId) {
        let supervisor = self.people.supervisor();
        let agent = if self.rng.happens(0.3) { supervisor } else { author };
        let origin = self.origin(slot, Who::Agent(agent), "remove_note");
        let by = Staff { agent, is_supervisor: agent == supervisor };
        self.send(slot, &origin, Command::RemoveNote { note: note.note, by, seen: note.version });
    }

    fn mentions(&mut self) -> Vec<AgentId> {
        let count = self.rng.below(3);
        let mut agents: Vec<AgentId> = (0..count).map(|_| self.people.agent(&mut self.rng, None)).collect();
        agents.dedup();
        agents
    }

    pub(super) fn keep_tags(&mut self, slot: usize) {
        let by = self.people.agent(&mut self.rng, self.threads[slot].last_agent);
        let origin = self.origin(slot, Who::Agent(by), "change_tags");
        let tag = |name: &str| Tag::parse(name).expect("it is a tag");
        let add = (0..self.rng.below(3)).map(|_| tag(words::tag(&mut self.rng))).collect();
        let remove = (0..self.rng.below(2)).map(|_| tag(words::tag(&mut self.rng))).collect();
        self.send(slot, &origin, Command::ChangeTags { add, remove });
    }

    pub(super) fn prioritise(&mut self, slot: usize) {
        let by = self.people.agent(&mut self.rng, self.threads[slot].last_agent);
        let origin = self.origin(slot, Who::Agent(by), "set_priority");
        let class = self.rng.pick(&[PriorityClass::Vip, PriorityClass::Urgent, PriorityClass::Normal]);
        self.send(slot, &origin, Command::SetPriority { class });
    }

    pub(super) fn rate(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Customer, "rate");
        let score = Score::try_from(self.rng.pick(&[1, 2, 3, 4, 4, 5, 5, 5])).expect("it is one");
        let language = self.threads[slot].language;
        let comment = self.rng.happens(0.5).then(|| MessageText::repaired(words::of_agent(&mut self.rng, language)));
        self.send(slot, &origin, Command::Rate { score, comment, at: self.now });
    }
}
