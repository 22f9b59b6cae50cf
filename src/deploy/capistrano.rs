//! Capistrano's `config/deploy.rb`, in as much as a server has to do with it.

use crate::model::Setting;
use crate::os::Text;
use crate::servers::ruby::{Kind, Statement, statements};

/// Where it stands in a release.
pub const DEPLOY: &str = "config/deploy.rb";

/// How many releases its clean-up leaves: `set :keep_releases, 5`. What is computed, or set under a condition, is not
/// known. A file of a stage (`config/deploy/production.rb`) may set another number: which stage it was cannot be seen.
pub fn keep_releases(text: &Text) -> Setting<usize> {
    let all = statements(text.bytes());
    all.iter().filter_map(kept).next_back().unwrap_or_default()
}

fn kept(statement: &Statement<'_>) -> Option<Setting<usize>> {
    let words: Vec<_> =
        statement.tokens.iter().filter(|token| !token.is_op("(") && !token.is_op(")")).collect();
    let (first, name) = (words.first()?, words.get(1)?);
    if !first.is_word("set") || name.kind != Kind::Symbol || name.text != b":keep_releases" {
        return None;
    }
    let line = first.line;
    let value = match words.get(2..) {
        Some([comma, number]) if comma.is_op(",") && number.kind == Kind::Number => {
            std::str::from_utf8(number.text).ok().and_then(|number| number.parse().ok())
        }
        _ => None,
    };
    Some(match value.filter(|_| statement.depth == 0) {
        Some(value) => Setting::Set { value, line },
        None => Setting::Unevaluable { line, text: Text::from("set :keep_releases") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_number_at_the_top_level_is_known() {
        let read = |text: &str| keep_releases(&Text::from(text));
        assert_eq!(read("# set :keep_releases, 9\nset :application, 'shop'\n"), Setting::NotSet);
        assert_eq!(
            read("lock '~> 3.17'\nset :keep_releases, 3\n"),
            Setting::Set { value: 3, line: 2 }
        );
        assert_eq!(read("set(:keep_releases, 7)"), Setting::Set { value: 7, line: 1 });
        let unknown = |text| matches!(read(text), Setting::Unevaluable { .. });
        assert!(unknown("set :keep_releases, ENV.fetch('KEEP', 5).to_i"));
        assert!(unknown("set :keep_releases, 3 if staging"));
        assert!(unknown("if staging\n  set :keep_releases, 3\nend"));
        assert!(unknown("set :keep_releases, -> { 3 }"));
    }
}
