//! `flightdeck sandbox`: arguments of the embedded platform as a server. It is started where the rooms are put together.

use std::net::SocketAddr;

use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Address to listen on; loopback alone
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4566", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Trouble to make: throttle, error, delay, cut, malformed, expired; a rate from 0 to 1; may be given more than once
    #[arg(long = "fault", value_name = "NAME=RATE", value_parser = fault)]
    pub faults: Vec<(String, f64)>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(addr) if addr.ip().is_loopback() => Ok(addr),
        Ok(_) => Err("the sandbox listens on loopback alone, such as 127.0.0.1:4566".into()),
        Err(_) => Err("expected an address with a port, such as 127.0.0.1:4566".into()),
    }
}

fn fault(text: &str) -> Result<(String, f64), String> {
    let wrong = || "expected NAME=RATE with a rate from 0 to 1, such as throttle=0.2".to_owned();
    let (name, rate) = text.split_once('=').ok_or_else(wrong)?;
    let rate: f64 = rate.parse().map_err(|_| wrong())?;
    if name.is_empty() || !(0.0..=1.0).contains(&rate) {
        return Err(wrong());
    }
    Ok((name.to_owned(), rate))
}
