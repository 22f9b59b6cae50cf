//! How a Unicorn process is recognised: by its title, or by the raw command line that it has until it joins its workers.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::arguments;
use crate::contract::{Candidate, Part, Recognised};
use crate::os::{Arguments, Text};
use crate::servers::ruby::command::{base, is_ruby, loaded, script};

/// `PROGRAM [APP[SHA] ]master[ (old)] ARGUMENTS` and `PROGRAM [APP[SHA] ]worker[N] ARGUMENTS`
/// (`http_server.rb`, `proc_name`; the part in the middle and the colon are rack-statsd's).
static TITLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?s-u)^(\S+) (?:(\S+)\[([0-9a-f]{7,40})\] )?",
        r"(?:(master)( \(old\))?|worker\[([0-9]+)\](:)?)(?: |$)"
    ))
    .ok()
});

/// Programs of other software whose titles have the same form.
const OTHERS: &[&str] =
    &["rainbows", "zbatery", "puma", "pitchfork", "gunicorn", "nginx", "salt-master", "resqued"];

/// Ruby programs that load an application, and with it perhaps Unicorn's library, without being it.
const TOOLS: &[&str] = &[
    "rails",
    "rake",
    "rackup",
    "irb",
    "pry",
    "gem",
    "thin",
    "sidekiq",
    "sidekiqswarm",
    "resque",
    "resque-pool",
    "rspec",
    "spring",
    "cap",
    "foreman",
    "puma",
    "pumactl",
    "rainbows",
    "pitchfork",
    "zbatery",
    "passenger",
    "god",
    "clockwork",
    "whenever",
    "bundle",
    "bundler",
    "shotgun",
];

/// Recognises a process, under whichever name it was started.
pub fn recognise(candidate: &Candidate<'_>) -> Option<Recognised> {
    recognise_as(candidate, is_unicorn, true)
}

/// Recognises a process of Unicorn or of a server that is made of it, by the names of its programs. `by_form`: another
/// name may be its own as well, if no other software is known to have it.
pub(in crate::servers) fn recognise_as(
    candidate: &Candidate<'_>,
    is_own: fn(&[u8]) -> bool,
    by_form: bool,
) -> Option<Recognised> {
    let found = match candidate.words {
        // A title is written over the arguments as one word.
        [title] => from_title(title, is_own).or_else(|| from_loaded(title, is_own)),
        [first, rest @ ..] => from_command_line(first, rest, is_own),
        [] => None,
    };
    found.filter(|found| found.certain || by_form)
}

fn from_title(title: &Text, is_own: fn(&[u8]) -> bool) -> Option<Recognised> {
    let found = TITLE.as_ref()?.captures(title.bytes())?;
    let text = |group: usize| found.get(group).map(|found| Text::new(found.as_bytes()));
    let program = text(1)?;
    // The title has the base name; `nginx: master process` and its like have a colon.
    let is_file_name = !program.bytes().contains(&b'/') && !program.bytes().ends_with(b":");
    let certain = is_own(program.bytes());
    let is_other = || OTHERS.iter().any(|other| other.as_bytes() == program.bytes());
    if !is_file_name || !certain && is_other() {
        return None;
    }
    let part = match found.get(4) {
        Some(_) => Part::Master { old: found.get(5).is_some() },
        None => Part::Worker(text(6).and_then(|number| number.utf8()?.parse().ok())),
    };
    let tag = text(2).zip(text(3).map(|sha| sha.to_string()));
    // rack-statsd shows counters where the arguments were.
    let has_arguments = tag.is_none() && found.get(7).is_none();
    let rest = found.get(0).and_then(|all| title.bytes().get(all.end()..)).unwrap_or_default();
    let words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Some(Recognised {
        part,
        arguments: rejoined(&words.filter(|_| has_arguments).collect::<Vec<_>>()),
        certain,
        program,
        tag,
    })
}

/// The words of a title. It joins the arguments by blanks, so that a configuration's path with a blank in it falls apart:
/// what stands between `-c /…` and the next word in `.rb`, with no option between them, is one path.
fn rejoined(words: &[&[u8]]) -> Arguments {
    let mut joined: Vec<Text> = Vec::new();
    let mut rest = words;
    while let [word, behind @ ..] = rest {
        let is_path = joined.last().is_some_and(|last| last.bytes() == b"-c")
            && word.starts_with(b"/")
            && !word.ends_with(b".rb");
        let parts = behind.iter().take_while(|part| !part.starts_with(b"-"));
        let end = parts.enumerate().find(|(_, part)| part.ends_with(b".rb")).map(|(at, _)| at + 1);
        let (parts, after) = behind.split_at(end.filter(|_| is_path).unwrap_or(0));
        joined.push(Text::new([&[*word], parts].concat().join(&b' ')));
        rest = after;
    }
    Arguments::new(joined)
}

