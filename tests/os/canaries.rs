//! Secrets in every place where people put them. None stays in a recording, and what a server is told does.

use std::cell::Cell;

use farrier::os::record::Record;
use farrier::os::{Answer, Arguments, Ask, Found, PathAsk, Pid, ProcText, Root, Source, Text};

/// What a secret looks like: `@` stands for one, each time another.
const SECRETS: &[&str] =
    &["CNRY%z", "s3cr3t-canary-%", "canary%Pw", "CANARY%", "f00canary%barbaz00aabbccddeeff"];

/// Ruby configurations: `unicorn.rb`, `puma.rb`, `config.ru`, `deploy.rb`.
const RUBY: &[&str] = &[
    "api = { :key => \"@\" }",
    "HOOK = \"https://hooks.slack.example/services/T0@/B0@/@\"",
    "before_fork { |s, w| Db.connect(\"@\") }",
    "salt = \"@\"",
    "x = %q(@)",
    "x = %Q{@ and @}",
    "x = %w[@ @]",
    "ENV.update(\"TOK\" => \"@\")",
    "ENV.store(\"TOK\", \"@\")",
    "ENV[\"FOO\"] = '@'",
    "ENV['FOO'] ||= \"@\"",
    "ENV.fetch('FOO', \"@\")",
    "ENV.fetch('FOO') { \"@\" }",
    "url = \"https://@:x@h.example/\"",
    "url = \"postgres://u:@@db.example/shop\"",
    "url = \"mysql://@@db/shop\"",
    "url = \"redis://:@@h:6379/0\"",
    "url = \"http://h.example/?token=@&b=@\"",
    "headers = { \"X-Api\" => \"@\" }",
    "headers = { 'Authorization' => 'Bearer @' }",
    "headers['Cookie'] = 'session=@; b=@'",
    "after_fork do |s, w|\n  Redis.new(password: \"@\")\nend",
    "Redis.new(:password => '@')",
    "# the password is @",
    "pid \"/srv/shop/unicorn.pid\" # token @",
    "=begin\n@\n=end",
    "text = <<~TEXT\n  key: @\n  @\nTEXT",
    "text = <<-'EOS'\n@\nEOS",
    "run(<<A, <<B)\n@\nA\n@\nB",
    "system \"curl -u admin:@ https://h.example\"",
    "`curl -H 'X-Key: @' h`",
    "%x(mysql -p@ shop)",
    "exec(\"deploy\", \"--token\", \"@\")",
    "activate_control_app 'tcp://127.0.0.1:9293', { auth_token: '@' }",
    "bind 'ssl://0.0.0.0:9292?key=@&cert=@'",
    "set :db_password, '@'",
    "set :ssh_options, { password: '@', user: 'deploy' }",
    "server 'h.example', user: 'deploy', password: '@'",
    "role :db, \"u:@@h.example\"",
    "x = \"#{@y}@\"",
    "x = \"a#{connect(\"@\")}b\"",
    "raise '@' unless @z",
    "puts \"@\" if __FILE__ == $0",
    "KEY = '-----BEGIN RSA PRIVATE KEY-----\n@\n-----END RSA PRIVATE KEY-----'",
    "secret_key_base \"@\"",
    "if ENV['X'] == \"@\"\n  workers 3\nend",
    "case name when '@' then 1 end",
    "match = /@/",
    "x = \"@\".unpack('m')",
    "Sentry.init { |c| c.dsn = 'https://@@sentry.example/@' }",
    "Rollbar.configure { |c| c.access_token = '@' }",
    "stderr_path '/var/log/x.log'; token = '@'",
    "listen '/srv/u.sock', :password => '@'",
    "x = '/hooks/@'",
    "x = '@/@'",
    "x = [:a, '@', \"@\"]",
    "define('@') { }",
    "x = \"a\\\"@\"",
    "x = 'a\\'@'",
    "__END__\n@",
];

/// Lines of nginx.
const NGINX: &[&str] = &[
    "proxy_set_header X-Api @;",
    "proxy_set_header Authorization \"Basic @\";",
    "add_header Set-Cookie 's=@';",
    "proxy_pass http://u:@@10.0.0.1:80;",
    "proxy_pass http://10.0.0.1:80/hook/@;",
    "set $token @;",
    "set $token \"@\";",
    "if ($arg_key = @) { return 403; }",
    "secure_link_secret @;",
    "# @",
    "fastcgi_param DB_PASS @;",
    "location / { proxy_pass http://a; } # @",
    "auth_basic \"@\";",
    "map $http_key $ok { \"@\" 1; }",
    "return 200 '@';",
    "ssl_password_file /etc/nginx/pass; set $p '@';",
];

