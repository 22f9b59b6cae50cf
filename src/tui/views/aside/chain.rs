//! Listeners of the selected app, downwards: clients, proxy, socket, masters; and how busy these were for a minute.

use ratatui::text::Line;

use super::{cap, said, sparks};
use crate::model::{App, Entry, Listener, Master, Upstream};
use crate::os::Pid;
use crate::show::words::{self, Mark, counted, fit, width};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::listeners::chain::{drawn_lot, may_connect};
use crate::tui::views::listeners::{queue, reached};
use crate::tui::views::tree::{self, release_words};
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::headline::heading;

/// The lines of the pane.
pub(super) fn lines(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let Some(app) = state.app() else { return vec![heading(state, columns, "Listeners", "")] };
    let fullest = tree::queue(app);
    let right = if fullest.is_empty() { String::new() } else { format!("queue {fullest}") };
    let mut lines = vec![heading(state, columns, &format!("Listeners of {}", app.name), &right)];
    if app.listeners.is_empty() {
        let words = "no listening socket of this app was found";
        lines.push(said(state, columns, words, Tone::Quiet));
    }
    let busy = busy(state, app, columns);
    let room = rows.saturating_sub(lines.len() + busy.len() + usize::from(!busy.is_empty()));
    // What the sparks would take from a long chain is the chain's: they come last.
    let mut chains: Vec<Line<'static>> =
        app.listeners.iter().flat_map(|listener| chain(state, app, listener, columns)).collect();
    chains.extend(beyond(state, app, columns));
    let room = room.max(chains.len().min(rows.saturating_sub(lines.len()) / 2));
    lines.extend(cap(state, columns, chains, room, "7"));
    let room = rows.saturating_sub(lines.len() + 1);
    if room > 0 && !busy.is_empty() {
        lines.push(Line::default());
        lines.extend(busy.into_iter().take(room / 2 * 2));
    }
    lines
}

fn cells(state: &State, columns: usize) -> Cells {
    Cells::new(state.theme, columns)
}

/// One socket, and what leads to it and from it.
fn chain(state: &State, app: &App, listener: &Listener, columns: usize) -> Vec<Line<'static>> {
    let mut lines = above(state, app, listener, columns);
    let right = format!("inode {}", listener.inode);
    let room = columns.saturating_sub(width(&right) + 4);
    let address = fit(&listener.address.to_string(), room, None);
    let line = cells(state, columns).to(1).text(&address, Tone::Strong);
    lines.push(line.end(&right, Tone::Quiet).line());
    let trunk = Mark::Trunk.sign().to_string();
    let way = |(mark, tone, words): (Mark, Tone, String), right: &str| {
        let whole = tone != Tone::Crit;
        let line = if whole {
            let line = cells(state, columns).to(3).text(&trunk, Tone::Quiet);
            line.to(5).text(&mark.sign().to_string(), tone).to(7)
        } else {
            cells(state, columns).to(3).text(&mark.sign().to_string(), tone).to(5)
        };
        let room = columns.saturating_sub(line.at() + width(right) + 2);
        line.text(&words::phrase(&words, room), Tone::Plain).end(right, Tone::Quiet).line()
    };
    match (reached(listener), passing(state, app, listener)) {
        // All is well on the way: one line says so.
        (Some((Mark::Fine, tone, _)), Some((user, mode))) => {
            let words = format!("file is the socket   {} {user} may", Mark::Fine.sign());
            lines.push(way((Mark::Fine, tone, words), &mode));
        }
        (found, _) => {
            lines.extend(barred(state, app, listener).map(|barred| way(barred, "")));
            lines.extend(found.map(|found| way(found, "")));
        }
    }
    let layout = app.layout.get().and_then(Option::as_ref);
    // The newest first, as the tree has them.
    let masters: Vec<&Master> =
        app.newest_first().filter(|m| listener.masters.contains(&m.process.pid)).collect();
    let numbers = masters.iter().map(|master| width(&master.process.pid.to_string()));
    let number = numbers.max().unwrap_or(0).max(5);
    let last = masters.len().saturating_sub(1);
    for (at, master) in masters.iter().enumerate() {
        let limb = if at == last { Mark::LastBranch } else { Mark::Branch };
        let line = cells(state, columns).to(3).text(&limb.sign().to_string(), Tone::Quiet).to(5);
        let (release, _) = release_words(Some(&master.release), layout);
        let line = line.left(&master.process.pid.to_string(), number, Tone::Plain);
        let line = line.text(" ", Tone::Plain);
        let line = line.left(words::role(master.role), 8, Tone::Plain).text(" ", Tone::Plain);
        let line = line.left(&release, 14, Tone::Plain);
        let accept = match master.workers_alive().count() {
            0 => "nobody".to_owned(),
            many => format!("{many} accept"),
        };
        lines.push(line.end(&accept, Tone::Plain).line());
    }
    if masters.is_empty() {
        lines.push(
            cells(state, columns).to(3).text("no master of this app holds it", Tone::Plain).line(),
        );
    }
    let holders: Vec<Pid> = masters.iter().map(|master| master.process.pid).collect();
    if let Some((words, finding)) = drawn_lot(state, app, &holders) {
        let sign = Mark::from(finding.severity).sign().to_string();
        let line = cells(state, columns).to(1).text(&sign, finding.severity.into()).to(3);
        lines.push(line.text(words, Tone::Plain).line());
    }
    lines
}

