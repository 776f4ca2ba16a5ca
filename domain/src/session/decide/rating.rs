//! A rating is asked for, and given.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    id::MessageId,
    personal::Personal,
    session::{
        decide::{Decision, notice},
        event::{Event, RatingGiven, RatingRemark},
        notice::Notice,
        rating::{OPEN_FOR, Score},
        rejection::Rejection,
        state::Session,
    },
    text::MessageText,
};

/// The notice that asks for one, where a person wrote in this episode. Its id is made of that of the notice that ends the service.
pub(super) fn asked(session: &Session, ending: MessageId, at: Timestamp) -> Option<Event> {
    if !session.ratings.is_to_be_asked() {
        return None;
    }
    let id = MessageId(Uuid::new_v5(&ending.0, b"rating_asked"));
    let open_until = at.checked_add(OPEN_FOR).unwrap_or(Timestamp::MAX);
    Some(notice(session, id, Notice::RatingAsked { open_until }))
}

/// The last one counts, so one more is always taken while it is asked for.
pub(super) fn give(session: &Session, score: Score, comment: Option<MessageText>, at: Timestamp) -> Decision {
    let asked = session.ratings.asked().filter(|asked| at < asked.open_until).ok_or(Rejection::RatingNotAsked)?;
    let (episode, agent) = (asked.episode, asked.agent);
    let remark = Personal::Known(RatingRemark { comment });
    Ok(vec![Event::RatingGiven(RatingGiven { score, episode, agent, remark })])
}
