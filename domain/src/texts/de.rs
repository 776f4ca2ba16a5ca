//! German.

use super::table::Texts;

pub(super) const TEXTS: Texts = Texts {
    danger: "⚠️ Ihre Sicherheit geht vor:\n\
             1. Fahren und laden Sie sofort nicht weiter. Ziehen Sie den Stecker nur, wenn das gefahrlos möglich ist.\n\
             2. Rauch, Hitze, ein aufgeblähter Akku oder Feuer: Gehen Sie sofort weg, möglichst ins Freie, und halten Sie andere fern.\n\
             3. Öffnen Sie niemals den Akku und gießen Sie selbst niemals Wasser darauf.\n\
             4. Bei Gefahr oder Verletzung: Rufen Sie sofort den Notruf 112 oder die Notrufnummer Ihres Landes.\n\
             Wir holen eine Person aus unserem Team für Sie. Bitte warten Sie an einem sicheren Ort.",
    queued: "Gleich antwortet Ihnen jemand aus unserem Team. Bitte haben Sie einen Moment Geduld.",
    agent_joined: "{agent} aus unserem Kundenservice ist jetzt im Chat und hilft Ihnen gerne weiter.",
    somebody_joined: "Jemand aus unserem Kundenservice ist jetzt im Chat und hilft Ihnen gerne weiter.",
    transferred: "Ihr Chat wurde von {from} an {to} übergeben.",
    transferred_to: "Ihr Chat wurde an {to} übergeben.",
    transferred_to_somebody: "Ihr Chat wurde an ein anderes Teammitglied übergeben.",
    transferred_to_group: "Wir leiten Ihren Chat an das zuständige Team weiter. Bitte haben Sie einen Moment Geduld.",
    agent_lost: "Leider wurde die Verbindung zu Ihrer Ansprechperson unterbrochen. Wir suchen jemand anderen für Sie; bitte haben \
                 Sie einen Moment Geduld.",
    back_in_queue: "Wir suchen eine andere Ansprechperson für Sie. Bitte haben Sie einen Moment Geduld.",
    released: "Unser Kundenservice hat das Gespräch beendet. Ab jetzt antwortet Ihnen wieder der KI-Assistent.",
    escalation_cancelled: "Sie warten nicht mehr auf eine Person aus unserem Team. Der KI-Assistent hilft Ihnen weiter.",
    nobody_came: "Leider ist im Moment niemand aus unserem Team frei. Der KI-Assistent hilft Ihnen weiter, und Sie können jederzeit \
                  erneut nach einer Person fragen.",
    after_hours: "Unser Team ist im Moment nicht erreichbar. Der KI-Assistent hilft Ihnen gerne weiter.",
    nobody_free: "Im Moment sind alle Kolleginnen und Kollegen im Gespräch; Ihre Anfrage liegt unserem Team vor. Der KI-Assistent hilft Ihnen gerne weiter.",
    offers_person: "Wenn Ihnen diese Antworten nicht geholfen haben, schreiben Sie jederzeit einfach „mit einem Menschen sprechen“.",
    opens_at: "Wir sind wieder für Sie da: {opens_at}.",
    asks_for_email: "Wenn Sie eine persönliche Antwort wünschen, schreiben Sie uns hier bitte Ihre E-Mail-Adresse; wir melden uns, \
                     sobald wir wieder da sind.",
    email_noted: "Vielen Dank. Wir haben Ihre E-Mail-Adresse notiert und melden uns per E-Mail bei Ihnen.",
    closed: "Dieser Chat wurde beendet. Wenn Sie noch etwas brauchen, schreiben Sie uns einfach wieder.",
    rating_asked: "Wie gut wurde Ihnen geholfen? Sie können den Service in den nächsten 7 Tagen mit 1 (schlecht) bis 5 (sehr gut) bewerten.",
    reason: " (Grund: {reason})",
    unavailable: "Leider kann der Assistent im Moment nicht antworten. Ihre Nachricht ist gespeichert; bitte versuchen Sie es später \
                  noch einmal oder fragen Sie nach einer Person aus unserem Team.",
    do_not_know: "Leider habe ich darauf keine verlässliche Antwort. Sie können Ihre Frage anders formulieren oder „mit einem \
                  Menschen sprechen“ schreiben; dann hilft Ihnen jemand aus unserem Team.",
    did_you_mean: "Meinen Sie eine dieser Fragen? Senden Sie einfach die passende; wenn keine passt, fragen Sie anders oder schreiben Sie „mit einem Menschen sprechen“:",
    in_another_language: "Diese Antwort gibt es leider noch nicht in Ihrer Sprache, deshalb hier das Original:",
    hands_over: "Dabei kann Ihnen jemand aus unserem Team besser helfen.",
    blocked: "Dabei kann ich Ihnen hier nicht helfen. Schreiben Sie „mit einem Menschen sprechen“, dann antwortet Ihnen \
              jemand aus unserem Team.",
    people_are_there: "Unser Team ist für Sie da.",
    nobody_is_there: "Unser Team ist im Moment nicht erreichbar.",
    between_sentences: " ",
};
