//! Words by which a language is known: its commonest, and what customers of a bicycle shop say.
//!
//! Written without accents, as many people type; a word may stand in several lists and then says less. `OTHER` are languages
//! that the shop has no texts in (Dutch, Portuguese, Polish, Swedish, Danish, Turkish): without them Dutch would pass for
//! German, and Portuguese for Spanish.

/// Names, and words that are the same everywhere: they tell nothing.
pub(super) const NEUTRAL: &str = "\
fiido titan ebike ebikes e-bike e-bikes ok okay okey oki kk lol haha hahaha hm hmm pdf usb led lcd app ios android iphone \
samsung google whatsapp facebook instagram tiktok youtube email e-mail mail paypal klarna visa mastercard amazon ebay dhl ups \
dpd gls fedex tnt postnl hermes shimano bafang pro max lite mini plus km kmh mph kg cm mm nm wh ah vip faq qr id bms pin iban \
vat http https www com de fr es it uk eu usa bluetooth wifi display controller sensor motor total super";

/// English.
pub(super) const EN: &str = "\
's 't 'm 're 've 'll 'd the a an and or but is are was were be been being am i you he she it its we they me him her us them my \
your his our their this that these those there here of to in on at by for from with without about into out up down off over \
under not no yes do does did done doing have has had having can could cannot will would should shall may might must if then \
than so as because when where what which who whom whose why how all any some many much more most other another each every few \
little less only just also too very still again already never ever always now today tomorrow yesterday get got getting go goes \
going gone went come came make made take took give gave keep say said know think want need like see look find help please \
thanks thank thx ty pls plz hi hello hey good morning afternoon evening bye sorry great cheers dear hope new old first last \
long after before until since while during dont doesnt didnt cant wont isnt wasnt arent im ive id youre theyre whats hows \
thats anyone someone something nothing anything everything nobody somebody person human agent someone's speak talk talking \
real customer service support order ordered orders delivery delivered deliver shipping shipped ship ships arrive arrived track \
tracking package parcel refund refunded return returned returns money back cancel cancelled canceled change changed pay paid \
payment payed price discount code coupon invoice receipt warranty battery batteries charge charging charger charged bike bikes \
bicycle wheel wheels brake brakes braking tire tyre tires light lights screen seat saddle frame chain pedal throttle speed \
range mileage broken broke damaged damage missing wrong working work works worked stopped stop stops start starts won turn \
turning turned switch button key lock smoke smoking fire burning burnt hot hurt injured injury accident fell fall crash \
crashed week weeks month months day days hour hours minute minutes year years ago address phone number name account password \
login buy bought purchase purchased use used using send sent receive received waiting wait waited ask asked answer reply \
replied question questions issue issues problem problems error fault faulty noise noisy loud leak weight height rider spare \
part parts manual update upgrade compare between better best difference which's soon yet really bad worst terrible awful \
angry useless ridiculous scam complaint complain manager lawyer cost costs much's free stock available store shop website \
color colour size black white red blue green grey country germany france spain italy england rain waterproof water front rear \
left right hand side two three four five one couple both same does't test check open opened box missing's assembly assemble \
fix fixed repair repaired replace replaced replacement suddenly properly anymore near where's cheap expensive bikes' correct \
wonderful perfect nice welcome enough near can't you'd lost stolen steal model models fold folding folded";

