// The demo shop's texts, in the language that language.js chose, and two ways to call the widget from a page.

const TEXTS = {
  en: {
    name: 'English', title: 'Ride further. Ask anything.',
    lead: 'This is a demo shop. The chat in the corner is the real one: the assistant answers at once, and a person takes over when you ask for one.',
    ask: 'Ask us', range: 'Our bikes', askBike: 'Ask about this bike',
    city: 'Step-through frame, 90 km on one charge.', cityQuestion: 'How far can I ride on one charge?',
    fold: 'Folds in ten seconds, fits under a desk.', foldQuestion: 'How long does it take to charge the battery?',
    cargo: 'Carries 200 kg, with brakes that stop it.', cargoQuestion: 'How long is the warranty?',
    foot: 'A demo page of Fiido Desk.', workbench: 'For agents: the workbench', frame: 'The chat alone',
  },
  zh: {
    name: '中文', title: '骑得更远，有问必答。',
    lead: '这是一个演示商店。右下角的在线咨询是真实的：AI 助手立即回答，需要时由人工客服接手。',
    ask: '咨询客服', range: '我们的电动车', askBike: '咨询这款车',
    city: '低跨车架，一次充电可骑 90 公里。', cityQuestion: '一次充电能骑多远？',
    fold: '十秒折叠，桌下即可收纳。', foldQuestion: '电池充满要多久？',
    cargo: '载重 200 公斤，刹车稳当。', cargoQuestion: '保修期多久？',
    foot: 'Fiido Desk 的演示页面。', workbench: '客服入口：工作台', frame: '单独打开咨询',
  },
  de: {
    name: 'Deutsch', title: 'Weiter fahren. Alles fragen.',
    lead: 'Das ist ein Demo-Shop. Der Chat in der Ecke ist der echte: Der Assistent antwortet sofort, und ein Mensch übernimmt, wenn Sie es möchten.',
    ask: 'Fragen Sie uns', range: 'Unsere Räder', askBike: 'Zu diesem Rad fragen',
    city: 'Tiefeinsteiger, 90 km mit einer Ladung.', cityQuestion: 'Wie weit komme ich mit einer Ladung?',
    fold: 'In zehn Sekunden gefaltet, passt unter den Schreibtisch.', foldQuestion: 'Wie lange lädt der Akku?',
    cargo: 'Trägt 200 kg, mit Bremsen, die es halten.', cargoQuestion: 'Wie lange gilt die Garantie?',
    foot: 'Eine Demo-Seite von Fiido Desk.', workbench: 'Für Mitarbeiter: die Workbench', frame: 'Nur der Chat',
  },
  fr: {
    name: 'Français', title: 'Allez plus loin. Demandez tout.',
    lead: 'Ceci est une boutique de démonstration. Le chat dans le coin est le vrai : l’assistant répond aussitôt, et une personne prend le relais quand vous le demandez.',
    ask: 'Nous écrire', range: 'Nos vélos', askBike: 'Une question sur ce vélo',
    city: 'Cadre bas, 90 km avec une charge.', cityQuestion: 'Quelle distance puis-je parcourir avec une charge ?',
    fold: 'Plié en dix secondes, tient sous un bureau.', foldQuestion: 'Combien de temps faut-il pour charger la batterie ?',
    cargo: 'Porte 200 kg, avec les freins qu’il faut.', cargoQuestion: 'Quelle est la durée de la garantie ?',
    foot: 'Une page de démonstration de Fiido Desk.', workbench: 'Pour les conseillers : le poste de travail', frame: 'Le chat seul',
  },
  es: {
    name: 'Español', title: 'Llegue más lejos. Pregunte todo.',
    lead: 'Esta es una tienda de demostración. El chat de la esquina es el real: el asistente responde al momento y una persona toma el relevo cuando usted lo pide.',
    ask: 'Pregúntenos', range: 'Nuestras bicicletas', askBike: 'Preguntar por esta bicicleta',
    city: 'Cuadro bajo, 90 km con una carga.', cityQuestion: '¿Qué distancia puedo recorrer con una carga?',
    fold: 'Se pliega en diez segundos, cabe bajo la mesa.', foldQuestion: '¿Cuánto tarda en cargarse la batería?',
    cargo: 'Lleva 200 kg, con frenos a la altura.', cargoQuestion: '¿Cuánto dura la garantía?',
    foot: 'Una página de demostración de Fiido Desk.', workbench: 'Para agentes: el puesto de trabajo', frame: 'Solo el chat',
  },
  it: {
    name: 'Italiano', title: 'Vai più lontano. Chiedi tutto.',
    lead: 'Questo è un negozio dimostrativo. La chat nell’angolo è quella vera: l’assistente risponde subito e una persona subentra quando lo chiedi.',
    ask: 'Scrivici', range: 'Le nostre bici', askBike: 'Chiedi di questa bici',
    city: 'Telaio basso, 90 km con una carica.', cityQuestion: 'Quanta strada faccio con una carica?',
    fold: 'Si piega in dieci secondi, sta sotto la scrivania.', foldQuestion: 'Quanto tempo serve per caricare la batteria?',
    cargo: 'Porta 200 kg, con freni all’altezza.', cargoQuestion: 'Quanto dura la garanzia?',
    foot: 'Una pagina dimostrativa di Fiido Desk.', workbench: 'Per gli operatori: la postazione', frame: 'Solo la chat',
  },
};

const texts = TEXTS[language];
for (const node of document.querySelectorAll('[data-text]')) node.textContent = texts[node.dataset.text];

const languages = document.getElementById('languages');
for (const [code, { name }] of Object.entries(TEXTS)) {
  const link = document.createElement('a');
  link.href = `?lang=${code}`;
  link.lang = LANGUAGE_TAGS[code];
  link.textContent = name;
  if (code === language) link.setAttribute('aria-current', 'true');
  languages.append(link);
}

// Callable before the widget has loaded.
const desk = (...call) => (window.FiidoDesk ??= []).push(call);
document.getElementById('ask').addEventListener('click', () => desk('open'));
for (const button of document.querySelectorAll('[data-question]')) {
  button.addEventListener('click', () => {
    desk('open');
    desk('sendMessage', texts[button.dataset.question]);
  });
}
