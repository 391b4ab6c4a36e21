//! Prints the result of `verify`.

use super::{Output, Verify, counted};
use crate::model::Comparison;
use crate::oci::Image;
use crate::report::VerifyReport;
use crate::source::Source;
use crate::tree_options::TreeOptions;

/// What the process exits with if something is not as in the image.
const DIFFERENT: u8 = 5;

/// What a tree was compared with.
pub(super) struct Compared<'c> {
    pub(super) source: &'c Source<'c>,
    /// The name of the image in the record, or in full as it was typed.
    pub(super) reference: String,
    pub(super) image: &'c Image,
    /// The options that make the tree differ from the image.
    pub(super) altered: &'c TreeOptions,
    /// How many attributes of overlayfs the image has.
    pub(super) overlay_marks: u64,
}

impl Verify {
    /// Prints a line for each difference, and with `--json` one more for the result.
    pub(super) fn report(&self, comparison: &Comparison<'_>, compared: &Compared<'_>) -> Output {
        let mounts = comparison.mounts.iter();
        let mounts = mounts.map(|path| format!("/{}", String::from_utf8_lossy(path)));
        let mounts: Vec<_> = mounts.collect();
        self.warn_of_mounts(&mounts);
        self.say_what_does_not_count(comparison, compared.overlay_marks);
        let differences = &comparison.differences;
        let is_json = self.progress.is_json();
        let lines = differences.iter().map(|difference| match is_json {
            true => difference.to_json(),
            false => format!("{difference}\n"),
        });
        let mut lines: String = lines.collect();
        let scope = self.scope_options();
        let count = differences.len();
        let (dest, source) = (self.dest.display(), compared.source);
        let limits = match scope.is_empty() {
            true => String::new(),
            false => format!(", compared with {}", scope.join(" ")),
        };
        if is_json {
            let report = VerifyReport::new(
                (compared.reference.clone(), compared.image),
                self.dest.to_string_lossy().into_owned(),
                (compared.altered, &scope),
                (count, &mounts),
                self.progress.elapsed().as_secs_f64(),
            );
            lines += &report.to_line();
        }
        let (exit_code, how) = match count {
            0 => (0, "as in".to_owned()),
            _ => {
                let differences = counted(count as u64, "difference");
                (DIFFERENT, format!("{differences} from"))
            }
        };
        self.progress
            .step(format_args!("{dest}: {how} {source}{limits}"));
        Output {
            exit_code,
            ..Output::from(lines)
        }
    }

    /// The options that make less than the whole tree count, in one spelling.
    fn scope_options(&self) -> Vec<String> {
        let ignored = [
            ("--ignore-added", self.ignore.added),
            ("--ignore-times", self.ignore.times),
        ];
        let ignored = ignored.iter().filter(|(_, is_set)| *is_set);
        let parts = self.part.options().iter().cloned();
        let ignored = ignored.map(|(option, _)| (*option).to_owned());
        parts.chain(ignored).collect()
    }

    /// Says why a path is `unread`, which is not for want of permissions.
    fn warn_of_mounts(&self, mounts: &[String]) {
        let dest = self.dest.display();
        for path in mounts {
            self.progress.warn(format_args!(
                "{dest}: not compared, because something is mounted there: {path}"
            ));
        }
    }

    fn say_what_does_not_count(&self, comparison: &Comparison<'_>, overlay_marks: u64) {
        let dest = self.dest.display();
        let devices = comparison.unmade_devices.len();
        if devices > 0 {
            self.progress.step(format_args!(
                "{dest}: {} of the image could not be made",
                counted(devices as u64, "device")
            ));
        }
        if overlay_marks > 0 {
            self.progress.step(format_args!(
                "{dest}: left out {} of overlayfs",
                counted(overlay_marks, "extended attribute")
            ));
        }
    }
}
