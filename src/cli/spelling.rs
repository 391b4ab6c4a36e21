//! What a misspelt word was meant to be.

/// What was meant, if it is at most two letters away.
pub(super) fn closest(typed: &str, known: &[&'static str]) -> Option<&'static str> {
    let near = known
        .iter()
        .map(|word| (distance(typed, word), *word))
        .filter(|(far, _)| *far <= 2);
    near.min().map(|(_, word)| word)
}

/// How many letters have to be added, removed or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_off_is_near_enough() {
        let commands = ["pull", "digest", "purge"];
        assert_eq!(closest("pul", &commands), Some("pull"));
        assert_eq!(closest("plul", &commands), Some("pull"));
        assert_eq!(closest("digset", &commands), Some("digest"));
        assert_eq!(closest("extract", &commands), None);
        assert_eq!(closest("", &commands), None);
    }
}
