//! Which recordings are to go.

use std::time::Duration;

/// One finished file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How long ago it was finished.
    pub age: Duration,
    /// Its bytes.
    pub size: u64,
}

/// What may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Older files go.
    pub keep: Duration,
    /// Bytes of all files together.
    pub max_size: u64,
    /// Bytes of the disk that stay free.
    pub min_free: u64,
}

/// How many files have to go, the oldest first; `files` are sorted so. `free` are the bytes that the disk has left.
pub fn surplus(files: &[Kept], limits: Limits, mut free: u64) -> usize {
    let mut total: u64 = files.iter().map(|file| file.size).sum();
    let mut gone = 0;
    for file in files {
        if file.age <= limits.keep && total <= limits.max_size && free >= limits.min_free {
            break;
        }
        total -= file.size;
        free = free.saturating_add(file.size);
        gone += 1;
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn files(sizes: &[u64]) -> Vec<Kept> {
        let ages = (0..sizes.len() as u64).rev();
        sizes.iter().zip(ages).map(|(size, days)| Kept { age: Duration::from_secs(days * 86_400), size: *size }).collect()
    }
    const LIMITS: Limits = Limits { keep: Duration::from_secs(3 * 86_400), max_size: 100, min_free: 50 };

    #[test]
    fn old_files_go_and_then_the_oldest_until_there_is_room() {
        assert_eq!(surplus(&files(&[1, 1, 1, 1]), LIMITS, 1000), 0);
        assert_eq!(surplus(&files(&[1, 1, 1, 1, 1, 1]), LIMITS, 1000), 2, "older than three days");
        assert_eq!(surplus(&files(&[40, 40, 40]), LIMITS, 1000), 1, "over 100 bytes");
        assert_eq!(surplus(&files(&[20, 20, 20]), LIMITS, 15), 2, "less than 50 bytes are free");
        assert_eq!(surplus(&files(&[1, 1]), LIMITS, 0), 2, "not enough, but all there is");
    }

    proptest! {
        #[test]
        fn what_stays_is_within_the_limits(sizes in proptest::collection::vec(0u64..80, 0..12), free in 0u64..200) {
            let all = files(&sizes);
            let gone = surplus(&all, LIMITS, free);
            let stays = &all[gone..];
            let freed: u64 = all[..gone].iter().map(|file| file.size).sum();
            prop_assert!(stays.iter().all(|file| file.age <= LIMITS.keep));
            prop_assert!(stays.iter().map(|file| file.size).sum::<u64>() <= LIMITS.max_size);
            prop_assert!(stays.is_empty() || free + freed >= LIMITS.min_free);
            // Not one too many.
            if gone > 0 {
                let last = &all[gone - 1..];
                let room = free + freed - all[gone - 1].size >= LIMITS.min_free;
                prop_assert!(last[0].age > LIMITS.keep || last.iter().map(|file| file.size).sum::<u64>() > LIMITS.max_size || !room);
            }
        }
    }
}
