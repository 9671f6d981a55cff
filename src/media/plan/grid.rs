//! Where each picture stands on the screen.

/// A rectangle in pixels, even on all sides, as 4:2:0 pictures need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Tiles for `count` pictures on a screen: as square a grid as possible, the last row centred.
pub fn grid(count: usize, width: u32, height: u32) -> Vec<Tile> {
    let mut tiles = Vec::with_capacity(count);
    if count == 0 {
        return tiles;
    }
    let columns = (1..=count).find(|c| c * c >= count).unwrap_or(1);
    let rows = count.div_ceil(columns);
    let (cell_width, cell_height) = (even(width / columns as u32), even(height / rows as u32));
    for index in 0..count {
        let (row, column) = (index / columns, index % columns);
        let in_row = (count - row * columns).min(columns);
        let indent = even((width - cell_width * in_row as u32) / 2);
        tiles.push(Tile {
            x: indent + column as u32 * cell_width,
            y: row as u32 * cell_height,
            width: cell_width,
            height: cell_height,
        });
    }
    tiles
}

/// The largest tile of the picture's shape inside `tile`, centred: bars rather than a stretched face.
pub fn fit(tile: Tile, width: u32, height: u32) -> Tile {
    if width == 0 || height == 0 {
        return tile;
    }
    let by_width = u64::from(tile.width) * u64::from(height) / u64::from(width);
    let (w, h) = if by_width <= u64::from(tile.height) {
        (tile.width, even(by_width as u32))
    } else {
        (even((u64::from(tile.height) * u64::from(width) / u64::from(height)) as u32), tile.height)
    };
    Tile { x: tile.x + even((tile.width - w) / 2), y: tile.y + even((tile.height - h) / 2), width: w.max(2), height: h.max(2) }
}

fn even(value: u32) -> u32 {
    value & !1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_fills_the_screen_and_three_centre_the_last() {
        assert_eq!(grid(1, 1280, 720), [Tile { x: 0, y: 0, width: 1280, height: 720 }]);
        let three = grid(3, 1280, 720);
        assert_eq!(three[2], Tile { x: 320, y: 360, width: 640, height: 360 });
    }

    #[test]
    fn a_tall_picture_keeps_its_shape() {
        let tile = Tile { x: 0, y: 0, width: 1280, height: 720 };
        assert_eq!(fit(tile, 360, 640), Tile { x: 438, y: 0, width: 404, height: 720 });
    }

    proptest! {
        #[test]
        fn tiles_stay_on_the_screen_and_apart(count in 0usize..17, w in 64u32..2000, h in 64u32..2000) {
            let tiles = grid(count, w, h);
            prop_assert_eq!(tiles.len(), count);
            for (i, a) in tiles.iter().enumerate() {
                prop_assert!(a.x + a.width <= w && a.y + a.height <= h);
                for b in &tiles[..i] {
                    prop_assert!(a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height);
                }
            }
        }
    }
}
