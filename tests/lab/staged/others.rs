//! Other servers beside Unicorn, whole: Puma in its forms, nginx, and nginx in front of Unicorn.

use serde_json::json;

use crate::lab::program::{FINE, broken};
use crate::lab::site::{App, FIRST, Site};
use crate::lab::world::{DEPLOY, Lab};
use crate::lab::{Stage, hold, staged::healthy::serving};

/// Asks nginx for a page.
const ASK: &str =
    "exec 3<>/dev/tcp/127.0.0.1/8081; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "other-puma-cluster",
        tells: "Puma with two workers, by Bundler, in Capistrano's layout",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let parent = cluster(lab, "preload_app!\n");
            assert_eq!(workers(lab, parent, "puma: cluster worker").len(), 2);
            judge(lab, parent, 2, "api", "puma");
        },
    },
    Stage {
        name: "other-puma-forking",
        tells: "Puma whose first worker forks the other",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let parent = cluster(lab, "fork_worker\n");
            lab.wait("the first worker forks the second", || {
                let first = workers(lab, parent, "puma: cluster worker 0");
                first
                    .first()
                    .is_some_and(|first| !workers(lab, *first, "puma: cluster worker 1").is_empty())
            });
            judge(lab, parent, 2, "api", "puma");
        },
    },
    Stage {
        name: "other-puma-single",
        tells: "Puma in one process, which forked a child that bears its title; no pidfile, no releases",
        targets: &[],
        expect: FINE,
        set: |lab| {
            lab.sh_as(DEPLOY, "mkdir /srv/deploy/one");
            let app = "fork { sleep }\nrun lambda { |env| [200, {}, [\"one\"]] }\n";
            lab.write("/srv/deploy/one/config.ru", app);
            lab.background(
                DEPLOY,
                "env -C /srv/deploy/one puma -e production -b tcp://127.0.0.1:9292",
            );
            lab.wait("Puma listens", || lab.sh("ss -ltn").contains(":9292"));
            let single = titled(lab, "puma ")[0];
            lab.wait("its child bears its title", || titled(lab, "puma ").len() == 2);
            judge(lab, single, 0, "one", "puma");
        },
    },
    Stage {
        name: "other-rainbows",
        tells: "Rainbows!, started by hand in its directory, just upgraded by farrier",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let old = chatting(lab);
            judge(lab, old, 2, "chat", "rainbows");
            let plan = lab.farrier(&["plan", "upgrade", "chat"]);
            for line in ["/srv/deploy/chat (", "/usr/bin/rainbows (", "/srv/deploy/chat/r.pid"] {
                assert!(plan.stdout.contains(line), "{line}: {}", plan.stdout);
            }
            assert!(plan.stdout.contains("START_CTX[0]"), "{}", plan.stdout);
            let run = lab.farrier(&["upgrade", "chat", "--yes"]);
            assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
            assert!(!lab.lives(old));
            let new = lab.read("/srv/deploy/chat/r.pid").trim().parse().expect("a pid");
            judge(lab, new, 2, "chat", "rainbows");
        },
    },
    Stage {
        name: "other-nginx",
        tells: "nginx as Debian configures it",
        targets: &[],
        expect: FINE,
        set: |lab| {
            lab.sh("nginx");
            let master = wait_master(lab);
            assert_eq!(lab.read("/run/nginx.pid").trim(), master.to_string());
            refused(lab, master, "nginx");
            judge(lab, master, processors(lab), "nginx", "nginx");
        },
    },
    Stage {
        name: "other-nginx-supervised",
        tells: "nginx in the foreground with a configuration of its own and no pidfile",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let conf = "worker_processes auto;\npid /dev/null;\nevents {}\nhttp {\n\
                 server { listen 127.0.0.1:8081; return 204; }\n}\n";
            lab.write("/srv/web/nginx.conf", conf);
            lab.background("root", "nginx -c /srv/web/nginx.conf -g 'daemon off;'");
            let master = wait_master(lab);
            judge(lab, master, processors(lab), "nginx", "nginx");
        },
    },
    Stage {
        name: "other-nginx-before-nobody",
        tells: "the master of the app that nginx passes requests to was killed; nobody asks for it by name",
        targets: &[],
        expect: broken(&[("master-dead", "critical"), ("pidfile-stale", "warning")]),
        set: |lab| {
            let site = serving(lab);
            let master = site.masters()[0];
            let conf = format!(
                "error_log /srv/web/error.log;\nevents {{}}\nhttp {{ upstream shop {{ server unix:{} fail_timeout=0; }}\n\
                 server {{ listen 8081; location / {{ proxy_pass http://shop; }} }} }}\n",
                site.path("shared/sockets/unicorn.sock")
            );
            lab.write("/srv/web/nginx.conf", conf);
            lab.sh("nginx -c /srv/web/nginx.conf");
            lab.wait("the app answers through nginx", || lab.sh(ASK).contains(FIRST));
            lab.judge("before", &[], &FINE);
            lab.signal(master, "KILL");
            lab.wait("its workers leave too", || titled(lab, "unicorn ").is_empty());
            lab.wait("nginx finds nobody", || lab.sh(ASK).contains("502 Bad Gateway"));
        },
    },
    Stage {
        name: "other-nginx-reloading",
        tells: "nginx was just reloaded, and a worker still has a client",
        targets: &[],
        expect: FINE,
        set: |lab| {
            lab.sh("nginx");
            let master = wait_master(lab);
            lab.background("root", "bash -c 'exec 3<>/dev/tcp/127.0.0.1/80; printf \"GET / HTTP/1.1\\r\\n\" >&3; sleep 50'");
            lab.wait("the client is connected", || {
                lab.sh("ss -tn state established").contains(":80 ")
            });
            lab.signal(master, "HUP");
            lab.wait("a worker shuts down", || {
                !workers(lab, master, "nginx: worker process is shutting down").is_empty()
            });
        },
    },
    Stage {
        name: "other-nginx-before-unicorn",
        tells: "nginx passes requests to Unicorn's socket",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = serving(lab);
            passing(lab, &[("shop", &site.path("shared/sockets/unicorn.sock"))]);
            locked_out(lab, &site);
        },
    },
    Stage {
        name: "other-whole-box",
        tells: "nginx passes requests to Unicorn's socket and to Puma's",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = serving(lab);
            let parent = cluster(lab, "");
            let sockets = [
                ("shop", &*site.path("shared/sockets/unicorn.sock")),
                ("api", "/var/www/api/shared/sockets/puma.sock"),
            ];
            passing(lab, &sockets);
            judge(lab, parent, 2, "api", "puma");
        },
    },
];

