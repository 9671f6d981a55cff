//! A picture in memory and what can be painted on it. It is 4:2:0 (I420, BT.709), as cameras, decoders and displays have it, so that
//! a remote picture is copied and never converted.

use super::area::Area;

/// A colour, BT.709 in the range of video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    y: u8,
    u: u8,
    v: u8,
}

impl Color {
    /// From red, green and blue.
    pub const fn rgb(r: u8, g: u8, b: u8) -> Self {
        let (r, g, b) = (r as i32, g as i32, b as i32);
        Self {
            y: (16 + ((47 * r + 157 * g + 16 * b + 128) >> 8)) as u8,
            u: (128 + ((-26 * r - 86 * g + 112 * b + 128) >> 8)) as u8,
            v: (128 + ((112 * r - 102 * g - 10 * b + 128) >> 8)) as u8,
        }
    }
}

/// How much of each pixel something covers, 0 to 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Row by row, without padding.
    pub cover: Vec<u8>,
}

impl Mask {
    /// What `cover` says of each pixel.
    pub fn of(width: u32, height: u32, mut cover: impl FnMut(u32, u32) -> u8) -> Self {
        let cover = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| cover(x, y)).collect();
        Self { width, height, cover }
    }
}

/// Somebody else's 4:2:0 picture.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Y, U, V.
    pub planes: [&'a [u8]; 3],
    /// Bytes from one row to the next.
    pub strides: [usize; 3],
}

/// A picture with transparency, four bytes per pixel: red, green, blue, how much it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgba {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Row by row, without padding.
    pub bytes: Vec<u8>,
}

/// What is painted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canvas {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
    clip: Area,
}

/// One of the three planes.
struct Plane<'a> {
    bytes: &'a mut [u8],
    stride: usize,
}

impl Plane<'_> {
    fn row(&mut self, y: u32, x: u32, width: u32) -> &mut [u8] {
        let start = (y as usize * self.stride + x as usize).min(self.bytes.len());
        let end = (start + width as usize).min(self.bytes.len());
        &mut self.bytes[start..end]
    }
}

fn mix(under: &mut u8, over: u8, cover: u32) {
    let (a, b) = (u32::from(*under), u32::from(over));
    *under = ((a * (255 - cover) + b * cover + 127) / 255) as u8;
}

impl Canvas {
    /// Black, of an even size.
    pub fn new(width: u32, height: u32) -> Self {
        let clip = Area::of(width, height);
        let mut canvas = Self { width, height, bytes: Vec::new(), clip };
        let (luma, chroma) = (canvas.stride(0) * height as usize, canvas.stride(1) * (height as usize / 2));
        canvas.bytes = vec![16; luma];
        canvas.bytes.resize(luma + 2 * chroma, 128);
        canvas
    }

    /// Everything.
    pub fn area(&self) -> Area {
        Area::of(self.width, self.height)
    }

    /// Only this part changes from now on; its sides are even.
    pub fn clip(&mut self, to: Area) {
        self.clip = to.common(self.area()).unwrap_or_default();
    }

    /// Bytes from one row of a plane to the next, as GStreamer wants them.
    pub fn stride(&self, plane: usize) -> usize {
        let width = if plane == 0 { self.width } else { self.width / 2 };
        (width as usize).next_multiple_of(4)
    }

