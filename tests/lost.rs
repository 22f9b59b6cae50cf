//! Facts that are taken away: what rules and plans say when one cannot be read.

use farrier::facts::files::{Linked, Spot};
use farrier::facts::{Fact, Lack, Shared};
use farrier::model::config::OldPath;
use farrier::model::*;
use farrier::os::Refusal;

/// A fact that can be taken away.
pub trait Losable {
    fn lose(&mut self);
}

impl<T> Losable for Fact<T> {
    fn lose(&mut self) {
        self.value = Err(Lack::Refused(Refusal::Denied));
    }
}

impl<T: Clone> Losable for Shared<Fact<T>> {
    fn lose(&mut self) {
        Fact::lose(self);
    }
}

/// Shows every fact of a census to a visitor; a fact in a fact comes before it.
pub fn each_fact(census: &mut Census, visit: &mut dyn FnMut(&str, &mut dyn Losable)) {
    visit("host", &mut census.host);
    for app in &mut census.apps {
        if let Ok(Some(layout)) = &mut app.layout.value {
            for release in layout.releases.value.iter_mut().flatten() {
                visit("release.arrived", &mut release.arrived);
                visit("release.lock", &mut release.lock);
                visit("release.nested_link", &mut release.nested_link);
            }
            visit("releases", &mut layout.releases);
            visit("keeps", &mut layout.keeps);
            visit("current.state", &mut layout.current.state);
            visit("current.real", &mut layout.current.real);
            visit("current.switched_at", &mut layout.current.switched_at);
        }
        visit("layout", &mut app.layout);
        for master in &mut app.masters {
            each_process(&mut master.process, visit);
            for worker in &mut master.workers {
                each_process(&mut worker.process, visit);
                visit("worker.release", &mut worker.release);
                visit("worker.frozen", &mut worker.frozen);
            }
            visit("master.release", &mut master.release);
            each_config(&mut master.config, "config", visit);
            each_config(&mut master.loaded, "loaded", visit);
            visit("databases", &mut master.databases);
            visit("pidfile", &mut master.pidfile);
            visit("log", &mut master.log);
            visit("listens", &mut master.listens);
            visit("room", &mut master.room);
            visit("frozen", &mut master.frozen);
            visit("supervisor", &mut master.supervisor);
            each_restart(&mut master.restart, visit);
            for output in &mut master.outputs {
                each_output(output, visit);
            }
        }
        for file in &mut app.pidfiles {
            for directory in &mut file.directories {
                visit("directory.stat", &mut directory.stat);
                visit("directory.access", &mut directory.access);
            }
            visit("pidfile.real", &mut file.real);
            visit("pidfile.stat", &mut file.stat);
            visit("pidfile.state", &mut file.state);
        }
        for listener in &mut app.listeners {
            if let Some(directory) = &mut listener.directory {
                visit("listener.directory", directory);
            }
            visit("listener.queued", &mut listener.queued);
            visit("listener.backlog", &mut listener.backlog);
            if let Some(file) = &mut listener.file {
                visit("listener.file", file);
            }
        }
    }
}

fn each_config(
    config: &mut Shared<Fact<Config>>,
    name: &str,
    visit: &mut dyn FnMut(&str, &mut dyn Losable),
) {
    if let Ok(config) = &mut config.value {
        each_spot(&mut config.file, visit);
        visit("pid_real", &mut config.pid_real);
        for path in config.hooks.iter_mut().flat_map(|hook| &mut hook.old_paths) {
            if let Setting::Set { value: OldPath::Path { real, .. }, .. } = path {
                visit("old_path.real", real);
            }
        }
    }
    visit(name, config);
}

fn each_output(output: &mut Output, visit: &mut dyn FnMut(&str, &mut dyn Losable)) {
    each_spot(&mut output.file, visit);
    visit("output.name", &mut output.name);
    visit("output.access", &mut output.access);
    for directory in &mut output.directories {
        visit("output.directory.stat", &mut directory.stat);
        visit("output.directory.access", &mut directory.access);
    }
}

fn each_spot(spot: &mut Spot, visit: &mut dyn FnMut(&str, &mut dyn Losable)) {
    visit("spot.stat", &mut spot.stat);
    visit("spot.real", &mut spot.real);
}

fn each_link(link: &mut Linked, visit: &mut dyn FnMut(&str, &mut dyn Losable)) {
    visit("link.open", &mut link.open);
    visit("link.now", &mut link.now);
}

fn each_process(process: &mut Process, visit: &mut dyn FnMut(&str, &mut dyn Losable)) {
    visit("stat", &mut process.stat);
    visit("status", &mut process.status);
    visit("command_line", &mut process.command_line);
    visit("started_at", &mut process.started_at);
    visit("age", &mut process.age);
    if let Ok(link) = &mut process.cwd.value {
        each_link(link, visit);
    }
    visit("cwd", &mut process.cwd);
    if let Ok(link) = &mut process.exe.value {
        each_link(link, visit);
    }
    visit("exe", &mut process.exe);
    visit("environ", &mut process.environ);
    visit("live", &mut process.live);
    visit("maps", &mut process.maps);
    for link in process.libraries.value.iter_mut().flatten() {
        each_link(link, visit);
    }
    visit("libraries", &mut process.libraries);
    visit("descriptors", &mut process.descriptors);
    visit("cgroup", &mut process.cgroup);
    visit("shares_users", &mut process.shares_users);
    visit("limits", &mut process.limits);
    visit("user", &mut process.user);
    visit("pss", &mut process.pss);
    visit("rss", &mut process.rss);
}

fn each_restart(restart: &mut Restart, visit: &mut dyn FnMut(&str, &mut dyn Losable)) {
    for spot in [&mut restart.directory, &mut restart.program] {
        if let Ok(spot) = &mut spot.value {
            each_spot(spot, visit);
        }
    }
    for spot in [&mut restart.interpreter, &mut restart.config] {
        if let Ok(Some(spot)) = &mut spot.value {
            each_spot(spot, visit);
        }
    }
    if let Ok(Some(gemfile)) = &mut restart.gemfile.value {
        each_spot(&mut gemfile.file, visit);
        visit("gemfile.lock", &mut gemfile.lock);
    }
    visit("restart.directory", &mut restart.directory);
    visit("restart.program", &mut restart.program);
    visit("restart.interpreter", &mut restart.interpreter);
    visit("restart.arguments", &mut restart.arguments);
    visit("restart.config", &mut restart.config);
    visit("restart.gemfile", &mut restart.gemfile);
    visit("restart.gems", &mut restart.gems);
}
