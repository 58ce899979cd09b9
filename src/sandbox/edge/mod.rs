//! The platform's public face: its hosts behind HTTPS, and the DNS that leads to them. Loopback alone, on free ports.

mod authority; // who signs the hosts' certificates
mod dns; // DNS on loopback
mod guarded; // what takes credentials there, and how often it is answered
mod hosts; // which hosts there are, and what stands behind them
mod https; // TLS on loopback
mod pages; // what the hosts answer
mod zone; // which names there are

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::server::Shared;

/// Where the platform's public face is.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Names of its hosts.
    pub hosts: Vec<String>,
    /// URLs that take credentials.
    pub guarded: Vec<String>,
    /// Where HTTPS listens.
    pub https: SocketAddr,
    /// Where DNS listens, UDP and TCP.
    pub dns: SocketAddr,
    /// Certificate of the authority that signed the hosts' certificates, PEM.
    pub ca_pem: String,
}

/// Why there is no public face.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// A port cannot be had.
    #[error("no free port on loopback: {0}")]
    Port(#[from] io::Error),
    /// The certificates cannot be made.
    #[error("the hosts get no certificates: {0}")]
    Certificates(#[from] authority::AuthorityError),
    /// The names cannot be made.
    #[error("the hosts get no names: {0}")]
    Names(#[from] hickory_proto::ProtoError),
}

/// Opens the hosts of a world; they close when the tasks end. With them comes the TLS set-up for what listens inside, as `localhost`.
///
/// # Errors
/// Where a port cannot be had, or a certificate not made.
pub async fn open(
    shared: Arc<Shared>,
) -> Result<(Edge, Arc<ServerConfig>, [JoinHandle<()>; 2]), EdgeError> {
    let issued = authority::issue(hosts::HOSTS)?;
    let zone = zone::Zone::new()?;
    let door = https::Door::new(
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        issued.hosts,
    )?;
    let sockets = dns::Sockets::bind().await?;
    let edge = Edge {
        hosts: hosts::HOSTS.iter().map(|h| h.name.to_owned()).collect(),
        guarded: guarded::urls(),
        https: axum::serve::Listener::local_addr(&door)?,
        dns: sockets.address,
        ca_pem: issued.root,
    };
    let router = pages::router(shared);
    let https = tokio::spawn(async move {
        // Ends with its task alone.
        let _ = axum::serve(door, router).await;
    });
    let dns = tokio::spawn(sockets.serve(zone));
    Ok((edge, issued.inside, [https, dns]))
}
