//! Listeners: each socket, whether clients reach it, how many wait, and which masters accept there.

use ratatui::text::Line;

use super::aside::sparks::{Spark, queue as queue_of_a_minute};
use super::tree::release_words;
use super::{Card, Page, Row};
use crate::facts::sockets::SocketFile;
use crate::model::{App, Entry, Listener, Master, Upstream};
use crate::os::Pid;
use crate::show::words::{self, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::headline::titled;

/// The card.
pub const LISTENERS: Card = Card {
    view: View::Listeners,
    key: Some('7'),
    short: "Listen",
    long: "Listeners",
    page,
    keys: &[Action::Open, Action::Act, Action::OnlyFlagged, Action::Filter, Action::Back],
};

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Listeners".into()], ..Page::default() };
    let Some(app) = state.app() else { return page };
    page.crumb.insert(0, app.name.clone());
    page.count = format!(
        "{}, {}",
        words::counted(app.listeners.len(), "socket"),
        words::counted(app.living_masters().count(), "master")
    );
    page.columns = &["address", "queue", "backlog", "app"];
    for listener in &app.listeners {
        page.rows.extend(proxies(state, app, listener, columns));
        page.rows.extend(chain(state, app, listener, columns));
    }
    if app.listeners.is_empty() {
        let words = "no listening socket of this app was found";
        page.rows.push(Row::text(
            Cells::new(state.theme, columns).to(1).text(words, Tone::Quiet).line(),
        ));
    }
    page.rows.extend(passed_to(state, app, columns));
    page.rows.extend(others(state, app, columns));
    let line = Cells::new(state.theme, columns).to(1);
    page.rows.push(Row::default());
    let words = "queue: connections that wait / backlog. 0 is normal; at the backlog, refused";
    page.rows.push(Row::text(line.text(words, Tone::Quiet).line()));
    together(&mut page.rows);
    page.sift(state)
}

pub(super) fn queue(listener: &Listener) -> String {
    match (listener.queued.get(), listener.backlog.get()) {
        (Some(queued), Some(backlog)) => words::queue(*queued, *backlog),
        _ => "?".into(),
    }
}

/// What stands above a socket and leads there goes where the socket goes.
fn together(rows: &mut [Row]) {
    let mut above: Option<&mut Row> = None;
    for row in rows {
        if !row.worths.is_empty() {
            if let Some(first) = above.take() {
                first.worths = std::mem::take(&mut row.worths);
                row.more = true;
            }
        } else if row.key.is_none() {
            above = None;
        } else if above.is_some() {
            row.more = true;
        } else if !row.more {
            above = Some(row);
        }
    }
}

fn queued(listener: &Listener) -> String {
    listener.queued.get().map(ToString::to_string).unwrap_or_default()
}

/// What its row is sorted by: address, queue, backlog, app.
fn worths(app: &App, listener: &Listener) -> Vec<Worth> {
    vec![
        Worth::words(&listener.address.to_string()),
        Worth::number(listener.queued.get().copied()),
        Worth::number(listener.backlog.get().copied()),
        Worth::words(&app.name),
    ]
}

/// Whether the path of a Unix socket leads to it: mark, tone, words.
pub(super) fn reached(listener: &Listener) -> Option<(Mark, Tone, String)> {
    let fact = listener.file.as_ref()?;
    Some(match &fact.value {
        Ok(SocketFile::Same) => {
            (Mark::Fine, Tone::Fine, "the file at that path is this socket".into())
        }
        Ok(SocketFile::Missing) => {
            (Mark::Critical, Tone::Crit, "nothing stands at that path: no client finds it".into())
        }
        Ok(SocketFile::Replaced(_)) => (
            Mark::Critical,
            Tone::Crit,
            "another socket stands at that path: clients go there".into(),
        ),
        Ok(SocketFile::NotASocket) => {
            (Mark::Critical, Tone::Crit, "no socket stands at that path".into())
        }
        Err(lack) => {
            (Mark::Unknown, Tone::Blind, format!("whether the file at that path is it: {lack}"))
        }
    })
}

/// Where an upstream is written, and the group that it belongs to.
fn written(upstream: &Upstream) -> String {
    let place = upstream.place.to_string();
    match &upstream.group {
        Some(group) => format!("{} upstream {group}", words::fit(&place, 20, None)),
        None => words::fit(&place, 36, None),
    }
}