    /// Y, U and V, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn planes(&mut self) -> [Plane<'_>; 3] {
        let (luma, chroma) = (self.stride(0), self.stride(1));
        let (y, rest) = self.bytes.split_at_mut(luma * self.height as usize);
        let (u, v) = rest.split_at_mut(rest.len() / 2);
        [Plane { bytes: y, stride: luma }, Plane { bytes: u, stride: chroma }, Plane { bytes: v, stride: chroma }]
    }

    /// Covers a rectangle, all of it or `cover` of 255. Its sides are even.
    pub fn fill(&mut self, area: Area, color: Color, cover: u8) {
        let Some(area) = area.common(self.clip) else {
            return;
        };
        let colors = [color.y, color.u, color.v];
        for (index, mut plane) in self.planes().into_iter().enumerate() {
            let by = if index == 0 { 1 } else { 2 };
            for y in area.y / by..area.bottom().div_ceil(by) {
                let row = plane.row(y, area.x / by, area.right().div_ceil(by) - area.x / by);
                match cover {
                    255 => row.fill(colors[index]),
                    _ => row.iter_mut().for_each(|byte| mix(byte, colors[index], u32::from(cover))),
                }
            }
        }
    }

    /// Covers what a mask covers, weakened to `cover` of 255, with its upper left corner at `x`, `y`.
    pub fn stamp(&mut self, mask: &Mask, x: u32, y: u32, color: Color, cover: u8) {
        let Some(area) = (Area { x, y, width: mask.width, height: mask.height }).common(self.clip) else {
            return;
        };
        let at = |px: u32, py: u32| -> u32 {
            let inside = px >= x && py >= y && px < x + mask.width && py < y + mask.height;
            if !inside {
                return 0;
            }
            let index = (py - y) as usize * mask.width as usize + (px - x) as usize;
            u32::from(mask.cover.get(index).copied().unwrap_or(0)) * u32::from(cover) / 255
        };
        let [mut luma, u, v] = self.planes();
        for py in area.y..area.bottom() {
            for (px, byte) in (area.x..).zip(luma.row(py, area.x, area.width)) {
                mix(byte, color.y, at(px, py));
            }
        }
        for (mut plane, value) in [(u, color.u), (v, color.v)] {
            for cy in area.y / 2..area.bottom().div_ceil(2) {
                let from = area.x / 2;
                let row = plane.row(cy, from, area.right().div_ceil(2) - from);
                for (cx, byte) in (from..).zip(row) {
                    let (left, top) = (2 * cx, 2 * cy);
                    let sum = at(left, top) + at(left + 1, top) + at(left, top + 1) + at(left + 1, top + 1);
                    mix(byte, value, sum / 4);
                }
            }
        }
    }

    /// Copies a picture into an area with even sides; one of another size is taken pixel by pixel, nearest first.
    pub fn picture(&mut self, image: &Image<'_>, area: Area, mirrored: bool) {
        let Some(clipped) = area.common(self.clip) else {
            return;
        };
        for (index, mut plane) in self.planes().into_iter().enumerate() {
            let by = if index == 0 { 1 } else { 2 };
            let (source, stride) = (image.planes[index], image.strides[index]);
            let (from_width, from_height) = (image.width / by, image.height / by);
            let (to_width, to_height) = ((area.width / by).max(1), (area.height / by).max(1));
            let (left, width) = (clipped.x / by, clipped.width / by);
            let same = !mirrored && from_width == to_width;
            let columns: Vec<usize> = match same {
                true => Vec::new(),
                false => (left..left + width)
                    .map(|x| {
                        let x = x - area.x / by;
                        let x = if mirrored { to_width - 1 - x } else { x };
                        (x * from_width / to_width) as usize
                    })
                    .collect(),
            };
            for y in clipped.y / by..clipped.bottom() / by {
                let start = ((y - area.y / by) * from_height / to_height) as usize * stride;
                let Some(line) = source.get(start..(start + from_width as usize).min(source.len())) else {
                    continue;
                };
                let row = plane.row(y, left, width);
                if same {
                    let skip = (left - area.x / by) as usize;
                    if let Some(line) = line.get(skip..skip + row.len()) {
                        row.copy_from_slice(line);
                    }
                } else {
                    for (byte, column) in row.iter_mut().zip(&columns) {
                        *byte = line.get(*column).copied().unwrap_or(128);
                    }
                }
            }
        }
    }

    /// A copy of a part with even sides.
    pub fn part(&self, area: Area) -> Self {
        let mut part = Self::new(area.width, area.height);
        let (from, to) = ([self.stride(0), self.stride(1)], area.common(self.area()).unwrap_or_default());
        let chroma = self.bytes.len() - from[0] * self.height as usize;
        let starts = [0, from[0] * self.height as usize, from[0] * self.height as usize + chroma / 2];
        for (index, mut plane) in part.planes().into_iter().enumerate() {
            let (by, stride) = if index == 0 { (1, from[0]) } else { (2, from[1]) };
            for y in 0..to.height / by {
                let row = plane.row(y, 0, to.width / by);
                let start = starts[index] + (y + to.y / by) as usize * stride + (to.x / by) as usize;
                if let Some(source) = self.bytes.get(start..start + row.len()) {
                    row.copy_from_slice(source);
                }
            }
        }
        part
    }

    /// Puts a part back where it was, as far as a mask of its size covers it.
    pub fn restore(&mut self, part: &mut Self, x: u32, y: u32, mask: &Mask) {
        let Some(area) = (Area { x, y, width: mask.width, height: mask.height }).common(self.clip) else {
            return;
        };
        let cover =
            |px: u32, py: u32| u32::from(mask.cover.get(py as usize * mask.width as usize + px as usize).copied().unwrap_or(0));
        for (index, (mut plane, mut kept)) in self.planes().into_iter().zip(part.planes()).enumerate() {
            let by = if index == 0 { 1 } else { 2 };
            let (left, width) = (area.x / by, area.width / by);
            for row in area.y / by..area.bottom() / by {
                let source = kept.row(row - y / by, left - x / by, width);
                for (column, (byte, kept)) in (left - x / by..).zip(plane.row(row, left, width).iter_mut().zip(source)) {
                    mix(byte, *kept, cover(column * by, (row - y / by) * by));
                }
            }
        }
    }

    /// Lays a picture with transparency over what is there.
    pub fn lay(&mut self, picture: &Rgba, x: u32, y: u32) {
        let Some(area) = (Area { x, y, width: picture.width, height: picture.height }).common(self.clip) else {
            return;
        };
        let pixel = |px: u32, py: u32| -> Option<(Color, u32)> {
            let index = ((py.checked_sub(y)?) as usize * picture.width as usize + (px.checked_sub(x)?) as usize) * 4;
            let [r, g, b, cover] = *picture.bytes.get(index..index + 4)? else { return None };
            Some((Color::rgb(r, g, b), u32::from(cover)))
        };
        let [mut luma, mut u, mut v] = self.planes();
        for py in area.y..area.bottom() {
            for (px, byte) in (area.x..).zip(luma.row(py, area.x, area.width)) {
                if let Some((color, cover)) = pixel(px, py) {
                    mix(byte, color.y, cover);
                }
            }
        }
        for cy in area.y.div_ceil(2)..area.bottom() / 2 {
            let (from, width) = (area.x.div_ceil(2), (area.right() / 2).saturating_sub(area.x.div_ceil(2)));
            for (cx, (u, v)) in (from..).zip(u.row(cy, from, width).iter_mut().zip(v.row(cy, from, width))) {
                if let Some((color, cover)) = pixel(2 * cx, 2 * cy) {
                    mix(u, color.u, cover);
                    mix(v, color.v, cover);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma(canvas: &Canvas, x: u32, y: u32) -> u8 {
        canvas.bytes[y as usize * canvas.stride(0) + x as usize]
    }

    #[test]
    fn colors_are_those_of_video() {
        assert_eq!(Color::rgb(0, 0, 0), Color { y: 16, u: 128, v: 128 });
        assert_eq!(Color::rgb(255, 255, 255), Color { y: 235, u: 128, v: 128 });
        assert_eq!(Color::rgb(255, 0, 0), Color { y: 63, u: 102, v: 240 });
    }

    #[test]
    fn nothing_is_painted_outside_of_the_clip() {
        let mut canvas = Canvas::new(66, 20);
        let before = canvas.clone();
        canvas.clip(Area { x: 10, y: 4, width: 8, height: 8 });
        canvas.fill(Area::of(66, 20), Color::rgb(255, 255, 255), 255);
        canvas.stamp(&Mask::of(66, 20, |_, _| 255), 0, 0, Color::rgb(255, 0, 0), 255);
        let red: Vec<u8> = [255, 0, 0, 255].into_iter().cycle().take(66 * 20 * 4).collect();
        canvas.lay(&Rgba { width: 66, height: 20, bytes: red }, 0, 0);
        let (y, c) = (vec![200; 66 * 20], vec![77; 33 * 10]);
        let image = Image { width: 66, height: 20, planes: [&y, &c, &c], strides: [66, 33, 33] };
        canvas.picture(&image, Area::of(66, 20), false);
        assert_eq!(luma(&canvas, 10, 4), 200);
        let changed = |a: &[u8], b: &[u8]| a.iter().zip(b).filter(|(a, b)| a != b).count();
        assert_eq!(changed(&canvas.bytes, &before.bytes), 8 * 8 + 2 * 4 * 4);
    }

    #[test]
    fn a_picture_is_copied_scaled_and_mirrored() {
        let y: Vec<u8> = (0..8u8).flat_map(|_| (0..16u8).map(|x| 16 + x)).collect();
        let c = vec![128; 8 * 4];
        let image = Image { width: 16, height: 8, planes: [&y, &c, &c], strides: [16, 8, 8] };
        let mut canvas = Canvas::new(64, 32);
        canvas.picture(&image, Area { x: 8, y: 8, width: 16, height: 8 }, false);
        assert_eq!((luma(&canvas, 8, 8), luma(&canvas, 23, 15), luma(&canvas, 24, 15)), (16, 31, 16));
        canvas.picture(&image, Area { x: 8, y: 8, width: 16, height: 8 }, true);
        assert_eq!((luma(&canvas, 8, 8), luma(&canvas, 23, 15)), (31, 16));
        canvas.picture(&image, Area { x: 0, y: 0, width: 32, height: 16 }, false);
        assert_eq!((luma(&canvas, 0, 0), luma(&canvas, 31, 15)), (16, 31));
    }

    #[test]
    fn a_picture_that_says_it_is_larger_than_it_is_does_no_harm() {
        let mut canvas = Canvas::new(64, 32);
        let image = Image { width: 640, height: 480, planes: [&[1, 2, 3], &[], &[]], strides: [640, 320, 320] };
        canvas.picture(&image, Area::of(64, 32), false);
        canvas.picture(&image, Area::of(64, 32), true);
    }
}
