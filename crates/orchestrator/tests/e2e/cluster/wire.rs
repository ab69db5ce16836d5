//! A network of its own for one node, joined to everybody else's by one wire. While that is cut nothing gets through, and
//! nobody is told: neither end sees that the other one is gone.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use postgres_server::Server;

use crate::harness::BINARY;

/// What lies between the two ends.
const BRIDGE: &str = "wire";

/// A network namespace for the node, and one with the bridge that joins it to this one.
pub struct Wire {
    /// The address of this end.
    pub here: String,
    /// The address of the node's end.
    pub there: String,
    node: String,
    between: String,
    end: String,
}

impl Wire {
    /// Lays one; says why that cannot be done here.
    pub fn lay() -> Result<Self, String> {
        let own = std::process::id();
        // 16,384 networks of two addresses each.
        let (third, fourth) = ((own >> 6) & 255, (own & 63) << 2);
        let wire = Self {
            here: format!("10.253.{third}.{}", fourth + 1),
            there: format!("10.253.{third}.{}", fourth + 2),
            node: format!("node{own}"),
            between: format!("wire{own}"),
            end: format!("o{own}"),
        };
        let Self {
            here,
            there,
            node,
            between,
            end,
        } = &wire;
        for command in [
            format!("netns add {node}"),
            format!("netns add {between}"),
            format!("-n {between} link add name {BRIDGE} type bridge"),
            format!("link add {end} type veth peer name near netns {between}"),
            format!("-n {node} link add eth0 type veth peer name far netns {between}"),
            format!("-n {between} link set near master {BRIDGE}"),
            format!("-n {between} link set far master {BRIDGE}"),
            format!("address add {here}/30 dev {end}"),
            format!("-n {node} address add {there}/30 dev eth0"),
            format!("link set {end} up"),
            format!("-n {node} link set eth0 up"),
            format!("-n {node} link set lo up"),
            format!("-n {between} link set near up"),
            format!("-n {between} link set far up"),
            format!("-n {between} link set {BRIDGE} up"),
        ] {
            ip(&command)?;
        }
        Ok(wire)
    }

    /// A program in this folder that runs the binary at the node's end.
    pub fn launcher(&self, folder: &Path) -> PathBuf {
        let path = folder.join("at-the-other-end");
        let script = format!(
            "#!/bin/sh\nexec ip netns exec {} {BINARY} \"$@\"\n",
            self.node
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    /// The database lets in whoever comes over the wire; it has to listen at this end.
    pub fn lead_to(&self, database: &Server) {
        let rules = database.data().join("pg_hba.conf");
        let mut text = std::fs::read_to_string(&rules).unwrap();
        text.push_str(&format!("\nhost all all {}/30 trust\n", self.here));
        std::fs::write(&rules, text).unwrap();
        database.sql("SELECT pg_reload_conf()");
    }

    /// Cuts it.
    pub fn cut(&self) {
        self.set("down");
    }

    /// Mends it.
    pub fn mend(&self) {
        self.set("up");
    }

    fn set(&self, state: &str) {
        ip(&format!("-n {} link set {BRIDGE} {state}", self.between)).unwrap();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Where laying it failed, some of it is missing.
        for command in [
            format!("link del {}", self.end),
            format!("netns del {}", self.between),
            format!("netns del {}", self.node),
        ] {
            let _ = ip(&command);
        }
    }
}

/// Has the system's `ip` change something.
fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {arguments}: {}", said.trim()))
}