/// Puma with two workers and these settings besides; gives the parent of the cluster.
pub fn cluster(lab: &Lab, settings: &str) -> u32 {
    let site = Site::new(lab, "api");
    let release = site.path(&format!("releases/{FIRST}"));
    let app = App { gems: &["puma"], ..App::default() };
    site.unpack(&release, FIRST, &app, "");
    let shared = site.path("shared");
    let config = format!(
        "shared = \"{shared}\"\ndirectory \"{}\"\nworkers 2\nthreads 1, 2\nenvironment \"production\"\n\
         pidfile \"#{{shared}}/pids/puma.pid\"\nstate_path \"#{{shared}}/pids/puma.state\"\n\
         bind \"unix://#{{shared}}/sockets/puma.sock\"\n\
         stdout_redirect \"#{{shared}}/log/out.log\", \"#{{shared}}/log/err.log\", true\n{settings}",
        site.path("current")
    );
    lab.write(format!("{release}/config/puma.rb"), config);
    lab.sh(&format!("rm {release}/config/unicorn.rb; chown -R {DEPLOY}: {release}"));
    site.switched_long_ago(FIRST);
    lab.background(DEPLOY, &format!("env -C {0} PWD={0} bundle exec puma", site.path("current")));
    lab.wait("Puma answers", || site.ask("shared/sockets/puma.sock").is_some());
    lab.wait("both workers", || titled(lab, "puma: cluster worker").len() == 2);
    titled(lab, "puma ")[0]
}

/// Rainbows! with two workers; gives its master.
fn chatting(lab: &Lab) -> u32 {
    lab.sh_as(DEPLOY, "mkdir -p /srv/deploy/chat");
    let config = "worker_processes 2\npid \"/srv/deploy/chat/r.pid\"\n\
         listen \"/srv/deploy/chat/r.sock\"\nstderr_path \"/srv/deploy/chat/err.log\"\n\
         Rainbows! do\n  use :ThreadSpawn\n  worker_connections 20\nend\n";
    lab.write("/srv/deploy/chat/r.rb", config);
    lab.write("/srv/deploy/chat/config.ru", "run lambda { |env| [200, {}, [\"chat\"]] }\n");
    lab.sh_as(DEPLOY, "cd /srv/deploy/chat; rainbows -D -c r.rb -E production");
    lab.wait("both workers", || titled(lab, "rainbows worker").len() == 2);
    titled(lab, "rainbows master")[0]
}

/// nginx with a group for each of these sockets, asked for once.
pub fn passing(lab: &Lab, sockets: &[(&str, &str)]) {
    for (name, socket) in sockets {
        let site = format!(
            "upstream {name}_app {{\n  server unix:{socket} fail_timeout=0;\n}}\n\
             server {{\n  listen 8081;\n  server_name {name}.example;\n  \
             location / {{ proxy_pass http://{name}_app; }}\n}}\n"
        );
        lab.write(format!("/etc/nginx/sites-enabled/{name}"), site);
    }
    lab.sh("nginx");
    let master = wait_master(lab);
    lab.wait("an app answers through nginx", || lab.sh(ASK).contains(FIRST));
    judge(lab, master, processors(lab), "nginx", "nginx");
}

