//! Connections to databases: sockets of a process that lead to where a database usually listens.

use super::listeners::open;
use crate::facts::sockets::SocketTable;
use crate::facts::{Fact, Place};
use crate::model::{Connection, Process};
use crate::os::text::contains;
use crate::os::{Protocol, Socket, SocketPeer, Text, shown};

/// The state of a TCP connection that is up (`net/tcp_states.h`).
const ESTABLISHED: u8 = 1;

/// PostgreSQL and PgBouncer, MySQL, SQL Server, Oracle: their usual ports, and the next ones for a second server.
const PORTS: [std::ops::RangeInclusive<u16>; 5] =
    [5432..=5439, 6432..=6432, 3306..=3309, 1433..=1433, 1521..=1521];

/// Parts of the paths of databases' Unix sockets.
const PATHS: &[&[u8]] = &[b"/.s.PGSQL.", b"/mysqld.sock", b"/mysql.sock", b"/mariadb.sock"];

/// The connections to databases that a process has open.
pub fn databases(process: &Process, table: &Fact<SocketTable>) -> Fact<Vec<Connection>> {
    let place = &process.descriptors.place;
    open(process, table).then(|sockets| {
        let table = table.value.as_ref().map_err(Clone::clone)?;
        let found = sockets.into_iter().filter_map(|(fd, socket)| {
            let to = database(socket, table)?;
            Some(Connection { place: Place::new(format!("{place}/{fd}")), to })
        });
        Ok(found.collect())
    })
}

/// The database that a socket is connected to.
fn database(socket: &Socket, table: &SocketTable) -> Option<String> {
    match (&socket.peer, socket.protocol) {
        (SocketPeer::Address(peer), Protocol::Tcp4 | Protocol::Tcp6) => {
            let usual = PORTS.iter().any(|ports| ports.contains(&peer.port()));
            (usual && socket.state == ESTABLISHED).then(|| peer.to_string())
        }
        (SocketPeer::Inode(peer), Protocol::Unix) => {
            // The other end bears the path that the database listens at.
            let path = table.get(peer).map(|other| &other.path)?;
            let is_known = |part: &&[u8]| contains(path.bytes(), part);
            PATHS.iter().any(is_known).then(|| shown(Text::path(path)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(protocol: Protocol, state: u8, path: &str, peer: SocketPeer) -> Socket {
        Socket {
            inode: 1,
            protocol,
            listening: false,
            state,
            path: Text::from(path),
            local: None,
            peer,
            queued: Ok(0),
            backlog: Ok(0),
            file: None,
        }
    }

    #[test]
    fn a_database_is_known_by_where_it_listens() {
        let tcp = |address: &str, state| {
            let peer = SocketPeer::Address(address.parse().unwrap());
            database(&socket(Protocol::Tcp4, state, "", peer), &SocketTable::new())
        };
        assert_eq!(tcp("10.0.0.5:5432", ESTABLISHED).as_deref(), Some("10.0.0.5:5432"));
        assert_eq!(tcp("10.0.0.5:3306", ESTABLISHED).as_deref(), Some("10.0.0.5:3306"));
        assert_eq!(tcp("10.0.0.5:5432", 8), None, "the database has closed it");
        assert_eq!(tcp("10.0.0.5:6379", ESTABLISHED), None);
        let unix = |path: &str| {
            let other = socket(Protocol::Unix, 1, path, SocketPeer::None);
            let table = SocketTable::from([(7, other)]);
            database(&socket(Protocol::Unix, 1, "", SocketPeer::Inode(7)), &table)
        };
        let path = "/run/postgresql/.s.PGSQL.5432";
        assert_eq!(unix(path).as_deref(), Some(path));
        assert_eq!(unix("/run/redis.sock"), None);
        assert_eq!(unix(""), None);
    }
}