/// Lines of a unit.
const UNIT: &[&str] = &[
    "Environment=FOO=@",
    "Environment=\"TOKEN=@\" B=@",
    "Environment=DATABASE_URL=postgres://u:@@h/d",
    "ExecStart=/usr/bin/unicorn -c /srv/u.rb --password @",
    "ExecStart=/bin/sh -c 'curl -u admin:@ https://h.example'",
    "ExecStartPre=/usr/bin/env KEY=@ true",
    "# @",
    "; @",
    "SetCredential=db:@",
    "Environment=A=1 \\\n  KEY=@ \\\n  OTHER=@",
    "Description=@ and @",
    "@=@",
];

/// Lines of a shell.
const SHELL: &[&str] = &[
    "export FOO=@",
    "FOO='@' exec unicorn -c u.rb",
    "exec chpst -u deploy unicorn --token @ -c u.rb",
    "curl -H 'X-Api: @' https://u:@@h.example/@",
    "# @",
    "echo @ | gpg --passphrase-fd 0",
    "mysql -p@ -h h shop",
];

/// Lock files, YAML, and what else is read whole.
const OTHER: &[(&str, &str)] = &[
    (
        "/srv/shop/Gemfile.lock",
        "GEM\n  remote: https://@:x@gems.example/\n  specs:\n    rack (3.0)\n",
    ),
    ("/srv/shop/Gemfile.lock", "GIT\n  remote: https://@@github.example/a/b.git\n  specs:\n"),
    (
        "/srv/shop/.bundle/config",
        "---\nBUNDLE_GEMS__EXAMPLE: \"@:@\"\nBUNDLE_PATH: \"vendor/bundle\"\n",
    ),
    ("/srv/shop/.bundle/config", "BUNDLE_GITHUB__COM: @:x-oauth-basic\n"),
    (
        "/etc/supervisor/conf.d/x.conf",
        "[program:unicorn]\nenvironment=KEY=\"@\",B='@'\ncommand=unicorn --key @\n",
    ),
    ("/etc/service/shop/run", "#!/bin/sh\nexport KEY=@\nexec unicorn\n"),
    ("/srv/shop/tmp/unicorn.pid", "@\n"),
    ("/srv/shop/config/shop.env", "KEY=@\nexport B=@\n"),
];

/// Lines of logs.
const LOG: &[&str] = &[
    "I, [2026-11-21T23:21:04.123456 #9120]  INFO -- : executing [\"/usr/bin/unicorn\", \"-c\", \"u.rb\", \"--password\", \"@\", {8=>#<Kgio::UNIXServer:fd 8>}] (in /srv/shop)",
    "executing [\"/usr/bin/unicorn\", \"--api-key=@\", \"-p@\", \"DB_PASS=@\"] (in /srv/shop)",
    "executing [\"/usr/bin/unicorn\", \"postgres://u:@@h/d\", {3=>1}] (in /srv/shop)",
    "{\"key\":\"@\",\"pin\":\"@\"}",
    "{\"a\": {\"b\": \"@\"}, \"c\": [\"@\"]}",
    "Cookie: session=@; other=@",
    "Set-Cookie: @",
    "Authorization: Basic @",
    "bearer @",
    "X-Api-Key: @",
    "password: @",
    "password=@ user=deploy",
    "token @@ is wrong: key=@",
    "GET /pay?token=@&b=@ HTTP/1.1",
    "connect to postgres://u:@@h/d failed (PG::ConnectionBad)",
    "https://@:x@h.example/",
    "E, [2026-11-21T23:21:09.123456 #9120] ERROR -- : bad login \"@\" (RuntimeError)",
    "key not found: \"@\" (KeyError)",
    "Parameters: {\"user\"=>{\"password\"=>\"@\"}}",
    "undefined method `x' for \"@\":String (NoMethodError)",
    "mysql -p@ failed",
    "curl -u admin:@ https://h.example",
    "--token @ --other",
    "env FOO=@ unicorn",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAcanary0123456789abcdefXYZ\n-----END RSA PRIVATE KEY-----",
];

