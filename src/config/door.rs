//! `[door]`: which relay opens the door that others may open from afar.

/// `[door]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The name of its `[[relay]]`.
    pub relay: String,
    /// The keys of a telephone that open it; none: no keys do.
    pub code: Option<String>,
}
