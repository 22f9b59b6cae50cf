//! Command lines of Ruby's programs: the script behind the interpreter and behind `bundle exec`.

use std::path::Path;

use crate::model::Process;
use crate::os::Text;

/// Whether a process runs Ruby: by what it maps, else by its program. `None`: neither was seen.
pub fn runs_ruby(process: &Process) -> Option<bool> {
    let is_ruby =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("ruby"));
    let runs = process.maps.get().map(|maps| maps.iter().any(|mapped| is_ruby(&mapped.path)));
    runs.or_else(|| process.exe.get().map(|exe| is_ruby(&exe.path)))
}

/// The script that an interpreter runs, and its arguments; what `bundle exec` runs, where it is that.
pub fn script(words: &[Text]) -> Option<(&Text, &[Text])> {
    let (program, arguments) = behind_options(words, RUBY_VALUES)?;
    if !matches!(base(program), b"bundle" | b"bundler") {
        return Some((program, arguments));
    }
    let (command, arguments) = behind_options(arguments, BUNDLE_VALUES)?;
    if !matches!(command.bytes(), b"exec" | b"exe" | b"ex" | b"e") {
        return None;
    }
    let (program, arguments) = behind_options(arguments, BUNDLE_VALUES)?;
    if is_ruby(base(program)) {
        behind_options(arguments, RUBY_VALUES)
    } else {
        Some((program, arguments))
    }
}

/// The words of a title that Bundler gives a program which it loads in its own process instead of executing it: its path,
/// absolute or as it was named (`bin/unicorn`), and the arguments, joined by blanks (`bundler/cli/exec.rb`, `kernel_load`,
/// since 1.12). The program bears it until it sets a title of its own. Of a path with a blank in it the end is not known:
/// such a title names another program here, or none.
pub fn loaded(title: &Text) -> Option<(Text, Vec<Text>)> {
    let mut words = title.bytes().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let program = words.next().filter(|program| program.contains(&b'/'))?;
    Some((Text::new(program), words.map(Text::new).collect()))
}

/// Options of ruby(1) whose value is the next word. `-e` is not among them: it leaves no script.
const RUBY_VALUES: &[&str] = &[
    "-C",
    "-E",
    "-I",
    "-r",
    "--enable",
    "--disable",
    "--encoding",
    "--external-encoding",
    "--internal-encoding",
    "--parser",
    "--dump",
];

/// Options of bundle(1) whose value is the next word.
const BUNDLE_VALUES: &[&str] = &["--gemfile", "-r", "--retry"];

/// The first word that is no option, and the words behind it.
fn behind_options<'a>(mut words: &'a [Text], values: &[&str]) -> Option<(&'a Text, &'a [Text])> {
    while let [word, rest @ ..] = words {
        let bytes = word.bytes();
        if bytes == b"--" {
            return rest.split_first();
        }
        if bytes.starts_with(b"-e") && values == RUBY_VALUES {
            return None;
        }
        if !bytes.starts_with(b"-") {
            return Some((word, rest));
        }
        let takes_next = values.iter().any(|option| option.as_bytes() == bytes);
        words = if takes_next { rest.get(1..)? } else { rest };
    }
    None
}

/// The last part of a path.
pub fn base(path: &Text) -> &[u8] {
    path.bytes().rsplit(|b| *b == b'/').next().unwrap_or_default()
}

/// `ruby`, `ruby3.1`, `ruby-2.0.0-p0`, and RVM's two wrappers.
pub fn is_ruby(name: &[u8]) -> bool {
    name.strip_prefix(b"ruby").is_some_and(|rest| {
        rest == b"_executable_hooks"
            || rest == b"_noexec_wrapper"
            || rest.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'p'))
    })
}