/// Command lines, NUL between their words.
const LINES: &[&str] = &[
    "unicorn\0--password\0@\0-c\0u.rb",
    "unicorn master --password @ -c u.rb",
    "unicorn\0--api-key=@",
    "unicorn\0-p@",
    "unicorn\0--key\0@",
    "unicorn\0--pin\0@",
    "curl\0-u\0admin:@\0https://h.example/@",
    "mysql\0mysql://@@h/d",
    "psql\0postgres://u:@@h/d?sslpassword=@",
    "env\0DB_PASS=@\0unicorn",
    "env\0LC_SECRET=@\0unicorn",
    "sh\0-c\0TOKEN=@ exec unicorn --token @",
    "puma 6.4.2 (ssl://0.0.0.0:9292?key=@&cert=@) [shop]",
    "puma\0--control-token\0@",
    "nginx: master process /usr/sbin/nginx -g env KEY=@;",
    "gunicorn\0--env\0KEY=@\0shop.wsgi",
    "sidekiq\0@",
    "launcher\0@\0@",
    "sshpass\0-p\0@\0ssh\0h",
    "java\0-Dpassword=@\0-jar\0x.jar",
    "node\0x.js\0{\"key\":\"@\"}",
    "redis-cli\0-a\0@",
    "openssl\0-passin\0pass:@",
    "wget\0--header=Cookie: @",
    "uwsgi\0--set\0secret=@",
    "haproxy\0-f\0/etc/haproxy.cfg\0@",
    "php\0-d\0key=@",
];

/// Environment blocks.
const ENVIRONS: &[&str] = &[
    "FOO=@\0PATH=/bin",
    "LC_API_TOKEN=@\0LC_SECRET=@\0RBENV_SECRET_TOKEN=@\0RBENV_PASS=@",
    "PATH=/bin:redis://u:@@h\0RAILS_ENV=production",
    "RUBYOPT=-rx --token @",
    "--password @\0B=1",
    "unicorn master --password @ -c x=y\0PATH=/bin",
    "ster worker\0@\0PATH=@",
    "DATABASE_URL=postgres://u:@@h/d\0SECRET_KEY_BASE=@\0AWS_SECRET_ACCESS_KEY=@",
];

/// A machine that answers everything with one text.
struct Told<'a>(&'a str);

impl Source for Told<'_> {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        let text = || Text::from(self.0);
        asks.iter()
            .map(|ask| match ask {
                Ask::Path(..) => Ok(Found::File(Some(text()))),
                _ => Ok(Found::Bytes(text())),
            })
            .collect()
    }
}

/// A text with secrets of one kind in it, and these.
fn planted(text: &str, kind: &str, number: &Cell<u32>) -> (String, Vec<String>) {
    let mut all = Vec::new();
    let mut out = String::new();
    for (at, part) in text.split('@').enumerate() {
        if at > 0 {
            // An at sign that parts a host from a user, or begins a variable of an instance, stays one.
            let is_sign = out.ends_with(['x', '{', ' '])
                && part.starts_with(|c: char| "yz".contains(c))
                || out.ends_with('x') && (part.starts_with("gems") || part.starts_with("h.ex"))
                || out.ends_with(all.last().map_or("\0", |last: &String| last.as_str()));
            if is_sign {
                out.push('@');
            } else {
                number.set(number.get() + 1);
                let secret = kind.replace('%', &number.get().to_string());
                out.push_str(&secret);
                all.push(secret);
            }
        }
        out.push_str(part);
    }
    (out, all)
}

