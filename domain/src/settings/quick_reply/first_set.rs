//! The quick replies that the program brings: the original's twelve, in its four categories.
//!
//! Invariant: an id follows from the key alone, so that every node and every log knows the same one.

use std::sync::LazyLock;

use uuid::Uuid;

use super::{QuickReply, QuickReplyWords};
use crate::{
    id::QuickReplyId,
    language::Language,
    text::{MessageText, QuickReplyCategory, QuickReplyTitle},
};

/// The version of each, as long as nobody has changed it.
pub const VERSION: u32 = 1;

/// The namespace of their ids. Frozen: events name them.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0c_7a8e_41d2_4f6b_8d3e_90a1_c2b3_d4e5);

/// The categories of the first set, and what the original calls them. Every other category is its own name.
pub const CATEGORIES: [(&str, &str); 4] =
    [("greeting", "问候"), ("product", "产品"), ("after_sales", "售后"), ("closing", "结束")];

/// Key, category, title and text.
const TEXTS: [(&str, &str, &str, &str); 12] = [
    ("welcome", "greeting", "欢迎", "您好，我是客服{{agent.name}}，很高兴为您服务！请问有什么可以帮您？"),
    ("wait", "greeting", "请稍等", "好的，请您稍等，我马上为您查询。"),
    ("thanks_for_waiting", "greeting", "感谢等待", "感谢您的耐心等待，已经为您查到相关信息。"),
    ("which_model", "product", "询问车型", "请问您咨询的是哪一款车型？您可以告诉我型号或发一下产品链接。"),
    (
        "range",
        "product",
        "续航说明",
        "续航里程会受到骑手体重、路况、气温和助力档位的影响，商品页面标注的是标准工况下的参考值。",
    ),
    (
        "battery_care",
        "product",
        "电池保养",
        "建议电量剩余 20% 左右时充电，长期不骑行请把电池充到 60%，并每个月补充一次电。",
    ),
    ("order_number", "after_sales", "询问订单号", "麻烦您提供一下订单号，我来为您查询处理进度。"),
    (
        "warranty",
        "after_sales",
        "质保说明",
        "我们的整车提供质保服务，请您描述一下故障现象，最好附上照片或视频，方便我们判断。",
    ),
    (
        "return_steps",
        "after_sales",
        "退换流程",
        "您的退换申请（订单 {{order.number}}）我已经记录，审核通过后会把退回地址发到您的邮箱。",
    ),
    ("anything_else", "closing", "还有问题吗", "请问还有其他可以帮您的吗？"),
    ("goodbye", "closing", "感谢咨询", "感谢您的咨询，祝您骑行愉快，再见！"),
    ("ask_for_rating", "closing", "邀请评价", "如果您对本次服务满意，欢迎稍后给我们一个评价，谢谢您的支持！"),
];

static FIRST_SET: LazyLock<Vec<(QuickReplyId, QuickReply)>> =
    LazyLock::new(|| TEXTS.iter().map(|(key, category, title, content)| made(key, category, title, content)).collect());

/// All of them, in the order of the original.
#[must_use]
pub fn all() -> &'static [(QuickReplyId, QuickReply)] {
    &FIRST_SET
}

/// One of them.
#[must_use]
pub fn find(reply: QuickReplyId) -> Option<&'static QuickReply> {
    all().iter().find(|(id, _)| *id == reply).map(|(_, says)| says)
}

fn made(key: &str, category: &str, title: &str, content: &str) -> (QuickReplyId, QuickReply) {
    const GOOD: &str = "the first set keeps the rules of texts";
    let words = QuickReplyWords {
        title: QuickReplyTitle::parse(title).expect(GOOD),
        content: MessageText::parse(content.to_owned()).expect(GOOD),
    };
    let category = QuickReplyCategory::parse(category).expect(GOOD);
    let id = QuickReplyId(Uuid::new_v5(&NAMESPACE, key.as_bytes()));
    (id, QuickReply { words, category, language: Language::Zh })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_twelve_in_four_categories() {
        let ids: BTreeSet<QuickReplyId> = all().iter().map(|(id, _)| *id).collect();
        let categories: BTreeSet<&str> = all().iter().map(|(_, says)| says.category.as_str()).collect();
        assert_eq!((ids.len(), categories), (12, CATEGORIES.iter().map(|(key, _)| *key).collect()));
    }
}
