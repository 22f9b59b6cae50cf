//! The config file of a staged Unicorn: a healthy one, and each way to write it that matters to an upgrade.

/// When and how a config retires the old master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Nothing does: a person or a script has to.
    None,
    /// QUIT to `PIDFILE.oldbin` at the first fork, which is right with `preload_app true`.
    BeforeFork,
    /// QUIT once the last worker is ready, which is right without preloading too.
    WhenReady,
    /// The hook looks at another path than the one where the old pidfile is.
    WrongPath,
}

/// How many workers a healthy app is configured with.
pub const WORKERS: u32 = 2;

/// The settings of one `config/unicorn.rb`; [`Config::at`] gives those of a healthy Capistrano app.
#[derive(Debug, Clone)]
pub struct Config {
    pub working_directory: Option<String>,
    pub pid: Option<String>,
    pub listen: String,
    pub workers: u32,
    pub preload: bool,
    pub timeout: u32,
    /// `before_exec` sets `BUNDLE_GEMFILE` to this path.
    pub gemfile: Option<String>,
    pub hook: Hook,
    /// The directory of both logs.
    pub logs: String,
    /// Lines to put at the end as they are.
    pub more: String,
}

impl Config {
    /// What a careful person writes for an app deployed under `root`.
    pub fn at(root: &str) -> Self {
        Self {
            working_directory: Some(format!("{root}/current")),
            pid: Some(format!("{root}/shared/pids/unicorn.pid")),
            listen: format!("{root}/shared/sockets/unicorn.sock"),
            workers: WORKERS,
            preload: true,
            timeout: 30,
            gemfile: Some(format!("{root}/current/Gemfile")),
            hook: Hook::BeforeFork,
            logs: format!("{root}/shared/log"),
            more: String::new(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(directory) = &self.working_directory {
            lines.push(format!("working_directory \"{directory}\""));
        }
        if let Some(pid) = &self.pid {
            lines.push(format!("pid \"{pid}\""));
        }
        lines.push(format!("listen \"{}\"", self.listen));
        lines.push(format!("worker_processes {}", self.workers));
        lines.push(format!("timeout {}", self.timeout));
        lines.push(format!("preload_app {}", self.preload));
        lines.push(format!("stderr_path \"{}/unicorn.stderr.log\"", self.logs));
        lines.push(format!("stdout_path \"{}/unicorn.stdout.log\"", self.logs));
        if let Some(gemfile) = &self.gemfile {
            lines.push(format!(
                "before_exec do |_|\n  ENV[\"BUNDLE_GEMFILE\"] = \"{gemfile}\"\nend"
            ));
        }
        match self.hook {
            Hook::None => {}
            Hook::BeforeFork => {
                lines.push(retire("before_fork", "\"#{server.config[:pid]}.oldbin\"", "true"));
            }
            Hook::WhenReady => {
                // A worker has no `server.config` any more: the path stands here once more.
                let old = format!("\"{}.oldbin\"", self.pid.as_deref().unwrap_or_default());
                let last = "worker.nr == server.worker_processes - 1";
                lines.push(retire("after_worker_ready", &old, last));
            }
            Hook::WrongPath => {
                lines.push(retire("before_fork", "\"/var/run/unicorn.pid.oldbin\"", "true"));
            }
        }
        lines.push(self.more.clone());
        lines.join("\n") + "\n"
    }
}

/// A hook that sends QUIT to the master whose number stands in the file `old`, if `when` holds.
fn retire(hook: &str, old: &str, when: &str) -> String {
    format!(
        "{hook} do |server, worker|
  old = {old}
  if {when} && File.exist?(old)
    begin
      retired = File.read(old).to_i
      Process.kill(:QUIT, retired) if retired > 1
    rescue Errno::ENOENT, Errno::ESRCH
      nil
    end
  end
end"
    )
}
