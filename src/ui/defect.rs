//! Defects on demand, so that what a defect leaves behind can be tested: a debug build that finds `FLIGHTDECK_DEFECT=PLACE:WORDS` in its
//! environment panics with these words at that place. A release has no such switch.

/// Panics where that is asked for.
pub fn at(place: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    let wanted = std::env::var("FLIGHTDECK_DEFECT").unwrap_or_default();
    if let Some((_, words)) = wanted.split_once(':').filter(|(name, _)| *name == place) {
        std::panic::panic_any(words.to_owned());
    }
}
