//! Comparing pictures by what is in them.

use std::path::Path;

/// Luma in a grid of 16x9 cells, each the mean of its part of the picture.
pub type Thumbnail = [f32; 16 * 9];

/// Of an RGB picture.
pub fn thumbnail(width: u32, height: u32, rgb: &[u8]) -> Thumbnail {
    let luma: Vec<u8> = rgb
        .chunks_exact(3)
        .map(|p| ((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114) / 1000) as u8)
        .collect();
    shrink(width as usize, height as usize, &luma)
}

/// Of every frame of a Y4M file (4:2:0).
pub fn thumbnails(y4m: &Path) -> Vec<Thumbnail> {
    let bytes = std::fs::read(y4m).unwrap();
    let header_end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let header = std::str::from_utf8(&bytes[..header_end]).unwrap();
    let number = |key: char| header.split(' ').find_map(|word| word.strip_prefix(key)?.parse::<usize>().ok()).unwrap();
    let (width, height) = (number('W'), number('H'));
    let size = width * height + 2 * width.div_ceil(2) * height.div_ceil(2);
    let frames = bytes[header_end + 1..].chunks_exact("FRAME\n".len() + size);
    frames.map(|frame| shrink(width, height, &frame["FRAME\n".len()..])).collect()
}

/// How alike two thumbnails are, whatever their brightness and contrast: 1 the same, 0 nothing in common.
pub fn likeness(one: &Thumbnail, other: &Thumbnail) -> f32 {
    let centred = |picture: &Thumbnail| {
        let mean = picture.iter().sum::<f32>() / picture.len() as f32;
        picture.map(|cell| cell - mean)
    };
    let (one, other) = (centred(one), centred(other));
    let product: f32 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
    let lengths = (one.iter().map(|a| a * a).sum::<f32>() * other.iter().map(|b| b * b).sum::<f32>()).sqrt();
    if lengths <= f32::EPSILON { 0.0 } else { product / lengths }
}

/// The likeness to the most similar of many.
pub fn best_likeness(one: &Thumbnail, many: &[Thumbnail]) -> f32 {
    many.iter().map(|other| likeness(one, other)).fold(-1.0, f32::max)
}

fn shrink(width: usize, height: usize, luma: &[u8]) -> Thumbnail {
    std::array::from_fn(|cell| {
        let (column, row) = (cell % 16, cell / 16);
        let (left, right) = (column * width / 16, (column + 1) * width / 16);
        let (top, bottom) = (row * height / 9, (row + 1) * height / 9);
        let sum: u64 =
            (top..bottom).map(|y| luma[y * width + left..y * width + right].iter().map(|v| u64::from(*v)).sum::<u64>()).sum();
        sum as f32 / ((right - left) * (bottom - top)) as f32
    })
}
