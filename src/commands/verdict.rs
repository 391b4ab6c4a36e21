//! Prints the result of `verify`.

use super::{Output, Verify, counted};
use crate::compare::Comparison;
use crate::oci::Image;
use crate::report::VerifyReport;
use crate::source::Source;
use crate::tree_options::TreeOptions;

/// The exit code if there are differences.
const DIFFERENT: u8 = 5;

/// What a tree was compared with.
pub(super) struct Compared<'c> {
    pub(super) source: &'c Source<'c>,
    /// The full name of the image.
    pub(super) reference: String,
    pub(super) image: &'c Image,
    pub(super) tree_options: &'c TreeOptions,
    /// The number of overlayfs attributes in the image.
    pub(super) overlay_marks: u64,
}

impl Verify {
    /// Prints a line for each difference, and with `--json` another one for the result.
    pub(super) fn report(&self, comparison: &Comparison<'_>, compared: &Compared<'_>) -> Output {
        let mounts = comparison.mounts.iter();
        let mounts: Vec<_> = mounts
            .map(|path| format!("/{}", String::from_utf8_lossy(path)))
            .collect();
        self.warn_of_mounts(&mounts);
        self.report_not_compared(comparison, compared.overlay_marks);
        let differences = &comparison.differences;
        let is_json = self.progress.is_json();
        let lines = differences.iter().map(|difference| {
            if is_json {
                difference.to_json()
            } else {
                format!("{difference}\n")
            }
        });
        let mut lines: String = lines.collect();
        let scope = self.scope_options();
        let count = differences.len();
        let (dest, source) = (self.dest.display(), compared.source);
        let limits = if scope.is_empty() {
            String::new()
        } else {
            format!(", compared with {}", scope.join(" "))
        };
        if is_json {
            let report = VerifyReport::new(
                (compared.reference.clone(), compared.image),
                self.dest.to_string_lossy().into_owned(),
                (compared.tree_options, &scope),
                (count, &mounts),
                self.progress.seconds(),
            );
            lines += &report.to_line();
        }
        let (exit_code, verdict) = match count {
            0 => (0, "as in".to_owned()),
            _ => {
                let differences = counted(count as u64, "difference");
                (DIFFERENT, format!("{differences} from"))
            }
        };
        self.progress
            .step(format_args!("{dest}: {verdict} {source}{limits}"));
        Output {
            exit_code,
            ..Output::from(lines)
        }
    }

    /// The options that limit the comparison, normalized.
    fn scope_options(&self) -> Vec<String> {
        let ignored = [
            ("--ignore-added", self.ignore.added),
            ("--ignore-times", self.ignore.times),
        ];
        let ignored = ignored.iter().filter(|(_, is_set)| *is_set);
        let parts = self.scope.options().iter().cloned();
        let ignored = ignored.map(|(option, _)| (*option).to_owned());
        parts.chain(ignored).collect()
    }

    /// Says why mount points are `unread`: permissions are not the reason.
    fn warn_of_mounts(&self, mounts: &[String]) {
        let dest = self.dest.display();
        for path in mounts {
            self.progress.warn(format_args!(
                "{dest}: not compared, because something is mounted there: {path}"
            ));
        }
    }

    /// Reports how much of the image a tree cannot contain.
    fn report_not_compared(&self, comparison: &Comparison<'_>, overlay_marks: u64) {
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