/// German.
pub(super) const DE: &str = "\
's der die das den dem des ein eine einen einem einer eines kein keine keinen keiner und oder aber sondern denn weil dass das \
ist sind war waren bin bist sein seid wird werden wurde wurden worden habe hab hast hat haben hatte hatten kann kannst konnen \
koennen konnte konnten konnt muss mussen muessen musste soll sollte will willst wollen wollte mochte moechte mochten darf \
durfen mag ich du er sie es wir ihr mich mir dich dir ihn ihm uns euch ihnen mein meine meinen meinem meiner meins dein deine \
deinen unser unsere unseren ihre ihren ihrem ihrer sich selbst man jemand niemand etwas nichts alles alle viel viele mehr wenig \
nicht nein ja doch noch nur auch schon sehr so wie was wer wo wann warum wieso weshalb welche welcher welches wieviel woher \
wohin hier da dort jetzt heute morgen gestern immer nie wieder bereits leider bitte danke dankeschon vielen dank hallo guten \
tag moin servus gruss grusse gruesse freundlichen liebe schonen abend auf aus bei bis durch fur fuer gegen in im ins mit nach \
ohne seit uber ueber um unter von vom vor zu zum zur zwischen an am als wenn ob dann dieser diese dieses diesen gibt gibt's \
gehts geht gehen ging gegangen macht machen gemacht kommt kommen kam gekommen bekomme bekommen funktioniert funktionieren \
klappt steht stehen bleibt lasst laesst lassen ladt laedt lade laden geladen aufladen ladegerat ladegeraet ladezeit akku akkus \
batterie fahrrad rad fahrrader raeder rader reifen bremse bremsen bremst bremsbelage vorne hinten vorderrad hinterrad licht \
kette sattel rahmen schloss schlussel gepacktrager anzeige knopf taste einschalten ausschalten anschalten startet springt \
reichweite geschwindigkeit gewicht bestellung bestellt bestelle bestellen bestellnummer lieferung geliefert liefern liefert \
lieferzeit versand versendet versandkosten verschickt angekommen paket sendung sendungsverfolgung zuruck zurueck zuruckgeben \
zurucksenden rucksendung ruckgabe ruckerstattung erstattung geld umtausch umtauschen widerruf stornieren storniert kundigen \
rechnung zahlen zahlung bezahlt bezahlen bezahlung kaufen gekauft kauf preis kosten kostet rabatt gutschein garantie \
gewahrleistung reklamation beschwerde kaputt defekt beschadigt fehlt fehlen fehler falsch falsche problem probleme hilfe helfen \
hilft brauche brauchen frage fragen antwort antworten antwortet warte warten wartet seit wochen woche monat monate tage tagen \
stunde stunden minuten jahr jahre lange lang neu neue neues neuen alt alte gut gute schlecht besser gross grosse klein schnell \
langsam mensch mitarbeiter kundenservice kundendienst mensch sprechen reden telefon telefonnummer anrufen ruckruf adresse \
lieferadresse andern aendern geandert passwort konto anmelden rauch raucht qualmt qualm brennt feuer heiss heisse verletzt \
unfall gesturzt sturz gefahr gefahrlich schicken geschickt senden schreiben geschrieben ersatzteil ersatzteile reparieren \
reparatur werkstatt bedienungsanleitung anleitung sofort endlich unverschamt frechheit betrug anwalt wirklich einfach ganz \
gerade plotzlich gar uberhaupt nochmal ebenfalls ihr's verfugbar lagernd farbe schwarz weiss rot blau deutschland osterreich \
schweiz strasse zulassung versicherung steuer gerausch gerausche lauter wasserdicht regen zusammenbauen aufbauen falten \
klappen gestohlen verloren rechnungsadresse wunsch falls also eigentlich";

/// French.
pub(super) const FR: &str = "\
l' d' c' j' qu' n' s' m' t' jusqu' lorsqu' puisqu' aujourd' le la les un une des du de au aux et ou mais donc car ni que qui \
quoi dont est sont suis es etes sommes etait etaient ete etre sera serait ai as a avons avez ont avait avais avoir eu aura \
aurait je tu il elle on nous vous ils elles me te se lui leur leurs moi toi mon ma mes ton ta tes son sa ses notre nos votre \
vos ce cet cette ces ca cela ceci ne pas plus jamais rien personne aucun aucune non oui si tres trop peu beaucoup bien mal \
encore deja toujours aussi meme quand comment combien pourquoi ou quel quelle quels quelles dans sur sous avec sans pour par \
chez vers entre depuis pendant avant apres jusque en y tout tous toute toutes autre autres faire fait faites fais peux peut \
pouvez pouvons pourrais pourriez puis veux veut voulez voudrais voudrait dois doit devez faut aller vais va allez venir viens \
vient dire dit savoir sais sait voir vois voit bonjour bonsoir salut merci svp stp plait coucou cordialement desole bonne bon \
journee jai cest jen quil nai pasla commande commander commandes commande livraison livre livrer livree livrez recu recevoir \
recois expedie expedition envoye envoyer envoyez colis suivi numero retour retourner renvoyer rembourser rembourse \
remboursement argent annuler annulation payer paye paiement prix remise code promo reduction facture garantie batterie \
batteries charge charger chargeur recharge recharger velo velos roue roues frein freins freine freinage pneu pneus ecran selle \
cadre chaine cle cles lumiere phare eclairage moteur allume allumer eteint eteindre marche fonctionne fonctionnent demarre \
demarrer autonomie vitesse poids casse cassee abime endommage defectueux panne manque manquante mauvais mauvaise probleme \
problemes erreur aide aider besoin question reponse repondre repond repondez attends attendre attente semaine semaines mois \
jour jours heure heures an ans hier demain maintenant nouveau nouvelle acheter achete achat adresse telephone appeler compte \
mot passe changer modifier humain conseiller parler quelqu quelqu' quelqu'un service client fumee fume feu brule brulant \
chaud blesse blessure accident tombe chute danger dangereux piece pieces reparer reparation remplacer notice urgent honteux \
arnaque inadmissible scandaleux avocat reclamation plainte disponible couleur noir blanc rouge bleu taille france belgique \
suisse pluie eau avant arriere gauche droite bruit deux trois quatre vraiment alors aucune plier monter montage vole perdu \
etanche delai delais coute couter gratuit magasin site dessus mien comme voila voici parce lequel laquelle";

