//! Italian.

use super::table::Texts;

pub(super) const TEXTS: Texts = Texts {
    danger: "⚠️ La Sua sicurezza prima di tutto:\n\
             1. Smetta subito di guidare e di ricaricare. Stacchi il caricabatterie solo se può farlo senza pericolo.\n\
             2. Fumo, calore, batteria gonfia o fuoco: si allontani subito, se possibile all’aperto, e tenga lontane le altre persone.\n\
             3. Non apra mai la batteria e non ci butti mai acqua di propria iniziativa.\n\
             4. In caso di pericolo o di ferite: chiami subito il 112 o il numero di emergenza del Suo Paese.\n\
             Stiamo avvisando una persona del nostro team. La attenda in un luogo sicuro.",
    queued: "A breve Le risponderà una persona del nostro team. Attenda un momento, per favore.",
    agent_joined: "Ora Le risponde {agent}, del nostro servizio clienti.",
    somebody_joined: "Ora Le risponde una persona del nostro servizio clienti.",
    transferred: "La Sua conversazione è passata da {from} a {to}.",
    transferred_to: "La Sua conversazione è passata a {to}.",
    transferred_to_somebody: "La Sua conversazione è passata a un’altra persona del nostro team.",
    transferred_to_group: "Stiamo passando la Sua conversazione al team più adatto. Attenda un momento, per favore.",
    agent_lost: "Ci dispiace, la persona che La stava aiutando ha perso la connessione. Stiamo cercando qualcun altro; attenda un \
                 momento, per favore.",
    back_in_queue: "Stiamo cercando un’altra persona per Lei. Attenda un momento, per favore.",
    released: "Il nostro servizio clienti ha concluso la conversazione. Le risponde di nuovo l’assistente AI.",
    escalation_cancelled: "Non è più in attesa di una persona. L’assistente AI resta a Sua disposizione.",
    nobody_came: "Ci dispiace, al momento nessuno del nostro team è libero. L’assistente AI resta a Sua disposizione e può chiedere di \
                  nuovo di parlare con una persona in qualsiasi momento.",
    after_hours: "Al momento il nostro team non è disponibile. L’assistente AI resta a Sua disposizione.",
    nobody_free: "Al momento tutti i nostri colleghi sono occupati; il nostro team ha ricevuto la Sua richiesta. L’assistente AI resta a Sua disposizione.",
    offers_person: "Se queste risposte non Le sono state utili, può chiedere una persona in qualsiasi momento: scriva semplicemente «un operatore».",
    opens_at: "Torniamo {opens_at}.",
    asks_for_email: "Se desidera la risposta di una persona, ci lasci qui il Suo indirizzo e-mail: Le scriveremo al nostro ritorno.",
    email_noted: "Grazie. Abbiamo annotato il Suo indirizzo e-mail e Le scriveremo.",
    closed: "Questa conversazione è stata chiusa. Se ha ancora bisogno di aiuto, ci scriva di nuovo.",
    rating_asked: "È stato aiutato bene? Può valutare il servizio da 1 (pessimo) a 5 (ottimo) nei prossimi 7 giorni.",
    reason: " (motivo: {reason})",
    unavailable: "Ci dispiace, al momento l’assistente non può rispondere. Il Suo messaggio è salvato; riprovi più tardi oppure chieda \
                  di parlare con una persona.",
    do_not_know: "Mi dispiace, non ho una risposta affidabile a questa domanda. Può formularla in un altro modo oppure \
                  scrivere «un operatore»: una persona del nostro team La aiuterà.",
    did_you_mean: "Voleva fare una di queste domande? Invii semplicemente quella giusta; se non è nessuna, la formuli in un altro modo o scriva che vuole parlare con una persona:",
    in_another_language: "Non abbiamo ancora questa risposta nella Sua lingua, quindi ecco il testo originale:",
    hands_over: "Una persona del nostro team può aiutarLa meglio in questo.",
    blocked: "Qui non posso aiutarLa su questo. Scriva «un operatore» e una persona del nostro team Le risponderà.",
    people_are_there: "Il nostro team è online.",
    nobody_is_there: "Al momento il nostro team non è disponibile.",
    between_sentences: " ",
};