/// What the modes of the files on the way say of each proxy that leads to a socket.
fn ways(state: &State, app: &App, listener: &Listener) -> Vec<(String, (Mark, Tone, String))> {
    let Some(look) = state.shown() else { return Vec::new() };
    let proxies = look.census.proxies(app, listener);
    let way = |(_, master, upstream): (&App, &Master, &Upstream)| {
        let way = may_connect(master, upstream, 20)?;
        let short = match upstream.entry(master) {
            Some((who, Entry::Open(mode))) => format!("{} {mode:04o}", who.user.get()?),
            _ => String::new(),
        };
        Some((short, way))
    };
    proxies.filter_map(way).collect()
}

/// The user as whom every proxy may connect, and the mode that lets him; `None`: not all may, or as several users.
fn passing(state: &State, app: &App, listener: &Listener) -> Option<(String, String)> {
    let ways = ways(state, app, listener);
    let (first, _) = ways.first()?;
    let (user, mode) = first.rsplit_once(' ')?;
    ways.iter().all(|(other, _)| other == first).then(|| (user.to_owned(), mode.to_owned()))
}

/// The first proxy that may not connect, or of which that is not known.
fn barred(state: &State, app: &App, listener: &Listener) -> Option<(Mark, Tone, String)> {
    let ways = ways(state, app, listener).into_iter().map(|(_, way)| way);
    ways.filter(|(mark, ..)| *mark != Mark::Fine).min_by_key(|(mark, ..)| *mark != Mark::Critical)
}

