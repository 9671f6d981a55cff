//! Where each picture stands on the screen. All tiles have the shape of a wide picture, so that cards and pictures look alike.

use super::area::{Area, even};

/// The shape of a tile.
const SHAPE: (u32, u32) = (16, 9);

/// Tiles for `count` pictures within `room`, `gap` pixels apart: as large as possible, the last row centred.
pub fn grid(count: usize, room: Area, gap: u32) -> Vec<Area> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let Some((columns, tile)) = (1..=count).map(|columns| (columns, tile(count, columns, room, gap))).max_by_key(|(_, t)| t.width)
    else {
        return Vec::new();
    };
    let rows = count.div_ceil(columns);
    let top = room.y + (room.height - (rows * tile.height + (rows - 1) * gap)) / 2;
    let place = |index: u32| {
        let (row, column) = (index / columns, index % columns);
        let in_row = (count - row * columns).min(columns);
        let left = room.x + (room.width - (in_row * tile.width + (in_row - 1) * gap)) / 2;
        Area { x: even(left + column * (tile.width + gap)), y: even(top + row * (tile.height + gap)), ..tile }
    };
    (0..count).map(place).collect()
}

/// How large a tile may be with so many in a row.
fn tile(count: u32, columns: u32, room: Area, gap: u32) -> Area {
    let rows = count.div_ceil(columns);
    let share = |whole: u32, parts: u32| even(whole.saturating_sub(gap * (parts - 1)) / parts);
    let cell = Area::of(share(room.width, columns), share(room.height, rows));
    let fitted = cell.fit(SHAPE.0, SHAPE.1);
    Area::of(fitted.width.min(cell.width), fitted.height.min(cell.height))
}

/// One large tile on the left and the others in a column on the right, within `room`: the large one first.
pub fn spotlight(count: usize, room: Area, gap: u32) -> Vec<Area> {
    if count < 2 {
        return grid(count, room, gap);
    }
    let side = even(room.width / 5);
    let main = Area { width: room.width - side - gap, ..room };
    let column = Area { x: main.right() + gap, width: side, ..room };
    let others = u32::try_from(count - 1).unwrap_or(u32::MAX);
    let small = tile(others, 1, column, gap);
    let top = column.y + (column.height - (others * small.height + (others - 1) * gap)) / 2;
    let left = column.x + (column.width - small.width) / 2;
    let mut tiles = vec![main.even().fit(SHAPE.0, SHAPE.1)];
    tiles.extend((0..others).map(|index| Area { x: even(left), y: even(top + index * (small.height + gap)), ..small }));
    tiles
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_fills_the_screen_and_three_centre_the_last() {
        assert_eq!(grid(1, Area::of(1280, 720), 12), [Area::of(1280, 720)]);
        let three = grid(3, Area::of(1280, 720), 0);
        assert_eq!(three[2], Area { x: 320, y: 360, width: 640, height: 360 });
    }

    #[test]
    fn two_stand_side_by_side_on_a_wide_screen_and_above_each_other_on_a_tall_one() {
        let wide = grid(2, Area::of(1280, 720), 0);
        assert_eq!(wide, [Area { x: 0, y: 180, width: 640, height: 360 }, Area { x: 640, y: 180, width: 640, height: 360 }]);
        let tall = grid(2, Area::of(720, 1280), 0);
        assert_eq!((tall[0].width, tall[0].x, tall[1].x), (720, 0, 0));
    }

    #[test]
    fn the_spotlight_is_large_and_the_others_are_small() {
        let tiles = spotlight(4, Area::of(1280, 720), 12);
        assert_eq!(tiles.len(), 4);
        assert!(tiles[1..].iter().all(|tile| tile.x > tiles[0].right() && tile.width * 3 < tiles[0].width));
    }

    proptest! {
        #[test]
        fn tiles_stay_on_the_screen_and_apart(count in 0usize..17, w in 64u32..2000, h in 64u32..2000, gap in 0u32..4) {
            for tiles in [grid(count, Area::of(w, h), gap), spotlight(count, Area::of(w, h), gap)] {
                prop_assert_eq!(tiles.len(), count);
                for (i, a) in tiles.iter().enumerate() {
                    prop_assert!(a.right() <= w && a.bottom() <= h, "{:?}", tiles);
                    prop_assert!(a.x % 2 == 0 && a.y % 2 == 0 && a.width % 2 == 0 && a.height % 2 == 0, "{:?}", tiles);
                    prop_assert!(tiles[..i].iter().all(|b| a.common(*b).is_none()), "{:?}", tiles);
                }
            }
        }
    }
}
