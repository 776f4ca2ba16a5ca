//! Cuts an answer into the chunks in which it is streamed: about a sentence, or 20 to 40 characters.
//!
//! *Invariant:* the chunks, one after the other, are the answer; none is empty, none cuts a character.

/// A chunk is not ended by a full stop before this many characters, so that "e.g." does not become a frame of its own.
const SHORTEST: usize = 20;
/// A chunk ends here at the latest: on screen that is about half a line.
const LONGEST: usize = 40;

/// Cuts a text into chunks that join to the same text.
pub fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (chunk, after) = rest.split_at(length_of_next(rest));
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Bytes up to the first sentence end after [`SHORTEST`], else the last space before [`LONGEST`], else [`LONGEST`].
fn length_of_next(rest: &str) -> usize {
    let mut space = None;
    for (count, (start, character)) in (1..).zip(rest.char_indices()) {
        let end = start + character.len_utf8();
        if count >= SHORTEST {
            if ends_sentence(character) {
                return end;
            }
            if character == ' ' {
                space = Some(end);
            }
        }
        if count == LONGEST {
            return space.unwrap_or(end);
        }
    }
    rest.len()
}

fn ends_sentence(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '；' | '.' | '!' | '?' | ';' | '\n')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sentence_is_a_chunk() {
        let text = "您可以在订单详情页面下载电子版的购物发票。如果没有看到下载按钮，请联系我们。";
        assert_eq!(chunks(text).next(), Some("您可以在订单详情页面下载电子版的购物发票。"));
    }

    #[test]
    fn english_is_cut_between_words() {
        let text = "The product page and checkout show the estimate before you buy";
        assert!(chunks(text).take(1).all(|chunk| chunk.ends_with(' ')));
    }

    #[test]
    fn text_without_a_break_is_cut_at_the_longest_length() {
        let text = "电".repeat(LONGEST + 1);
        let lengths: Vec<usize> = chunks(&text).map(|chunk| chunk.chars().count()).collect();
        assert_eq!(lengths, [LONGEST, 1]);
    }

    #[test]
    fn an_empty_answer_has_no_chunks() {
        assert_eq!(chunks("").count(), 0);
    }

    proptest! {
        #[test]
        fn the_chunks_join_to_the_answer(text in "(\\PC|[a-z]{1,12} ?|[。.\n]){0,80}") {
            let cut: Vec<&str> = chunks(&text).collect();
            prop_assert_eq!(cut.concat(), text.as_str());
            prop_assert!(cut.iter().all(|chunk| !chunk.is_empty() && chunk.chars().count() <= LONGEST));
        }
    }
}
