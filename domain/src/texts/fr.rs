//! French. A no-break space stands before `:`, `;`, `!` and `?`.

use super::table::Texts;

pub(super) const TEXTS: Texts = Texts {
    danger: "⚠️ Votre sécurité d’abord\u{a0}:\n\
             1. Arrêtez tout de suite de rouler et de charger. Ne débranchez le chargeur que si c’est sans danger.\n\
             2. Fumée, chaleur, batterie gonflée ou feu\u{a0}: éloignez-vous immédiatement, si possible dehors, et tenez les autres à \
             distance.\n\
             3. N’ouvrez jamais la batterie et ne jetez jamais d’eau dessus vous-même.\n\
             4. En cas de danger ou de blessure\u{a0}: appelez tout de suite le 112 ou le numéro d’urgence de votre pays.\n\
             Nous appelons une personne de notre équipe pour vous. Attendez-la dans un endroit sûr.",
    queued: "Une personne de notre équipe va vous répondre. Merci de patienter un instant.",
    agent_joined: "{agent}, de notre service client, a rejoint la conversation et va vous aider.",
    somebody_joined: "Une personne de notre service client a rejoint la conversation et va vous aider.",
    transferred: "Votre conversation a été transférée de {from} à {to}.",
    transferred_to: "Votre conversation a été transférée à {to}.",
    transferred_to_somebody: "Votre conversation a été transférée à une autre personne de notre équipe.",
    transferred_to_group: "Nous transmettons votre conversation à l’équipe concernée. Merci de patienter un instant.",
    agent_lost: "Désolés, la connexion avec votre interlocuteur a été interrompue. Nous cherchons une autre personne pour vous \
                 répondre\u{a0}; merci de patienter un instant.",
    back_in_queue: "Nous cherchons une autre personne pour vous répondre. Merci de patienter un instant.",
    released: "Notre service client a terminé l’échange. L’assistant IA vous répond de nouveau.",
    escalation_cancelled: "Vous n’attendez plus de réponse de notre équipe. L’assistant IA continue de vous aider.",
    nobody_came: "Désolés, personne de notre équipe n’est disponible pour le moment. L’assistant IA continue de vous aider, et vous \
                  pouvez demander à tout moment à parler à une personne.",
    after_hours: "Notre équipe est absente pour le moment. L’assistant IA continue de vous aider.",
    nobody_free: "Tous nos collègues sont occupés pour le moment ; notre équipe a bien reçu votre demande. L’assistant IA continue de vous aider.",
    offers_person: "Si ces réponses ne vous ont pas aidé, vous pouvez demander une personne à tout moment : écrivez simplement « un conseiller ».",
    opens_at: "Nous serons de retour {opens_at}.",
    asks_for_email: "Si vous souhaitez une réponse personnelle, laissez-nous ici votre adresse e-mail\u{a0}; nous vous écrirons dès \
                     notre retour.",
    email_noted: "Merci. Nous avons noté votre adresse e-mail et nous vous écrirons.",
    closed: "Cette conversation est terminée. Si vous avez encore besoin d’aide, il vous suffit de nous écrire à nouveau.",
    rating_asked: "Avez-vous été bien aidé\u{a0}? Vous pouvez noter le service de 1 (mauvais) à 5 (très bon) pendant les 7 prochains jours.",
    reason: " (motif\u{a0}: {reason})",
    unavailable: "Désolé, l’assistant ne peut pas répondre pour le moment. Votre message est enregistré\u{a0}; réessayez plus tard ou \
                  demandez à parler à une personne.",
    do_not_know: "Désolé, je n’ai pas de réponse fiable à cette question. Vous pouvez la formuler autrement ou écrire « un \
                  conseiller »\u{a0}; un membre de notre équipe vous aidera.",
    did_you_mean: "Vouliez-vous poser l’une de ces questions ? Envoyez simplement celle qui convient ; sinon, reformulez la vôtre ou demandez à parler à un conseiller :",
    in_another_language: "Nous n’avons pas encore cette réponse dans votre langue, voici donc le texte d’origine :",
    hands_over: "Un membre de notre équipe pourra mieux vous aider sur ce point.",
    blocked: "Je ne peux pas vous aider sur ce point ici. Écrivez « un conseiller » et un membre de notre équipe vous \
              répondra.",
    people_are_there: "Notre équipe est en ligne.",
    nobody_is_there: "Notre équipe est absente pour le moment.",
    between_sentences: " ",
};