fn from_command_line(first: &Text, rest: &[Text], is_own: fn(&[u8]) -> bool) -> Option<Recognised> {
    if is_ruby(base(first)) {
        let (program, arguments) = script(rest)?;
        return from_script(program, arguments, is_own, true);
    }
    // No shell, editor or pager: only the program itself, started under its own name.
    from_script(first, rest, is_own, false)
}

/// A title that Bundler wrote: it stands for the interpreter's command line.
fn from_loaded(title: &Text, is_own: fn(&[u8]) -> bool) -> Option<Recognised> {
    let (program, arguments) = loaded(title)?;
    let words: Vec<&[u8]> = arguments.iter().map(Text::bytes).collect();
    // Where a blank stands in the path of the program, what follows is no option of it.
    let is_whole = words.first().is_some_and(|first| first.starts_with(b"-"));
    from_script(&program, rejoined(&words).raw(), is_own, is_whole)
}

/// `by_ruby`: an interpreter runs it, so that it may be Unicorn under another name.
fn from_script(
    program: &Text,
    arguments: &[Text],
    is_own: fn(&[u8]) -> bool,
    by_ruby: bool,
) -> Option<Recognised> {
    let name = base(program);
    let certain = is_own(name);
    let only_tells = |word: &Text| matches!(word.bytes(), b"-v" | b"--version" | b"-h" | b"--help");
    if certain && arguments.iter().any(only_tells) {
        return None;
    }
    let may_be = || {
        let is_tool = TOOLS.iter().any(|tool| tool.as_bytes() == name);
        by_ruby && !is_tool && arguments::look_like_ours(arguments)
    };
    (certain || may_be()).then(|| Recognised {
        part: Part::Raw,
        arguments: arguments.into(),
        program: program.clone(),
        tag: None,
        certain,
    })
}

/// `unicorn` and `unicorn_rails`.
pub(super) fn is_unicorn(name: &[u8]) -> bool {
    is_named(b"unicorn_rails", name) || is_named(b"unicorn", name)
}

