//! Chinese. The texts that the original has are its own, to the letter.

use super::table::Texts;

pub(super) const TEXTS: Texts = Texts {
    danger: "⚠️ 请先确保您的人身安全：\n\
             1. 立即停止骑行和充电；只有在安全的情况下才去拔掉充电器。\n\
             2. 如有冒烟、发热、鼓包或起火：马上远离，尽量到室外，并让其他人也远离。\n\
             3. 切勿拆开电池，切勿自行泼水。\n\
             4. 有危险或有人受伤：请立即拨打 119（火警）、120（急救）或当地紧急电话。\n\
             我们正在为您联系人工客服，请在安全的地方等候。",
    queued: "已为您转接人工客服，请稍候。",
    agent_joined: "客服【{agent}】已接入，正在为您服务",
    somebody_joined: "客服已接入，正在为您服务",
    transferred: "会话已从【{from}】转接至【{to}】",
    transferred_to: "会话已转接至【{to}】",
    transferred_to_somebody: "会话已转接至另一位客服",
    transferred_to_group: "会话正在转接给更合适的客服团队，请稍候。",
    agent_lost: "抱歉，刚才为您服务的客服已断线。我们正在为您重新安排客服，请稍候。",
    back_in_queue: "我们正在为您安排另一位客服，请稍候。",
    released: "人工服务已结束，AI 助手已接管对话",
    escalation_cancelled: "已取消转接人工客服，AI 助手将继续为您服务。",
    nobody_came: "抱歉，目前没有空闲的人工客服。AI 助手将继续为您服务，您可以随时再次要求转接人工客服。",
    after_hours: "当前为非工作时间，人工客服暂时不在线。AI 助手会继续为您服务。",
    nobody_free: "目前没有空闲的人工客服，您的请求已转给我们的客服团队。AI 助手会继续为您服务。",
    offers_person: "如果以上回答没有解决您的问题，您可以随时发送“转人工”，由人工客服为您服务。",
    opens_at: "人工客服将于{opens_at}恢复服务。",
    asks_for_email: "如需人工客服回复，请在此留下您的电子邮箱地址，我们上班后会通过邮件与您联系。",
    email_noted: "谢谢，您的电子邮箱地址已记录，我们会通过邮件与您联系。",
    closed: "本次会话已结束。如还需要帮助，请直接发送消息。",
    rating_asked: "请为刚才的人工服务打分：1 分最差，5 分最好。7 天内都可以评价。",
    reason: "（原因：{reason}）",
    unavailable: "抱歉，智能助手暂时无法回答。您的消息已经保存，请稍后再试，或联系人工客服。",
    do_not_know: "抱歉，这个问题我暂时没有可靠的答案。您可以换个说法再问一次，或者发送“转人工”，由人工客服为您服务。",
    did_you_mean: "您是不是想问下面的问题？请直接发送其中一条；如果都不是，换个说法或发送“转人工”即可：",
    in_another_language: "这条资料目前还没有您使用的语言版本，先为您附上原文：",
    hands_over: "这个问题由人工客服为您处理更合适。",
    blocked: "这个问题我无法在这里回答，您可以发送“转人工”，由人工客服为您服务。",
    people_are_there: "人工客服在线",
    nobody_is_there: "当前为非工作时间",
    between_sentences: "",
};