/// Spanish.
pub(super) const ES: &str = "\
el la los las un una unos unas y o u pero sino porque pues que quien quienes cual cuales cuyo es son soy eres somos era eran \
fue fueron ser sido esta estan estoy estas estamos estaba estaban estar he has ha hemos han habia haber hay tengo tienes tiene \
tienen tenemos tenia tener hace hacen hacer hago hecho hizo puedo puedes puede pueden podemos podria podrian poder quiero \
quieres quiere queremos quisiera querria debo debe deben voy va vas van ir vamos viene venir ver veo decir dice dicen saber se \
yo tu usted ustedes ellos ellas nosotros me te le les lo nos mi mis tus su sus mio mia nuestro nuestra este estos esto ese esa \
esos eso aquel aquella no si ni nada nadie nunca siempre tambien tampoco muy mas menos mucho mucha muchos muchas poco todo toda \
todos todas otro otra otros otras algo alguien alguno alguna ningun ninguna ninguno cuando donde como cuanto cuanta cuantos \
cuantas adonde de del al a en con sin por para entre desde hasta sobre hacia segun aqui ahi alli ahora hoy ayer ya aun todavia \
luego despues antes bien mal bueno buena buenos buenas dias tardes noches hola adios gracias favor porfavor porfa saludos \
disculpe perdon vale pedido pedidos pedir pedi envio envios enviar enviado enviaron enviado entrega entregado entregar llega \
llegado llegar llego llegara recibido recibir recibi paquete seguimiento numero devolver devolucion devoluciones reembolso \
reembolsar dinero cancelar cancelado cambiar cambio pagar pagado pago pague precio descuento cupon codigo factura garantia \
bateria baterias carga cargar cargador cargando bici bicis bicicleta bicicletas patinete rueda ruedas freno frenos frena \
frenan neumatico pinchazo luz luces pantalla sillin cuadro cadena llave llaves boton enciende encender apaga apagar arranca \
arrancar funciona funcionan funcionando autonomia velocidad peso roto rota rotos danado danada estropeado averia defectuoso \
falta faltan faltaba equivocado mal problema problemas error fallo ayuda ayudar ayudarme necesito necesita pregunta respuesta \
responder responden contesta contestan espero esperando esperar semana semanas mes meses dia hora horas minutos ano anos nuevo \
nueva viejo comprar compre comprado compra direccion telefono llamar cuenta contrasena persona humano agente hablar alguien \
atencion cliente servicio humo fuego quema quemando ardiendo arde caliente herido herida accidente caido caida cai peligro \
peligroso pieza piezas recambio repuesto repuestos reparar arreglar reemplazar manual urgente vergüenza verguenza estafa \
abogado queja reclamacion denuncia disponible color negro blanco rojo azul talla espana mexico lluvia agua delantero delantera \
trasero trasera izquierda derecha ruido dos tres cuatro cinco realmente entonces tarda tardan tardar cuesta gratis tienda pagina \
plegar plegable montar montaje robado perdido puesto solo mismo misma asi vez quedado";

