//! Fields of a file's content: texts and bytes with a 4-byte length before them (0xFFFFFFFF = absent), numbers as 8 bytes, all
//! big-endian.

const ABSENT: u32 = u32::MAX;

/// Writes fields.
#[derive(Default)]
pub(crate) struct FieldWriter(pub(crate) Vec<u8>);

impl FieldWriter {
    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("the log refuses fields of 4 GB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.0.extend_from_slice(&ABSENT.to_be_bytes()),
        }
    }
}

/// Reads fields; `None` where the content is malformed.
pub(crate) struct FieldReader<'a>(pub(crate) &'a [u8]);

impl<'a> FieldReader<'a> {
    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    pub(crate) fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        let length = u32::from_be_bytes(*length);
        if length == ABSENT {
            return Some(None);
        }
        let (bytes, rest) = rest.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(Some(bytes))
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        self.optional()?
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn optional_text(&mut self) -> Option<Option<&'a str>> {
        self.optional()?.map(std::str::from_utf8).transpose().ok()
    }
}