/// The proxies that lead to a socket, above it: requests come down.
fn proxies(state: &State, app: &App, listener: &Listener, columns: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let row = |(proxy, master, upstream): (&App, &Master, &Upstream)| {
        let pid = master.process.pid;
        let workers = words::counted(master.workers_alive().count(), "worker");
        let left = format!("{} {pid}, {workers}", proxy.name);
        let right = written(upstream);
        let room = columns.saturating_sub(words::width(&left) + 4);
        let cells = Cells::new(state.theme, columns).to(1).text(&left, Tone::Strong);
        let identity = master.process.identity();
        Row {
            line: cells.end(&words::fit(&right, room, None), Tone::Plain).line(),
            key: Some(RowKey::Named(format!("{} {pid} {right}", proxy.id))),
            door: Some(Door {
                view: View::Process,
                subject: Subject::Process(proxy.id.clone(), identity),
                row: None,
            }),
            about: format!("{left} passes requests on: {right}"),
            words: Words {
                text: format!("{left} {right}"),
                values: vec![("pid", pid.to_string()), ("app", proxy.name.clone())],
            },
            copy: upstream.place.to_string(),
            ..Row::default()
        }
    };
    let proxies = look.census.proxies(app, listener);
    proxies
        .flat_map(|found| {
            let entry = entry(state, found.1, found.2, columns);
            std::iter::once(row(found)).chain(entry)
        })
        .collect()
}

/// Whether the workers of a proxy may connect to a Unix socket, as the modes of the files on the way decide it.
fn entry(state: &State, proxy: &Master, upstream: &Upstream, columns: usize) -> Option<Row> {
    let (who, entry) = upstream.entry(proxy)?;
    let user = who.user.get().map_or_else(|| who.pid.to_string(), ToString::to_string);
    let (mark, tone, words) = match entry {
        Entry::Open(mode) => {
            let words = format!("{user} may connect: socket {mode:04o}, every parent is searched");
            (Mark::Fine, Tone::Fine, words)
        }
        Entry::Unsearchable(path, mode) => {
            let path = words::fit(&crate::os::shown(&path), columns.saturating_sub(40), None);
            (Mark::Critical, Tone::Crit, format!("{user} may not search {path} ({mode:04o})"))
        }
        Entry::Closed(mode) => {
            let words = format!("{user} may not connect: the socket's mode is {mode:04o}");
            (Mark::Critical, Tone::Crit, words)
        }
        // The socket's own line tells that.
        Entry::Missing => return None,
        Entry::Unknown(lack) => {
            (Mark::Unknown, Tone::Blind, format!("whether {user} may connect: {lack}"))
        }
    };
    Some(Row::more(link(state, columns, mark, tone, &words)))
}

/// A link of a chain: whether it holds, and why. One that is broken has its mark in place of the trunk.
fn link(state: &State, columns: usize, mark: Mark, tone: Tone, words: &str) -> Line<'static> {
    let cells = Cells::new(state.theme, columns).to(3);
    let cells = if mark == Mark::Critical {
        cells.text(&mark.sign().to_string(), tone).to(6)
    } else {
        let trunk = Mark::Trunk.sign().to_string();
        cells.text(&trunk, Tone::Quiet).to(6).text(&mark.sign().to_string(), tone).to(8)
    };
    cells.text(words, Tone::Plain).line()
}

/// Where a proxy passes requests to, and whose listeners these are.
fn passed_to(state: &State, app: &App, columns: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut rows = Vec::new();
    for master in app.living_masters() {
        let upstreams = match &master.upstreams.value {
            Ok(upstreams) => upstreams.as_slice(),
            Err(lack) => {
                let words = format!("where it passes requests to is not known: {lack}");
                let line = Cells::new(state.theme, columns).to(1).text(&words, Tone::Blind).line();
                rows.push(Row::text(line));
                continue;
            }
        };
        for upstream in upstreams {
            let apps: Vec<&str> =
                look.census.reached(master, upstream).map(|app| app.name.as_str()).collect();
            let whose = if apps.is_empty() { "no app seen here".into() } else { apps.join(", ") };
            let (to, right) = (upstream.to.to_string(), written(upstream));
            let cells = Cells::new(state.theme, columns).to(3);
            let cells = cells.left(&whose, 16, Tone::Strong).text(" ", Tone::Plain);
            let room = columns.saturating_sub(cells.at() + words::width(&right) + 3);
            let cells = cells.text(&words::fit(&to, room, None), Tone::Plain);
            rows.push(Row {
                line: cells.end(&right, Tone::Quiet).line(),
                key: Some(RowKey::Named(format!("{to} {right}"))),
                about: format!("requests are passed to {to}, of {whose}: {right}"),
                words: Words {
                    text: format!("{whose} {to} {right}"),
                    values: vec![("addr", to.clone())],
                },
                copy: to,
                ..Row::default()
            });
        }
    }
    if !rows.is_empty() {
        let count = rows.len().to_string();
        rows.insert(0, Row::text(titled(state, columns, "Passes requests to", &count)));
        rows.push(Row::default());
    }
    rows
}

