//! The words of a mail. The Chinese ones are the original's where it had them.

use std::str::FromStr;

use commands::mailer::MailAuthor;
use domain::session::{Status, event::EscalationReason};

/// A language that mails to the team are written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MailLanguage {
    /// Chinese, as the original wrote.
    #[default]
    Zh,
    /// English.
    En,
}

impl MailLanguage {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// `zh` or `en`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }
}

/// There are no mails in this language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither zh nor en")]
pub struct UnknownLanguage;

impl FromStr for MailLanguage {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.as_str() == text).ok_or(UnknownLanguage)
    }
}

/// All words in one language.
#[derive(Debug)]
pub(super) struct Texts {
    /// As HTML names the language.
    pub(super) language: &'static str,
    pub(super) subject: &'static str,
    pub(super) heading: &'static str,
    pub(super) urgent: [&'static str; 2],
    pub(super) danger: [&'static str; 2],
    pub(super) session: &'static str,
    pub(super) customer_email: &'static str,
    pub(super) reason: &'static str,
    pub(super) triggered_at: &'static str,
    pub(super) status: &'static str,
    pub(super) conversation: &'static str,
    pub(super) no_conversation: &'static str,
    pub(super) footer: &'static str,
    pub(super) sent_at: &'static str,
    reason_names: fn(Option<EscalationReason>) -> &'static str,
    status_names: fn(Status) -> &'static str,
    author_names: fn(MailAuthor) -> &'static str,
}

impl Texts {
    pub(super) fn of(language: MailLanguage) -> &'static Self {
        match language {
            MailLanguage::Zh => &ZH,
            MailLanguage::En => &EN,
        }
    }

    pub(super) fn reason_name(&self, reason: Option<EscalationReason>) -> &'static str {
        (self.reason_names)(reason)
    }

    pub(super) fn status_name(&self, status: Status) -> &'static str {
        (self.status_names)(status)
    }

    pub(super) fn author_name(&self, author: MailAuthor) -> &'static str {
        (self.author_names)(author)
    }
}

static ZH: Texts = Texts {
    language: "zh",
    subject: "[Fiido客服] 人工接管请求",
    heading: "Fiido 智能客服 - 人工接管请求",
    urgent: ["⚠️ 需要人工介入", "用户请求已触发人工接管，请尽快处理。"],
    danger: ["⚠️ 安全隐患", "用户报告了可能的危险（起火、冒烟、电池损坏、刹车失灵或受伤），请立即处理。"],
    session: "会话ID",
    customer_email: "客户邮箱",
    reason: "触发原因",
    triggered_at: "触发时间",
    status: "当前状态",
    conversation: "最近对话记录（最多10条）",
    no_conversation: "暂无对话记录",
    footer: "此邮件由 Fiido 客服系统自动发送",
    sent_at: "发送时间",
    reason_names: |reason| match reason {
        Some(EscalationReason::Keyword) => "关键词触发",
        Some(EscalationReason::FailLoop) => "AI连续失败",
        Some(EscalationReason::Sentiment) => "用户情绪触发",
        Some(EscalationReason::Vip) => "VIP用户",
        Some(EscalationReason::Manual) => "用户主动请求",
        None => "客服手动发送",
    },
    status_names: |status| match status {
        Status::BotActive => "AI 服务中",
        Status::PendingManual => "等待人工接入",
        Status::ManualLive => "人工服务中",
        Status::AfterHoursEmail => "非工作时间（已转邮件）",
        Status::Closed => "会话已关闭",
    },
    author_names: |author| match author {
        MailAuthor::Customer => "用户",
        MailAuthor::Assistant => "AI",
        MailAuthor::Agent => "坐席",
        MailAuthor::System => "系统",
    },
};

static EN: Texts = Texts {
    language: "en",
    subject: "[Fiido Support] A customer needs a person",
    heading: "Fiido Support - a customer needs a person",
    urgent: ["⚠️ A person is needed", "A customer's session was handed over. Please see to it soon."],
    danger: [
        "⚠️ Danger",
        "A customer reports a possible danger (fire, smoke, a damaged battery, failing brakes or an injury). Please act at once.",
    ],
    session: "Session",
    customer_email: "Customer's e-mail",
    reason: "Reason",
    triggered_at: "Since",
    status: "Status now",
    conversation: "Last messages (10 at most)",
    no_conversation: "No messages yet",
    footer: "Sent by the Fiido support system",
    sent_at: "Sent at",
    reason_names: |reason| match reason {
        Some(EscalationReason::Keyword) => "a word in the message",
        Some(EscalationReason::FailLoop) => "the assistant keeps failing",
        Some(EscalationReason::Sentiment) => "the customer is upset",
        Some(EscalationReason::Vip) => "VIP customer",
        Some(EscalationReason::Manual) => "a person was asked for",
        None => "sent by staff",
    },
    status_names: |status| match status {
        Status::BotActive => "with the assistant",
        Status::PendingManual => "waiting for a person",
        Status::ManualLive => "with a person",
        Status::AfterHoursEmail => "after hours (mail sent)",
        Status::Closed => "closed",
    },
    author_names: |author| match author {
        MailAuthor::Customer => "Customer",
        MailAuthor::Assistant => "AI",
        MailAuthor::Agent => "Agent",
        MailAuthor::System => "System",
    },
};
