//! Processes of every make: the live environment that farrier tells is what the process itself says that it has, and
//! where it cannot be told farrier says why.

use std::process::Command;

use super::truth::{Environment, entries};
use super::world::{DEPLOY, Lab, said};

/// Where a target of these tests writes what it has.
const TRUTH: &str = "/srv/deploy/truth";
/// What each is started with besides what the lab gives.
const GIVEN: &str =
    "TO_CHANGE=before TO_GO=x TWIN_OF_ONE=secret TWIN_OF_OTHER=secret RAILS_ENV=production";

/// Changes its environment by what C has for it, writes it to a file, and waits.
const PROGRAM: &str = r#"
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef COPIED
/* Its own reference, for which the linker may move the variable into the program. */
static void tell(void) {
    for (char **entry = environ; entry && *entry; entry++) { fputs(*entry, stdout); putchar(0); }
    fflush(stdout);
}
#else
/* The C library passes it on: the program does not name it. */
static void tell(void) {
    if (fork() == 0) { execlp("env", "env", "-0", NULL); _exit(1); }
    wait(NULL);
}
#endif
int main(int argc, char **argv) {
    static char put[] = "PUT=as it stands", large[100000];
    if (argc > 2) clearenv();
    else {
        memset(large, 'x', sizeof large - 1);
        setenv("TO_CHANGE", "after", 1); setenv("NEW", "yes", 0); setenv("LARGE", large, 1);
        setenv("NOTHING", "", 1); unsetenv("TO_GO"); putenv(put);
    }
    freopen("/srv/deploy/truth.new", "w", stdout);
    tell();
    rename("/srv/deploy/truth.new", argv[1]);
    for (;;) pause();
}
"#;

/// Waits and nothing else, by a call of the kernel's 32-bit interface: it needs no library of that kind.
#[cfg(target_arch = "x86_64")]
const NARROW: &str =
    "void _start(void) { for (;;) __asm__ volatile(\"int $0x80\" :: \"a\"(29)); }\n";

const PUMA: &str = r#"
workers 2
environment "production"
bind "unix:///srv/deploy/puma/puma.sock"
before_fork do
  ENV["TO_CHANGE"] = "after"
  ENV["NEW"] = "yes"
  ENV.delete("TO_GO")
  File.write("/srv/deploy/truth.new", ENV.map { |name, value| name + "=" + value + "\0" }.join)
  File.rename("/srv/deploy/truth.new", "/srv/deploy/truth")
end
"#;

const GUNICORN: &str = r#"
import os
bind = "unix:/srv/deploy/gunicorn/gunicorn.sock"
workers = 2
def when_ready(server):
    os.environ.update(TO_CHANGE="after", NEW="yes")
    del os.environ["TO_GO"]
    with open("/srv/deploy/truth.new", "wb") as told:
        told.write(b"".join(name + b"=" + value + b"\0" for name, value in os.environb.items()))
    os.rename("/srv/deploy/truth.new", "/srv/deploy/truth")
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
"#;

const NGINX: &str = "
daemon off;
worker_processes 2;
pid /srv/nginx/nginx.pid;
error_log /srv/nginx/error.log;
events {}
http {
    access_log off;
    client_body_temp_path /srv/nginx/body;
    proxy_temp_path /srv/nginx/proxy;
    fastcgi_temp_path /srv/nginx/fastcgi;
    uwsgi_temp_path /srv/nginx/uwsgi;
    scgi_temp_path /srv/nginx/scgi;
    server { listen unix:/srv/nginx/nginx.sock; return 200 ok; }
}
";

/// Builds a program and puts it into the lab.
fn build(lab: &Lab, source: &str, words: &[&str]) -> String {
    let directory = tempfile::tempdir().expect("a directory to build in");
    let (code, program) = (directory.path().join("target.c"), directory.path().join("target"));
    std::fs::write(&code, source).expect("written");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(&code).arg("-o").arg(&program);
    let built = command.output().expect("the compiler starts");
    assert!(built.status.success(), "{words:?}: {}", said(&built));
    // Named as it was built, which a failing test shows.
    let inside = format!("/srv/deploy/{}", words.concat().replace('=', "-"));
    lab.write(&inside, std::fs::read(&program).expect("it was built"));
    lab.sh(&format!("chmod 755 {inside}"));
    inside
}

/// Starts a target as the user who deploys, and gives its PID and its environment in its own words.
fn start(lab: &Lab, directory: &str, words: &str) -> (u32, Environment) {
    lab.sh(&format!("rm -f {TRUTH}; chown -R {DEPLOY}:{DEPLOY} /srv/deploy"));
    let pid = lab.background(DEPLOY, &format!("env -C {directory} {GIVEN} {words}"));
    lab.wait("the target has written what it has", || lab.has(TRUTH));
    (pid, entries(&lab.read(TRUTH)))
}

/// That a target has done to its environment what these tests have it do.
fn assert_changed(truth: &Environment) {
    let values = ["TO_CHANGE", "NEW", "TO_GO"].map(|name| truth.get(name).map(String::as_str));
    assert_eq!(values, [Some("after"), Some("yes"), None]);
}

