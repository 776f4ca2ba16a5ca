//! What is said in a shop: the questions and answers of `integrations/faq`, the way customers put them, and what the
//! rules of escalation listen for.

use domain::{Language, QuickReplyId, policy::Rule, settings::quick_reply::first_set};

use super::rng::Rng;

/// The folder that comes with the program.
const FAQ: [&str; 14] = [
    include_str!("../../../integrations/faq/accessories.md"),
    include_str!("../../../integrations/faq/account.md"),
    include_str!("../../../integrations/faq/assembly.md"),
    include_str!("../../../integrations/faq/battery.md"),
    include_str!("../../../integrations/faq/brakes.md"),
    include_str!("../../../integrations/faq/display-app.md"),
    include_str!("../../../integrations/faq/maintenance.md"),
    include_str!("../../../integrations/faq/orders.md"),
    include_str!("../../../integrations/faq/payment.md"),
    include_str!("../../../integrations/faq/returns.md"),
    include_str!("../../../integrations/faq/riding.md"),
    include_str!("../../../integrations/faq/shipping.md"),
    include_str!("../../../integrations/faq/small-talk.md"),
    include_str!("../../../integrations/faq/warranty.md"),
];

/// One thing that is asked about, in one language.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) key: &'static str,
    pub(super) questions: Vec<&'static str>,
    pub(super) answer: &'static str,
}

/// All topics of both languages.
#[derive(Debug)]
pub(super) struct Words {
    zh: Vec<Topic>,
    en: Vec<Topic>,
}

/// Said in both languages, Chinese first.
type Phrases = [&'static [&'static str]; 2];

const GREETINGS: Phrases = [
    &["你好，", "您好，请问", "在吗？", "亲，", "打扰一下，", "麻烦问一下，"],
    &["Hi, ", "Hello, ", "Hey there. ", "Good morning, ", "Sorry to bother you. "],
];
const ENDINGS: Phrases = [
    &["谢谢！", "急，在线等", "🙏", "麻烦尽快回复", "😊", "？？", "我是新手，不太懂。"],
    &[" Thanks!", " Please answer soon.", " 🙏", " I am new to this.", " Thanks in advance :)", "??"],
];
const DETAILS: Phrases = [&["订单号是", "我的订单：", "单号"], &[" My order is ", " It is about order ", " (order "]];
const STORIES: Phrases = [
    &[
        "我上个月在你们官网买了一辆车，骑了大概三百公里。",
        "昨天下雨，回家以后发现显示屏不亮了，充电器的灯是绿的。",
        "已经按照说明书检查过插头和保险，都没有问题。",
        "之前问过一次，说是让我等邮件，可是一直没有收到。",
        "我先生周末要用这辆车上班，所以比较着急。",
        "快递说已经签收了，但我和邻居都没有收到包裹。",
        "车架号在标签上看不清，我可以拍照给你们。",
        "另外还想再买一块备用电池，不知道有没有货。",
    ],
    &[
        "I bought the bike on your site last month and have ridden about 300 km. ",
        "Yesterday it rained, and back home the display stayed dark while the charger's light is green. ",
        "I checked the plug and the fuse as the manual says, both look fine. ",
        "I asked once before and was told to wait for an e-mail that never came. ",
        "My husband needs the bike for work on Monday, so it is rather urgent. ",
        "The courier says it was delivered, but neither I nor my neighbours have the parcel. ",
        "The number on the frame is hard to read; I can send a photo. ",
        "I would also like a spare battery if you have one in stock. ",
    ],
];
const FOLLOW_UPS: Phrases = [
    &["好的，那还有一个问题：", "明白了。", "那", "如果是D11呢？", "哦，", "对了，"],
    &["All right, one more thing: ", "I see. ", "And ", "What about the D11? ", "OK. ", "By the way, "],
];
const BURSTS: Phrases = [
    &["在吗", "？", "补充一下，是黑色的那款", "我说的是前轮", "图片发不出来", "还有，保修卡也丢了", "喂"],
    &[
        "hello?",
        "the black one I mean",
        "it is the front wheel",
        "?",
        "I cannot send a picture",
        "and I lost the receipt",
        "anyone?",
    ],
];
const THANKS: Phrases = [
    &["谢谢", "好的谢谢", "明白了，多谢", "👌", "再见"],
    &["Thanks", "Great, thank you", "ok bye", "👍", "That helps, cheers"],
];

