//! The help pages as the binary prints them, read again: what man pages, completions and the table of options are held to.

use std::process::Command;

/// The help page of a command.
pub struct Page {
    pub command: String,
    /// What comes behind `roots`, a line for each way.
    pub usages: Vec<String>,
    pub paragraphs: Vec<String>,
    pub options: Vec<Choice>,
}

/// An option.
pub struct Choice {
    /// `-f, --force` or `--os OS`.
    pub spelling: String,
    /// `-f`, if there is a short one.
    pub short: Option<String>,
    /// `--force`.
    pub long: String,
    /// `OS`, if it has a value.
    pub value: Option<String>,
    /// What it does, in one line.
    pub text: String,
}

/// Those of all commands that have one, in the order of the overview.
pub fn pages() -> Vec<Page> {
    let commands = commands().into_iter().map(|(command, _)| command);
    let pages = commands.map(|command| read(&command, &printed(&["help", &command])));
    // `version` and `help` have none of their own.
    pages.filter(|page| !page.options.is_empty()).collect()
}

/// All commands, each with what it does.
pub fn commands() -> Vec<(String, String)> {
    let overview = printed(&["help"]);
    let (_, list) = overview.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in list.lines().map(|line| &line[2..]) {
        let (typed, text) = line.split_once("  ").unwrap_or((line, ""));
        let (command, text) = (typed.split(' ').next().unwrap(), text.trim());
        match commands.last_mut() {
            Some((last, does)) if command == last => *does += &format!("; {text}"),
            // Operands that left no room in their line.
            Some((_, does)) if command.is_empty() => does.push_str(text),
            _ => commands.push((command.to_owned(), text.to_owned())),
        }
    }
    commands
}

impl Page {
    /// What may stand in each place: `IMAGE`, `DEST`, or both.
    pub fn operands(&self) -> Vec<Vec<String>> {
        let mut places: Vec<Vec<String>> = Vec::new();
        for usage in &self.usages {
            let mut place = 0;
            let mut words = usage.split_whitespace().skip(1).peekable();
            while let Some(word) = words.next() {
                if word.starts_with('-') {
                    words.next();
                } else if word == "or" {
                    place -= 1;
                } else if word != "[OPTION]..." {
                    places.resize_with(places.len().max(place + 1), Vec::new);
                    let name = word.trim_matches(['[', ']']).trim_end_matches("...");
                    if !places[place].iter().any(|known| known == name) {
                        places[place].push(name.to_owned());
                    }
                    place += 1;
                }
            }
        }
        places
    }

    /// Whether the last operand may come again.
    pub fn has_many_operands(&self) -> bool {
        let words = self
            .usages
            .iter()
            .flat_map(|usage| usage.split_whitespace());
        words
            .skip(1)
            .any(|word| word != "[OPTION]..." && word.ends_with("..."))
    }
}

impl Choice {
    /// Whether it may come again, and then counts again.
    pub fn is_repeatable(&self) -> bool {
        self.text.contains("repeatable")
    }

    /// What it does, in so few words that a line holds them.
    pub fn summary(&self) -> &str {
        let ends = [" (", "; ", ": ", ", by default", ", which"].iter();
        let end = ends.filter_map(|end| self.text.find(end)).min();
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// The variables that stand in for it.
    pub fn variables(&self) -> Vec<&str> {
        let words = self
            .text
            .split(|c: char| !c.is_ascii_uppercase() && c != '_');
        words.filter(|word| word.starts_with("ROOTS_")).collect()
    }
}

fn read(command: &str, page: &str) -> Page {
    let mut blocks = page.trim_end().split("\n\n");
    let usages = blocks.next().unwrap().lines();
    let usages = usages.map(|line| {
        line.trim_start_matches("Usage:")
            .trim()
            .trim_start_matches("roots ")
    });
    let usages = usages.map(str::to_owned).collect();
    let (mut paragraphs, mut options) = (Vec::new(), Vec::new());
    for block in blocks {
        if !block.starts_with("  -") {
            paragraphs.push(block.replace('\n', " "));
            continue;
        }
        for line in block.lines() {
            match line.strip_prefix("  ").filter(|line| line.starts_with('-')) {
                Some(line) => options.push(choice(line)),
                None => {
                    let text = &mut options.last_mut().unwrap().text;
                    text.push_str(if text.is_empty() { "" } else { " " });
                    text.push_str(line.trim());
                }
            }
        }
    }
    Page {
        command: command.to_owned(),
        usages,
        paragraphs,
        options,
    }
}

fn choice(line: &str) -> Choice {
    let (spelling, text) = line.split_once("  ").unwrap_or((line, ""));
    let mut words = spelling.split([' ', ',']).filter(|word| !word.is_empty());
    let first = words.next().unwrap().to_owned();
    let is_short = !first.starts_with("--");
    let long = match is_short {
        true => words.next().unwrap().to_owned(),
        false => first.clone(),
    };
    Choice {
        spelling: spelling.to_owned(),
        short: is_short.then_some(first),
        long,
        value: words.next().map(str::to_owned),
        text: text.trim().to_owned(),
    }
}

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_roots"))
        .args(arguments)
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}
