//! Rule R0: danger in six languages, in the words of customers.

use domain::{
    Language,
    policy::{Counts, Customer, Message, Policy, Rule},
    session::{
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
};

use super::{policy, read, read_by, rules};

const DANGERS: &[&str] = &[
    // Chinese, simplified and traditional
    "我的车着火了",
    "充电的时候起火了！",
    "电池冒烟了怎么办",
    "電池冒煙了",
    "有一股烧焦的味道",
    "闻到糊味",
    "有燒焦味",
    "电池鼓包了",
    "電池鼓包",
    "电池好像有点鼓",
    "电池膨胀变形",
    "电池漏液",
    "电池有液体流出来",
    "充电口冒火花",
    "插上充电器有火星",
    "电池掉到水里了",
    "電池泡水了還能用嗎",
    "电池进水",
    "电池从桌上掉下来了",
    "电池摔了",
    "刹车失灵",
    "剎車失靈了",
    "煞車沒反應",
    "刹车突然没用了",
    "刹不住车",
    "下坡停不下来",
    "我骑车摔倒受伤了",
    "我儿子骨折了",
    "流血了",
    "被撞了，在医院，住院中",
    "充电器烫手",
    "ＢＡＴＴＥＲＹ　ＯＮ　ＦＩＲＥ",
    "车自己加速了",
    // English
    "My bike is on fire",
    "the battery caught fire last night",
    "there is SMOKE coming out of the charger",
    "it's smoking!!",
    "I notice a burning smell when charging",
    "smells burnt",
    "the battery is swollen",
    "battery looks a bit bloated",
    "The battery pack has swelled up",
    "my battery is leaking",
    "some liquid coming from the battery",
    "sparks when I plug it in",
    "It sparked",
    "battery fell in water",
    "the battery got wet",
    "battery was under water for an hour",
    "I dropped the battery",
    "the battery dropped on concrete",
    "the battery fell down the stairs",
    "my brakes failed",
    "Brakes don't work anymore",
    "brakes dont work",
    "The front brake stopped working",
    "the brakes are not working",
    "brake failure",
    "I can't brake",
    "I couldn't stop going downhill",
    "bike won’t stop",
    "I got hurt",
    "my son was injured",
    "I broke my wrist",
    "I am bleeding",
    "I had an accident with your bike",
    "I'm in the hospital because of the bike",
    "the battery exploded",
    "battery overheating",
    "I got an electric shock",
    "it accelerates by itself",
    "the display melted",
    "I crashed and hit my head",
    // German
    "Mein Fahrrad brennt",
    "Der Akku hat Feuer gefangen",
    "Es raucht aus dem Akku",
    "Rauch kommt aus dem Ladegerät",
    "Es riecht verbrannt",
    "Es riecht verschmort",
    "Der Akku ist aufgebläht",
    "Akku ist aufgequollen",
    "Der Akku ist ausgelaufen",
    "Es sprühen Funken",
    "Der Akku ist ins Wasser gefallen",
    "Akku wurde nass",
    "Mir ist der Akku runtergefallen",
    "Meine Bremsen haben versagt",
    "Die Bremse funktioniert nicht",
    "Bremse geht nicht mehr",
    "Das Rad bremst nicht",
    "Ich habe mich verletzt",
    "Ich hatte einen Unfall",
    "Ich bin gestürzt",
    "Der Akku wird extrem heiß",
    "Die Hinterradbremse greift nicht",
    // French
    "Mon vélo a pris feu",
    "la batterie est en feu",
    "Il y a de la fumée",
    "la batterie fume",
    "une odeur de brûlé",
    "Ça sent le brûlé",
    "La batterie a gonflé",
    "ma batterie est gonflée",
    "la batterie fuit",
    "il y a des étincelles",
    "la batterie est tombée dans l'eau",
    "batterie mouillée",
    "j'ai fait tomber la batterie",
    "les freins ont lâché",
    "Les freins ne marchent pas",
    "le vélo ne freine plus",
    "je n'ai plus de freins",
    "je suis blessé",
    "J’ai eu un accident",
    "je suis tombée, je saigne",
    "la batterie a explosé",
    // Spanish
    "Mi bicicleta está en llamas",
    "La batería se incendió",
    "sale humo de la batería",
    "huele a quemado",
    "la batería está hinchada",
    "La batería gotea",
    "la batería pierde líquido",
    "salen chispas",
    "la batería cayó al agua",
    "se me cayó la batería",
    "la batería está mojada",
    "los frenos fallan",
    "los frenos no funcionan",
    "el freno no responde",
    "No puedo frenar",
    "estoy herida",
    "tuve un accidente",
    "me caí y estoy sangrando",
    "la batería explotó",
    // Italian
    "La bici ha preso fuoco",
    "la batteria va a fuoco",
    "esce fumo dalla batteria",
    "odore di bruciato",
    "puzza di bruciato",
    "la batteria è gonfia",
    "la batteria perde liquido",
    "ci sono scintille",
    "la batteria è caduta in acqua",
    "mi è caduta la batteria",
    "la batteria si è bagnata",
    "i freni non funzionano",
    "i freni si sono rotti",
    "la bici non frena",
    "sono ferito",
    "ho avuto un incidente",
    "sono caduta e mi sono fatta male, perdo sangue",
    "la batteria è esplosa",
];

const HARMLESS: &[&str] = &[
    "Do you have the D11 in smoke grey?",
    "smoke-grey colour",
    "Is there a fire sale this weekend?",
    "the fire-red one please",
    "Does the app run on a Kindle Fire tablet?",
    "How do I reach the campsite with a campfire and fireplace?",
    "What brand is the battery?",
    "Which brand of brakes is it?",
    "Is the battery water resistant?",
    "the battery dropped to 20% after 10 km",
    "How long does the battery last?",
    "Where is the sparkling water?",
    "I ordered it by accident",
    "the app crashed",
    "burning calories uphill",
    "How do I adjust the brakes?",
    "brake pads price",
    "exploded view of the motor",
    "hello",
    "I want a refund",
    "Is it fireproof?",
    "烟灰色有货吗",
    "有爆炸图吗",
    "电池掉电快",
    "电池能用多久",
    "怎么调刹车",
    "多久充满电",
    "打火机",
    "刹车片多少钱",
    "电池的品牌是什么",
    "Gibt es das Rad in rauchgrau?",
    "Welche Marke hat der Akku?",
    "Wie lange hält der Akku?",
    "Wie stelle ich die Bremse ein?",
    "Existe-t-il en gris fumé ?",
    "le feu arrière ne s'allume pas",
    "Quelle est l'autonomie de la batterie ?",
    "ma batterie tombe en panne",
    "¿Lo tienen en gris humo?",
    "¿Cuánto dura la batería?",
    "¿A qué hora puedo llamar?",
    "¿Los frenos son de disco, con rotor de 160?",
    "C'è in grigio fumo?",
    "Quanto dura la batteria?",
    "la batteria perde carica in fretta",
    "Come si regolano i freni?",
];

#[test]
fn danger_is_recognised_in_every_language() {
    let missed: Vec<&&str> = DANGERS.iter().filter(|text| !read(text).contains(&Rule::R0)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_only_looks_like_danger_is_none() {
    let policy = Policy::default();
    let signals = |text: &&&str| read_by(&policy, text).into_iter().find(|signal| signal.rule == Rule::R0);
    let wrong: Vec<_> = HARMLESS.iter().filter_map(|text| Some((text, signals(&text)?.evidence))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_harmless_word_hides_no_danger_beside_it() {
    assert!(read("The smoke grey one is smoking, there is smoke").contains(&Rule::R0));
    assert!(read("I bought it in the fire sale and now it is on fire").contains(&Rule::R0));
}

#[test]
fn danger_comes_before_all_and_is_a_keyword_of_high_severity() {
    let policy = Policy::default();
    let customer = Customer { is_vip: true, is_listed: true };
    let signals = policy.read_message(&Message::new("转人工！电池着火了，我要投诉"), false, Language::Zh, customer);
    let firing = policy.on_message(&Counts::default(), &signals).unwrap();
    assert_eq!(rules(&signals), [Rule::R0, Rule::R1, Rule::R2, Rule::R10]);
    assert_eq!((firing.rule, firing.reason, firing.severity), (Rule::R0, EscalationReason::Keyword, Severity::High));
    assert_eq!((firing.class, firing.details.as_str()), (PriorityClass::Danger, "命中关键词: 着火"));
}

#[test]
fn a_document_adds_phrases_and_takes_none_away() {
    let policy = policy("[rules.R0]\non = true\ngroup = \"safety\"\nphrases = { en = [\"wobbly wheel\"] }\n");
    for text in ["wobbly wheel", "it is on fire"] {
        let firing = policy.on_message(&Counts::default(), &read_by(&policy, text)).unwrap();
        assert_eq!((firing.rule, firing.group.unwrap().as_str()), (Rule::R0, "safety"), "{text}");
    }
    for forbidden in [
        "on = false",
        "severity = \"low\"",
        "class = \"normal\"",
        "languages = [\"en\"]",
        "except = { en = [\"fire\"] }",
    ] {
        let error = Policy::parse(&format!("[rules.R0]\n{forbidden}\n"), 1).unwrap_err();
        assert_eq!(error.line, 2, "{error}");
    }
}