/// A name, and the same with a version, as distributions install it (`unicorn3.1`, `unicorn.ruby3.1`).
pub(in crate::servers) fn is_named(own: &[u8], name: &[u8]) -> bool {
    name.strip_prefix(own).is_some_and(|rest| {
        let rest = rest.strip_prefix(b".ruby").unwrap_or(rest);
        rest.iter().all(|b| b.is_ascii_digit() || *b == b'.' || *b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Option<Recognised> {
        crate::servers::recognised(recognise, words)
    }

    #[test]
    fn titles() {
        let master = of(&["unicorn master -D -c /tmp/u.rb config.ru"]).unwrap();
        assert_eq!((master.part, master.certain), (Part::Master { old: false }, true));
        let arguments: Vec<_> = master.arguments.raw().iter().map(ToString::to_string).collect();
        assert_eq!(arguments, ["-D", "-c", "/tmp/u.rb", "config.ru"]);
        for (title, part, certain) in [
            ("unicorn_rails master (old) -c x", Part::Master { old: true }, true),
            ("unicorn master", Part::Master { old: false }, true),
            ("unicorn worker[12] -c x", Part::Worker(Some(12)), true),
            ("unicorn3.1 worker[0]", Part::Worker(Some(0)), true),
            ("web master -c config/unicorn.rb", Part::Master { old: false }, false),
            ("unicorn worker[99999999999]", Part::Worker(None), true),
        ] {
            let found = of(&[title]).unwrap();
            assert_eq!((found.part, found.certain), (part, certain), "{title}");
        }
    }

    #[test]
    fn a_path_with_a_blank_stays_whole() {
        let arguments = |title: &str| -> Vec<String> {
            of(&[title]).unwrap().arguments.raw().iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            arguments("unicorn master -D -c /srv/my app/u.rb config.ru"),
            ["-D", "-c", "/srv/my app/u.rb", "config.ru"]
        );
        let plain = ["-c", "/srv/u.conf", "config.ru", "-r", "x.rb"];
        assert_eq!(arguments("unicorn master -c /srv/u.conf config.ru -r x.rb"), plain);
    }

    #[test]
    fn a_title_with_counters() {
        let worker =
            of(&["unicorn rails-application[251486965] worker[03]: 54 reqs, 0.0 req/s, 67ms avg"])
                .unwrap();
        assert_eq!(worker.part, Part::Worker(Some(3)));
        assert_eq!(worker.tag, Some((Text::from("rails-application"), "251486965".into())));
        assert!(worker.arguments.is_empty());
    }

    #[test]
    fn raw_command_lines() {
        for (words, certain) in [
            (&["ruby", "/srv/app/bin/unicorn", "-c", "u.rb"][..], true),
            (&["/usr/bin/ruby3.1", "/usr/bin/unicorn"], true),
            (&["ruby", "-W0", "-I", "lib", "-S", "unicorn_rails", "-D"], true),
            (&["ruby", "/usr/bin/bundle", "exec", "unicorn", "-c", "u.rb"], true),
            (&["ruby", "/usr/bin/bundle", "exec", "--keep-file-descriptors", "unicorn"], true),
            (&["ruby", "bundle", "exec", "ruby", "bin/unicorn"], true),
            (&["ruby_executable_hooks", "/usr/local/bin/unicorn", "-D"], true),
            (&["/srv/app/bin/unicorn", "-c", "u.rb"], true),
            (&["ruby", "/srv/app/bin/web", "-c", "config/unicorn.rb"], false),
            (&["ruby", "/srv/app/bin/web", "config.ru"], false),
        ] {
            let found = of(words).unwrap();
            assert_eq!((found.part, found.certain), (Part::Raw, certain), "{words:?}");
        }
        let bundled = of(&["ruby", "/usr/bin/bundle", "exec", "unicorn", "-c", "u.rb"]).unwrap();
        assert_eq!(bundled.program, Text::from("unicorn"));
        assert_eq!(bundled.arguments.raw(), [Text::from("-c"), Text::from("u.rb")]);
    }

    #[test]
    fn what_bundler_loads_bears_one_word() {
        for (title, certain) in [
            ("/srv/shop/bin/unicorn -c u.rb -D", true),
            ("/usr/local/rvm/gems/ruby-3.3.0@app/bin/unicorn_rails -c /srv/my app/u.rb -D", true),
            ("/srv/shop/bin/unicorn", true),
            ("bin/unicorn -c u.rb", true),
            ("/srv/shop/bin/web -c config/unicorn.rb", false),
        ] {
            let found = of(&[title]).unwrap();
            assert_eq!((found.part, found.certain), (Part::Raw, certain), "{title}");
        }
        let found = of(&["/srv/bin/unicorn_rails -c /srv/my app/u.rb -D"]).unwrap();
        assert_eq!(found.program, Text::from("/srv/bin/unicorn_rails"));
        assert_eq!(found.arguments.raw(), ["-c", "/srv/my app/u.rb", "-D"].map(Text::from));
        for title in [
            "/srv/my app/bin/unicorn -c u.rb",
            "unicorn -c u.rb",
            "/usr/bin/vim /srv/bin/unicorn",
            "/srv/bin/unicorn --version",
            "/srv/bin/rake -c config/unicorn.rb",
            "/srv/bin/unicorn.rb",
            "/",
        ] {
            assert_eq!(of(&[title]), None, "{title}");
        }
    }

    #[test]
    fn strangers() {
        for words in [
            &["nginx: master process /usr/sbin/nginx -g daemon on;"][..],
            &["gunicorn: master [app]"],
            &["php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)"],
            &["rainbows master -c r.rb"],
            &["puma 5.6.5 (tcp://0.0.0.0:9292) [app]"],
            &["/usr/lib/postfix/sbin/master", "-w"],
            &["/usr/lib/foo master"],
            &["unicornmaster"],
            &["unicorn masterful"],
            &["git", "checkout", "master"],
            &["foo", "master", "-x"],
            &["vim", "unicorn.rb"],
            &["vim", "unicorn master"],
            &["tail", "-f", "unicorn.log"],
            &["grep", "unicorn"],
            &["sh", "-c", "unicorn -c u.rb"],
            &["bash", "/srv/app/bin/unicorn", "-c", "u.rb"],
            &["ruby", "-e", "load 'unicorn'", "unicorn"],
            &["ruby", "/usr/bin/unicorn", "--version"],
            &["ruby", "unicorn.rb"],
            &["ruby", "bin/rails", "server", "-c", "config.ru"],
            &["ruby", "/usr/bin/sidekiq", "-c", "5"],
            &["ruby", "/usr/bin/bundle", "install"],
            &["unicorn-worker-killer", "x"],
            &["unicornherder", "-u", "unicorn"],
            &["ruby"],
            &[""],
            &[],
        ] {
            assert_eq!(of(words), None, "{words:?}");
        }
    }
}
