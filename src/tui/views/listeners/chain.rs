//! The chain of one socket, always downwards: clients, the proxies that lead there, the socket, the masters that accept.

use ratatui::text::Line;

use super::{QUEUE, queue, queued, reached, worths};
use crate::contract::Finding;
use crate::model::{App, Entry, Listener, Master, Upstream};
use crate::os::Pid;
use crate::show::words::{self, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::Row;
use crate::tui::views::aside::sparks::queue as queue_of_a_minute;
use crate::tui::views::tree::release_words;
use crate::tui::widgets::cells::Cells;

/// Rules whose findings say that it is a matter of chance which master takes a request.
const MIXED: &[&str] = &["oldbin-lingering", "release-mixed", "master-duplicate"];

/// From the clients to the masters.
pub(super) fn rows(state: &State, app: &App, listener: &Listener, columns: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let before: Vec<(&App, &Master, &Upstream)> = look.census.proxies(app, listener).collect();
    let start = || Cells::new(state.theme, columns).to(1);
    let head = start().text("clients", Tone::Strong).end("queue", Tone::Quiet);
    let mut rows = vec![Row::text(head.line())];
    let mut at: Vec<&App> = Vec::new();
    for (proxy, ..) in &before {
        if !at.iter().any(|other| other.id == proxy.id) {
            at.push(proxy);
        }
    }
    for proxy in at {
        rows.extend(entrance(state, proxy, columns));
        for found in before.iter().filter(|(other, ..)| other.id == proxy.id) {
            rows.push(passes(state, *found, columns));
            let down = found.2.fail_timeout.as_ref();
            let down = down.map(|time| format!("fail_timeout={time}")).unwrap_or_default();
            rows.push(Row::more(trunk(state, columns, &listener.address.to_string(), &down)));
            rows.extend(entry(state, found.1, found.2, columns));
        }
    }
    if before.is_empty() {
        rows.push(Row::text(trunk(state, columns, &listener.address.to_string(), "")));
    }
    rows.extend(socket(state, app, listener, columns));
    // All of it goes where the socket goes.
    for row in rows.iter_mut().skip(1) {
        row.more = true;
    }
    if let Some(first) = rows.first_mut() {
        first.worths = worths(app, listener);
    }
    rows
}

/// A line of the trunk: an address, and what is to be said of it at the right.
fn trunk(state: &State, columns: usize, text: &str, right: &str) -> Line<'static> {
    let sign = Mark::Trunk.sign().to_string();
    let cells = Cells::new(state.theme, columns).to(3).text(&sign, Tone::Quiet).to(6);
    let room = columns.saturating_sub(7 + words::width(right) + 2);
    cells.text(&words::fit(text, room, None), Tone::Plain).end(right, Tone::Plain).line()
}

/// Where clients come in at a proxy.
fn entrance(state: &State, proxy: &App, columns: usize) -> Option<Row> {
    const SHOWN: usize = 2;
    let addresses: Vec<String> =
        proxy.listeners.iter().take(SHOWN).map(|l| l.address.to_string()).collect();
    let more = proxy.listeners.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    let glue = if more.is_empty() { " and " } else { ", " };
    let queues: Vec<String> = proxy.listeners.iter().take(SHOWN).map(queue).collect();
    (!addresses.is_empty()).then(|| {
        let words = format!("{}{more}", addresses.join(glue));
        Row::text(trunk(state, columns, &words, &queues.join("  ")))
    })
}

/// Where an upstream is written, and the group that it belongs to.
pub(super) fn written(proxy: &App, upstream: &Upstream) -> String {
    let place = upstream.place.to_string();
    let root = crate::os::shown(&proxy.root);
    let below = place.strip_prefix(&root).and_then(|rest| rest.strip_prefix('/'));
    let place = below.filter(|_| root != "/").map_or(place.clone(), str::to_owned);
    match &upstream.group {
        Some(group) => format!("{} upstream {group}", words::fit(&place, 24, None)),
        None => words::fit(&place, 36, None),
    }
}