#[test]
fn programs_of_both_c_libraries() {
    let lab = Lab::new();
    for words in [
        &["gcc", "-pie", "-fPIE"][..],
        &["gcc", "-no-pie", "-fno-pie"],
        &["gcc", "-Wl,--hash-style=sysv"],
        &["gcc", "-static"],
        &["gcc", "-static-pie"],
        &["musl-gcc", "-pie", "-fPIE"],
        &["musl-gcc", "-no-pie", "-fno-pie"],
        &["musl-gcc", "-static"],
    ] {
        for copied in ["-DCOPIED", "-UCOPIED"] {
            let program = build(&lab, PROGRAM, &[words, &[copied]].concat());
            let (pid, truth) = start(&lab, "/", &format!("{program} {TRUTH}"));
            assert_changed(&truth);
            lab.assert_live(pid, &truth);
            lab.signal(pid, "KILL");
        }
    }
    // An environment that is empty is known, and another thing than one that is not.
    let program = build(&lab, PROGRAM, &["gcc", "-DCOPIED"]);
    let (pid, truth) = start(&lab, "/", &format!("{program} {TRUTH} clear"));
    assert!(truth.is_empty());
    lab.assert_live(pid, &truth);
}

#[test]
fn what_cannot_be_told_is_told_with_its_reason() {
    let lab = Lab::new();
    for words in [
        &["gcc", "-static", "-s"][..],
        &["gcc", "-static-pie", "-s"],
        &["musl-gcc", "-static", "-s"],
    ] {
        let program = build(&lab, PROGRAM, words);
        let (pid, _) = start(&lab, "/", &format!("{program} {TRUTH}"));
        assert_unknown(&lab, "root", pid, "a static program without a symbol");
        lab.signal(pid, "KILL");
    }
    // What root alone may look into.
    let pid = lab.background("root", "sleep 300");
    lab.wait("it runs", || lab.link(pid, "exe").ends_with("sleep"));
    assert_eq!(lab.env_as("root", pid)["live_source"], "memory");
    assert_unknown(&lab, DEPLOY, pid, "denied");
}

/// That the live environment is unknown to a user, with a reason.
fn assert_unknown(lab: &Lab, user: &str, pid: u32, why: &str) {
    let told = lab.env_as(user, pid);
    assert_eq!(
        (&told["live"], &told["live_source"]),
        (&().into(), &"unavailable".into()),
        "{told:#}"
    );
    let reasons = told["unknowns"].to_string();
    assert!(reasons.contains(why), "{reasons}");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_32_bit_program_is_told_as_such() {
    let lab = Lab::new();
    let flags = ["gcc", "-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-pie"];
    let program = build(&lab, NARROW, &flags);
    let pid = lab.background(DEPLOY, &program);
    lab.wait("it runs", || lab.link(pid, "exe") == program);
    assert_unknown(&lab, "root", pid, "32-bit");
}

#[test]
fn a_puma_whose_title_lies_over_its_environment() {
    let lab = Lab::new();
    lab.write("/srv/deploy/puma/config/puma.rb", PUMA);
    lab.write("/srv/deploy/puma/config.ru", "run lambda { |env| [200, {}, [\"ok\"]] }\n");
    let (pid, truth) = start(&lab, "/srv/deploy/puma", "puma");
    assert_changed(&truth);
    lab.wait("both workers are there", || lab.children(pid).len() >= 2);
    lab.assert_live(pid, &truth);
    let told = lab.env_as("root", pid);
    assert_eq!(told["start_state"], "overwritten");
    assert!(told["next"].is_null(), "Puma hands its first environment on: {told:#}");
}

#[test]
fn a_gunicorn() {
    let lab = Lab::new();
    lab.write("/srv/deploy/gunicorn/shop.py", GUNICORN);
    let (pid, truth) = start(&lab, "/srv/deploy/gunicorn", "gunicorn -c shop.py shop:app");
    assert_changed(&truth);
    lab.wait("both workers are there", || lab.children(pid).len() == 2);
    lab.assert_live(pid, &truth);
}

/// nginx does not change its environment, and moves it out of its title's way; its workers have none.
#[test]
fn an_nginx_and_its_workers() {
    let lab = Lab::new();
    lab.write("/srv/nginx/nginx.conf", NGINX);
    let given = ["A=1", "RAILS_ENV=production", "SECRET_OF_NGINX=secret"];
    let line = format!("env -i {} /usr/sbin/nginx -c /srv/nginx/nginx.conf", given.join(" "));
    let pid = lab.background("root", &line);
    let workers = || lab.children(pid);
    lab.wait("both workers are titled", || {
        workers().iter().filter(|w| lab.title(**w) == "nginx: worker process").count() == 2
    });
    lab.assert_live(pid, &entries(&given.join("\0")));
    let told = lab.env_as("root", pid);
    assert_eq!(told["start_state"], "overwritten");
    assert!(told["next"].is_null(), "nginx makes one of its own: {told:#}");
    for worker in workers() {
        lab.assert_live(worker, &Environment::new());
    }
}
