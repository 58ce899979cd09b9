//! `flightdeck sandbox`: arguments of the embedded platform as a server. It is started where the rooms are put together.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Arguments.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Address to listen on; loopback alone, port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4566", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Trouble to make: throttle, error, delay, hang, cut, malformed, expired or denied, for all or one service, at a rate from
    /// 0 to 1, such as throttle=0.2 or ecs:cut=1; may be given more than once
    #[arg(long = "fault", value_name = "NAME=RATE")]
    pub faults: Vec<String>,
    /// The same seed and speed give the same story
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// A fleet instead of the story: services, and tasks of each
    #[arg(long, value_name = "SERVICESxTASKS", value_parser = scale, conflicts_with = "empty")]
    pub scale: Option<(u32, u32)>,
    /// Write the certificate of the authority behind the hosts' HTTPS to this file (PEM), for clients such as curl --cacert
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scale", "empty"])]
    pub save_ca: Option<PathBuf>,
    /// An account without anything in it
    #[arg(long)]
    pub empty: bool,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(addr) if addr.ip().is_loopback() => Ok(addr),
        Ok(_) => Err("the sandbox listens on loopback alone, such as 127.0.0.1:4566".into()),
        Err(_) => Err("expected an address with a port, such as 127.0.0.1:4566".into()),
    }
}

fn scale(text: &str) -> Result<(u32, u32), String> {
    let pair = text
        .split_once('x')
        .and_then(|(s, t)| Some((s.parse().ok()?, t.parse().ok()?)));
    match pair {
        Some((services @ 1..=10_000, tasks @ 0..=1_000)) => Ok((services, tasks)),
        _ => Err("expected SERVICESxTASKS, such as 1000x10".into()),
    }
}