/// A proxy that leads to a socket.
fn passes(
    state: &State,
    (proxy, master, upstream): (&App, &Master, &Upstream),
    columns: usize,
) -> Row {
    let pid = master.process.pid;
    let workers = words::counted(master.workers_alive().count(), "worker");
    let user = master.workers_alive().next().and_then(|worker| worker.process.user.get());
    let as_user = user.map(|user| format!(" as {user}")).unwrap_or_default();
    let left = format!("{} {pid}, {workers}{as_user}", proxy.name);
    let right = written(proxy, upstream);
    let room = columns.saturating_sub(words::width(&left) + 4);
    let cells = Cells::new(state.theme, columns).to(1).text(&left, Tone::Strong);
    let shown = words::fit(&right, room, None);
    let about = if shown == right { QUEUE.into() } else { format!("{left}: {right}") };
    Row {
        line: cells.end(&shown, Tone::Plain).line(),
        key: Some(RowKey::Named(format!("{} {pid} {right}", proxy.id))),
        door: Some(Door {
            view: View::Process,
            subject: Subject::Process(proxy.id.clone(), master.process.identity()),
            row: None,
        }),
        about,
        words: Words {
            text: format!("{left} {right}"),
            values: vec![("pid", pid.to_string()), ("app", proxy.name.clone())],
        },
        copy: upstream.place.to_string(),
        ..Row::default()
    }
}

/// Whether the workers of a proxy may connect to a Unix socket, as the modes of the files on the way decide it.
fn entry(state: &State, proxy: &Master, upstream: &Upstream, columns: usize) -> Option<Row> {
    let (mark, tone, words) = may_connect(proxy, upstream, columns.saturating_sub(40))?;
    Some(Row::more(link(state, columns, mark, tone, &words, "")))
}

/// The same in words, paths in so many columns.
pub(in crate::tui::views) fn may_connect(
    proxy: &Master,
    upstream: &Upstream,
    room: usize,
) -> Option<(Mark, Tone, String)> {
    let (who, entry) = upstream.entry(proxy)?;
    let user = who.user.get().map_or_else(|| who.pid.to_string(), ToString::to_string);
    Some(match entry {
        Entry::Open(mode) => {
            let words =
                format!("{user} may connect: socket {mode:04o}, every parent can be searched");
            (Mark::Fine, Tone::Fine, words)
        }
        Entry::Unsearchable(path, mode) => {
            let path = words::fit(&crate::os::shown(&path), room, None);
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
    })
}

/// A link of a chain: whether it holds, and why. One that is broken has its mark in place of the trunk.
fn link(
    state: &State,
    columns: usize,
    mark: Mark,
    tone: Tone,
    words: &str,
    right: &str,
) -> Line<'static> {
    let cells = Cells::new(state.theme, columns).to(3);
    let cells = if mark == Mark::Critical {
        cells.text(&mark.sign().to_string(), tone).to(6)
    } else {
        let trunk = Mark::Trunk.sign().to_string();
        cells.text(&trunk, Tone::Quiet).to(6).text(&mark.sign().to_string(), tone).to(8)
    };
    cells.text(words, Tone::Plain).end(right, Tone::Plain).line()
}