const ADDRESSES: Phrases = [&["我的邮箱是 ", "请发到 ", ""], &["You can reach me at ", "My e-mail is ", ""]];
const AGENTS: Phrases = [
    &[
        "您好，我是人工客服，请稍等。",
        "我帮您查一下订单。",
        "已经为您登记，三天内会有结果。",
        "请问车架号是多少？",
        "还有什么可以帮您？",
    ],
    &[
        "Hello, this is Anna from Fiido. One moment please.",
        "Let me look up your order.",
        "I have filed it; you will hear from us within three days.",
        "What is the number on the frame?",
        "Is there anything else?",
    ],
];
/// Among staff.
const REMARKS: [&str; 4] = ["客户问电池保修", "更熟悉这类订单", "complaint about a refund", "my shift ends"];

/// What the rules listen for.
const HEARD: [(Rule, Phrases); 6] = [
    (
        Rule::R0,
        [&["电池冒烟了，怎么办", "刹车失灵了"], &["the battery is smoking", "my brakes failed and I was injured"]],
    ),
    (
        Rule::R1,
        [
            &["转人工", "我要找人工客服", "接人工！", "能不能换真人来"],
            &["talk to a human", "I want a real agent please", "Can a person help me?"],
        ],
    ),
    (
        Rule::R2,
        [
            &["我要投诉你们", "再不处理我就去举报", "要求赔偿", "我要给差评了"],
            &["I want to make a complaint", "I will report you", "I demand compensation"],
        ],
    ),
    (
        Rule::R4,
        [
            &["没用", "不对，不是这个意思", "还是没解决"],
            &["that did not help", "no, that is not what I asked", "still not solved"],
        ],
    ),
    (
        Rule::R11,
        [
            &["气死我了！！！", "太差劲了！！！你们是不是骗子！！", "垃圾服务！！"],
            &["THIS IS RIDICULOUS!!!", "worst service ever!!!", "I am so angry right now!!"],
        ],
    ),
    (Rule::R13, [&["到底什么时候发货"], &["when does it ship"]]),
];

impl Words {
    /// # Panics
    /// The FAQ that comes with the program has no topic.
    pub(super) fn read() -> Self {
        let read = |language| FAQ.iter().flat_map(|file| topics(file, language)).collect();
        Self { zh: read("zh"), en: read("en") }
    }

    /// A topic at random.
    pub(super) fn topic(&self, rng: &mut Rng, language: Language) -> usize {
        rng.below(self.of(language).len())
    }

    /// A customer's question about a topic; with `follow_up` in the middle of a conversation.
    pub(super) fn question(&self, rng: &mut Rng, language: Language, topic: usize, follow_up: bool) -> String {
        let mut text = String::new();
        let opening = if follow_up { FOLLOW_UPS } else { GREETINGS };
        if rng.happens(0.4) {
            text += said(rng, opening, language);
        }
        if rng.happens(0.12) {
            text += &story(rng, language);
        }
        text += rng.pick(&self.of(language)[topic].questions);
        if rng.happens(0.2) {
            text += &order_number(rng, language);
        }
        if rng.happens(0.2) {
            text += said(rng, ENDINGS, language);
        }
        if rng.happens(0.004) { text + &pasted(rng) } else { text }
    }

    /// What the FAQ says about a topic, and its key.
    pub(super) fn answer(&self, language: Language, topic: usize) -> (&'static str, &'static str) {
        let topic = &self.of(language)[topic];
        (topic.key, topic.answer)
    }

    fn of(&self, language: Language) -> &[Topic] {
        match language {
            Language::Zh => &self.zh,
            _ => &self.en,
        }
    }
}

