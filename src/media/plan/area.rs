//! Rectangles on a screen.

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Area {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Area {
    /// From the origin.
    pub fn of(width: u32, height: u32) -> Self {
        Self { x: 0, y: 0, width, height }
    }

    /// Past its right edge.
    pub fn right(self) -> u32 {
        self.x + self.width
    }

    /// Past its lower edge.
    pub fn bottom(self) -> u32 {
        self.y + self.height
    }

    /// Smaller by so much on each side, as far as there is room.
    pub fn inset(self, by: u32) -> Self {
        let by = by.min(self.width / 2).min(self.height / 2);
        Self { x: self.x + by, y: self.y + by, width: self.width - 2 * by, height: self.height - 2 * by }
    }

    /// What both cover.
    pub fn common(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self { x, y, width: right - x, height: bottom - y })
    }

    /// One of this size in its middle, cut where it would stand out.
    pub fn middle(self, width: u32, height: u32) -> Self {
        let (width, height) = (width.min(self.width), height.min(self.height));
        Self { x: self.x + (self.width - width) / 2, y: self.y + (self.height - height) / 2, width, height }
    }

    /// The next smaller one whose sides are all even, as 4:2:0 pictures need.
    pub fn even(self) -> Self {
        let (x, y) = (self.x.next_multiple_of(2), self.y.next_multiple_of(2));
        Self { x, y, width: even(self.right().saturating_sub(x)), height: even(self.bottom().saturating_sub(y)) }
    }

    /// The largest area of a picture's shape inside, centred: bars rather than a stretched face. Even on all sides if this one is.
    pub fn fit(self, width: u32, height: u32) -> Self {
        if width == 0 || height == 0 {
            return self;
        }
        let by_width = u64::from(self.width) * u64::from(height) / u64::from(width);
        let (w, h) = if by_width <= u64::from(self.height) {
            (self.width, even(by_width as u32))
        } else {
            (even((u64::from(self.height) * u64::from(width) / u64::from(height)) as u32), self.height)
        };
        let (w, h) = (w.max(2).min(self.width), h.max(2).min(self.height));
        // Two lines of a bar look like a mistake.
        let (w, h) = (if self.width - w <= 2 { self.width } else { w }, if self.height - h <= 2 { self.height } else { h });
        Self { x: self.x + even((self.width - w) / 2), y: self.y + even((self.height - h) / 2), width: w, height: h }
    }
}

/// The next smaller even number.
pub fn even(value: u32) -> u32 {
    value & !1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tall_picture_keeps_its_shape() {
        assert_eq!(Area::of(1280, 720).fit(360, 640), Area { x: 438, y: 0, width: 404, height: 720 });
        assert_eq!(Area::of(1280, 720).fit(1280, 720), Area::of(1280, 720));
        assert_eq!(Area::of(458, 258).fit(640, 360), Area::of(458, 258));
    }

    proptest! {
        #[test]
        fn what_is_fitted_or_made_even_stays_inside(
            x in 0u32..100, y in 0u32..100, width in 2u32..2000, height in 2u32..2000, w in 0u32..5000, h in 0u32..5000
        ) {
            let area = Area { x, y, width, height };
            for inner in [area.fit(w, h), area.even(), area.inset(w), area.middle(w, h)] {
                prop_assert!(inner.width == 0 || inner.height == 0 || area.common(inner) == Some(inner), "{inner:?}");
            }
            let even = area.even().fit(w, h);
            prop_assert!([even.x, even.y, even.width, even.height].iter().all(|side| side % 2 == 0), "{even:?}");
        }
    }
}