#[test]
fn no_planted_secret_stays_in_a_recording() {
    let pid = Pid::new(7).unwrap();
    let path = |path: &str, ask| Ask::path(Root::Own, path.as_ref(), ask);
    let whole = |name: &str| path(name, PathAsk::Read(1 << 20));
    let mut cases: Vec<(Ask, String)> = Vec::new();
    for line in RUBY {
        for name in
            ["/srv/shop/config/unicorn.rb", "/srv/shop/config/unicorn.conf", "/srv/shop/config.ru"]
        {
            cases
                .push((whole(name), format!("worker_processes 3\n{line}\nlisten '/srv/u.sock'\n")));
        }
    }
    for line in NGINX {
        let text = format!("user www-data;\nhttp {{\n{line}\nserver {{ listen 80; }}\n}}\n");
        cases.push((whole("/etc/nginx/sites-enabled/shop"), text.clone()));
        cases.push((whole("/etc/nginx/nginx.conf"), text));
    }
    for line in UNIT {
        cases.push((
            whole("/etc/systemd/system/shop.service"),
            format!("[Service]\n{line}\nType=simple\n"),
        ));
        cases.push((whole("/run/systemd/x.conf"), format!("[Service]\n{line}\n")));
    }
    for line in SHELL {
        cases.push((
            path("/etc/service/shop/run", PathAsk::Head(8192)),
            format!("#!/bin/bash\n{line}\n"),
        ));
    }
    for (name, text) in OTHER {
        cases.push((whole(name), (*text).to_owned()));
        cases.push((path(name, PathAsk::Head(8192)), (*text).to_owned()));
    }
    for line in LOG {
        cases.push((
            path("/srv/shop/log/unicorn.log", PathAsk::Tail(1 << 16)),
            format!("x\n{line}\ny\n"),
        ));
    }
    for line in LINES {
        cases.push((Ask::Text(pid, ProcText::Cmdline), format!("{line}\0")));
    }
    for block in ENVIRONS {
        cases.push((Ask::Text(pid, ProcText::Environ), format!("{block}\0")));
        cases.push((Ask::LiveEnviron(pid), format!("{block}\0")));
    }
    let number = Cell::new(100);
    let (mut planted_ones, mut left) = (0, Vec::new());
    for (ask, text) in &cases {
        for kind in SECRETS {
            // A path is none, unless it looks like a key.
            if kind.contains('-') && (text.contains("/hooks/@") || text.contains("@/@")) {
                continue;
            }
            let (text, secrets) = planted(text, kind, &number);
            planted_ones += secrets.len();
            let record = Record::new(Told(&text));
            record.ask(std::slice::from_ref(ask));
            let written = record.write().unwrap();
            for secret in secrets.iter().filter(|secret| written.contains(*secret)) {
                left.push(format!("{} {secret}: {text:?}", ask.key()));
            }
            if matches!(ask, Ask::Text(_, ProcText::Cmdline)) {
                let words: Arguments =
                    text.trim_end_matches('\0').split('\0').map(Text::from).collect();
                let shown = format!("{words} {words:?} {}", serde_json::to_string(&words).unwrap());
                left.extend(
                    secrets.iter().filter(|s| shown.contains(*s)).map(|s| format!("{s}: {shown}")),
                );
            }
        }
    }
    assert!(planted_ones > 1000, "{planted_ones}");
    assert!(left.is_empty(), "{} of {planted_ones} stay:\n{}", left.len(), left.join("\n"));
}

