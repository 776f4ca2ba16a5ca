//! English.

use super::table::Texts;

pub(super) const TEXTS: Texts = Texts {
    danger: "⚠️ Your safety comes first:\n\
             1. Stop riding and charging now. Unplug the charger only if it is safe to do so.\n\
             2. Smoke, heat, swelling or fire: get away at once, go outdoors if you can, and keep others away.\n\
             3. Never open the battery, and never throw water on it yourself.\n\
             4. Danger or injury: call 112 (UK 999, US 911) or your local emergency number now.\n\
             We are calling a member of our team for you. Please wait for them in a safe place.",
    queued: "A person will answer you shortly.",
    agent_joined: "{agent} from our customer service has joined the chat and is here to help you.",
    somebody_joined: "A member of our customer service has joined the chat and is here to help you.",
    transferred: "Your chat has been transferred from {from} to {to}.",
    transferred_to: "Your chat has been transferred to {to}.",
    transferred_to_somebody: "Your chat has been transferred to a colleague.",
    transferred_to_group: "We are passing your chat to the team that can help you best. Please bear with us.",
    agent_lost: "Sorry, the person who was helping you has lost the connection. We are finding you somebody else; please bear with us.",
    back_in_queue: "We are finding another colleague for you. Please bear with us.",
    released: "Our customer service has ended its part of the chat. The AI assistant is answering again.",
    escalation_cancelled: "You are no longer waiting for a person. The AI assistant goes on helping you.",
    nobody_came: "Sorry, nobody from our team is free at the moment. The AI assistant goes on helping you, and you can ask for a \
                  person again at any time.",
    after_hours: "Our team is out of the office at the moment. The AI assistant goes on helping you.",
    nobody_free: "All our colleagues are busy at the moment; our team has your request. The AI assistant goes on helping you.",
    offers_person: "If these answers did not help, you can ask for a person at any time: just write “human agent”.",
    opens_at: "We are back on {opens_at}.",
    asks_for_email: "If you would like an answer from a person, please leave your e-mail address here, and we will write to you \
                     when we are back.",
    email_noted: "Thank you. We have noted your e-mail address and will write to you.",
    closed: "This chat has been closed. If you need anything else, just write to us again.",
    rating_asked: "How well did our colleague help you? You can rate the service from 1 (poor) to 5 (very good) within the next 7 days.",
    reason: " (reason: {reason})",
    unavailable: "Sorry, the assistant cannot answer at the moment. Your message is saved; please try again later or ask for a person.",
    do_not_know: "Sorry, I do not have a reliable answer to that. You could put it another way, or write “human agent”, and a \
                  member of our team will help you.",
    did_you_mean: "Did you mean one of these? Just send the one that fits; if none does, put it another way or write “human agent”:",
    in_another_language: "We do not have this answer in your language yet, so here is the original:",
    hands_over: "A member of our team can help you better with this.",
    blocked: "I cannot help with that here. You can write “human agent”, and a member of our team will answer you.",
    people_are_there: "Our team is online.",
    nobody_is_there: "Our team is out of the office at the moment.",
    between_sentences: " ",
};