/// One socket: whether it is reached, how many wait, and the masters that accept there.
fn socket(state: &State, app: &App, listener: &Listener, columns: usize) -> Vec<Row> {
    let address = listener.address.to_string();
    let minute = queue_of_a_minute(state, listener.inode);
    let most = minute
        .as_ref()
        .map(|spark| format!(", most {:.0} in 60 s", spark.most))
        .unwrap_or_default();
    let right = format!("queue {}{most}", queue(listener));
    let name = format!("socket {}", listener.inode);
    let line = Cells::new(state.theme, columns).to(1).text(&name, Tone::Strong);
    let reached = reached(listener);
    let mut rows = vec![Row {
        line: line.end(&right, Tone::Plain).line(),
        key: Some(RowKey::Named(address.clone())),
        about: QUEUE.into(),
        words: Words {
            text: format!("{name} {address} {right}"),
            values: vec![("addr", address.clone()), ("queue", queued(listener))],
        },
        copy: address,
        flagged: reached.as_ref().is_some_and(|r| r.0 == Mark::Critical),
        ..Row::default()
    }];
    let mut bars = minute.map(|spark| spark.bars).unwrap_or_default();
    if let Some((mark, tone, words)) = reached {
        let beside = words::width(&words) + words::width(&bars) + 10 < columns;
        let right = if beside { std::mem::take(&mut bars) } else { String::new() };
        rows.push(Row::more(link(state, columns, mark, tone, &words, &right)));
    }
    if !bars.is_empty() {
        rows.push(Row::more(trunk(state, columns, "", &bars)));
    }
    if rows.len() > 1 {
        rows.push(Row::more(trunk(state, columns, "", "")));
    }
    // The newest first, as the tree has them.
    let mut masters: Vec<Pid> = listener.masters.clone();
    let start = |pid: &Pid| app.masters.iter().position(|master| master.process.pid == *pid);
    masters.sort_by_key(|pid| std::cmp::Reverse(start(pid)));
    let last = masters.len().saturating_sub(1);
    for (at, pid) in masters.iter().enumerate() {
        let accepts = accepts(state, app, *pid, at == last, columns);
        rows.push(Row { more: true, ..accepts });
    }
    rows.extend(chance(state, app, &masters, columns));
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
    let number = pid.to_string();
    let wide = words::width(&number).max(5);
    let cells = cells.left(&number, wide, Tone::Plain).text(" ", Tone::Plain);
    let cells = cells.left(role, 9, Tone::Plain).left(&release, 14, Tone::Plain);
    let cells = cells.right(&off, 4, Tone::Plain).text("  ", Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 1);
    // Where they do not fit, they are counted.
    let shown = match accepting.strip_prefix("accepts: ") {
        Some(_) if words::width(&accepting) > room => format!("{} accept", workers.len()),
        _ => accepting.clone(),
    };
    let identity = master.process.identity();
    Row {
        line: cells.end(&shown, Tone::Plain).line(),
        key: Some(RowKey::Process(identity)),
        door: Some(Door {
            view: View::Process,
            subject: Subject::Process(app.id.clone(), identity),
            row: None,
        }),
        about: if shown == accepting { QUEUE.into() } else { format!("{pid} {role} {accepting}") },
        words: Words {
            text: format!("{pid} {role} {release} {accepting}"),
            values: vec![("pid", pid.to_string()), ("role", role.into())],
        },
        copy: pid.to_string(),
        flagged: !state.findings_of(pid).is_empty(),
        ..Row::default()
    }
}

/// That a request gets any of several releases, where masters of several accept and a finding says so.
fn chance(state: &State, app: &App, masters: &[Pid], columns: usize) -> Option<Row> {
    let (which, finding) = drawn_lot(state, app, masters)?;
    let sign = Mark::from(finding.severity).sign().to_string();
    let cells = Cells::new(state.theme, columns).to(6).text(&sign, finding.severity.into()).to(8);
    let words = format!("{which}: {}", finding.rule);
    Some(Row::more(cells.text(&words, Tone::Plain).line()))
}

/// The same in words, with the finding that says so.
pub(in crate::tui::views) fn drawn_lot<'a>(
    state: &'a State,
    app: &App,
    masters: &[Pid],
) -> Option<(&'static str, &'a Finding)> {
    let serves = |pid: &&Pid| {
        app.master(**pid).is_some_and(|master| master.workers_alive().next().is_some())
    };
    let mut releases: Vec<&str> = masters
        .iter()
        .filter(serves)
        .filter_map(|pid| app.master(*pid)?.release.get()?.as_deref())
        .collect();
    releases.sort_unstable();
    releases.dedup();
    if releases.len() < 2 {
        return None;
    }
    let look = state.shown()?;
    let all: Vec<&Finding> = look.in_order().into_iter().map(|caused| caused.finding).collect();
    let finding = all.into_iter().find(|f| f.app == app.id && MIXED.contains(&f.rule))?;
    let which = match releases.len() {
        2 => "a request gets either release",
        _ => "a request gets any of the releases",
    };
    Some((which, finding))
}