/// Texts that farrier reads: they are the same after masking.
#[test]
fn what_is_read_stays() {
    let whole = |path: &str| Ask::path(Root::Own, path.as_ref(), PathAsk::Read(1 << 20));
    for (ask, text) in [
        (
            whole("/srv/shop/config/unicorn.rb"),
            "app = File.expand_path('../..', __FILE__)\nworking_directory \"/var/www/shop/current\"\npid \"#{app}/shared/pids/unicorn.pid\"\n\
             listen \"/srv/u.sock\", :backlog => 64\nlisten '127.0.0.1:8080', tcp_nopush: true\nlisten \"unix:/run/u.sock\"\nworker_processes Integer(ENV['WEB_CONCURRENCY'] || 3)\n\
             worker_processes ENV.fetch('WEB_CONCURRENCY') { 2 }.to_i\ntimeout 30\npreload_app true\nuser 'deploy', 'www-data'\n\
             stderr_path File.join(app, '..', '..', 'shared/e.log')\nrails = ENV['RAILS_ENV'] || 'development'\nif rails == 'qa7' then timeout 9 end\n\
             before_exec do |_|\n  ENV[\"BUNDLE_GEMFILE\"] = \"/var/www/shop/current/Gemfile\"\nend\n\
             before_fork do |server, worker|\n  old = \"#{server.config[:pid]}.oldbin\"\n  if File.exist?(old) && server.pid != old\n    begin\n      Process.kill(\"QUIT\", File.read(old).to_i)\n    rescue Errno::ENOENT, Errno::ESRCH\n    end\n  end\nend\n\
             after_fork { |s, w| ActiveRecord::Base.establish_connection if defined?(ActiveRecord::Base) }\n%w[pid stderr_path].each { |k| send(k, \"/srv/#{k}\") }\nrequire 'bundler/setup'\n",
        ),
        (
            whole("/etc/nginx/nginx.conf"),
            "user www-data;\nworker_processes 4;\npid /run/nginx.pid;\nhttp {\n  include /etc/nginx/sites-enabled/*;\n  upstream shop { server unix:/srv/u.sock fail_timeout=0; server 127.0.0.1:81; }\n\
             \x20 server { listen 80; location / { proxy_pass http://shop; } location /b { proxy_pass http://unix:/run/x.sock:/; } }\n}\n",
        ),
        (
            whole("/etc/systemd/system/shop.service"),
            "[Unit]\nAfter=network.target\n[Service]\nType=forking\nPIDFile= \\\n  %p/unicorn.pid\nUser=deploy\nWorkingDirectory=/var/www/shop/current\n\
             ExecStart=/usr/bin/unicorn -c /var/www/shop/current/config/unicorn.rb -E production -D\nRestart=always\nKillMode=process\n",
        ),
        (
            whole("/srv/shop/Gemfile.lock"),
            "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.8)\n    sqlite3 (1.6.0-x86_64-linux)\n      mini_portile2 (~> 2.8.0)\n\nPLATFORMS\n  x86_64-linux\n\n\
             DEPENDENCIES\n  rack (>= 2)!\n\nRUBY VERSION\n   ruby 3.1.2p20\n\nBUNDLED WITH\n   2.3.15\n",
        ),
        (
            Ask::path(Root::Own, "/srv/shop/log/unicorn.log".as_ref(), PathAsk::Tail(1 << 16)),
            "I, [2026-11-21T23:21:04.123456 #9120]  INFO -- : executing [\"/usr/bin/unicorn\", \"-c\", \"/srv/config/unicorn.rb\", {8=>#<Kgio::UNIXServer:fd 8>}] (in /srv/releases/2)\n\
             I, [2026-11-21T23:21:04.123456 #9120]  INFO -- : inherited addr=/srv/u.sock fd=8\nconfig.ru:2:in `block in <main>': this release does not boot (RuntimeError)\n\
             E, [2026-11-21T23:21:09.123456 #9120] ERROR -- : reaped #<Process::Status: pid 21877 exit 1> exec()-ed\n\
             I, [2026-11-21T23:21:09.123456 #9120]  INFO -- : master process ready\nworker=0 ready\ndone reloading config_file=/srv/u.rb\nmaster complete\n\
             E, [2026-11-21T23:21:09.123456 #9120] ERROR -- : reexec-ed child already running PID:7\n",
        ),
        (Ask::path(Root::Own, "/srv/u.pid".as_ref(), PathAsk::Head(65)), " 123\n"),
        // Why a new master came to nothing, as Ruby tells it.
        (
            Ask::path(Root::Own, "/srv/log/unicorn.log".as_ref(), PathAsk::Tail(65_536)),
            "/usr/lib/ruby/bundler/definition.rb:36:in `build': /srv/Gemfile not found \
             (Bundler::GemfileNotFound)\n/usr/lib/ruby/x.rb:192:in 'Dir.chdir': No such file or \
             directory (Errno::ENOENT)\n",
        ),
        (
            Ask::path(Root::Own, "/srv/u".as_ref(), PathAsk::Shebang),
            "#!/opt/ruby-3.3.0/bin/ruby -W0",
        ),
        (
            whole("/etc/service/shop/run"),
            "#!/usr/bin/env bash\nexec chpst /usr/bin/unicorn -c u.rb\n",
        ),
    ] {
        let record = Record::new(Told(text));
        record.ask(std::slice::from_ref(&ask));
        let replay = farrier::os::replay::Replay::read(&record.write().unwrap()).unwrap();
        let Ok(Found::File(Some(kept))) = replay.ask_one(ask.clone()) else { panic!("{ask:?}") };
        for (kept, line) in kept.utf8().unwrap().lines().zip(text.lines()) {
            assert_eq!(kept, line, "{}", ask.key());
        }
    }
}
