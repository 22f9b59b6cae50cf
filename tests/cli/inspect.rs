//! `inspect` against the real `lsof -p`: every entry that it lists has its counterpart.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::json;

/// One entry of `lsof -F`: descriptor, and its fields by their letter.
type Listed = (String, BTreeMap<char, String>);

fn lsof(pid: &str) -> Vec<Listed> {
    let output = Command::new("lsof").args(["-n", "-P", "-p", pid, "-F"]).output().expect("lsof");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut entries: Vec<Listed> = Vec::new();
    for line in text.lines() {
        let (letter, rest) = (line.chars().next().unwrap(), line[1..].to_owned());
        match letter {
            'f' => entries.push((rest, BTreeMap::new())),
            _ => {
                if let Some((_, fields)) = entries.last_mut() {
                    fields.entry(letter).or_insert(rest);
                }
            }
        }
    }
    entries
}

/// Whether an entry of farrier is the one that lsof lists.
fn is_same(ours: &Value, (fd, fields): &Listed) -> bool {
    let mapped = fd == "mem" || fd == "DEL";
    let slot = match &ours["fd"] {
        Value::Number(number) => number.to_string(),
        word => word.as_str().unwrap_or_default().to_owned(),
    };
    let inode = fields.get(&'i').or_else(|| fields.get(&'d')).filter(|i| !i.starts_with("0x"));
    let same_inode = inode.is_none_or(|inode| ours["inode"].as_u64() == inode.parse().ok());
    if mapped {
        return slot == "mem" && same_inode;
    }
    let mode = fields.get(&'a').map_or("", |mode| mode.trim());
    // lsof writes `u` for a descriptor that only names a path; it can be neither read nor written.
    let same_mode = ours["mode"].as_str().map_or(mode.is_empty() || mode == "u", |m| m == mode);
    slot == *fd && same_inode && same_mode && same_type(ours, fields) && same_name(ours, fields)
}

fn same_type(ours: &Value, fields: &BTreeMap<char, String>) -> bool {
    let (ours, theirs) = (ours["type"].as_str().unwrap_or("?"), fields[&'t'].as_str());
    // What the kernel's socket tables do not tell of, lsof looks up in more of them: packet and raw sockets.
    ours == theirs || (ours == "sock" && ["pack", "raw", "raw6"].contains(&theirs))
}

fn same_name(ours: &Value, fields: &BTreeMap<char, String>) -> bool {
    let written = fields[&'n'].trim();
    let theirs = written.trim_end_matches(" (deleted)");
    let name = ours["name"].as_str().unwrap_or_default();
    match ours["type"].as_str() {
        Some("sock" | "netlink") => true,
        // Newer versions of lsof add what `fdinfo` knows: `[eventfd:1]`.
        Some("a_inode") => {
            let plain =
                |name: &str| name.trim_end_matches(']').split(':').next().unwrap().to_owned();
            plain(name) == plain(theirs)
        }
        Some("IPv4" | "IPv6") => name.contains(theirs),
        Some("unix") => name.starts_with(theirs.split(" type=").next().unwrap()),
        _ => name == theirs || name == written,
    }
}

/// Holds `farrier inspect` against `lsof` for one process, which stands still meanwhile.
pub fn hold(pid: u32) {
    let pid = pid.to_string();
    let listed = lsof(&pid);
    assert!(listed.len() > 4, "lsof lists something");
    let (status, ours) = json(&["inspect", &pid]);
    assert_eq!(status, 0, "{ours}");
    let entries = ours["entries"].as_array().unwrap();
    for theirs in &listed {
        assert!(
            entries.iter().any(|ours| is_same(ours, theirs)),
            "{theirs:?} is not in {entries:#?}"
        );
    }
}

/// A child that is ended with the test.
struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program that says when it is ready.
fn start(program: &str, arguments: &[&str]) -> Held {
    use std::io::BufRead as _;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|why| panic!("{program}: {why}"));
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "{program}");
    Held(child)
}

/// Files, sockets, pipes and devices of every kind that a Ruby process comes by.
const ODD: &str = r#"
require "socket"; require "tempfile"; require "io/console"
directory = Dir.mktmpdir rescue (require "tmpdir"; Dir.mktmpdir)
tcp = TCPServer.new("127.0.0.1", 0); connected = TCPSocket.new("127.0.0.1", tcp.addr[1]); taken = tcp.accept
six = TCPServer.new("::1", 0); any = TCPServer.new("0.0.0.0", 0)
udp = UDPSocket.new; udp.bind("127.0.0.1", 0); lost = UDPSocket.new; lost.connect("127.0.0.1", udp.addr[1])
unix = UNIXServer.new(File.join(directory, "s.sock")); guest = UNIXSocket.new(unix.path); host = unix.accept
pair = UNIXSocket.pair; abstract = Socket.unix_server_socket("\0farrier-#{$$}")
lone = Socket.new(:UNIX, :DGRAM); pipe = IO.pipe; null = File.open("/dev/null", "r+"); etc = Dir.open("/etc")
gone = File.open(File.join(directory, "gone"), "w+"); gone.write("x"); gone.flush; File.unlink(gone.path)
log = File.open(File.join(directory, "log (deleted)"), "a"); blank = File.open(File.join(directory, "a b"), "w")
system("mkfifo", File.join(directory, "fifo")); fifo = File.open(File.join(directory, "fifo"), "r+")
epoll = Thread.new { IO.select([tcp]) }
$stdout.puts "ready"; $stdout.flush
sleep
"#;

#[test]
fn an_odd_process_is_listed_as_lsof_lists_it() {
    let odd = start("ruby", &["-e", ODD]);
    hold(odd.0.id());
}

#[test]
fn a_shell_is_listed_as_lsof_lists_it() {
    let shell = start("sh", &["-c", "exec 5</dev/null; echo ready; kill -STOP $$"]);
    hold(shell.0.id());
}

#[test]
fn what_was_deleted_and_what_was_replaced_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let script = format!(
        "exec 5>{gone} 6>{replaced} 7>{there}; rm {gone} {replaced}; : > {replaced}; echo ready; exec sleep 1000",
        gone = path("gone"),
        replaced = path("replaced"),
        there = path("there (deleted)").replace(' ', "\\ ").replace('(', "\\(").replace(')', "\\)"),
    );
    let shell = start("sh", &["-c", &script]);
    let (_, ours) = json(&["inspect", &shell.0.id().to_string()]);
    let of = |fd: u64| {
        let entry = ours["entries"].as_array().unwrap().iter().find(|entry| entry["fd"] == fd);
        let entry = entry.unwrap_or_else(|| panic!("{fd} in {ours}"));
        (
            entry["name"].as_str().unwrap().to_owned(),
            entry["deleted"] == true,
            entry["replaced"] == true,
        )
    };
    assert_eq!(of(5), (path("gone"), true, false));
    assert_eq!(of(6), (path("replaced"), false, true));
    assert_eq!(of(7), (path("there (deleted)"), false, false));
}
