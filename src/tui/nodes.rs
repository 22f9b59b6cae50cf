//! The rows of the tree: which there are, in the order of identity, and which are folded.

use super::layout;
use super::members::{Member, Was, members, same};
use super::place::{Identity, RowKey};
use super::state::State;
use crate::model::{App, AppId, Kind, Phase, Process, Role};

/// A row of the tree, before it is drawn.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Its identity.
    pub key: RowKey,
    /// 0 an app, 1 a master, 2 a worker.
    pub depth: usize,
    /// It is the last one of its parent.
    pub last: bool,
    /// Whether its children are shown; `None`: it has none.
    pub open: Option<bool>,
    /// The app.
    pub app: Option<&'a App>,
    /// Its id.
    pub id: &'a AppId,
    /// Its name.
    pub name: String,
    /// The server.
    pub kind: Kind,
    /// The process; `None`: the row is the app's.
    pub member: Option<Member<'a>>,
}

impl Node<'_> {
    /// What the filter compares or takes for the row's state: `age`, `mem`, `queue`, `state`.
    pub fn measures(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![("state", self.state().to_owned())];
        let size = |process: &Process| process.pss.get().or(process.rss.get()).copied();
        if let Some(member) = self.member {
            let age = member.process.age.get();
            all.extend(age.map(|age| ("age", age.to_string())));
            all.extend(size(member.process).map(|bytes| ("mem", bytes.to_string())));
            let lacks = member.process.cwd.lack().is_some() && member.ended.is_none();
            all.extend(lacks.then(|| ("state", "blind".to_owned())));
        } else if let Some(app) = self.app {
            let sizes: u64 = app.processes().filter_map(size).sum();
            all.push(("mem", sizes.to_string()));
            let queued = app.listeners.iter().filter_map(|l| l.queued.get()).max();
            all.extend(queued.map(|queued| ("queue", queued.to_string())));
        }
        all
    }

    /// One of `serving loading draining stopped zombie gone`; empty: none of them can be said.
    fn state(&self) -> &'static str {
        let serves = |app: &App| app.masters.iter().any(|m| m.workers_alive().next().is_some());
        let Some(member) = self.member else {
            return match self.app {
                None => "gone",
                Some(app) if serves(app) => "serving",
                Some(_) => "",
            };
        };
        let process = member.process;
        match (member.ended, member.master) {
            (Some(_), _) => "gone",
            _ if process.is_dead() => "zombie",
            _ if process.is_stopped() => "stopped",
            (None, None) => "serving",
            (None, Some(master)) => match (master.phase, master.workers_alive().next()) {
                (Phase::Starting | Phase::Loading, _) => "loading",
                (_, Some(_)) => "serving",
                (_, None) if master.role == Role::Old => "draining",
                (_, None) => "",
            },
        }
    }
}

/// The rows of the tree as they are folded now.
pub fn nodes(state: &State) -> Vec<Node<'_>> {
    let all = every(state);
    // A filter looks everywhere: what is folded would hide what is looked for.
    if !state.filter.is_empty() || state.manner.flagged {
        return all;
    }
    let room = layout::tree_room(state);
    // What folds by itself: nothing; healthy apps, the last one first; workers too.
    let healthy = |id: &AppId| state.shown().is_some_and(|look| look.worst(id).is_none());
    let lone = all.iter().filter(|node| node.depth == 0).count() == 1;
    let apps = all.iter().filter(|node| node.depth == 0 && !lone && healthy(node.id));
    let apps: Vec<&AppId> = apps.map(|node| node.id).collect();
    let open_at = |folded: &[&AppId], workers: bool, node: &Node<'_>| match node.depth {
        0 => !folded.contains(&node.id),
        _ => !workers,
    };
    let above = above_cursor(state, &all);
    let fold = |folded: &[&AppId], workers: bool| {
        let mut shown: Vec<Node<'_>> = Vec::new();
        let mut closed: Option<usize> = None;
        for node in &all {
            if closed.is_some_and(|depth| node.depth > depth) {
                continue;
            }
            closed = None;
            let mut node = node.clone();
            if node.open.is_some() {
                let open = if state.unfolded.contains(&node.key) {
                    true
                } else if state.folded.contains(&node.key) {
                    false
                } else {
                    open_at(folded, workers, &node) || above.contains(&node.key)
                };
                node.open = Some(open);
                if !open {
                    closed = Some(node.depth);
                }
            }
            shown.push(node);
        }
        shown
    };
    let whole = fold(&[], false);
    let mut rows = whole.len();
    let mut folded: Vec<&AppId> = Vec::new();
    for app in apps.iter().rev() {
        if rows <= room {
            break;
        }
        rows -= whole.iter().filter(|node| node.id == *app && node.depth > 0).count();
        folded.push(app);
    }
    let shown = if folded.is_empty() { whole } else { fold(&folded, false) };
    if shown.len() <= room { shown } else { fold(&apps, true) }
}