/// A second message before the first was answered.
pub(super) fn burst(rng: &mut Rng, language: Language) -> String {
    said(rng, BURSTS, language).to_owned()
}

/// The end of a conversation.
pub(super) fn thanks(rng: &mut Rng, language: Language) -> String {
    said(rng, THANKS, language).to_owned()
}

/// An address, as customers give it.
pub(super) fn address(rng: &mut Rng, language: Language, number: usize) -> String {
    format!("{}rider{number}@example.com", said(rng, ADDRESSES, language))
}

/// A person who has the session.
pub(super) fn of_agent(rng: &mut Rng, language: Language) -> &'static str {
    said(rng, AGENTS, language)
}

/// Why a session goes to somebody else, for staff.
pub(super) fn remark(rng: &mut Rng) -> &'static str {
    rng.pick(&REMARKS)
}

/// What staff files a session under.
pub(super) fn tag(rng: &mut Rng) -> &'static str {
    rng.pick(&["refund", "battery", "刹车", "delivery", "spare parts", "warranty"])
}

/// One of the first set; what else happens to that leaves these alone.
pub(super) fn quick_reply(rng: &mut Rng) -> QuickReplyId {
    first_set::all()[1 + rng.below(8)].0
}

/// What makes a rule fire; nothing where the rule does not listen to words.
pub(super) fn heard(rng: &mut Rng, language: Language, rule: Rule) -> Option<&'static str> {
    let (_, phrases) = HEARD.iter().find(|(one, _)| *one == rule)?;
    Some(said(rng, *phrases, language))
}

fn said(rng: &mut Rng, phrases: Phrases, language: Language) -> &'static str {
    rng.pick(of_language(phrases, language))
}

fn of_language([zh, en]: Phrases, language: Language) -> &'static [&'static str] {
    match language {
        Language::Zh => zh,
        _ => en,
    }
}

/// Two to six sentences about what happened.
fn story(rng: &mut Rng, language: Language) -> String {
    let sentences = of_language(STORIES, language);
    let (first, count) = (rng.below(sentences.len()), 2 + rng.below(5));
    sentences.iter().cycle().skip(first).take(count).copied().collect()
}

fn order_number(rng: &mut Rng, language: Language) -> String {
    format!("{}FD2026{:06}", said(rng, DETAILS, language), rng.below(1_000_000))
}

/// The log of an app, copied whole into the message.
fn pasted(rng: &mut Rng) -> String {
    let lines = 20 + rng.below(60);
    (0..lines)
        .map(|n| {
            format!(
                "\n[{n:03}] ctrl=0x{:04x} volt=48.{:02} err=E{:02}",
                rng.below(65_536),
                rng.below(100),
                rng.below(30)
            )
        })
        .collect()
}

/// The topics of a file in one language.
fn topics(file: &'static str, language: &str) -> Vec<Topic> {
    let sections = file.split("\n## ").skip(1);
    sections.filter_map(|section| topic(section, language)).collect()
}

fn topic(section: &'static str, language: &str) -> Option<Topic> {
    let (key, rest) = section.split_once('\n')?;
    let article = rest.split("### ").find_map(|article| article.strip_prefix(language))?.trim();
    let (questions, answer) = article.split_once("\n\n")?;
    let questions = questions.lines().filter_map(|line| line.strip_prefix("Q: ")).collect();
    Some(Topic { key: key.trim(), questions, answer: answer.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_of_the_faq_is_there_in_both_languages() {
        let words = Words::read();
        assert!(words.zh.len() > 50, "{}", words.zh.len());
        assert_eq!(words.zh.len(), words.en.len());
        for (zh, en) in words.zh.iter().zip(&words.en) {
            assert_eq!(zh.key, en.key);
            assert!(!zh.questions.is_empty() && !en.questions.is_empty(), "{}", zh.key);
            assert_eq!(Language::detect(zh.answer), Some(Language::Zh), "{}", zh.key);
            assert_eq!(Language::detect(en.answer), Some(Language::En), "{}", en.key);
        }
    }
}