/// Italian.
pub(super) const IT: &str = "\
l' d' c' un' dell' nell' all' sull' dall' quest' quell' com' dov' cos' anch' qualcos' s' m' t' il lo la i gli le un uno una e ed \
o ma pero perche che chi cui quale quali e' sono sei siamo siete era erano essere stato stata stati sta sto stanno stare ho hai \
ha abbiamo avete hanno aveva avevo avere fa faccio fare fatto fanno posso puoi puo possiamo potete possono potrei potrebbe \
potere voglio vuoi vuole vogliamo vorrei vorrebbe devo deve devono dovrei vado va vai vanno andare viene vengono venire vedo \
vedere dire dice dicono so sapere io tu lui lei noi voi loro mi ti si ci vi me te mio mia miei mie tuo tua suo sua nostro \
nostra vostro vostra vostri questo questa questi queste quello quella quelli non no niente nulla nessuno nessuna mai sempre \
anche neanche molto molta molti molte piu meno poco tanto troppo tutto tutta tutti tutte altro altra altri altre qualcosa \
qualcuno quando dove come quanto quanta quanti quante perche di del dello della dei degli delle a al allo alla ai agli alle da \
dal dalla dai in nel nella nei nelle con su sul sulla senza per tra fra fino dopo prima sotto sopra qui qua li ora adesso oggi \
ieri domani gia ancora poi bene male buono buona buongiorno buonasera salve ciao grazie prego favore piacere saluti scusi \
scusate cordiali ordine ordinato ordinare ordini spedizione spedire spedito spedita consegna consegnato consegnare arriva \
arrivato arrivata arrivare arrivera ricevuto ricevere pacco tracciamento numero reso restituire restituzione rimborso rimborsare \
rimborsato soldi annullare annullato cambiare cambio pagare pagato pagamento prezzo sconto codice fattura scontrino garanzia \
batteria batterie carica caricare caricabatterie caricatore ricarica ricaricare bici bicicletta biciclette ruota ruote freno \
freni frena frenano gomma gomme luce luci schermo sella telaio catena chiave chiavi pulsante accende accendere accesa spegne \
spegnere parte partire funziona funzionano funzionava autonomia velocita peso rotto rotta rotti danneggiato danneggiata guasto \
guasta difettoso manca mancano sbagliato sbagliata problema problemi errore aiuto aiutare aiutarmi aiutatemi bisogno domanda \
risposta rispondere risponde rispondete aspetto aspettando aspettare settimana settimane mese mesi giorno giorni ora ore minuti \
anno anni nuovo nuova vecchio comprare comprato acquistato acquisto indirizzo telefono chiamare account password conto persona \
umano operatore parlare assistenza cliente clienti servizio fumo fuoco brucia bruciando incendio calda caldo scotta ferito \
ferita incidente caduto caduta pericolo pericoloso pezzo pezzi ricambio ricambi riparare riparazione sostituire manuale urgente \
vergogna truffa avvocato reclamo disponibile colore nero bianco rosso blu taglia italia pioggia acqua anteriore posteriore \
sinistra destra rumore due tre quattro cinque davvero allora quindi costa gratis negozio sito piegare pieghevole montare \
montaggio rubata rubato perso stesso stessa cosi volta vostre subito";

/// Languages that are answered in English.
pub(super) const OTHER: &str = "\
ik je jij jullie wij het een mijn jouw zijn heb hebt heeft hebben niet geen wel maar ook dat deze dit wat waar wanneer waarom \
hoe wie kan kunt kunnen moet moeten wordt worden voor naar van met op uit bij nog al graag alstublieft bedankt dank goedemorgen \
goedendag fiets fietsen accu rem remmen bestelling besteld levering geleverd terug terugsturen geld kapot werkt werken opladen \
lader laadt hallo dag weken week dagen maanden vraag klantenservice iemand spreken doet gaat \
o os um uma uns umas e nao sim voce voces meu minha meus minhas seu sua isso isto esse essa esta este com sem por pelo pela \
na nos nas do da dos das ao aos em para mais muito muita tambem ja ainda onde quando quanto como porque obrigado obrigada ola \
bom dia boa tarde pedido encomenda chegou bicicleta bateria funciona carregar carregador quero posso preciso ajuda reembolso \
devolver dinheiro tenho tem estou fazer entrega comprei \
nie jest sie na do czy moj moja prosze dziekuje dzien dobry rower zamowienie bateria dziala kiedy gdzie jak mam moge chce \
jag det och att inte ar har kan min mitt hej tack nar var vad cykel batteri fungerar bestallning med till om ikke jeg er og \
hvor hvornar mange tak virker \
bir bu ve icin ne zaman nasil merhaba tesekkurler bisiklet siparis calismiyor degil var yok benim lutfen";

/// How words end (or, with `^`, begin) that are in no list: the languages of one ending are those in whose list it stands.
pub(super) const ENDINGS: [&str; 6] = [
    "ing ings ness tion tions ful ight ould ough ly able ible ated ished ies ^th ^wh ^wr ^sh ^kn",
    "ung ungen keit heit lich liche lichen schaft isch ische chen tzt iert ieren stelle zeug gerat ^sch ^zw ^ver ^ent ^ange ^aus ^auf",
    "eau eaux eux euse ement ements tion tions ette ettes oir oire eur eurs ique iques ois ais ait ez aux able ible",
    "cion ciones dad dades ando iendo mente ado ada ados adas oso osa illo illa aje ajes ito ita miento able ible azo",
    "zione zioni ento enti mente ato ata ati ate oso osa ggio ggi zza tto tta tti lli lla sco ssimo abile ibile tore anza enza",
    "heid lijk lijke tje ingen cao coes inho czny owac ska het ij ijd ^ge",
];
