//! The services by name: one file each, one line here.

mod billing;
mod carrier;
mod chat;
mod crm;
mod email;
mod stock;

use std::path::Path;

use axum::Router;

use carrier::Carrier;

/// Makes a service's own paths; the folder is where it may keep a file.
pub(crate) type Make = fn(&Path) -> Result<Router, rusqlite::Error>;

/// All services; a service's place here gives its default port.
pub(crate) const SERVICES: [(&str, Make); 7] = [
    ("crm", |_| Ok(crm::routes())),
    ("billing", billing::routes),
    ("email", |_| Ok(email::routes())),
    ("chat", |_| Ok(chat::routes())),
    ("stock", |_| Ok(stock::routes())),
    ("carrier-swift", |_| Ok(carrier::routes(Carrier::SWIFT))),
    ("carrier-steady", |_| Ok(carrier::routes(Carrier::STEADY))),
];
