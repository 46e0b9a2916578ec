//! A recovery file that only its link opens.

use zeroize::Zeroizing;

use crate::hmac_sha256;

/// A recovery file as its row holds it, before the vault seals it: under a key that stands in the link alone, so that
/// whoever has database and keys reads no file of a link that they never saw. The same call takes the mask off again.
///
/// `link` is the text that only the link carries, at least 128 random bits; it is used for this one file.
#[must_use]
pub fn mask_file(link: &[u8], file: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(file.len()));
    for (block, chunk) in (0_u32..).zip(file.chunks(32)) {
        let key = Zeroizing::new(hmac_sha256(link, &[b"aboard-secret-link-1", &block.to_be_bytes()]));
        out.extend(chunk.iter().zip(key.iter()).map(|(text, key)| text ^ key));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_masks_a_file_takes_the_mask_off_and_another_link_does_not() {
        let file = "a line that is longer than one block of the mask, and does not end with one".as_bytes();
        let masked = mask_file(b"link", file);
        assert!(
            masked
                .chunks(32)
                .zip(file.chunks(32))
                .all(|(masked, file)| masked != file)
        );
        assert_eq!(&**mask_file(b"link", &masked), file);
        assert_ne!(&**mask_file(b"knil", &masked), file);
    }
}
