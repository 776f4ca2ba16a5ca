//! The texts of one language. A place in braces is filled in when it is shown.

/// Every text.
pub(super) struct Texts {
    /// Danger of fire, failing brakes, injury: short enough to be read in an emergency.
    pub(super) danger: &'static str,
    /// A person was asked for.
    pub(super) queued: &'static str,
    /// `{agent}`.
    pub(super) agent_joined: &'static str,
    /// The same, where the name is not known.
    pub(super) somebody_joined: &'static str,
    /// `{from}`, `{to}`.
    pub(super) transferred: &'static str,
    /// `{to}`: the name of the one before is not known.
    pub(super) transferred_to: &'static str,
    /// Neither name is known, or not whose turn it is.
    pub(super) transferred_to_somebody: &'static str,
    /// Waits for somebody of another group.
    pub(super) transferred_to_group: &'static str,
    /// The person's connection is gone; waits again.
    pub(super) agent_lost: &'static str,
    /// The person gave it back; waits again.
    pub(super) back_in_queue: &'static str,
    /// The assistant has it again.
    pub(super) released: &'static str,
    /// The customer no longer wants a person.
    pub(super) escalation_cancelled: &'static str,
    /// Nobody came; the assistant has it again.
    pub(super) nobody_came: &'static str,
    /// Nobody works now.
    pub(super) after_hours: &'static str,
    /// Somebody works, but nobody is free.
    pub(super) nobody_free: &'static str,
    /// Names words that rule R1 reads.
    pub(super) offers_person: &'static str,
    /// `{opens_at}`: when somebody works again.
    pub(super) opens_at: &'static str,
    /// Asks for an e-mail address.
    pub(super) asks_for_email: &'static str,
    /// The address was noted.
    pub(super) email_noted: &'static str,
    /// The session was closed.
    pub(super) closed: &'static str,
    /// Asks how well the person helped.
    pub(super) rating_asked: &'static str,
    /// `{reason}`: put behind a transfer, for staff.
    pub(super) reason: &'static str,
    /// No assistant can answer.
    pub(super) unavailable: &'static str,
    /// The assistant has no answer.
    pub(super) do_not_know: &'static str,
    /// The assistant is not sure; questions to choose from follow, each on a line of its own.
    pub(super) did_you_mean: &'static str,
    /// An answer in another language follows.
    pub(super) in_another_language: &'static str,
    /// The assistant asks for a person.
    pub(super) hands_over: &'static str,
    /// The assistant may not speak about it.
    pub(super) blocked: &'static str,
    /// People answer now.
    pub(super) people_are_there: &'static str,
    /// They do not.
    pub(super) nobody_is_there: &'static str,
    /// What stands between two sentences.
    pub(super) between_sentences: &'static str,
}

#[cfg(test)]
impl Texts {
    /// Each text with its name and the places it has to have.
    pub(super) fn each(&self) -> [(&'static str, &'static str, &'static [&'static str]); 30] {
        [
            ("danger", self.danger, &[]),
            ("queued", self.queued, &[]),
            ("agent_joined", self.agent_joined, &["{agent}"]),
            ("somebody_joined", self.somebody_joined, &[]),
            ("transferred", self.transferred, &["{from}", "{to}"]),
            ("transferred_to", self.transferred_to, &["{to}"]),
            ("transferred_to_somebody", self.transferred_to_somebody, &[]),
            ("transferred_to_group", self.transferred_to_group, &[]),
            ("agent_lost", self.agent_lost, &[]),
            ("back_in_queue", self.back_in_queue, &[]),
            ("released", self.released, &[]),
            ("escalation_cancelled", self.escalation_cancelled, &[]),
            ("nobody_came", self.nobody_came, &[]),
            ("after_hours", self.after_hours, &[]),
            ("nobody_free", self.nobody_free, &[]),
            ("offers_person", self.offers_person, &[]),
            ("opens_at", self.opens_at, &["{opens_at}"]),
            ("asks_for_email", self.asks_for_email, &[]),
            ("email_noted", self.email_noted, &[]),
            ("closed", self.closed, &[]),
            ("rating_asked", self.rating_asked, &[]),
            ("reason", self.reason, &["{reason}"]),
            ("unavailable", self.unavailable, &[]),
            ("do_not_know", self.do_not_know, &[]),
            ("did_you_mean", self.did_you_mean, &[]),
            ("in_another_language", self.in_another_language, &[]),
            ("hands_over", self.hands_over, &[]),
            ("blocked", self.blocked, &[]),
            ("people_are_there", self.people_are_there, &[]),
            ("nobody_is_there", self.nobody_is_there, &[]),
        ]
    }
}