/// One socket: its address, whether it is reached, and the masters that accept there.
fn chain(state: &State, app: &App, listener: &Listener, columns: usize) -> Vec<Row> {
    let address = listener.address.to_string();
    let right = if columns < 70 {
        format!("queue {}", queue(listener))
    } else {
        format!("inode {}   queue {}", listener.inode, queue(listener))
    };
    let shown = words::fit(&address, columns.saturating_sub(words::width(&right) + 4), None);
    let line = Cells::new(state.theme, columns).to(1).text(&shown, Tone::Strong);
    let reached = reached(listener);
    let mut rows = vec![Row {
        line: line.end(&right, Tone::Plain).line(),
        key: Some(RowKey::Named(address.clone())),
        about: format!("{address}: {right}"),
        words: Words {
            text: format!("{address} {right}"),
            values: vec![("addr", address.clone()), ("queue", queued(listener))],
        },
        copy: address,
        flagged: reached.as_ref().is_some_and(|r| r.0 == Mark::Critical),
        worths: worths(app, listener),
        ..Row::default()
    }];
    if let Some((mark, tone, words)) = reached {
        rows.push(Row::more(link(state, columns, mark, tone, &words)));
    }
    if let Some(Spark { bars, most }) = queue_of_a_minute(state, listener.inode) {
        let trunk = Mark::Trunk.sign().to_string();
        let line = Cells::new(state.theme, columns).to(3).text(&trunk, Tone::Quiet).to(6);
        let line = line.text(&format!("most {most:.0} in 60 s"), Tone::Plain);
        rows.push(Row::more(line.end(&bars, Tone::Plain).line()));
    }
    let last = listener.masters.len().saturating_sub(1);
    for (at, pid) in listener.masters.iter().enumerate() {
        let accepts = accepts(state, app, *pid, at == last, columns);
        rows.push(Row { more: true, ..accepts });
    }
    rows.push(Row::more(Line::default()));
    rows
}

/// A master that holds the socket, and the workers that accept there.
fn accepts(state: &State, app: &App, pid: Pid, last: bool, columns: usize) -> Row {
    let limb = if last { Mark::LastBranch.sign() } else { Mark::Branch.sign() };
    let cells = Cells::new(state.theme, columns).to(3).text(&format!("{limb}─ "), Tone::Quiet);
    let Some(master) = app.master(pid) else {
        return Row::text(cells.text(&pid.to_string(), Tone::Plain).line());
    };
    let layout = app.layout.get().and_then(Option::as_ref);
    let (release, off) = release_words(Some(&master.release), layout);
    let role = words::role(master.role);
    let workers: Vec<String> = master.workers_alive().map(|w| w.process.pid.to_string()).collect();
    let accepting = if workers.is_empty() {
        "nobody accepts".to_owned()
    } else {
        format!("accepts: {}", workers.join(" "))
    };
    let cells = cells.right(&pid.to_string(), 6, Tone::Plain).text(" ", Tone::Plain).left(
        role,
        9,
        Tone::Plain,
    );
    let cells =
        cells.left(&release, 14, Tone::Plain).right(&off, 4, Tone::Plain).text("  ", Tone::Plain);
    let identity = master.process.identity();
    Row {
        line: cells.end(&accepting, Tone::Plain).line(),
        key: Some(RowKey::Process(identity)),
        door: Some(Door {
            view: View::Process,
            subject: Subject::Process(app.id.clone(), identity),
            row: None,
        }),
        about: format!("{pid} {role} {accepting}"),
        words: Words {
            text: format!("{pid} {role} {release} {accepting}"),
            values: vec![("pid", pid.to_string()), ("role", role.into())],
        },
        copy: pid.to_string(),
        flagged: !state.findings_of(pid).is_empty(),
        ..Row::default()
    }
}

/// The listeners of the other apps, a line each.
fn others(state: &State, app: &App, columns: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let others: Vec<(&App, &Listener)> = look
        .census
        .apps
        .iter()
        .filter(|other| other.id != app.id)
        .flat_map(|other| other.listeners.iter().map(move |listener| (other, listener)))
        .collect();
    if others.is_empty() {
        return Vec::new();
    }
    let mut rows =
        vec![Row::text(titled(state, columns, "Other listeners", &others.len().to_string()))];
    for (other, listener) in others {
        let address = listener.address.to_string();
        let masters = words::pids(&listener.masters);
        let cells = Cells::new(state.theme, columns)
            .to(3)
            .left(&other.name, 12, Tone::Strong)
            .text(" ", Tone::Plain);
        let room = columns.saturating_sub(cells.at() + 26);
        let cells = cells
            .left(&words::fit(&address, room, None), room, Tone::Plain)
            .text("  ", Tone::Plain);
        rows.push(Row {
            line: cells.text(&masters, Tone::Plain).end(&queue(listener), Tone::Plain).line(),
            key: Some(RowKey::Named(format!("{} {address}", other.id))),
            door: Some(Door {
                view: View::Listeners,
                subject: Subject::App(other.id.clone()),
                row: None,
            }),
            about: format!("{}: {address}, held by {masters}", other.name),
            words: Words {
                text: format!("{} {address} {masters}", other.name),
                values: vec![
                    ("addr", address.clone()),
                    ("app", other.name.clone()),
                    ("queue", queued(listener)),
                ],
            },
            copy: address,
            worths: worths(other, listener),
            ..Row::default()
        });
    }
    rows
}