/// Who may connect is told by the modes on the way, as the kernel tells it to nginx itself.
fn locked_out(lab: &Lab, site: &Site) {
    let upstream = || {
        let run = lab.farrier(&["tree", "--format", "json"]);
        let tree: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        let apps = tree["apps"].as_array().expect("apps").clone();
        let proxy = apps.into_iter().find(|app| app["server"] == "nginx").expect("nginx");
        proxy["upstreams"][0].clone()
    };
    let told = upstream();
    let socket = site.path("shared/sockets/unicorn.sock");
    assert_eq!(told["address"], format!("unix:{socket}"), "{told}");
    assert_eq!(told["apps"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["may_connect"], true, "{told}");
    let shared = site.path("shared");
    for (path, closed, open) in [(&shared, "0700", "0755"), (&socket, "0755", "0777")] {
        lab.sh(&format!("chmod {closed} {path}"));
        let told = upstream();
        assert_eq!((&told["may_connect"], &told["barred_by"]), (&false.into(), &json!(path)));
        assert!(lab.sh(ASK).contains("502"), "{told}");
        lab.sh(&format!("chmod {open} {path}"));
    }
    assert!(lab.sh(ASK).contains(FIRST));
}

/// How many workers `worker_processes auto` means.
fn processors(lab: &Lab) -> usize {
    lab.sh("getconf _NPROCESSORS_ONLN").trim().parse().expect("a number")
}

fn titled(lab: &Lab, title: &str) -> Vec<u32> {
    lab.pids().into_iter().filter(|pid| lab.title(*pid).starts_with(title)).collect()
}

fn workers(lab: &Lab, parent: u32, title: &str) -> Vec<u32> {
    lab.children(parent).into_iter().filter(|pid| lab.title(*pid).starts_with(title)).collect()
}

/// The master of a freshly started nginx, once it has all its workers.
fn wait_master(lab: &Lab) -> u32 {
    let master = || titled(lab, "nginx: master process").into_iter().next();
    lab.wait("nginx has its workers", || {
        master().is_some_and(|m| workers(lab, m, "nginx: worker").len() == processors(lab))
    });
    titled(lab, "nginx: master process")[0]
}

/// Nothing is sent to a server whose signals are not followed, and it is said why.
fn refused(lab: &Lab, master: u32, name: &str) {
    let pid = master.to_string();
    for words in [
        &["upgrade", name, "--yes", "--force"][..],
        &["do", "reload", name, "--yes", "--force"],
        &["do", "stop", name, "--yes", "--force"],
        &["signal", "QUIT", &pid, "--yes", "--force"],
        &["signal", "TERM", &pid, "--yes", "--force"],
        &["signal", "KILL", &pid, "--yes", "--force"],
    ] {
        let run = lab.farrier(words);
        assert!(run.status != 0, "{words:?}: {}", run.stdout);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("farrier has no signals for this server"), "{words:?}: {said}");
    }
    assert!(lab.lives(master));
}

/// The tree shows one master of that app with its workers.
fn judge(lab: &Lab, master: u32, workers: usize, name: &str, server: &str) {
    let run = lab.farrier(&["tree", "--format", "json"]);
    let tree: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let apps = tree["apps"].as_array().expect("apps");
    let app = apps.iter().find(|app| app["server"] == server && app["name"] == name);
    let app = app.unwrap_or_else(|| panic!("no {name}: {}", run.stdout));
    let masters = app["masters"].as_array().expect("masters");
    assert_eq!(masters.len(), 1, "{}", run.stdout);
    assert_eq!(masters[0]["pid"], master, "{}", run.stdout);
    assert_eq!(masters[0]["workers"].as_array().map(Vec::len), Some(workers), "{}", run.stdout);
    assert_eq!(masters[0]["role"], "current", "{}", run.stdout);
}

#[test]
fn puma_cluster() {
    hold("other-puma-cluster");
}

#[test]
fn puma_forking() {
    hold("other-puma-forking");
}

#[test]
fn puma_single() {
    hold("other-puma-single");
}

#[test]
fn rainbows() {
    hold("other-rainbows");
}

#[test]
fn nginx() {
    hold("other-nginx");
}

#[test]
fn nginx_supervised() {
    hold("other-nginx-supervised");
}

#[test]
fn nginx_before_nobody() {
    hold("other-nginx-before-nobody");
}

#[test]
fn nginx_reloading() {
    hold("other-nginx-reloading");
}

#[test]
fn whole_box() {
    hold("other-whole-box");
}

#[test]
fn nginx_before_unicorn() {
    hold("other-nginx-before-unicorn");
}
