//! Our direct clients against the real servers of others: PostgreSQL and Redis as Debian ships them, each started here on a free
//! loopback port with a folder of its own; what they are to show is made with psql and redis-cli.
//!
//! They need those servers, so a plain `cargo test` leaves them out by name; `tests/run` runs them where the servers are there:
//! `cargo test --test databases -- --ignored`.

#[path = "databases/authority.rs"]
mod authority;
#[path = "databases/postgres.rs"]
mod postgres;
#[path = "databases/process.rs"]
mod process;
#[path = "databases/redis.rs"]
mod redis;