/// What stands above the cursor's row: it does not fold by itself, or the cursor would fall to another process.
fn above_cursor(state: &State, all: &[Node<'_>]) -> Vec<RowKey> {
    let Some(at) = all.iter().position(|node| Some(&node.key) == state.place.tree.key.as_ref())
    else {
        return Vec::new();
    };
    let mut depth = all.get(at).map_or(0, |node| node.depth);
    let mut keys = Vec::new();
    for node in all.iter().take(at).rev() {
        if node.depth < depth {
            depth = node.depth;
            keys.push(node.key.clone());
        }
    }
    keys
}

/// All rows, ghosts in their places.
fn every(state: &State) -> Vec<Node<'_>> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut nodes = Vec::new();
    for app in crate::servers::listed(&look.census) {
        let mut below = Vec::new();
        let mut masters: Vec<Member<'_>> = members(app).filter(|m| m.master.is_some()).collect();
        // The newest first: what serves stands above what it replaced.
        masters.reverse();
        for ghost in state.ended().filter(|g| g.app == app.id) {
            if matches!(ghost.was, Was::Master(_)) {
                // Masters stand by their start, and one that ends stays where it stood.
                let start = |member: &Member<'_>| member.process.identity().1;
                let ghost = ghost.member();
                let at = masters.iter().position(|other| start(other) < start(&ghost));
                masters.insert(at.unwrap_or(masters.len()), ghost);
            }
        }
        for member in masters {
            branch(state, app.kind, &app.name, Some(app), member, &mut below);
        }
        let orphans = members(app).filter(|m| {
            m.worker.is_some() && app.orphans.iter().any(|o| o.process.pid == m.process.pid)
        });
        below.extend(orphans.map(|m| leaf(app.kind, &app.name, Some(app), m, 1)));
        push_app(&mut nodes, &app.id, &app.name, app.kind, Some(app), below);
    }
    let mut gone: Vec<&AppId> = Vec::new();
    for ghost in state.ended().filter(|g| look.census.app(&g.app).is_none()) {
        if gone.contains(&&ghost.app) {
            continue;
        }
        gone.push(&ghost.app);
        let mut below = Vec::new();
        for ghost in state.ended().filter(|g| g.app == ghost.app) {
            if matches!(ghost.was, Was::Master(_)) {
                branch(state, ghost.kind, &ghost.name, None, ghost.member(), &mut below);
            }
        }
        push_app(&mut nodes, &ghost.app, &ghost.name, ghost.kind, None, below);
    }
    nodes
}

fn push_app<'a>(
    nodes: &mut Vec<Node<'a>>,
    id: &'a AppId,
    name: &str,
    kind: Kind,
    app: Option<&'a App>,
    mut below: Vec<Node<'a>>,
) {
    mark_last(&mut below, 1);
    nodes.push(Node {
        key: RowKey::App(id.clone()),
        depth: 0,
        last: false,
        open: (!below.is_empty()).then_some(true),
        app,
        id,
        name: name.to_owned(),
        kind,
        member: None,
    });
    nodes.extend(below);
}

fn mark_last(nodes: &mut [Node<'_>], depth: usize) {
    if let Some(node) = nodes.iter_mut().rev().find(|node| node.depth == depth) {
        node.last = true;
    }
}

fn leaf<'a>(
    kind: Kind,
    name: &str,
    app: Option<&'a App>,
    member: Member<'a>,
    depth: usize,
) -> Node<'a> {
    Node {
        key: RowKey::Process(member.process.identity()),
        depth,
        last: false,
        open: None,
        app,
        id: member.app,
        name: name.to_owned(),
        kind,
        member: Some(member),
    }
}

/// A master and its workers, the living and the gone, by number and then start.
fn branch<'a>(
    state: &'a State,
    kind: Kind,
    name: &str,
    app: Option<&'a App>,
    member: Member<'a>,
    below: &mut Vec<Node<'a>>,
) {
    let Some(master) = member.master else { return };
    let identity: Identity = master.process.identity();
    let mut workers: Vec<Member<'a>> = master
        .workers
        .iter()
        .map(|worker| Member {
            app: member.app,
            process: &worker.process,
            master: None,
            worker: Some(worker),
            ended: member.ended,
        })
        .collect();
    for ghost in state.ended() {
        if let Was::Worker(_, Some(of)) = &ghost.was
            && same(*of, identity)
        {
            workers.push(ghost.member());
        }
    }
    workers.sort_by_key(|m| (m.worker.and_then(|w| w.number), m.process.identity().1));
    let mut node = leaf(kind, name, app, member, 1);
    node.open = (!workers.is_empty()).then_some(true);
    below.push(node);
    let mut leaves: Vec<Node<'a>> =
        workers.into_iter().map(|worker| leaf(kind, name, app, worker, 2)).collect();
    mark_last(&mut leaves, 2);
    below.extend(leaves);
}