/// What stands above a socket: clients, and the proxy that passes their requests on.
fn above(state: &State, app: &App, listener: &Listener, columns: usize) -> Vec<Line<'static>> {
    let Some(look) = state.shown() else { return Vec::new() };
    let trunk = Mark::Trunk.sign().to_string();
    let below = |words: &str, right: &str| {
        let line = cells(state, columns).to(3).text(&trunk, Tone::Quiet).to(5);
        let room = columns.saturating_sub(5 + width(right) + 3);
        line.text(&fit(words, room, None), Tone::Plain).end(right, Tone::Quiet).line()
    };
    let mut lines = Vec::new();
    let mut proxies: Vec<(&App, &Master, &Upstream)> = look.census.proxies(app, listener).collect();
    proxies.dedup_by_key(|(proxy, master, upstream)| {
        (proxy.id.clone(), master.process.pid, upstream.group.clone())
    });
    for (proxy, master, upstream) in proxies {
        let doors: Vec<String> = proxy.listeners.iter().map(|l| l.address.to_string()).collect();
        let fullest = tree::queue(proxy);
        lines.push(cells(state, columns).to(1).text("clients", Tone::Strong).line());
        let room = columns.saturating_sub(8 + width(&fullest));
        lines.push(below(&words::cut(&doors.join(", "), room), &fullest));
        let workers = counted(master.workers_alive().count(), "worker");
        let who = format!("{} {}, {workers}", proxy.name, master.process.pid);
        let user =
            master.workers.first().and_then(|w| w.process.user.get()).map(ToString::to_string);
        let line = cells(state, columns).to(1).text(&who, Tone::Strong);
        lines.push(line.end(&user.unwrap_or_default(), Tone::Quiet).line());
        let group = upstream.group.as_ref().map(|group| format!("upstream {group}"));
        let place = upstream.place.to_string();
        let name = match &upstream.fail_timeout {
            Some(time) => format!("fail_timeout={time}"),
            None => place.rsplit('/').next().unwrap_or(&place).to_owned(),
        };
        lines.push(below(&group.unwrap_or_else(|| format!("passes to {}", upstream.to)), &name));
    }
    lines
}

/// Where a proxy passes requests to, and whose listeners these are.
fn beyond(state: &State, app: &App, columns: usize) -> Vec<Line<'static>> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut lines = Vec::new();
    for master in app.living_masters() {
        if let Some(lack) = master.upstreams.lack() {
            let words = format!("where it passes requests to is not known: {lack}");
            lines.push(said(state, columns, &words, Tone::Blind));
        }
        for one in &master.elsewhere {
            let why = one.known.lack().map(ToString::to_string).unwrap_or_default();
            let words = format!("where it passes {} is not known: {why}", one.to);
            lines.push(said(state, columns, &words, Tone::Blind));
        }
        for upstream in master.upstreams.get().into_iter().flatten() {
            let apps: Vec<&str> =
                look.census.reached(master, upstream).map(|app| app.name.as_str()).collect();
            let whose = if apps.is_empty() { "no app seen here".into() } else { apps.join(", ") };
            let left = cells(state, columns).to(1).text("passes to ", Tone::Plain);
            let left = left.text(&words::cut(&whose, 20), Tone::Strong).text("  ", Tone::Plain);
            let room = columns.saturating_sub(left.at() + 1);
            lines.push(left.text(&fit(&upstream.to.to_string(), room, None), Tone::Plain).line());
        }
    }
    lines
}

/// Two lines each: how many waited at the fullest socket, and what each master's processes used.
fn busy(state: &State, app: &App, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut push = |what: &str, most: &str, bars: &str| {
        let line = cells(state, columns).to(1).text(what, Tone::Plain);
        lines.push(line.end(most, Tone::Plain).line());
        lines.push(cells(state, columns).to(2).text(bars, Tone::Plain).line());
    };
    let several = app.listeners.len() > 1;
    let queues = app.listeners.iter().filter_map(|l| Some((l, sparks::queue(state, l.inode)?)));
    let fullest = queues.max_by(|(_, a), (_, b)| a.most.total_cmp(&b.most));
    if let Some((listener, spark)) = fullest {
        let at = if several {
            format!(" at {}", fit(&listener.address.to_string(), 18, None))
        } else {
            String::new()
        };
        let what = format!("waiting{at}, last 60 s");
        push(&what, &format!("most {:.0} of {}", spark.most, limit(listener)), &spark.bars);
    }
    for master in app.newest_first().filter(|master| !master.process.is_dead()) {
        let pid = master.process.pid;
        if let Some(spark) = sparks::cores(state, app, pid) {
            let whose = if master.workers.is_empty() { "" } else { " and its workers" };
            let what = format!("cpu of {pid}{whose}, last 60 s");
            push(&what, &format!("most {:.1}", spark.most), &spark.bars);
        }
    }
    lines
}

fn limit(listener: &Listener) -> String {
    let all = queue(listener);
    all.split('/').nth(1).unwrap_or("?").to_owned()
}
