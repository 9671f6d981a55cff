//! How many connections there may be: few of one address, so that whoever holds all that it can get keeps nobody else out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Of all together.
const ALL: usize = 32;
/// Of one address: a browser has six, and one for what is live.
const EACH: usize = 8;

/// Who has how many.
#[derive(Debug, Default)]
pub(super) struct Places(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// One connection; dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Places {
    /// A place, if there is one left.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let address = neighbourhood(address);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let count = taken.get(&address).copied().unwrap_or(0);
        if all >= ALL || count >= EACH {
            return None;
        }
        taken.insert(address, count + 1);
        Some(Place { taken: Arc::clone(&self.0), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = taken.remove(&self.address),
        }
    }
}

/// Whoever has one address of IPv6 has a whole network of them.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => std::net::Ipv6Addr::from(u128::from(six) & !u128::from(u64::MAX)).into(),
        },
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_all_that_it_can_get_leaves_places_to_others() {
        let places = Places::default();
        let (bad, good): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let held: Vec<Place> = (0..EACH).filter_map(|_| places.take(bad)).collect();
        assert_eq!(held.len(), EACH);
        assert!(places.take(bad).is_none() && places.take(neighbour).is_none());
        assert!(places.take(good).is_some());
        drop(held);
        assert!(places.take(bad).is_some() && places.0.lock().unwrap().is_empty());
    }
}
