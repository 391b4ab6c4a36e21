//! Layers that no list of cases has thought of: a few entries under a few names, so that they meet.

use crate::support::{Image, Layer};

/// Three random layers, the same for the same seed. Not all make sense: links may lead parents into
/// a file or a loop.
pub(super) fn image(seed: u64) -> Image {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut files: Vec<String> = Vec::new();
    (0..3).fold(Image::new(), |image, _| {
        let entries = 1 + dice.roll(8);
        let mut seen = Vec::new();
        let layer = (0..entries).fold(Layer::new(), |layer, _| {
            let path = dice.path();
            // image-spec layer.md: "There MUST NOT be multiple entries with the same path".
            if seen.contains(&path) || files.iter().any(|file| is_below(&path, file)) {
                return layer;
            }
            files.retain(|file| *file != path && !is_below(file, &path));
            seen.push(path.clone());
            entry(layer, &path, &mut files, &mut dice)
        });
        image.layer(layer)
    })
}

fn entry(layer: Layer, path: &str, files: &mut Vec<String>, dice: &mut Dice) -> Layer {
    let modes = [0o755, 0o644, 0o4755, 0o2750, 0o1777, 0];
    let mode = modes[dice.roll(modes.len())];
    let kind = dice.roll(12);
    let layer = match kind {
        0..=3 => layer.dir(path, mode),
        4..=6 => layer.file(path, mode, vec![b'x'; dice.roll(9)]),
        7..=8 => {
            let target = dice.path();
            let starts = ["", "/", "../", "../../../"];
            layer.symlink(path, format!("{}{target}", starts[dice.roll(starts.len())]))
        }
        9 if !files.is_empty() => return layer.hardlink(path, &files[dice.roll(files.len())]),
        10 => return layer.opaque(path),
        _ => return layer.whiteout(path),
    };
    if let 4..=6 = kind {
        files.push(path.to_owned());
    }
    let (user, group) = (dice.roll(4) as u64, dice.roll(4) as u64);
    layer
        .owner(user, group)
        .mtime(1 + dice.roll(1 << 30) as i64)
}

fn is_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Numbers that look like chance: xorshift64.
struct Dice(u64);

impl Dice {
    /// Below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }

    /// One to three components, each one of three.
    fn path(&mut self) -> String {
        let components: Vec<_> = (0..=self.roll(3))
            .map(|_| ["a", "b", "c"][self.roll(3)])
            .collect();
        components.join("/")
    }
}
