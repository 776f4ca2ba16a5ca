//! Spanish.

use super::table::Texts;

pub(super) const TEXTS: Texts = Texts {
    danger: "⚠️ Su seguridad es lo primero:\n\
             1. Deje de circular y de cargar ahora mismo. Desenchufe el cargador solo si puede hacerlo sin peligro.\n\
             2. Humo, calor, batería hinchada o fuego: aléjese de inmediato, al aire libre si es posible, y no deje que nadie se \
             acerque.\n\
             3. No abra nunca la batería ni le eche nunca agua por su cuenta.\n\
             4. Si hay peligro o heridos: llame ahora al 112 o al número de emergencias de su país.\n\
             Estamos avisando a una persona de nuestro equipo. Espérela en un lugar seguro, por favor.",
    queued: "En breve le atenderá una persona de nuestro equipo. Espere un momento, por favor.",
    agent_joined: "{agent}, de nuestro servicio de atención al cliente, se ha unido a la conversación y va a ayudarle.",
    somebody_joined: "Una persona de nuestro servicio de atención al cliente se ha unido a la conversación y va a ayudarle.",
    transferred: "Su conversación ha pasado de {from} a {to}.",
    transferred_to: "Su conversación ha pasado a {to}.",
    transferred_to_somebody: "Su conversación ha pasado a otra persona de nuestro equipo.",
    transferred_to_group: "Estamos pasando su conversación al equipo que mejor puede ayudarle. Espere un momento, por favor.",
    agent_lost: "Lo sentimos, la persona que le atendía ha perdido la conexión. Estamos buscando a otra persona; espere un momento, \
                 por favor.",
    back_in_queue: "Estamos buscando a otra persona que le atienda. Espere un momento, por favor.",
    released: "Nuestro equipo ha terminado su parte de la conversación. El asistente de IA vuelve a responderle.",
    escalation_cancelled: "Ya no está esperando a una persona. El asistente de IA sigue a su disposición.",
    nobody_came: "Lo sentimos, en este momento no hay nadie disponible en nuestro equipo. El asistente de IA sigue a su disposición, y \
                  puede volver a pedir hablar con una persona cuando quiera.",
    after_hours: "En este momento nuestro equipo no está disponible. El asistente de IA sigue a su disposición.",
    nobody_free: "En este momento todos nuestros compañeros están ocupados; nuestro equipo tiene su consulta. El asistente de IA sigue a su disposición.",
    offers_person: "Si estas respuestas no le han ayudado, puede pedir una persona en cualquier momento: escriba simplemente «agente humano».",
    opens_at: "Volvemos el {opens_at}.",
    asks_for_email: "Si desea que le responda una persona, déjenos aquí su dirección de correo electrónico y le escribiremos cuando \
                     volvamos.",
    email_noted: "Gracias. Hemos anotado su dirección de correo electrónico y le escribiremos.",
    closed: "Esta conversación se ha cerrado. Si necesita algo más, escríbanos de nuevo.",
    rating_asked: "¿Le hemos ayudado bien? Puede valorar la atención recibida del 1 (mala) al 5 (muy buena) durante los próximos 7 días.",
    reason: " (motivo: {reason})",
    unavailable: "Lo sentimos, el asistente no puede responder en este momento. Su mensaje está guardado; inténtelo más tarde o pida \
                  hablar con una persona.",
    do_not_know: "Lo siento, no tengo una respuesta fiable a esa pregunta. Puede formularla de otra manera o escribir «agente \
                  humano», y una persona de nuestro equipo le ayudará.",
    did_you_mean: "¿Quería preguntar alguna de estas cosas? Envíe simplemente la que corresponda; si no es ninguna, pregunte de otra manera o escriba que quiere hablar con una persona:",
    in_another_language: "Todavía no tenemos esta respuesta en su idioma, así que aquí tiene el texto original:",
    hands_over: "Una persona de nuestro equipo puede ayudarle mejor con esto.",
    blocked: "No puedo ayudarle aquí con eso. Escriba «agente humano» y una persona de nuestro equipo le responderá.",
    people_are_there: "Nuestro equipo está en línea.",
    nobody_is_there: "En este momento nuestro equipo no está disponible.",
    between_sentences: " ",
};
