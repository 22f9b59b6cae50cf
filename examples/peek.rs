#![allow(clippy::all, missing_docs)]
use farrier::{os::live::Live, survey};
fn main() {
    let t = std::time::Instant::now();
    let census = survey::survey(&Live::new(), &survey::Wish::default());
    println!("{:?}", t.elapsed());
    println!("{:?}", census.seen);
    for app in &census.apps {
        println!(
            "APP {} {} {:?} layout={:?}",
            app.id,
            app.name,
            app.kind,
            app.layout.value.as_ref().map(|l| l.as_ref().map(|l| (
                l.current.state.value.clone(),
                l.releases
                    .value
                    .as_ref()
                    .map(|r| r.iter().map(|r| r.name.clone()).collect::<Vec<_>>())
            )))
        );
        for m in &app.masters {
            println!(
                "  M {} {:?} {:?} rel={:?} pidfile={:?} listens={:?} vers={:?}/{:?}",
                m.process.pid,
                m.role,
                m.phase,
                m.release.value,
                m.pidfile.value,
                m.listens.value,
                m.server_version,
                m.ruby_version
            );
            println!(
                "    restart {:?}\n    dir {:?}\n prog {:?}\n int {:?}\n cfg {:?}\n gem {:?}",
                m.restart.origin,
                m.restart.directory.value.as_ref().map(|s| &s.path),
                m.restart.program.value.as_ref().map(|s| &s.path),
                m.restart.interpreter.value.as_ref().map(|s| s.as_ref().map(|s| &s.path)),
                m.restart.config.value.as_ref().map(|s| s.as_ref().map(|s| &s.path)),
                m.restart.gemfile.value.as_ref().map(|s| s.as_ref().map(|s| &s.file.path))
            );
            println!("    loaded {:?}", m.loaded);
            println!(
                "    wanted {:?} libs {:?} cwd {:?} exe {:?}",
                m.workers_wanted(),
                m.process
                    .libraries
                    .value
                    .as_ref()
                    .map(|l| l.iter().map(|l| (l.path.clone(), l.fate())).collect::<Vec<_>>()),
                m.process.cwd.value.as_ref().map(|c| c.fate()),
                m.process.exe.value.as_ref().map(|c| c.fate())
            );
            for w in &m.workers {
                println!("    W {} {:?} {:?}", w.process.pid, w.number, w.release.value);
            }
        }
        for p in &app.pidfiles {
            println!(
                "  P {:?} {:?} {:?} {:?} owner {:?}",
                p.path, p.kind, p.state.value, p.named_by, p.owner
            );
        }
        for l in &app.listeners {
            println!(
                "  L {} {:?} {:?} {:?} {:?}",
                l.address,
                l.queued.value,
                l.backlog.value,
                l.file.as_ref().map(|f| f.value.clone()),
                l.masters
            );
        }
    }
}
