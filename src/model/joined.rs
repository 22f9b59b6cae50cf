//! What a look has in common with the one before it: held once, by both.

use super::{App, Census, Master, Process, Worker};
use crate::facts::Fact;

impl Census {
    /// Holds what is as it was in the look before together with that look. Nothing that it says changes.
    pub fn join(&mut self, before: &Self) {
        if let (Ok(host), Ok(was)) = (&mut self.host.value, &before.host.value)
            && host.users == was.users
        {
            host.users = was.users.clone();
        }
        for app in &mut self.apps {
            if let Some(was) = before.apps.iter().find(|was| was.id == app.id) {
                join_app(app, was);
            }
        }
    }
}

fn join_app(app: &mut App, was: &App) {
    app.layout.join(&was.layout);
    app.pidfiles.join(&was.pidfiles);
    app.listeners.join(&was.listeners);
    for master in &mut app.masters {
        if let Some(was) = was.master(master.process.pid) {
            join_master(master, was);
        }
    }
    join_workers(&mut app.orphans, &was.orphans);
}

fn join_master(master: &mut Master, was: &Master) {
    join_process(&mut master.process, &was.process);
    master.config.join(&was.config);
    master.loaded.join(&was.loaded);
    master.restart.join(&was.restart);
    master.supervisor.join(&was.supervisor);
    master.log.join(&was.log);
    master.databases.join(&was.databases);
    master.upstreams.join(&was.upstreams);
    join_place(&mut master.release, &was.release);
    join_place(&mut master.pidfile, &was.pidfile);
    join_place(&mut master.listens, &was.listens);
    join_place(&mut master.room, &was.room);
    join_workers(&mut master.workers, &was.workers);
}

/// Workers stand in the order of their numbers in both: most stand where they stood.
fn join_workers(workers: &mut [Worker], were: &[Worker]) {
    for (at, worker) in workers.iter_mut().enumerate() {
        let is_it = |was: &&Worker| was.process.pid == worker.process.pid;
        let was = were.get(at).filter(is_it).or_else(|| were.iter().find(is_it));
        if let Some(was) = was {
            join_process(&mut worker.process, &was.process);
            join_place(&mut worker.release, &was.release);
        }
    }
}

fn join_process(process: &mut Process, was: &Process) {
    join_place(&mut process.age, &was.age);
    process.facts.join(&was.facts);
    if process.facts.is_one_with(&was.facts) {
        return;
    }
    let (now, was) = (&mut *process.facts, &was.facts);
    now.environ.join(&was.environ);
    now.live.join(&was.live);
    now.maps.join(&was.maps);
    now.libraries.join(&was.libraries);
    now.descriptors.join(&was.descriptors);
    now.limits.join(&was.limits);
    join_place(&mut now.stat, &was.stat);
    join_place(&mut now.status, &was.status);
    join_place(&mut now.rss, &was.rss);
    join_place(&mut now.pss, &was.pss);
    join_place(&mut now.started_at, &was.started_at);
    join_place(&mut now.command_line, &was.command_line);
    join_place(&mut now.cgroup, &was.cgroup);
    join_place(&mut now.user, &was.user);
    join_place(&mut now.shares_users, &was.shares_users);
}

/// A place is looked at again and again.
fn join_place<T>(fact: &mut Fact<T>, was: &Fact<T>) {
    if fact.place == was.place {
        fact.place = was.place.clone();
    }
}
