//! Sorting of tables (`s`): by one column, each section by itself, equal ones in the order of identity. Never the tree.

use std::cmp::Ordering;
use std::time::Duration;

use super::place::RowKey;
use super::views::Row;

/// A value that moves is sorted anew this often, or on a key; not at each look.
pub const SETTLES: Duration = Duration::from_secs(5);

/// What a row is sorted by in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A number, a time, a size.
    Number(i64),
    /// A name; case does not count.
    Words(String),
    /// It is not known, or there is none: last, in both directions.
    Lacking,
}

impl Worth {
    /// A name.
    pub fn words(text: &str) -> Self {
        if text.is_empty() { Self::Lacking } else { Self::Words(text.to_lowercase()) }
    }

    /// A number, where there is one.
    pub fn number(number: Option<impl TryInto<i64>>) -> Self {
        number.and_then(|number| number.try_into().ok()).map_or(Self::Lacking, Self::Number)
    }

    fn compare(&self, other: &Self, reverse: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Lacking, Self::Lacking) => return Ordering::Equal,
            (Self::Lacking, _) => return Ordering::Greater,
            (_, Self::Lacking) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Words(a), Self::Words(b)) => a.cmp(b),
            (Self::Number(_), Self::Words(_)) => Ordering::Less,
            (Self::Words(_), Self::Number(_)) => Ordering::Greater,
        };
        if reverse { order.reverse() } else { order }
    }
}

/// How a view is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: &'static str,
    /// From the last to the first.
    pub reverse: bool,
    /// The order as it was made last: rows keep it until it is made anew.
    pub kept: Vec<RowKey>,
    /// When that was.
    pub made: Duration,
}

impl Sort {
    /// In words, for the view's count: `by name`, `by name, reversed`.
    pub fn words(&self) -> String {
        format!("by {}{}", self.column, if self.reverse { ", reversed" } else { "" })
    }
}

/// A row that can be moved, and the lines that go on from it.
struct Block {
    rows: Vec<Row>,
    kept: Option<usize>,
    worth: Worth,
}

/// Sorts the rows between two headings by themselves; what is no row of the table stays where it is.
pub fn sorted(rows: Vec<Row>, sort: &Sort, columns: &[&str]) -> Vec<Row> {
    let Some(column) = columns.iter().position(|column| *column == sort.column) else {
        return rows;
    };
    let mut done: Vec<Row> = Vec::new();
    let mut section: Vec<Block> = Vec::new();
    for row in rows {
        match section.last_mut() {
            Some(block) if row.more => {
                // Where its first row has none, the first key of its rows is its own.
                let key = row.key.as_ref().filter(|_| block.kept.is_none());
                let known = key.and_then(|key| sort.kept.iter().position(|kept| kept == key));
                block.kept = block.kept.or(known);
                block.rows.push(row);
            }
            _ if row.worths.is_empty() => {
                done.extend(ordered(std::mem::take(&mut section), sort.reverse));
                done.push(row);
            }
            _ => {
                let kept = row.key.as_ref().and_then(|key| sort.kept.iter().position(|k| k == key));
                let worth = row.worths.get(column).cloned().unwrap_or(Worth::Lacking);
                section.push(Block { rows: vec![row], kept, worth });
            }
        }
    }
    done.extend(ordered(section, sort.reverse));
    done
}

fn ordered(mut section: Vec<Block>, reverse: bool) -> impl Iterator<Item = Row> {
    section.sort_by(|a, b| match (a.kept, b.kept) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.worth.compare(&b.worth, reverse),
    });
    section.into_iter().flat_map(|block| block.rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, worth: Worth) -> Row {
        Row {
            key: Some(RowKey::Named(name.into())),
            about: name.into(),
            worths: vec![worth],
            ..Row::default()
        }
    }

    fn more(words: &str) -> Row {
        Row { more: true, about: words.into(), ..Row::default() }
    }

    fn names(rows: Vec<Row>, reverse: bool, kept: Vec<RowKey>) -> String {
        let sort = Sort { column: "size", reverse, kept, made: Duration::ZERO };
        sorted(rows, &sort, &["size"])
            .iter()
            .map(|row| row.about.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn table() -> Vec<Row> {
        vec![
            row("b", Worth::Number(10)),
            more("b2"),
            row("lacking", Worth::Lacking),
            row("a", Worth::Number(9)),
            row("same", Worth::Number(10)),
            Row { about: "HEAD".into(), ..Row::default() },
            row("z", Worth::Number(2)),
            row("y", Worth::Number(1)),
        ]
    }

    #[test]
    fn each_section_is_sorted_and_lines_stay_with_their_row() {
        assert_eq!(names(table(), false, Vec::new()), "a b b2 same lacking HEAD y z");
        assert_eq!(names(table(), true, Vec::new()), "b b2 same a lacking HEAD z y");
    }

    #[test]
    fn an_order_that_was_made_stands_and_new_rows_come_last() {
        let kept = ["same", "b"].map(|name| RowKey::Named(name.into())).to_vec();
        assert_eq!(names(table(), false, kept), "same b b2 a lacking HEAD y z");
    }
}
