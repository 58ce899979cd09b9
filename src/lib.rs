//! flightdeck: an operations console in the terminal. A library and a thin binary; this list is the map.
#![forbid(unsafe_code)]

pub mod domain; // plain data: Service, Deployment, Alarm, Series ...
