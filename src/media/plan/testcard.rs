//! The test card: a picture that says its own number and when it was drawn.
//!
//! Cells stand at the top left, 16 columns by 3 rows, each `width / 32` pixels square: luma 235 is one, 16 is zero, most
//! significant bit first. Row 0 is the frame number, row 1 the low 16 bits of the milliseconds since 1970 at drawing, row 2 the
//! two combined by exclusive or, so that a picture without a card is not misread. It survives encoding down to about 160x90.

/// Columns and rows of cells.
const COLUMNS: usize = 16;
const ROWS: usize = 3;
const ONE: u8 = 235;
const ZERO: u8 = 16;

/// What a card says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// Counts up by one with each picture, wrapping.
    pub frame: u16,
    /// Low 16 bits of the milliseconds since 1970 when it was drawn.
    pub drawn_ms: u16,
}

impl Card {
    fn rows(self) -> [u16; ROWS] {
        [self.frame, self.drawn_ms, self.frame ^ self.drawn_ms]
    }

    /// Milliseconds from drawing until `now_ms` (any number of milliseconds since 1970), up to 32 s; later cards count as 0.
    pub fn age_ms(self, now_ms: u64) -> u16 {
        let age = (now_ms as u16).wrapping_sub(self.drawn_ms);
        if age > u16::MAX / 2 { 0 } else { age }
    }
}

/// Draws `card` into a luma plane of `width` pixels with `stride` bytes per row. A plane too small for it is left alone.
pub fn draw(plane: &mut [u8], stride: usize, width: usize, card: Card) {
    let cell = width / 32;
    if cell == 0 {
        return;
    }
    for (row, bits) in card.rows().into_iter().enumerate() {
        for column in 0..COLUMNS {
            let value = if bits >> (COLUMNS - 1 - column) & 1 == 1 { ONE } else { ZERO };
            for y in row * cell..(row + 1) * cell {
                let start = y * stride + column * cell;
                if let Some(line) = plane.get_mut(start..start + cell) {
                    line.fill(value);
                }
            }
        }
    }
}

/// Reads the card from a luma plane; none when there is none.
pub fn read(plane: &[u8], stride: usize, width: usize) -> Option<Card> {
    let cell = width / 32;
    if cell < 2 {
        return None;
    }
    let mut rows = [0u16; ROWS];
    for (row, bits) in rows.iter_mut().enumerate() {
        for column in 0..COLUMNS {
            let centre = (row * cell + cell / 2) * stride + column * cell + cell / 2;
            let bit = match *plane.get(centre)? {
                170.. => 1,
                0..=85 => 0,
                _ => return None,
            };
            *bits = *bits << 1 | bit;
        }
    }
    let card = Card { frame: rows[0], drawn_ms: rows[1] };
    (card.rows() == rows && rows != [0; ROWS]).then_some(card)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_read() {
        for (frame, drawn_ms) in [(1, 2), (0xFFFF, 0x8001), (0x1234, 0)] {
            let card = Card { frame, drawn_ms };
            let mut plane = vec![128; 1280 * 720];
            draw(&mut plane, 1280, 1280, card);
            assert_eq!(read(&plane, 1280, 1280), Some(card));
        }
    }

    #[test]
    fn a_picture_without_a_card_is_not_misread() {
        assert_eq!(read(&vec![128; 1280 * 720], 1280, 1280), None);
        assert_eq!(read(&vec![0; 1280 * 720], 1280, 1280), None);
        assert_eq!(read(&vec![255; 1280 * 720], 1280, 1280), None);
        assert_eq!(read(&[1, 2, 3], 1280, 1280), None);
    }

    #[test]
    fn age_survives_the_wrap_and_a_clock_that_is_ahead() {
        let card = Card { frame: 0, drawn_ms: 65_530 };
        assert_eq!(card.age_ms(65_536 + 4), 10);
        assert_eq!(card.age_ms(65_520), 0);
    }
}
