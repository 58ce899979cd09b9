//! Noise and daily shape that depend on time alone: the past and the present fit together, and every start tells the same.

/// A number in -1..1 for a name and a time, changing every minute.
pub fn wobble(name: &str, at: f64) -> f64 {
    let minute = (at / 60.0).floor();
    let blend = at / 60.0 - minute;
    hash(name, minute) * (1.0 - blend) + hash(name, minute + 1.0) * blend
}

/// A number in 0..1 for a name and a number, the same at every start.
pub fn share(name: &str, at: f64) -> f64 {
    f64::midpoint(hash(name, at), 1.0)
}

fn hash(name: &str, minute: f64) -> f64 {
    // FNV-1a: small, and the same on every machine.
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in name.bytes().chain((minute as i64).to_le_bytes()) {
        h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    h ^= h >> 29;
    h = h.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((h >> 11) as f64 / (1_u64 << 53) as f64) * 2.0 - 1.0
}

/// What [`load`] is over a whole day.
pub const USUAL_LOAD: f64 = 0.85;

/// How busy the platform is at a time: 0.4 at night, 1.3 in the afternoon (UTC).
pub fn load(at: f64) -> f64 {
    let hour = (at / 3_600.0).rem_euclid(24.0);
    USUAL_LOAD + 0.45 * ((hour - 9.0) / 24.0 * std::f64::consts::TAU).sin()
}

/// Share of the cache's look-ups that find their key, percent: its metric and the cache itself say the same.
pub fn cache_hit_percent(at: f64) -> f64 {
    94.0 + 1.5 * wobble("hits", at)
}

/// Share of the cache's memory in use, percent.
pub fn cache_memory_percent(at: f64) -> f64 {
    47.0 + 3.0 * load(at)
}

/// The cache's connections.
pub fn cache_connections(at: f64) -> f64 {
    (64.0 + 20.0 * load(at)).round()
}

/// Seconds before the story begins at which somebody began to keep connections open: it begins with one thing burning.
const CROWDED_S: f64 = 2_520.0;

/// Production's connections to its database in a story that begins then: its metric and the database itself say the same. From a
/// time on they are more than the alarm allows, at any hour of the day.
pub fn database_connections(at: f64, begun: f64) -> f64 {
    let kept = if at < begun - CROWDED_S { 112.0 } else { 158.0 };
    (kept + 6.0 * load(at) + 3.0 * wobble("db connections", at)).round()
}

/// Bytes that production's database leaves free.
pub fn database_free(at: f64) -> f64 {
    61.0e9 - (at % 864_000.0) * 3_000.0
}

/// Bytes of its storage, 100 GiB, that its tables take; the log and the rest of the instance take what is left.
pub fn database_used(at: f64) -> f64 {
    (107.4e9 - database_free(at)) * 0.88
}

/// Seconds that its replica is behind.
pub fn replica_lag(at: f64) -> f64 {
    0.3 + 0.2 * wobble("lag", at)
}
